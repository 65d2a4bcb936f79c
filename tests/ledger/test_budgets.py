from __future__ import annotations

import json
import pickle
import time
from decimal import Decimal
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_seedance.api.budgets import Budgets, limits_of, micros_of, read_budgets
from airflow_provider_seedance.api.errors import BudgetExceededError, SeedanceConfigError
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.hooks.connection import SeedanceConnection
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator
from dev.task_life import AFTER_POST, BEFORE_POST, DeathError, Result, Step, TaskState, Ti, work

from .conftest import Database, use
from .test_tasks import ASKS, bills, live

A_VIDEO = 0.5
"""What each of them costs: five seconds at 0.1."""


def submit(run: str = "run", dag: str = "dag", index: int = -1, die: str | None = None, **more: Any) -> Result:
    """A task that only submits."""
    asked = {**ASKS, "wait_for_completion": False, **more}
    return work(Step(asked, Ti(run_id=run, dag_id=dag, map_index=index), die=die), TaskState())


# -- what the connection says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, ""])
def test_without_budgets_there_is_no_limit(value: Any) -> None:
    assert read_budgets(value).is_empty


@pytest.mark.parametrize("as_text", [True, False])
def test_budgets_are_a_json_object_or_the_text_of_one(as_text: bool) -> None:
    value = {"per_day": {"USD": 50, "CNY": "300.5"}, "per_dag_run": {"USD": 5}}
    read = read_budgets(json.dumps(value) if as_text else value)
    assert read.per_day == {"USD": 50, "CNY": Decimal("300.5")}
    assert read.per_dag is None


@pytest.mark.parametrize(
    "value",
    [
        {"per_week": {"USD": 1}},
        {"per_day": 5},
        {"per_day": {}},
        {"per_day": {"USD": -1}},
        {"per_day": {"USD": "NaN"}},
        {"per_day": {"": 5}},
        {"per_day": {"USD": "1e999999999"}},
        "{",
        "[" * 100_000,
        [],
        7,
    ],
    ids=lambda value: repr(value)[:40],
)
def test_budgets_that_cannot_be_read_are_refused_by_the_name_of_the_connection(value: Any) -> None:
    with pytest.raises(SeedanceConfigError, match=r"'mine'.*budgets"):
        _ = SeedanceConnection("mine", extra={"budgets": value}).budgets


def limits(estimate: Cost, **amounts: Any) -> Any:
    return limits_of(Budgets(**amounts), estimate, conn_id="c", dag_id="d", run_id="r", day="2026-11-26")


def test_a_budget_in_another_currency_than_the_price_is_refused() -> None:
    with pytest.raises(SeedanceConfigError, match="CNY"):
        limits(Cost(Decimal(1), "CNY", ""), per_day={"USD": 5})


def test_a_cost_that_cannot_be_told_fits_into_no_budget() -> None:
    with pytest.raises(BudgetExceededError, match="the duration is not set"):
        limits(Cost(None, "USD", "the duration is not set"), per_day={"USD": 5})
    assert limits(Cost(None, None, "no price")) == []


def test_each_budget_counts_its_own() -> None:
    made = limits(Cost(Decimal(1), "USD", ""), per_day={"USD": 5}, per_dag={"USD": 4}, per_dag_run={"USD": 3})
    assert [(limit.name, limit.micros, dict(limit.where)) for limit in made] == [
        ("per_day", 5_000_000, {"conn_id": "c", "day": "2026-11-26"}),
        ("per_dag", 4_000_000, {"conn_id": "c", "day": "2026-11-26", "dag_id": "d"}),
        ("per_dag_run", 3_000_000, {"conn_id": "c", "dag_id": "d", "run_id": "r"}),
    ]


def test_a_part_of_a_millionth_is_not_forgotten() -> None:
    assert micros_of(Decimal("0.0000001")) == 1


def test_the_error_is_final_and_can_be_pickled() -> None:
    error = for_airflow(BudgetExceededError("Nothing was sent. It is over."))
    assert isinstance(error, AirflowFailException)
    assert isinstance(error, BudgetExceededError)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (type(error), str(error))


def test_on_budget_has_two_words() -> None:
    with pytest.raises(ValueError, match="on_budget must be 'fail' or 'skip', not 'wait'"):
        SeedanceCreateVideoOperator(task_id="create", **{**ASKS, "on_budget": "wait"})


