"""A video a day at BytePlus ModelArk."""

from __future__ import annotations

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_byteplus", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_byteplus",
        model="dreamina-seedance-2-0-260128",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
        resolution="1080p",
        ratio="21:9",
    )
    SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_byteplus",
        video_id=create.output["video_id"],
        poke_interval=2,
    )
