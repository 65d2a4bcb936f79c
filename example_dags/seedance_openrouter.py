"""A video a day at OpenRouter, landed at once: the answer says how long its copy is kept, or nothing says it."""

from __future__ import annotations

import os
import tempfile

from airflow.sdk import DAG
from pendulum import datetime

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG("seedance_openrouter", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_openrouter",
        model="bytedance/seedance-2.0-fast",
        prompt="The harbour at sunrise, gulls, soft light",
        duration=5,
        resolution="720p",
        ratio="16:9",
    )
    wait = SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_openrouter",
        video_id=create.output["video_id"],
        poke_interval=2,
    )
    SeedanceVideoToObjectStorageOperator(
        task_id="store",
        seedance_conn_id="seedance_openrouter",
        video_id=wait.output["video_id"],
        video_url=wait.output["video_url"],
        output_path=f"{FOLDER}/{{vendor}}-{{video_id}}.{{ext}}",
    )