# -- what is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budgets", "fits"),
    [
        ({"per_dag_run": {"USD": 2 * A_VIDEO}}, [True, True, False, True, True]),
        ({"per_dag": {"USD": 2 * A_VIDEO}}, [True, True, False, False, True]),
        ({"per_day": {"USD": 2 * A_VIDEO}}, [True, True, False, False, False]),
        ({"per_day": {"USD": 100}, "per_dag_run": {"USD": A_VIDEO}}, [True, False, False, True, True]),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_not_sent(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch, budgets: dict[str, Any], fits: list[bool]
) -> None:
    use(sim, monkeypatch, budgets=budgets)
    asked: list[dict[str, Any]] = [{"index": 0}, {"index": 1}, {"index": 2}, {"run": "next"}, {"dag": "other"}]
    results = [submit(**each) for each in asked]
    assert [result.kind == "done" for result in results] == fits
    assert len(bills(sim)) == sum(fits)
    refused = next(result for result in results if result.kind != "done")
    assert (refused.error, refused.retryable) == ("BudgetExceededError", False)
    assert "0.5 USD" in refused.message
    assert "spent or reserved" in refused.message


def test_the_task_is_skipped_if_that_is_wanted(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets={"per_day": {"USD": 0.1}})
    assert submit(on_budget="skip").error == AirflowSkipException.__name__
    assert bills(sim) == []


def test_a_task_whose_video_has_no_known_cost_is_not_skipped(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise one misspelt model among the prices would silently skip every video."""
    use(sim, monkeypatch, budgets={"per_day": {"USD": 100}}, prices={"no-such": {"currency": "USD", "per_video": 1}})
    assert submit(on_budget="skip").error == "BudgetExceededError"
    assert bills(sim) == []


def test_a_task_that_may_have_paid_is_not_skipped(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The submission in doubt has used the budget up itself."""
    use(sim, monkeypatch, budgets={"per_dag_run": {"USD": A_VIDEO}})
    asked = {**ASKS, "wait_for_completion": False, "on_unknown_submission": "resubmit", "on_budget": "skip"}
    with pytest.raises(DeathError):
        work(Step(asked, Ti(1), die=AFTER_POST), None)
    next(iter(sim.videos.values())).vendor = "nobody"  # so the vendor's list doesn't show it
    result = work(Step(asked, Ti(2)), None)
    assert (result.error, result.retryable) == ("BudgetExceededError", False)
    assert "still in doubt: that video may exist and be billed" in result.message
    assert len(sim.creates()) == 1


def test_budgets_without_a_ledger_are_refused_before_the_money(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    use(sim, monkeypatch, budgets={"per_day": {"USD": 100}})
    result = submit()
    assert (result.error, result.retryable) == ("SeedanceConfigError", False)
    assert "ledger_conn_id" in result.message
    assert bills(sim) == []


def test_a_video_without_a_price_fits_into_no_budget(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets={"per_day": {"USD": 100}}, prices=None)
    assert submit().error == "BudgetExceededError"
    assert bills(sim) == []


def test_what_was_refused_frees_its_reservation(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets={"per_day": {"USD": A_VIDEO}})
    assert submit(model="no-such-model").kind == "failed"
    assert submit(index=1).kind == "done"
    assert submit(index=2).error == "BudgetExceededError"


def test_the_real_cost_corrects_the_estimate(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets={"per_day": {"USD": 2 * A_VIDEO}})
    assert live().delivered
    database.all("UPDATE seedance_submissions SET cost_micros = 100000")
    assert submit(index=1).kind == "done"
    database.all("UPDATE seedance_submissions SET cost_micros = 600000 WHERE cost_micros IS NOT NULL")
    assert submit(index=2).error == "BudgetExceededError"


@pytest.mark.parametrize("place", [BEFORE_POST, AFTER_POST])
def test_a_submission_in_doubt_is_reserved_for_a_day_and_not_for_ever(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    use(sim, monkeypatch, budgets={"per_dag_run": {"USD": A_VIDEO}})
    with pytest.raises(DeathError):
        submit(index=0, die=place)
    assert submit(index=1).error == "BudgetExceededError"
    database.all(f"UPDATE seedance_submissions SET intended_at = {time.time() - 86_401}")
    assert submit(index=2).kind == "done"


def test_a_submission_in_doubt_whose_video_is_found_counts_again(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, budgets={"per_dag_run": {"USD": A_VIDEO}})
    asked = {**ASKS, "wait_for_completion": False}
    with pytest.raises(DeathError):
        work(Step(asked, Ti(1), die=AFTER_POST), None)
    assert work(Step(asked, Ti(2)), None).kind == "done"
    assert len(bills(sim)) == 1
    database.all(f"UPDATE seedance_submissions SET intended_at = {time.time() - 86_401}")
    assert submit(index=2).error == "BudgetExceededError"
