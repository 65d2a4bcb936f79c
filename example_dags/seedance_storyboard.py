"""A storyboard: each clip begins with the last frame of the one before, so that three clips make one take."""

from __future__ import annotations

import os
import tempfile

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

SCENES = (
    "A paper boat sets off in a rain gutter, camera follows at water level",
    "The boat is swept down a street at dusk, the camera stays beside it",
    "The boat reaches the harbour and stops beside the big ships, slow push in",
)

with DAG("seedance_storyboard", schedule=None, catchup=False, tags=["seedance"]):
    before = None
    for number, prompt in enumerate(SCENES, start=1):
        before = SeedanceCreateVideoOperator(
            task_id=f"scene_{number}",
            seedance_conn_id="seedance_byteplus",
            model="dreamina-seedance-2-0-260128",
            prompt=prompt,
            first_frame=before.output["last_frame_url"] if before else None,
            return_last_frame=True,
            duration=5,
            ratio="16:9",
            wait_for_completion=True,
            poll_interval=2,
            output_path=f"{FOLDER}/{{run_id}}/{number}.{{ext}}",
        )
