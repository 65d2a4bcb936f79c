"""What is left of budgets: as gauges when something is reserved, and for whoever shows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Stats

from airflow_provider_seedance.api.budgets import read_budgets
from airflow_provider_seedance.ledger.budget_status import BudgetStatus, budget_status
from airflow_provider_seedance.simulator import Simulator

from .conftest import CONN_ID, Database, use
from .test_budgets import A_VIDEO, submit
from .test_tasks import bills, live

BUDGETS = {"per_day": {"USD": 5, "CNY": 30}, "per_dag": {"USD": 2}, "per_dag_run": {"USD": 1}}


def status() -> list[BudgetStatus]:
    return budget_status(CONN_ID, "seedance_default", read_budgets(BUDGETS))


def amounts(each: BudgetStatus) -> tuple[Any, Any, Any]:
    return each.spent, each.reserved, each.left


def test_before_anything_is_spent_all_is_left(database: Database) -> None:
    assert [(each.budget, each.currency, *amounts(each)) for each in status()] == [
        ("per_day", "USD", 0, 0, 5),
        ("per_day", "CNY", 0, 0, 30),
    ]
    assert budget_status(CONN_ID, "seedance_default", read_budgets(None)) == []


def test_what_is_spent_and_what_is_reserved_is_told_for_each_budget(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets=BUDGETS)
    assert live().delivered
    assert submit(index=1).kind == submit(run="next").kind == submit(dag="other").kind == "done"
    video = Decimal(str(A_VIDEO))
    told = {(each.budget, each.dag_id, each.run_id): amounts(each) for each in status() if each.currency == "USD"}
    assert told == {
        ("per_day", None, None): (video, 3 * video, 5 - 4 * video),
        ("per_dag", "dag", None): (video, 2 * video, 2 - 3 * video),
        ("per_dag", "other", None): (0, video, 2 - video),
        ("per_dag_run", "dag", "run"): (video, video, 0),
        ("per_dag_run", "dag", "next"): (0, video, video),
        ("per_dag_run", "other", "run"): (0, video, video),
    }
    assert submit(index=2).error == "BudgetExceededError", "the status and the decision count the same"


def test_a_run_of_yesterday_counts_with_all_that_it_spent_once_it_spends_today(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets=BUDGETS)
    assert submit(index=1).kind == "done"
    database.all("UPDATE seedance_submissions SET day = '2020-01-01'")
    assert not [each for each in status() if each.budget != "per_day"]
    assert submit(index=2).kind == "done"
    told = {each.budget: each.left for each in status() if each.currency == "USD"}
    assert told == {"per_day": Decimal("4.5"), "per_dag": Decimal("1.5"), "per_dag_run": 0}


def test_each_reservation_tells_what_is_left_as_a_gauge(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets=BUDGETS)
    seen: list[tuple[str, float, dict[str, str]]] = []
    monkeypatch.setattr(Stats, "gauge", lambda name, value, **more: seen.append((name, value, more["tags"])))
    assert submit(index=1).kind == "done"
    tags = {"conn_id": "seedance_default", "currency": "USD"}
    assert [entry for entry in seen if entry[0].startswith("seedance.budget")] == [
        ("seedance.budget", 5.0, {**tags, "budget": "per_day"}),
        ("seedance.budget_left", 4.5, {**tags, "budget": "per_day"}),
        ("seedance.budget", 2.0, {**tags, "budget": "per_dag", "dag_id": "dag"}),
        ("seedance.budget_left", 1.5, {**tags, "budget": "per_dag", "dag_id": "dag"}),
        ("seedance.budget", 1.0, {**tags, "budget": "per_dag_run", "dag_id": "dag"}),
        ("seedance.budget_left", 0.5, {**tags, "budget": "per_dag_run", "dag_id": "dag"}),
    ]


def test_a_gauge_that_fails_costs_no_video(database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("no receiver")

    use(sim, monkeypatch, budgets=BUDGETS)
    monkeypatch.setattr(Stats, "gauge", fail)
    assert submit(index=1).kind == "done"
    assert len(bills(sim)) == 1
