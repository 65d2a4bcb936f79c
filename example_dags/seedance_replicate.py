"""A video a day at Replicate, landed by the task that makes it: an hour after its end nothing is left of it there."""

from __future__ import annotations

import os
import tempfile

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG("seedance_replicate", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_replicate",
        model="bytedance/seedance-2.0-fast",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
        ratio="16:9",
        execution_expires_after=1800,
        wait_for_completion=True,
        output_path=f"{FOLDER}/replicate/{{video_id}}.{{ext}}",
    )
