"""Create, wait, and keep the video in any object storage: the URL dies, the file doesn't."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import httpx
from airflow.sdk import DAG, ObjectStoragePath, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

# s3://bucket/videos, gs://..., abfs://... work as well, with the provider of that storage installed.
FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG("seedance_store", schedule=None, catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_byteplus",
        model="dreamina-seedance-2-0-fast-260128",
        prompt="A lighthouse in a storm, slow dolly in",
        duration=5,
    )
    wait = SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_byteplus",
        video_id=create.output["video_id"],
        poke_interval=2,
    )

    @task
    def store(video: dict[str, Any], run_id: str | None = None) -> str:
        target = ObjectStoragePath(FOLDER) / str(run_id) / f"{video['video_id']}.mp4"
        target.parent.mkdir(parents=True, exist_ok=True)
        with httpx.stream("GET", video["video_url"], timeout=60) as response, target.open("wb") as file:
            response.raise_for_status()
            for block in response.iter_bytes():
                file.write(block)
        return str(target)

    store(wait.output)
