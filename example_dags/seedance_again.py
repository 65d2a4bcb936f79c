"""The DAG's params are the request: in Airflow's UI, "Run again with changes" offers them filled in."""

from __future__ import annotations

import os
import tempfile

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG(
    "seedance_again",
    schedule=None,
    catchup=False,
    tags=["seedance"],
    # Each has the name of the operator's argument that it fills; the pages recognise it by this name.
    params={
        "prompt": Param("A lighthouse in a storm, slow dolly in", type="string", description="What the video shows"),
        "seed": Param(7, type="integer", minimum=0, description="The same seed and other words: a variation"),
        "duration": Param(5, type="integer", enum=[5, 10], description="Seconds"),
        "ratio": Param("16:9", type="string", enum=["16:9", "9:16", "1:1"]),
    },
):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_byteplus",
        model="dreamina-seedance-2-0-fast-260128",
        prompt="{{ params.prompt }}",
        seed="{{ params.seed }}",
        duration="{{ params.duration }}",
        ratio="{{ params.ratio }}",
        wait_for_completion=True,
        poll_interval=2,
    )
    SeedanceVideoToObjectStorageOperator(
        task_id="store",
        seedance_conn_id="seedance_byteplus",
        video_id=create.output["video_id"],
        video_url=create.output["video_url"],
        output_path=f"{FOLDER}/{{run_id}}/{{video_id}}.{{ext}}",
    )
