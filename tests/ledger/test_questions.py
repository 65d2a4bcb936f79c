"""The queries in the docs answer what the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_provider_seedance.simulator import Simulator

from .conftest import Database
from .test_budgets import submit
from .test_tasks import ASKS, live

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"
MONTH, PER_SECOND, UNDELIVERED = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)


def dated(statement: str, day: datetime) -> str:
    """The query, with another day in the place of the page's."""
    found, count = re.subn(r"'\d{4}-\d\d-\d\d'", f"'{day:%Y-%m-%d}'", statement)
    assert count == 1
    return found


def test_what_was_spent_by_day_dag_vendor_and_model_is_what_the_page_s_queries_tell(
    database: Database, sim: Simulator
) -> None:
    today = datetime.now(tz=UTC)
    assert live().delivered
    orphan = submit(dag="other", index=4).value["video_id"]

    spent = database.all(dated(MONTH, today - timedelta(days=1)))
    assert [(dag, currency, float(str(sum_)), videos) for dag, currency, sum_, videos in spent] in (
        [("dag", "USD", 0.5, 1), ("other", "USD", 0.5, 1)],
        [("other", "USD", 0.5, 1), ("dag", "USD", 0.5, 1)],
    )
    assert database.all(dated(MONTH, today + timedelta(days=2))) == []

    ((vendor, model, currency, per_second),) = database.all(PER_SECOND)
    assert (vendor, model, currency, float(str(per_second))) == ("byteplus", ASKS["model"], "USD", 0.1)

    ((*task, vendor, video_id, cost, currency),) = database.all(dated(UNDELIVERED, today + timedelta(days=2)))
    assert (task, vendor, video_id, float(str(cost)), currency) == (
        ["other", "create", "run", 4],
        "byteplus",
        orphan,
        0.5,
        "USD",
    )
    assert database.all(dated(UNDELIVERED, today - timedelta(days=2))) == []
