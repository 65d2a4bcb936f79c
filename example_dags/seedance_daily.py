"""A series: one clip each day, with the same seed and the same style image, so that all of them look alike."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG(
    "seedance_daily",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # A day that fails doesn't hold up the next, and two days never compete for the vendor's room.
    max_active_runs=1,
    tags=["seedance"],
    params={"style": Param("https://example.com/style.jpg", type="string")},
):
    SeedanceCreateVideoOperator(
        task_id="clip_of_the_day",
        seedance_conn_id="seedance_byteplus",
        model="dreamina-seedance-2-0-260128",
        # `run_id` and not `ds`: it is there in manual runs as well. One run, one prompt, also when it is tried again.
        prompt="The weather of {{ run_id }}, told by a paper theatre, in the style of image 1",
        reference_images=["{{ params.style }}"],
        seed=20260101,
        duration=5,
        ratio="9:16",
        wait_for_completion=True,
        poll_interval=2,
        output_path=f"{FOLDER}/{{dag_id}}/{{run_id}}.{{ext}}",
        retries=3,
        retry_delay=timedelta(minutes=5),
    )
