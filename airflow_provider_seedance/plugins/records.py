"""What the plugin's routes read from Airflow's database: the operators of this provider alone."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import and_, null, select

OURS = (
    "SeedanceCreateVideoOperator",
    "SeedanceVideoDecoratedOperator",
    "SeedanceVideoSensor",
    "SeedanceVideoToObjectStorageOperator",
)
"""The tasks whose XComs are believed to be about videos."""

MOST_XCOM = 1_000_000


Task = tuple[str, str, str, int, UUID | None]
"""DAG, run, task, map index, and, of one in a loop (Airflow 3.4+), the region in which that is its place."""

KEYS = ("return_value", "video_id", "seedance_asked")
"""The XComs that the pages read."""


def returned_by(task: Task) -> dict[str, Any]:
    """What a task of ours has returned; nothing, if it isn't ours, or hasn't returned an object of facts."""
    return as_object(told_by([task], ("return_value",)).get(task, {}).get("return_value"))


def told_by(tasks: Collection[Task], keys: Collection[str] = KEYS) -> dict[Task, dict[str, Any]]:
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
    has_regions = hasattr(TaskInstance, "region_id")
    if has_regions:  # and an XCom belongs to an attempt
        same = XComModel.task_instance_id == TaskInstance.id
    # Wider than what is asked for, but short for the database; the exact choice is made below.
    query = (
        select(
            TaskInstance.dag_id,
            TaskInstance.run_id,
            TaskInstance.task_id,
            TaskInstance.map_index,
            TaskInstance.region_id if has_regions else null(),
            XComModel.key,
            XComModel.value,
        )
        .join(XComModel, same)
        .where(
            XComModel.key.in_(keys),
            TaskInstance.dag_id.in_(dags),
            TaskInstance.run_id.in_(runs),
            TaskInstance.task_id.in_(names),
            TaskInstance.operator.in_(OURS),
        )
    )
    wanted = set(tasks)
    found: dict[Task, dict[str, Any]] = {}
    with create_session() as session:
        for *task, region, key, value in session.execute(query):
            for name in ((*task, None), (*task, region)):
                if name in wanted:
                    found.setdefault(name, {})[key] = value
    return found


def as_object(value: Any) -> dict[str, Any]:
    """An XCom's value as Airflow keeps it, if it is an object."""
    if isinstance(value, str) and len(value) <= MOST_XCOM:
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
