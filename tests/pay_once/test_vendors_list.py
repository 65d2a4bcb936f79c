"""A vendor's own list of limits is asked for before a submission is noted; trouble with it changes nothing paid."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import Attempts, asks, bills


def test_what_the_list_forbids_is_refused_with_nothing_noted_and_nothing_sent(sim: Simulator) -> None:
    task = Attempts(asks("openrouter", ratio="3:2"))
    result = task.next()
    assert (result.error, result.retryable) == ("InvalidRequestError", False)
    assert "GET /videos/models" in result.message
    assert [each.call for each in sim.requests] == ["info"]
    assert task.state.kept == {}
    assert bills(sim) == []


@pytest.mark.parametrize("kind", ["http_500", "http_429", "reset_before", "auth"])
def test_without_the_list_the_video_is_submitted_once(sim: Simulator, kind: str) -> None:
    sim.faults.add(Fault(kind, on="info", times=None))
    task = Attempts(asks("openrouter"))
    assert task.next().kind == "deferred"
    assert [each.call for each in sim.requests] == ["info", "create"]
    assert len(bills(sim)) == 1


def test_an_attempt_that_finds_its_video_asks_for_no_list(sim: Simulator) -> None:
    task = Attempts(asks("openrouter"))
    assert task.next().kind == "deferred"
    assert task.next().kind == "deferred"
    assert [each.call for each in sim.requests].count("info") == 1
    assert len(bills(sim)) == 1
