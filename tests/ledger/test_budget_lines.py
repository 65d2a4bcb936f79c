"""What the pages say of budgets: what the ledger has, as far as the viewer may know it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.plugins.budget_lines import AWAY, budget_lines
from airflow_provider_seedance.simulator import Simulator

from .conftest import CONN_ID, Database, use
from .test_budgets import A_VIDEO, submit

BUDGETS = {"per_day": {"USD": 50}, "per_dag": {"USD": 2}}


def told(dags: tuple[str, ...] = ("dag", "secret"), connections: tuple[str, ...] = ("seedance_default",)) -> Any:
    return budget_lines(CONN_ID, lambda dag_id: dag_id in dags, lambda conn_id: conn_id in connections)


@pytest.fixture
def spent(database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Three videos were submitted: one in `dag`, two in `secret`."""
    use(sim, monkeypatch, budgets=BUDGETS)
    for dag, index in (("dag", -1), ("secret", 0), ("secret", 1)):
        assert submit(dag=dag, index=index).kind == "done"
    return database


def test_the_fullest_budgets_come_first(spent: Database) -> None:
    lines = told()
    assert [(row["scope"], row["dag"], row["spent"], row["limit"]) for row in lines["budgets"]] == [
        ("per_dag", "secret", 2 * A_VIDEO, 2),
        ("per_dag", "dag", A_VIDEO, 2),
        ("per_day", None, 3 * A_VIDEO, 50),
    ]
    assert {(row["connection"], row["currency"]) for row in lines["budgets"]} == {("seedance_default", "USD")}
    assert (lines["denied"], lines["problem"]) == (0, None)


def test_what_a_viewer_may_not_read_is_counted_and_not_told(spent: Database) -> None:
    lines = told(dags=("dag",), connections=())
    assert [row["dag"] for row in lines["budgets"]] == ["dag"]
    assert lines["denied"] == 2
    assert "secret" not in str(lines)


def test_a_ledger_that_is_away_is_told_and_not_shown_as_empty(spent: Database) -> None:
    spent.go_away()
    assert told() == {"budgets": [], "denied": 0, "problem": AWAY}


def test_a_connection_that_is_gone_or_can_not_be_read_hides_no_other(
    spent: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets="{")
    assert told() == {"budgets": [], "denied": 0, "problem": None}
    monkeypatch.delenv("AIRFLOW_CONN_SEEDANCE_DEFAULT")
    assert told() == {"budgets": [], "denied": 0, "problem": None}
