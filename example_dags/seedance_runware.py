"""A video a day at Runware. The task chooses the id: a create whose answer is lost is sent again, and billed once."""

from __future__ import annotations

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_runware", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_runware",
        model="bytedance:seedance@2.0-fast",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
        resolution="720p",
        ratio="16:9",
    )
    SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_runware",
        video_id=create.output["video_id"],
        poke_interval=2,
    )
