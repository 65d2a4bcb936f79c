"""The plugin's queries on Airflow's database, which return only XComs of this provider's operators."""

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
"""The operators whose XComs are trusted to be about videos."""

MOST_XCOM = 1_000_000


Task = tuple[str, str, str, int, UUID | None]
"""DAG, run, task, map index and region. In a loop (Airflow 3.4+), the map index is the index in the region; outside of
loops, the region is `None`."""

KEYS = ("return_value", "video_id", "seedance_asked")
"""The keys of the XComs that the pages read."""


def returned_by(task: Task) -> dict[str, Any]:
    """The dict that a task of this provider has returned.

    :param task: the task.
    :return: the dict; empty if the task is of another operator, or has returned anything else.
    """
    return as_object(told_by([task], ("return_value",)).get(task, {}).get("return_value"))


def told_by(tasks: Collection[Task], keys: Collection[str] = KEYS) -> dict[Task, dict[str, Any]]:
    """The XComs of this provider's tasks, read in one query.

    :param tasks: the tasks; those of other operators are ignored.
    :param keys: the keys of the XComs. Default: `KEYS`.
    :return: by task, the stored values by key.
    """
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    dags, runs, names, indexes = ({task[part] for task in tasks} for part in (0, 1, 2, 3))
    same = and_(
        XComModel.dag_id == TaskInstance.dag_id,
        XComModel.run_id == TaskInstance.run_id,
        XComModel.task_id == TaskInstance.task_id,
        XComModel.map_index == TaskInstance.map_index,
    )
    has_regions = hasattr(TaskInstance, "region_id")
    if has_regions:  # such a version of Airflow joins by id, since an XCom belongs to an attempt
        same = XComModel.task_instance_id == TaskInstance.id
    # The query returns more than the wanted tasks, so that it stays short. The exact selection follows below.
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
            TaskInstance.map_index.in_(indexes),  # of a mapped task there may be ten thousand
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
    """Decodes an XCom's value that is a JSON object.

    :param value: the value as Airflow stores it.
    :return: the dict; empty if the value is anything else, or longer than a million characters.
    """
    if isinstance(value, str) and len(value) <= MOST_XCOM:
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
