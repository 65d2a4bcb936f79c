"""Tasks whose `retries` a test edits while their run lives: the file says how many, as an edited DAG would."""

import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

EDITED = Path(os.environ["AIRFLOW_HOME"]) / "stack_clearing_retries"

with DAG("stack_clearing", schedule=None):
    for task_id, conn_id in (("clip", "seedance_queued_byteplus"), ("sibling", "seedance_queued_jimmyai")):
        SeedanceCreateVideoOperator(
            task_id=task_id,
            seedance_conn_id=conn_id,
            model={"clip": "dreamina-seedance-2-0-260128", "sibling": "seedance2.0-fast-sp"}[task_id],
            prompt=f"{{{{ run_id }}}} {task_id}",
            duration=5,
            wait_for_completion=task_id == "sibling",
            poll_interval=1,
            timeout=900,
            retries=int(EDITED.read_text()) if EDITED.exists() else 1,
            retry_delay=timedelta(seconds=1),
        )
