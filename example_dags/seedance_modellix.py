"""A video a day at Modellix."""

from __future__ import annotations

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_modellix", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_modellix",
        model="seedance-2.0-t2v",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
        ratio="16:9",
        camera_fixed=True,
    )
    SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_modellix",
        video_id=create.output["video_id"],
        poke_interval=2,
    )
