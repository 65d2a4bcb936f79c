"""DAGs that are never run: their runs are written into the database by `tests.ui.seed`."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

for dag_id in ("ui_gallery", "ui_many", "ui_secret", "ui_thousands"):
    with DAG(dag_id, schedule=None, catchup=False, tags=["seedance"]):
        create = SeedanceCreateVideoOperator(
            task_id="create",
            seedance_conn_id="seedance_byteplus",
            model="dreamina-seedance-2-0-260128",
            prompt="{{ dag_run.conf['prompt'] }}",
        )
        wait = SeedanceVideoSensor(
            task_id="wait",
            seedance_conn_id="seedance_byteplus",
            video_id=create.output["video_id"],
        )
        SeedanceVideoToObjectStorageOperator(
            task_id="store",
            seedance_conn_id="seedance_byteplus",
            video_id=wait.output["video_id"],
            output_path="s3://videos/{run_id}/{video_id}.{ext}",
        )
        SeedanceCreateVideoOperator(
            task_id="one_task",
            seedance_conn_id="seedance_modellix",
            model="seedance-2.0-fast-t2v",
            prompt="{{ dag_run.conf['prompt'] }}",
            wait_for_completion=True,
        )
