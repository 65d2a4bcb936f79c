"""What a producer's team would write: three takes of one prompt, a choice, and the chosen one handed on."""

from __future__ import annotations

import os
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator  # Airflow 3.1+
from airflow.sdk import DAG, Param, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", "file:///tmp/seedance")
PROMPT = "A lighthouse in a storm, slow dolly in"
SEEDS = [11, 12, 13]

with DAG(
    "autumn_campaign",
    schedule=None,
    catchup=False,
    tags=["seedance"],
    params={"prompt": Param(PROMPT, type="string", title="Prompt")},
):
    create = SeedanceCreateVideoOperator.partial(
        task_id="create",
        seedance_conn_id="seedance_studio",
        model="dreamina-seedance-2-0-fast-260128",
        prompt="{{ params.prompt }}",
        duration=5,
        ratio="16:9",
        wait_for_completion=True,
        poll_interval=2,
    ).expand(seed=SEEDS)

    land = SeedanceVideoToObjectStorageOperator.partial(
        task_id="land", seedance_conn_id="seedance_studio", output_path=f"{FOLDER}/{{run_id}}/{{video_id}}.{{ext}}"
    ).expand(video_id=create.output)

    choose = HITLOperator(
        task_id="choose",
        subject="Which take is it?",
        options=[f"Seed {seed}" for seed in SEEDS],
        body="[See them side by side](/dags/{{ dag.dag_id }}/runs/{{ run_id | urlencode }}/plugin/seedance-videos)",
    )

    @task
    def hand_on(choice: dict[str, Any], videos: list[dict[str, Any]]) -> str:
        seed = int(choice["chosen_options"][0].removeprefix("Seed "))
        return str(list(videos)[SEEDS.index(seed)]["uri"])

    land >> choose
    hand_on(choose.output, land.output)
