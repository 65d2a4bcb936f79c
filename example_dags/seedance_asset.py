"""One DAG makes a video and updates an asset; another DAG, scheduled by that asset, reads the video's facts from it."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from airflow.sdk import DAG, Asset, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")
TRAILER = Asset("seedance_trailer")

with DAG("seedance_asset", schedule=None, catchup=False, tags=["seedance"]):
    SeedanceCreateVideoOperator(
        task_id="make_trailer",
        seedance_conn_id="seedance_volcengine",
        model="doubao-seedance-2-0-fast-260128",
        prompt="A trailer: a fox crosses a frozen lake at dawn",
        duration=5,
        wait_for_completion=True,
        poll_interval=2,
        output_path=f"{FOLDER}/{{dag_id}}/{{video_id}}.{{ext}}",
        outlets=[TRAILER],
    )

with DAG("seedance_asset_consumer", schedule=[TRAILER], catchup=False, tags=["seedance"]):

    @task
    def use_trailer(triggering_asset_events: Any = None) -> list[str]:
        events = triggering_asset_events[TRAILER]
        return [f"{event.extra['uri']}: {event.extra['bytes']} bytes, {event.extra['duration']} s" for event in events]

    use_trailer()
