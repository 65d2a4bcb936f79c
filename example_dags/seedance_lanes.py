"""A batch in which each clip has a lane of its own: one that is refused, or fails, stops no other."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import DAG, task, task_group

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG("seedance_lanes", schedule=None, catchup=False, tags=["seedance"]):

    @task_group
    def lane(prompt: str) -> None:
        create = SeedanceCreateVideoOperator(
            task_id="create",
            seedance_conn_id="seedance_modellix",
            model="seedance-2.0-fast-t2v",
            prompt=prompt,
            duration=4,
        )
        wait = SeedanceVideoSensor(
            task_id="wait", seedance_conn_id="seedance_modellix", video_id=create.output["video_id"], poke_interval=2
        )
        SeedanceVideoToObjectStorageOperator(
            task_id="land",
            seedance_conn_id="seedance_modellix",
            video_id=wait.output["video_id"],
            video_url=wait.output["video_url"],
            output_path=f"{FOLDER}/{{run_id}}/{{map_index}}.{{ext}}",
        )

    lanes = lane.expand(prompt=["A red kite over dunes", "A blue kite over cliffs", "A green kite over a harbour"])

    @task(trigger_rule="all_done")
    def what_is_there(ti: Any = None) -> list[str]:
        landed = [uri for uri in ti.xcom_pull(task_ids="lane.land", key="uri") or () if uri]
        if not landed:
            # This task decides the run's colour: with nothing to show, it must not be green.
            raise AirflowFailException("No clip was landed.")
        return landed

    lanes >> what_is_there()
