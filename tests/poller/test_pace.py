"""The arithmetic of the request rate, with one process and with several on one account; and of a wait put off."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import TransientApiError, VideoTimeoutError
from airflow_provider_seedance.api.jobs import MOST_FAILURES, Outcome, Wait
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.polling.rate_limiter import (
    FIRST_TRY,
    HEADROOM,
    LAST_TRY,
    LONGEST_PAUSE,
    SLOT,
    Pace,
    Refusal,
    Share,
)

T = 1_000_000.0
"""A moment as `time.monotonic()` gives it; the waits below take it for Unix time."""


def gap(pace: Pace, now: float) -> float:
    """Seconds between two requests, if the first goes now."""
    pace.take(now)
    return pace.wait(now)


@pytest.mark.parametrize(("rate", "seconds"), [(20, 0.05), (1, 1.0), (100 / 60, 0.6), (0.5, 2.0), (1000, 0.001)])
def test_requests_are_spaced_evenly(rate: float, seconds: float) -> None:
    pace = Pace(rate)
    assert pace.wait(T) == 0
    for step in range(5):
        assert gap(pace, T + 10 * step) == pytest.approx(seconds / HEADROOM, abs=1e-6)


def test_what_was_not_used_is_not_saved_up_for_a_burst() -> None:
    pace = Pace(10)
    pace.take(T)
    assert gap(pace, T + 3600) == pytest.approx(0.1 / HEADROOM, abs=1e-6)


def test_a_further_request_of_a_poll_counts_like_one_of_its_own() -> None:
    """Without a turn: the polls that follow make room for it."""
    pace = Pace(10)
    pace.take(T)
    pace.take_further(T + 0.02)
    assert pace.wait(T + 0.02) == pytest.approx(2 * 0.1 / HEADROOM - 0.02, abs=1e-6)
    pace.take_further(T + 3600)
    assert pace.wait(T + 3600) == pytest.approx(0.1 / HEADROOM, abs=1e-6)


def test_of_polls_that_take_two_requests_each_half_as_many_go() -> None:
    pace, now, requests = Pace(20), T, 0
    while now < T + 10:
        now += pace.wait(now)
        pace.take(now)
        pace.take_further(now + 0.01)
        requests += 2
    assert requests == pytest.approx(20 * HEADROOM * 10, abs=2)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_of_zero_is_no_limit(rate: float) -> None:
    pace = Pace(rate)
    for _ in range(1000):
        assert gap(pace, T) == 0


def test_without_a_limit_a_refusal_still_pauses() -> None:
    pace = Pace(0)
    pace.refused(T, 7)
    assert pace.wait(T) == pytest.approx(7)
    assert pace.wait(T + 7) == 0


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(None, 1), (0, 1), (0.2, 1), (1, 1), (7, 7), (300, 300), (301, LONGEST_PAUSE), (86_400, LONGEST_PAUSE)],
)
def test_a_refusal_pauses_as_long_as_the_vendor_asks_within_bounds(asked: float | None, pause: float) -> None:
    pace = Pace(20, chance=lambda: 0.0)
    pace.refused(T, asked)
    assert pace.wait(T) == pytest.approx(pause)


def test_a_short_pause_does_not_cut_a_longer_one_short() -> None:
    pace = Pace(20)
    pace.refused(T, 60)
    pace.refused(T + 0.5, None)
    assert pace.wait(T) == pytest.approx(60)


@pytest.mark.parametrize(
    ("refusals", "share"),
    [
        ([0.0], 1),  # a collision
        ([0.0, 0.0, 0.1, 0.9], 1),  # one burst
        ([0.0, 0.9, 1.8, 2.7], 1),  # a burst that goes on: answers to what was under way together
        ([0.0, 61.0], 1),  # two collisions
        ([0.0, 59.0], 1 / 2),
        ([0.0, 1.1], 1 / 2),
        ([0.0, 2.0, 4.0], 1 / 4),
        ([0.0, 2.0, 33.0], 1 / 2),  # the less it takes, the more patient it is
        ([0.5 + n * 1.01 for n in range(200)], 1 / 64),  # but never to a standstill
    ],
)
def test_a_lone_refusal_is_a_collision_and_repeated_ones_halve_the_rate(refusals: list[float], share: float) -> None:
    part = Share()
    for seconds in refusals:
        part.refused(T + seconds, gap=0.1)
    assert part.at(T + refusals[-1]) == share


def test_the_rate_recovers_by_time_whether_or_not_anything_is_asked() -> None:
    part = Share()
    assert [part.refused(T + seconds, gap=1) for seconds in (0, 2)] == [Refusal.ALONE, Refusal.TOO_MUCH]
    assert part.at(T + 2 + 2 * FIRST_TRY - 1) == 1 / 2
    assert part.at(T + 2 + 2 * FIRST_TRY) == 1


def test_a_doubling_that_is_refused_is_taken_back_at_once_and_tried_later_the_next_time() -> None:
    part, now, waited = Share(), T + 2, list[float]()
    part.refused(T, gap=1)
    part.refused(now, gap=1)
    for _ in range(8):
        halved, now = now, now + 1
        while part.at(now) < 1:
            now += 1
        waited.append(now - halved)
        assert part.refused(now + 1, gap=1) is Refusal.TOO_MUCH
        now += 1
    assert waited == sorted(waited)
    assert waited[0] == 2 * FIRST_TRY
    assert waited[-1] <= LAST_TRY < waited[-1] + LAST_TRY / 2


@given(st.lists(st.floats(0.0, 200.0), max_size=80))
def test_however_often_it_is_refused_the_full_rate_comes_back_within_hours(pauses: list[float]) -> None:
    part, now = Share(), T
    for pause in pauses:
        now += pause
        part.refused(now, gap=1)
        assert 1 / 64 <= part.at(now) <= 1
    assert part.at(now + 6 * LAST_TRY) == 1


def test_a_lone_refusal_without_a_word_about_time_waits_by_chance() -> None:
    waits = []
    for chance in (0.0, 0.5, 0.99):
        pace = Pace(1, one_at_a_time=True, chance=lambda chance=chance: chance)  # type: ignore[misc]
        pace.refused(T, None)
        waits.append(pace.wait(T))
    assert waits == sorted(waits)
    assert waits[0] >= 1
    assert waits[-1] > waits[0] + 2


def test_what_the_vendor_says_about_time_wins_over_chance() -> None:
    pace = Pace(20, chance=lambda: 0.9)
    pace.refused(T, 5)
    assert pace.wait(T) == pytest.approx(5)


def test_lists_that_were_refused_keep_to_slots_that_are_the_same_for_all_processes() -> None:
    """Two of them with half of the slots each, whose clocks began at different times, are never in one slot."""
    wall, sent = 1_800_000_000.0, dict[int, list[float]]()
    for number, chances in enumerate(([0.0] * 500, [0.0, 0.6] * 250)):
        now, luck = 1000.0 * (number + 1), iter(chances)
        pace = Pace(1, one_at_a_time=True, to_wall=wall - now, chance=lambda luck=luck: next(luck))  # type: ignore[misc]
        pace.refused(now, 1)
        pace.refused(now + 2, 1)
        began, sent[number] = now, []
        while now < began + 100:
            now += max(pace.wait(now), 1e-3)
            if pace.wait(now) <= 0:
                pace.take(now)
                pace.ended(now + 0.3)
                sent[number].append(wall + now - began)
    assert all(len(moments) >= 100 / (2 * SLOT) - 3 for moments in sent.values())
    assert all(after - before >= 1.0 - 1e-3 for before, after in pairwise(sorted(sent[0])))


Steps = list[tuple[float, str]]


@given(
    rate=st.floats(0.2, 50),
    steps=st.lists(
        st.tuples(st.floats(0, 3), st.sampled_from(["nothing", "well", "refused", "refused for 2 s"])), max_size=120
    ),
)
def test_no_second_sees_more_than_the_rate(rate: float, steps: Steps) -> None:
    """Whoever sends as soon as it may, whatever happens in between."""
    pace, now, taken = Pace(rate), T, list[float]()
    for idle, what in steps:
        end = now + idle
        while now < end:
            if pace.wait(now) == 0:
                taken.append(now)
                pace.take(now)
            now = min(end, now + max(pace.wait(now), 1e-6))
        if what == "well":
            pace.ended(now)
        elif what != "nothing":
            pace.refused(now, 2.0 if what == "refused for 2 s" else None)
    # Not counted per second: with floats, the second may end a hair after the request that should not be in it.
    assert all(after - before >= 1 / rate - 1e-6 for before, after in pairwise(taken))


def test_a_changed_rate_counts_at_once() -> None:
    pace = Pace(0.01)
    pace.take(T)
    assert pace.wait(T + 1) > 90
    pace.per_second = 10
    assert pace.wait(T + 1) == 0
    assert gap(pace, T + 1) == pytest.approx(0.1 / HEADROOM, abs=1e-6)


def test_a_changed_rate_ends_no_pause_that_the_vendor_asked_for() -> None:
    pace = Pace(1)
    pace.refused(T, 60)
    pace.per_second = 100
    assert pace.wait(T + 10) == pytest.approx(50)


# -- a wait that is put off ------------------------------------------------------------------------------------------


def test_being_put_off_is_no_failure_and_says_nothing() -> None:
    wait = Wait(VIDEO, "v", interval=10, deadline=T + 3600, started=T)
    for _ in range(10 * MOST_FAILURES):
        decision = wait.put_off(T)
        assert (decision.outcome, decision.note, decision.error) == (Outcome.WAIT, None, None)
    for _ in range(MOST_FAILURES - 1):
        assert wait.missed(TransientApiError("x"), T).outcome is Outcome.WAIT


def test_being_put_off_does_not_start_the_count_of_failures_again() -> None:
    wait = Wait(VIDEO, "v", interval=10, deadline=None, started=T)
    for _ in range(MOST_FAILURES - 1):
        wait.missed(TransientApiError("x"), T)
    wait.put_off(T)
    assert wait.missed(TransientApiError("x"), T).outcome is Outcome.FAILED


def test_being_put_off_does_not_extend_the_deadline() -> None:
    wait = Wait(VIDEO, "v", interval=10, deadline=T + 5, started=T)
    assert wait.put_off(T).delay == 5
    assert isinstance(wait.put_off(T + 5).error, VideoTimeoutError)


def test_a_wait_without_end_is_put_off_without_end() -> None:
    assert Wait(VIDEO, "v", interval=10, deadline=None, started=T).put_off(time.time() + 1e9).outcome is Outcome.WAIT
