"""A video a day, at the second vendor if the first has no room, no balance or can't be reached."""

from __future__ import annotations

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_fail_over", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_byteplus",
        fallback_conn_ids=["seedance_modellix", "seedance_gmicloud"],
        room_patience=300,
        model="seedance-2.0",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
    )
    # The dict says which connection has the video.
    SeedanceVideoSensor(task_id="wait", video_id=create.output, poke_interval=2)
