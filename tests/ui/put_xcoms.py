"""Writes XComs of task instances into the database of a running stack: `python -m tests.ui.put_xcoms < xcoms.json`.

The JSON is a list of objects with `dag_id`, `run_id`, `task_id`, `key` and `value`. With `"operator"`, the task
instance is one of that operator from then on.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select


def put(xcoms: list[dict[str, Any]]) -> None:
    """Writes them; an XCom that is there is replaced."""
    with create_session() as session:
        for xcom in xcoms:
            where = {name: xcom[name] for name in ("dag_id", "run_id", "task_id")}
            ti = session.scalars(select(TaskInstance).filter_by(**where)).one()
            ti.operator = xcom.get("operator", ti.operator)
            for old in session.scalars(select(XComModel).filter_by(**where, key=xcom["key"])):
                session.delete(old)
            session.flush()
            session.add(XComModel(**where, dag_run_id=ti.dag_run.id, key=xcom["key"], value=xcom["value"]))


if __name__ == "__main__":
    put(json.load(sys.stdin))
