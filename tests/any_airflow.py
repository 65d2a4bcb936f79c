"""What the tests need to know of the Airflow they run on: its version, and how it runs a DAG that is in no file."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow import __version__

AIRFLOW = tuple(int(part) for part in __version__.split(".")[:2])
"""Major and minor version, to compare with."""

if AIRFLOW >= (3, 2):
    from airflow.sdk.exceptions import AirflowRescheduleException as AirflowRescheduleException
else:
    from airflow.exceptions import AirflowRescheduleException as AirflowRescheduleException

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from airflow.providers.common.compat.sdk import DAG


def run_dag(dag: DAG, **kwargs: Any) -> Any:
    """Runs the DAG in this process with `dag.test()`, after telling Airflow of it where that is needed; the DAG run.

    :param kwargs: of `dag.test()`.
    """
    if AIRFLOW >= (3, 1):
        from airflow.dag_processing.bundles.manager import DagBundlesManager

        if AIRFLOW >= (3, 2):
            from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
        else:
            from airflow.models.dagbag import DagBag, sync_bag_to_db  # type: ignore[no-redef]

        DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
        bag = DagBag(os.devnull)
        bag.bag_dag(dag)
        sync_bag_to_db(bag, "dags-folder", None)
    elif AIRFLOW >= (3, 0):
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.models import dag as models
        from airflow.serialization import serialized_objects

        DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
        serialized: Any = serialized_objects.SerializedDAG  # type: ignore[attr-defined]
        scheduled = serialized.deserialize_dag(serialized.serialize_dag(dag))
        models.DAG.bulk_write_to_db("dags-folder", None, [scheduled])
    else:
        dag.sync_to_db()  # type: ignore[attr-defined]
    return dag.test(use_executor=False, **kwargs)


def keep_api_server() -> None:
    """`dag.test()` makes one API server for all tasks, as it does from Airflow 3.3 on; before, seconds went to each."""
    if (3, 0) <= AIRFLOW < (3, 3):
        from airflow.sdk.execution_time import supervisor

        supervisor.in_process_api_server = cache(supervisor.in_process_api_server)


def load_dag_bag(path: Path) -> Any:
    """The DAGs of a file or folder, and its import errors."""
    if AIRFLOW >= (3, 2):
        from airflow.dag_processing.dagbag import DagBag
    else:
        from airflow.models.dagbag import DagBag  # type: ignore[no-redef]
    return DagBag(path)


def airflow_answers(patch: pytest.MonkeyPatch, states: Callable[..., Any]) -> None:
    """Airflow 3 answers a task that asks for the states of task instances with what the function returns."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    patch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(states))


def airflow_says(patch: pytest.MonkeyPatch, state: Callable[[], Any]) -> None:
    """Any Airflow tells a `dev.task_life.Ti`, with its defaults, what state it is in."""
    if AIRFLOW >= (3, 0):
        airflow_answers(patch, lambda **_: {"run": {"create": state()}})
    else:
        patch.setattr("dev.task_life.Ti.current_state", lambda ti: state(), raising=False)
