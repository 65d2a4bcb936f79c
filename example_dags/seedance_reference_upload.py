"""Reference media of your own: upload a file and a URL, wait until the vendor has accepted both, use them."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

with DAG(
    "seedance_reference_upload",
    schedule=None,
    catchup=False,
    tags=["seedance"],
    params={
        # s3://conn_id@bucket/key, gs://..., abfs://... work as well, with the provider of that storage installed.
        "horse": Param(str(Path(__file__).parent / "media" / "horse.png"), type="string"),
        "girl": Param("https://example.com/girl.jpg", type="string"),
    },
):
    # "sp" is the library of Jimmy AI's SP routes: it gives an asset://ID, which has to become active first.
    horse = SeedanceUploadAssetOperator(
        task_id="upload_horse",
        seedance_conn_id="seedance_jimmyai",
        source="{{ params.horse }}",
        kind="image",
        library="sp",
        poll_interval=2,
    )
    # A portrait of a real person has to be on the vendor's whitelist.
    girl = SeedanceUploadAssetOperator(
        task_id="upload_girl",
        seedance_conn_id="seedance_jimmyai",
        source="{{ params.girl }}",
        library="realperson",
        poll_interval=2,
    )
    SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_jimmyai",
        model="seedance2.0-sp",
        prompt="The girl of image 1 rides the horse of image 2 along the shore",
        reference_images=[girl.output["asset"], horse.output["asset"]],
        duration=8,
        ratio="16:9",
        wait_for_completion=True,
        poll_interval=2,
    )
