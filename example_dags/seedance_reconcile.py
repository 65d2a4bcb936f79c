"""Compares, every day, the videos that were paid for with those that arrived, and lands those that nobody fetched."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import DAG, task

from airflow_provider_seedance.operators.reconcile import SeedanceReconcileOperator

FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG(
    "seedance_reconcile",
    # With a vendor that keeps files for an hour (Replicate), use `@hourly`.
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["seedance"],
):
    # It covers the run's data interval and the day before it, and all connections with submissions in the ledger
    # (`[seedance] ledger_conn_id`) in that time.
    found = SeedanceReconcileOperator(
        task_id="reconcile",
        land_to=f"{FOLDER}/orphans/{{vendor}}/{{video_id}}.{{ext}}",
        report_path=f"{FOLDER}/reconcile/{{{{ run_id }}}}.json",
        retries=2,
        retry_delay=timedelta(minutes=10),
    )

    @task
    def raise_the_alarm(told: dict[str, Any]) -> None:
        """Fails, so that whatever watches failed tasks tells somebody."""
        if told["calls_for_action"] or not told["is_whole"]:
            raise AirflowFailException(f"{told['counts']}: see {told['report']}")

    raise_the_alarm(found.output)
