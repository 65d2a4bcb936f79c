"""Several triggerers on one account, in simulated time: the real pollers, none of which knows of the others."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks import simulate
from benchmarks.simulate import Outcomes, Scenario


@cache
def alone(vendor: str, videos: int) -> Outcomes:
    return simulate.simulate(Scenario(vendor, videos, is_enforced=True))


@pytest.mark.parametrize(("vendor", "videos"), [("byteplus", 900), ("gmicloud", 100)])
@pytest.mark.parametrize("triggerers", [3, 5])
def test_where_the_account_carries_the_interval_each_video_is_as_early_as_with_one_triggerer(
    vendor: str, videos: int, triggerers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "SAMPLE", 500)
    monkeypatch.setattr(simulate, "MAKING", 60.0)
    out = simulate.simulate(Scenario(vendor, videos, triggerers=triggerers, is_enforced=True))
    assert out.refused <= 1 / 100
    assert out.late_p50 <= 1.3 * alone(vendor, videos).late_p50
    assert out.late_p95 <= 1.3 * alone(vendor, videos).late_p95


def test_where_it_does_not_three_triggerers_share_the_lists_without_starving_any_video(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three lists for what fits into two, and more of them due than one a second."""
    monkeypatch.setattr(simulate, "SAMPLE", 500)
    monkeypatch.setattr(simulate, "MAKING", 60.0)
    now, before = (
        simulate.simulate(Scenario("byteplus", 900, 2.0, 3, is_enforced=True, is_before=is_before))
        for is_before in (False, True)
    )
    assert now.refused < before.refused / 2
    assert now.late_p95 < before.late_p95 / 2


def test_pollers_that_know_of_each_other_by_the_ledger_are_hardly_refused_and_hardly_later_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hardest case: three lists for what fits into two, and more of them due than one a second."""
    monkeypatch.setattr(simulate, "SAMPLE", 500)
    monkeypatch.setattr(simulate, "MAKING", 60.0)
    one, three = (
        simulate.simulate(Scenario("byteplus", 900, 2.0, triggerers, is_enforced=True, have_ledger=True))
        for triggerers in (1, 3)
    )
    assert three.refused <= 1 / 100
    assert three.late_p50 <= 1.3 * one.late_p50
    assert three.late_p95 <= 1.3 * one.late_p95
