"""From a table of prompts to published videos: a mapped batch, a person's approval, S3, and an upload by HTTP."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path
from typing import Any

from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.standard.operators.hitl import ApprovalOperator  # Airflow 3.1+
from airflow.sdk import DAG, ObjectStoragePath, Param, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

# For example s3://aws_default@my-bucket/videos: the part before the @ is the connection that opens the bucket.
FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG(
    "seedance_approval",
    schedule=None,
    catchup=False,
    tags=["seedance"],
    params={"table": Param(f"file://{Path(__file__).parent}/media/prompts.csv", type="string")},
):

    @task
    def read_table(params: dict[str, Any] | None = None) -> list[dict[str, str]]:
        with ObjectStoragePath((params or {})["table"]).open("r") as file:
            return [{"prompt": row["prompt"], "ratio": row["ratio"]} for row in csv.DictReader(file)]

    create = SeedanceCreateVideoOperator.partial(
        task_id="create",
        seedance_conn_id="seedance_byteplus",
        model="dreamina-seedance-2-0-fast-260128",
        duration=5,
        wait_for_completion=True,
        poll_interval=2,
    ).expand_kwargs(read_table())

    # The URLs live for a day, so the videos are landed before anybody is asked: over a weekend they would be lost.
    land = SeedanceVideoToObjectStorageOperator.partial(
        task_id="land", seedance_conn_id="seedance_byteplus", output_path=f"{FOLDER}/{{run_id}}/{{video_id}}.{{ext}}"
    ).expand(video_id=create.output)

    approve = ApprovalOperator(
        task_id="approve",
        subject="Publish these videos?",
        body="[Look at them side by side](/dags/{{ dag.dag_id }}/runs/{{ run_id | urlencode }}/plugin/seedance-videos)"
        "\n\n{{ ti.xcom_pull(task_ids='land', key='uri') | join('\n') }}",
    )

    @task
    def publish(video: dict[str, Any]) -> int:
        # The manifest's address names no connection, so the file is opened by the folder's.
        with ObjectStoragePath(FOLDER).fs.open(video["uri"], "rb") as file:
            answer = HttpHook(method="PUT", http_conn_id="video_library").run(
                f"videos/{video['video_id']}.mp4", data=file, headers={"Content-Type": video["content_type"]}
            )
        return int(answer.status_code)

    land >> approve >> publish.expand(video=land.output)
