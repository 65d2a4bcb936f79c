"""From a first to a last frame, in one task: submit, then wait in the triggerer."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

with DAG(
    "seedance_frames",
    schedule=None,
    catchup=False,
    tags=["seedance"],
    params={
        "first": Param("https://example.com/day.jpg", type="string"),
        "last": Param("https://example.com/night.jpg", type="string"),
    },
):
    SeedanceCreateVideoOperator(
        task_id="day_to_night",
        seedance_conn_id="seedance_volcengine",
        model="doubao-seedance-2-0-260128",
        prompt="The same street, from day to night, locked-off camera",
        first_frame="{{ params.first }}",
        last_frame="{{ params.last }}",
        duration=6,
        return_last_frame=True,
        wait_for_completion=True,
        poll_interval=2,
    )
