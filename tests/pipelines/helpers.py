"""What the tests of pipelines share: whole DAGs, run in this process."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG

from tests.any_airflow import AIRFLOW, run_dag

MODEL = "dreamina-seedance-2-0-fast-260128"
PROMPT = "a paper boat named Zebedee in rain"
ARK: dict[str, Any] = {"seedance_conn_id": "seedance_byteplus", "model": MODEL, "poll_interval": 0.05}
RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": 0.01}
CREATE: dict[str, Any] = ARK | RETRIES | {"prompt": PROMPT, "wait_for_completion": True}


def run(dag: DAG) -> dict[str, Any]:
    """Runs the DAG; its task instances by task id, with the map index where there is one."""
    found = run_dag(dag).get_task_instances()
    return {ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": ti for ti in found}


def states(tasks: dict[str, Any]) -> dict[str, str]:
    return {name: str(ti.state) for name, ti in sorted(tasks.items())}


def xcom(ti: Any, key: str = "return_value") -> Any:
    return ti.xcom_pull(task_ids=ti.task_id, key=key, map_indexes=ti.map_index)


def all_xcoms(ti: Any) -> dict[str, Any]:
    """Everything that a task instance has pushed, links among it."""
    from airflow.models import xcom as models
    from airflow.utils.session import create_session

    XComModel = models.XComModel if AIRFLOW >= (3, 0) else models.BaseXCom  # noqa: N806 - a class

    with create_session() as session:
        rows = session.query(XComModel.key, XComModel.value).filter(
            XComModel.dag_id == ti.dag_id,
            XComModel.run_id == ti.run_id,
            XComModel.task_id == ti.task_id,
            XComModel.map_index == ti.map_index,
        )
        return {key: value for key, value in rows}  # noqa: C416 - rows are no pairs to mypy
