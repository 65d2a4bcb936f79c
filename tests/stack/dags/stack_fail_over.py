"""A video that the first vendor of a list refuses: made, waited for and landed at the second."""

import os

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

with DAG("stack_fail_over", schedule=None):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_volcengine",
        fallback_conn_ids=["seedance_modellix"],
        model="seedance-2.0",
        prompt="A fox crosses a frozen lake",
        duration=4,
    )
    # Both are given the first connection: the dict says where the video is.
    wait = SeedanceVideoSensor(
        task_id="wait", seedance_conn_id="seedance_volcengine", video_id=create.output, poke_interval=1, timeout=300
    )
    wait >> SeedanceVideoToObjectStorageOperator(
        task_id="land",
        seedance_conn_id="seedance_volcengine",
        video_id=create.output,
        output_path=os.environ.get("SEEDANCE_OUTPUT", "file:///tmp") + "/fail-over/{run_id}.mp4",
    )
