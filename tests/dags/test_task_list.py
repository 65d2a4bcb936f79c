"""What the pages' list of tasks tells of a run that was really run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_seedance.simulator import Simulator
from tests.any_airflow import AIRFLOW
from tests.any_airflow import run_dag as run

pytestmark = [
    pytest.mark.dag,
    pytest.mark.skipif(not (3, 1) <= AIRFLOW < (3, 4), reason="the list is for Airflow 3.1 to 3.3"),
]


def test_the_tasks_of_a_run_are_told_to_whoever_may_read_its_dag(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    from airflow.api_fastapi.core_api.security import PermittedTIFilter

    from airflow_provider_seedance.plugins.task_list import Window, tasks_in

    began = datetime.now(UTC) - timedelta(minutes=1)
    dag_run = run(load_dag("seedance_store"))
    mine, nobodys = PermittedTIFilter({"seedance_store"}), PermittedTIFilter(set())
    found = tasks_in(Window("~", dag_run.run_id, run_after=None, updated=began), mine, offset=0, limit=10)
    assert found["total_entries"] == 3
    told = {task["task_id"]: task for task in found["task_instances"]}
    assert {name: (task["state"], task["operator"]) for name, task in told.items()} == {
        "create": ("success", "SeedanceCreateVideoOperator"),
        "wait": ("success", "SeedanceVideoSensor"),
        "store": ("success", "SeedanceVideoToObjectStorageOperator"),
    }
    create = told["create"]
    assert (create["dag_id"], create["dag_run_id"], create["map_index"]) == ("seedance_store", dag_run.run_id, -1)
    assert datetime.fromisoformat(create["start_date"]).tzinfo is not None
    assert datetime.fromisoformat(create["run_after"]).tzinfo is not None
    assert isinstance(create["rendered_fields"], dict)
    one = Window("seedance_store", "~", operators=("SeedanceVideoSensor", "PythonOperator"), map_indexes=(-1,))
    assert {task["task_id"] for task in tasks_in(one, mine, offset=0, limit=1)["task_instances"]} == {"wait"}
    assert tasks_in(one, nobodys, offset=0, limit=10) == {"task_instances": [], "total_entries": 0}
    late = Window("~", "~", updated=datetime.now(UTC) + timedelta(days=1))
    assert tasks_in(late, mine, offset=0, limit=10)["total_entries"] == 0
