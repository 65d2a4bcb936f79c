"""The arithmetic of the request rate, and of a wait that is put off."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import TransientApiError, VideoTimeoutError
from airflow_provider_seedance.api.jobs import MOST_FAILURES, Outcome, Wait
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.polling.rate_limiter import HEADROOM, LONGEST_PAUSE, Pace

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


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_of_zero_is_no_limit(rate: float) -> None:
    pace = Pace(rate)
    for _ in range(1000):
        assert gap(pace, T) == 0


def test_without_a_limit_a_refusal_still_pauses() -> None:
    pace = Pace(0)
    pace.slow_down(T, 7)
    assert pace.wait(T) == pytest.approx(7)
    assert pace.wait(T + 7) == 0


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(None, 1), (0, 1), (0.2, 1), (1, 1), (7, 7), (300, 300), (301, LONGEST_PAUSE), (86_400, LONGEST_PAUSE)],
)
def test_a_refusal_pauses_as_long_as_the_vendor_asks_within_bounds(asked: float | None, pause: float) -> None:
    pace = Pace(20)
    pace.slow_down(T, asked)
    assert pace.wait(T) == pytest.approx(pause)


def test_a_short_pause_does_not_cut_a_longer_one_short() -> None:
    pace = Pace(20)
    pace.slow_down(T, 60)
    pace.slow_down(T + 0.5, None)
    assert pace.wait(T) == pytest.approx(60)


@pytest.mark.parametrize(
    ("refusals", "share"),
    [
        ([0.0], 1 / 2),
        ([0.0, 0.0, 0.1, 0.9], 1 / 2),  # one burst
        ([0.0, 0.9, 1.8, 2.7], 1 / 2),  # a burst that goes on: answers to what was under way together
        ([0.0, 1.1], 1 / 4),
        ([0.0, 2.0, 4.0], 1 / 8),
        ([2.0 * n for n in range(20)], 1 / 64),  # but never to a standstill
    ],
)
def test_each_burst_of_refusals_halves_the_rate_once(refusals: list[float], share: float) -> None:
    pace = Pace(10)
    for seconds in refusals:
        pace.slow_down(T + seconds, None)
    assert gap(pace, T + 1000) == pytest.approx(0.1 / HEADROOM / share, rel=1e-4)


def test_success_brings_the_full_rate_back_and_no_more() -> None:
    pace = Pace(10)
    for step in range(10):
        pace.slow_down(T + 2 * step, None)
    gaps = []
    for step in range(600):
        pace.went_well(T + 100 + step)
        gaps.append(gap(pace, T + 100 + step))
    assert gaps[0] == pytest.approx(6.4 / HEADROOM / 1.1, rel=1e-4)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == pytest.approx(0.1 / HEADROOM, rel=1e-4)


def test_recovery_takes_time_not_many_answers() -> None:
    pace = Pace(10)
    pace.slow_down(T, None)
    for _ in range(1000):
        pace.went_well(T + 1)
    assert gap(pace, T + 10) == pytest.approx(0.2 / HEADROOM, rel=1e-4)


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
            pace.went_well(now)
        elif what != "nothing":
            pace.slow_down(now, 2.0 if what == "refused for 2 s" else None)
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
    pace.slow_down(T, 60)
    pace.per_second = 100
    assert pace.wait(T + 10) == pytest.approx(50)


def test_a_step_of_the_recovery_does_not_hide_the_next_refusal() -> None:
    pace = Pace(10)
    pace.slow_down(T, None)
    pace.went_well(T + 6)
    pace.slow_down(T + 6.5, None)
    assert gap(pace, T + 100) == pytest.approx(0.4 / HEADROOM / 1.1, rel=1e-4)


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


def test_who_waits_for_ever_is_put_off_for_ever() -> None:
    assert Wait(VIDEO, "v", interval=10, deadline=None, started=T).put_off(time.time() + 1e9).outcome is Outcome.WAIT
