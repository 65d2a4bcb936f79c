"""How an account's rate is divided among pollers that know of each other."""

from __future__ import annotations

from itertools import pairwise

import pytest

from airflow_provider_seedance.polling.portions import LONGEST_ROUND, WHOLE, portion_of
from airflow_provider_seedance.polling.rate_limiter import DIVIDED_SLOT, Pace

DIVISIONS = (
    {"a": 1, "b": 1},
    {"a": 1, "b": 1, "c": 1},
    {"a": 5, "b": 1, "c": 2},
    {"a": 200, "b": 1},
    {"a": 90_000, "b": 9_000, "c": 1_000},
    {"a": 100_000, "b": 1},
)


@pytest.mark.parametrize("weights", DIVISIONS)
def test_each_slot_is_in_exactly_one_portion(weights: dict[str, int]) -> None:
    rounds = [portion_of(name, weights).round for name in weights]
    assert {len(each) for each in rounds} == {len(rounds[0])}
    assert all(sum(owned) == 1 for owned in zip(*rounds, strict=True))
    assert len(rounds[0]) <= LONGEST_ROUND + len(weights)


@pytest.mark.parametrize("weights", DIVISIONS)
def test_a_portion_is_as_large_as_what_its_poller_waits_for(weights: dict[str, int]) -> None:
    for name, weight in weights.items():
        fair = weight / sum(weights.values())
        assert portion_of(name, weights).width == pytest.approx(fair, abs=2 / LONGEST_ROUND)
        assert portion_of(name, weights).width > 0, "nobody is left out for waiting for little"


def test_the_slots_of_equals_are_evenly_apart() -> None:
    slots = [slot for slot in range(300) if portion_of("b", dict.fromkeys("abc", 1)).first_slot(slot) == slot]
    assert {later - slot for slot, later in pairwise(slots)} == {3}


def test_a_poller_that_is_alone_has_the_whole_rate() -> None:
    assert portion_of("a", {"a": 7}) == WHOLE
    assert portion_of("a", {"a": 0}) == WHOLE


def test_parts_of_a_rate_are_whole_requests_which_together_are_no_more_than_the_rate() -> None:
    weights = {"a": 100, "b": 70, "c": 30}
    parts = [portion_of(name, weights).of(20.0) for name in weights]
    assert parts == [10.0, 7.0, 3.0]
    assert portion_of("a", dict.fromkeys("abc", 1)).of(1.5) == pytest.approx(0.5), "less than one is taken as it is"


def lists_of(name: str, weights: dict[str, int], *, until: float = 60.0, late: float = 0.0) -> list[float]:
    """When a poller starts its lists, one a second allowed, each answered after 0.3 s.

    :param late: seconds after which it wakes up too late, each time.
    """
    pace, now, started = Pace(1.0, one_at_a_time=True, to_wall=1_790_000_000.25), 1000.0, list[float]()
    pace.portion = portion_of(name, weights)
    while now < 1000.0 + until:
        while (pause := pace.wait(now)) > 0:
            now += pause + late
        pace.take(now)
        started.append(now)
        now += 0.3
        pace.ended(now)
    return started


def test_lists_of_pollers_that_know_of_each_other_are_never_closer_than_the_rate_allows() -> None:
    weights = {"a": 1, "b": 2, "c": 1}
    starts = sorted(start for name in weights for start in lists_of(name, weights) if start < 1055.0)
    gaps = [later - start for start, later in pairwise(starts)]
    assert min(gaps) >= DIVIDED_SLOT - 1e-3
    assert max(gaps) <= DIVIDED_SLOT + 1e-3, "no slot is wasted"


def test_an_event_loop_that_wakes_up_a_little_late_misses_no_slot() -> None:
    weights = {"a": 1, "b": 2, "c": 1}
    punctual, late = lists_of("b", weights), lists_of("b", weights, late=0.02)
    assert len(late) == pytest.approx(len(punctual), abs=1)
    for start, expected in zip(late, punctual, strict=False):
        assert start == pytest.approx(expected, abs=0.021)


def test_a_poller_that_is_refused_leaves_half_of_its_slots() -> None:
    pace = Pace(1.0, one_at_a_time=True)
    pace.portion = portion_of("a", {"a": 1, "b": 1})
    for now in (100.0, 102.0):
        pace.refused(now, None)
    before = pace.gap(102.0)
    assert before == pytest.approx(4.0)
    assert pace.gap(102.0 + 3600.0) == pytest.approx(2.0), "which recovers by time"
