"""A video a day at fal, from a still: the image sends it to the image-to-video endpoint."""

from __future__ import annotations

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

with DAG("seedance_fal", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_fal",
        model="bytedance/seedance-2.0/fast",
        prompt="The paper boat sails off into the rain",
        first_frame="https://files.example/paper-boat.jpg",
        duration=5,
        ratio="adaptive",
    )
