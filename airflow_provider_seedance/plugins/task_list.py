"""The task instances of this provider's operators in one answer: what Airflow's own list tells in pages of 100."""

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
    """Which tasks are wanted.

    :param dag_id: of this DAG alone; `~` stands for all.
    :param run_id: of this run alone; `~` stands for all.
    :param operators: by these of our operators; empty: by all.
    :param map_indexes: of these map indexes; empty: of all.
    :param run_after: of runs that were due then or later.
    :param updated: what has changed since then.
    """

    dag_id: str
    run_id: str
    operators: Sequence[str] = ()
    map_indexes: Sequence[int] = ()
    run_after: datetime | None = None
    updated: datetime | None = None


def can_list() -> bool:
    """Not where a task has an instance per pass of a loop (Airflow 3.4): there Airflow's own list is asked."""
    from airflow.models.taskinstance import TaskInstance

    return not hasattr(TaskInstance, "region_id")


def tasks_in(window: Window, readable: Any, *, offset: int, limit: int) -> dict[str, Any]:
    """The tasks of a window, those of the newest runs first, with the fields of Airflow's own answer that are used.

    :param readable: Airflow's filter of what the user may read.
    :return: `task_instances`, and in `total_entries` how many there are in all.
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
