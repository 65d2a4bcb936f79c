"""Model families and "pay once": what a family leads to may change between two attempts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_seedance.simulator import Fault, Simulator
from dev.task_life import AFTER_RECORD, DeathError

from .helpers import Attempts, asks, bills, conn_id

FAST = "dreamina-seedance-2-0-fast-260128"


def account_has(monkeypatch: pytest.MonkeyPatch, sim: Simulator, vendor: str, **extra: Any) -> None:
    connection = json.loads(sim.connection_json(vendor))
    connection["extra"] = {**connection["extra"], **extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", json.dumps(connection))


def test_a_retry_goes_on_with_its_video_though_the_family_leads_elsewhere_now(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Attempts(asks("byteplus", model="seedance-2.0"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_RECORD)
    account_has(monkeypatch, sim, "byteplus", models={"seedance-2.0": FAST})
    assert task.next().kind == "deferred"
    assert bills(sim) == [task.video_id]
    assert task.record
    assert task.record["model"] == "dreamina-seedance-2-0-260128"


@pytest.mark.parametrize("vendor", ["byteplus", "gmicloud"])
def test_a_lost_create_is_found_under_the_name_that_was_sent(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    own = {"byteplus": FAST, "gmicloud": "seedance-2-0-fast-260128"}[vendor]
    account_has(monkeypatch, sim, vendor, models={"seedance-2.0": own})
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor, model="seedance-2.0"))
    assert task.next().kind == "deferred"
    assert bills(sim) == [task.video_id]
    assert task.record
    assert task.record["model"] == own


def test_a_family_without_an_equivalent_is_refused_before_anything_is_sent(sim: Simulator) -> None:
    result = Attempts(asks("gmicloud", model="seedance-2.0-mini")).next()
    assert (result.error, result.retryable) == ("InvalidRequestError", False)
    assert sim.requests == []


def test_max_cost_is_judged_by_the_price_of_the_model_that_is_sent(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = {
        "dreamina-seedance-2-0-260128": {"currency": "USD", "per_second": 1},
        "*": {"currency": "USD", "per_video": 0},
    }
    account_has(monkeypatch, sim, "byteplus", prices=prices)
    result = Attempts(asks("byteplus", model="seedance-2.0", max_cost=4)).next()
    assert result.error == "MaxCostError"
    assert bills(sim) == []
