"""A DAG for `test_lineage`, run by itself: Airflow reads OpenLineage's settings once, when it starts."""

from __future__ import annotations

import sys

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from tests.pipelines.helpers import CREATE, run, states

SIGNED = "X-Tos-Signature=5ec4e7"

with DAG("lineage", schedule=None) as dag:
    created = SeedanceCreateVideoOperator(
        task_id="create",
        reference_images=[f"https://cdn.example/style.png?{SIGNED}", "data:image/png;base64,5ec4e7"],
        reference_videos=[f"https://media.s3.example:8443/takes/one.mp4?{SIGNED}"],
        outlets=[Asset("s3://films/series")],
        **CREATE,
    )
    SeedanceVideoSensor(
        task_id="wait",
        video_id="{{ ti.xcom_pull(task_ids='create', key='video_id') }}",
        seedance_conn_id="seedance_byteplus",
    ).set_upstream(created)

if __name__ == "__main__":
    found = states(run(dag))
    print(found)  # noqa: T201
    sys.exit(set(found.values()) != {"success"})
