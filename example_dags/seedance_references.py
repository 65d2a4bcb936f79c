"""Reference images: the same characters in every clip."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

with DAG("seedance_references", schedule=None, catchup=False, tags=["seedance"]):
    SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_jimmyai",
        model="seedance2.0-fast-i2v",
        prompt="The girl of image 1 rides the horse of image 2 along the shore",
        reference_images=["https://example.com/girl.jpg", "https://example.com/horse.jpg"],
        duration=8,
        ratio="16:9",
        wait_for_completion=True,
        poll_interval=2,
    )
