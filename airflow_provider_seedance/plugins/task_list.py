"""Lists the task instances of this provider's operators in one answer, instead of Airflow's pages of 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from airflow_provider_seedance.plugins.records import OURS

COLUMNS = ("dag_id", "run_id", "task_id", "map_index", "operator", "state", "try_number", "start_date", "end_date")


@dataclass(frozen=True)
class Window:
    """The filter of a list of task instances.

    :param dag_id: the DAG's id, or `~` for all DAGs.
    :param run_id: the run's id, or `~` for all runs.
    :param operators: the names of operators, of which only this provider's count. Default: all of this provider's.
    :param map_indexes: the map indexes. Default: all.
    :param run_after: the earliest `run_after` of a run. Default: any.
    :param updated: the earliest time of a task instance's last change. Default: any.
    """

    dag_id: str
    run_id: str
    operators: Sequence[str] = ()
    map_indexes: Sequence[int] = ()
    run_after: datetime | None = None
    updated: datetime | None = None


def can_list() -> bool:
    """Whether this list can be used (before Airflow 3.4, which has a task instance per pass of a loop)."""
    from airflow.models.taskinstance import TaskInstance

    return not hasattr(TaskInstance, "region_id")


def tasks_in(window: Window, readable: Any, *, offset: int, limit: int) -> dict[str, Any]:
    """The task instances that match a filter, the newest runs first, with those fields of Airflow's list that are used.

    :param window: the filter.
    :param readable: Airflow's own filter by the user's permissions.
    :param offset: the number of task instances to skip.
    :param limit: the most task instances to return.
    :return: `task_instances`, and `total_entries`, the number of all matches.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.renderedtifields import RenderedTaskInstanceFields as Rendered
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    wanted = [name for name in window.operators if name in OURS] if window.operators else OURS
    conditions: list[Any] = [TaskInstance.operator.in_(wanted)]
    if window.dag_id != "~":
        conditions.append(TaskInstance.dag_id == window.dag_id)
    if window.run_id != "~":
        conditions.append(TaskInstance.run_id == window.run_id)
    if window.map_indexes:
        conditions.append(TaskInstance.map_index.in_(window.map_indexes))
    if window.run_after:
        conditions.append(DagRun.run_after >= window.run_after)
    if window.updated:
        conditions.append(TaskInstance.updated_at >= window.updated)
    of_run = and_(DagRun.dag_id == TaskInstance.dag_id, DagRun.run_id == TaskInstance.run_id)
    names = ("dag_id", "run_id", "task_id", "map_index")
    of_task = and_(*(getattr(Rendered, name) == getattr(TaskInstance, name) for name in names))

    columns = [getattr(TaskInstance, name) for name in COLUMNS]
    count = readable.to_orm(select(func.count(TaskInstance.id)).join(DagRun, of_run).where(*conditions))
    rows = readable.to_orm(
        select(*columns, DagRun.run_after, Rendered.rendered_fields)
        .join(DagRun, of_run)
        .outerjoin(Rendered, of_task)
        .where(*conditions)
        .order_by(DagRun.run_after.desc(), TaskInstance.id)
        .offset(offset)
        .limit(limit)
    )
    with create_session() as session:
        total = session.execute(count).scalar()
        return {"task_instances": [_told(row) for row in session.execute(rows)], "total_entries": int(total or 0)}


def _told(row: Sequence[Any]) -> dict[str, Any]:
    *columns, run_after, rendered = row
    told = dict(zip(COLUMNS, columns, strict=True))
    told["dag_run_id"] = told.pop("run_id")
    told["state"] = None if told["state"] is None else str(getattr(told["state"], "value", told["state"]))
    for name, at in (("run_after", run_after), ("start_date", told["start_date"]), ("end_date", told["end_date"])):
        told[name] = at.isoformat() if at is not None else None
    return told | {"rendered_fields": rendered if isinstance(rendered, dict) else {}}
