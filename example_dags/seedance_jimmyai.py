"""A video a day at Jimmy AI."""

from __future__ import annotations

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_jimmyai", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_jimmyai",
        model="seedance2.0-std",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
        ratio="4:3",
    )
    SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_jimmyai",
        video_id=create.output["video_id"],
        poke_interval=2,
    )
