"""What the plugin's routes read from Airflow's database: the operators of this provider alone."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import and_, select

OURS = (
    "SeedanceCreateVideoOperator",
    "SeedanceVideoDecoratedOperator",
    "SeedanceVideoSensor",
    "SeedanceVideoToObjectStorageOperator",
)
"""The tasks whose XComs are believed to be about videos."""

MOST_XCOM = 1_000_000


def returned_by(dag_id: str, run_id: str, task_id: str, map_index: int) -> dict[str, Any]:
    """What a task of ours has returned; nothing, if it isn't ours, or hasn't returned an object of facts."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    of_task = (
        TaskInstance.dag_id == dag_id,
        TaskInstance.run_id == run_id,
        TaskInstance.task_id == task_id,
        TaskInstance.map_index == map_index,
        TaskInstance.operator.in_(OURS),
    )
    same = (
        XComModel.dag_id == TaskInstance.dag_id,
        XComModel.run_id == TaskInstance.run_id,
        XComModel.task_id == TaskInstance.task_id,
        XComModel.map_index == TaskInstance.map_index,
        XComModel.key == "return_value",
    )
    query = select(XComModel.value).select_from(TaskInstance).join(XComModel, and_(*same)).where(*of_task)
    with create_session() as session:
        return as_object(session.execute(query).scalar())


Task = tuple[str, str, str, int]
"""DAG, run, task and map index."""

KEYS = ("return_value", "video_id", "seedance_asked")
"""The XComs that the pages read."""


def told_by(tasks: Collection[Task]) -> dict[Task, dict[str, Any]]:
    """What tasks of ours have told, by XCom key; all of it in one query."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    dags, runs, names = ({task[part] for task in tasks} for part in (0, 1, 2))
    same = and_(
        XComModel.dag_id == TaskInstance.dag_id,
        XComModel.run_id == TaskInstance.run_id,
        XComModel.task_id == TaskInstance.task_id,
        XComModel.map_index == TaskInstance.map_index,
    )
    # Wider than what is asked for, but short for the database; the exact choice is made below.
    query = (
        select(
            XComModel.dag_id, XComModel.run_id, XComModel.task_id, XComModel.map_index, XComModel.key, XComModel.value
        )
        .join(TaskInstance, same)
        .where(
            XComModel.key.in_(KEYS),
            XComModel.dag_id.in_(dags),
            XComModel.run_id.in_(runs),
            XComModel.task_id.in_(names),
            TaskInstance.operator.in_(OURS),
        )
    )
    wanted = set(tasks)
    found: dict[Task, dict[str, Any]] = {}
    with create_session() as session:
        for dag_id, run_id, task_id, map_index, key, value in session.execute(query):
            if (task := (dag_id, run_id, task_id, map_index)) in wanted:
                found.setdefault(task, {})[key] = value
    return found


def as_object(value: Any) -> dict[str, Any]:
    """An XCom's value as Airflow keeps it, if it is an object."""
    if isinstance(value, str) and len(value) <= MOST_XCOM:
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
