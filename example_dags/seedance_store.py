"""Create, wait, and keep the video in any object storage: the vendor's URL expires, your file doesn't."""

from __future__ import annotations

import os
import tempfile

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

# s3://conn_id@bucket/videos, gs://..., abfs://... work as well, with the provider of that storage installed.
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
    SeedanceVideoToObjectStorageOperator(
        task_id="store",
        seedance_conn_id="seedance_byteplus",
        video_id=wait.output["video_id"],
        video_url=wait.output["video_url"],
        output_path=f"{FOLDER}/{{run_id}}/{{video_id}}.{{ext}}",
    )
