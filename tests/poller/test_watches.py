"""Whose turn it is: tables of moments, without a clock and without a vendor."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.jobs import Wait
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.polling.wait_queue import LATE, Watch, WatchQueue

WALL = 1_800_000_000.0
"""Unix time when the clock of these tests stands at 0."""


def watch(name: str, *, due: float = 0.0, interval: float = 10.0, deadline: float | None = None) -> Watch:
    """Of somebody who joined at 0; the deadline is in seconds from then, too."""
    ends = None if deadline is None else WALL + deadline
    return Watch(Wait(VIDEO, name, interval=interval, deadline=ends, started=WALL), due=due, now=0.0)


def queue_of(*watches: Watch, now: float = 0.0) -> WatchQueue:
    queue = WatchQueue()
    for each in watches:
        queue.put(each)
    queue.collect(now, WALL + now)
    return queue


def names(watches: list[Watch]) -> list[str]:
    return [each.wait.job_id for each in watches]


def singles(queue: WatchQueue) -> list[str]:
    """Everybody in line, one by one."""
    return names([queue.pop_single(from_shared=True) for _ in range(queue.count_alone() + queue.count_shared())])


# -- who is first ----------------------------------------------------------------------------------------------------


def test_the_wait_that_was_polled_longest_ago_is_first() -> None:
    watches = [watch(name) for name in "abcd"]
    for each, polled in zip(watches, [30.0, 10.0, 40.0, 20.0], strict=True):
        each.last_polled = polled
    assert singles(queue_of(*watches)) == ["b", "d", "a", "c"]


def test_the_wait_that_became_due_first_is_first_among_equals() -> None:
    assert singles(queue_of(watch("b", due=2), watch("a", due=1), watch("c", due=3), now=5)) == ["a", "b", "c"]


def test_a_wait_that_joins_does_not_pass_those_that_are_there() -> None:
    """Or else a stream of new videos would starve the old ones."""
    old, new = watch("old"), watch("new")
    old.last_polled, new.last_polled = 10.0, 11.0
    assert singles(queue_of(new, old, now=20)) == ["old", "new"]


def test_whose_deadline_has_passed_is_first_of_all() -> None:
    queue = queue_of(watch("a"), watch("b", deadline=5), watch("c", deadline=7), now=6)
    assert singles(queue) == ["b", "a", "c"]


def test_whose_deadline_passes_while_in_line_moves_to_the_front() -> None:
    queue = queue_of(watch("a"), watch("b", deadline=5), now=1)
    assert queue.give_up(WALL + 5, 0, 0) == []
    assert singles(queue) == ["b", "a"]


def test_waits_that_must_be_alone_and_waits_that_need_not_are_taken_by_age() -> None:
    first, second, third = watch("1"), watch("2"), watch("3")
    second.single = True
    for age, each in enumerate((first, second, third)):
        each.last_polled = float(age)
    assert singles(queue_of(third, second, first, now=5)) == ["1", "2", "3"]


# -- who is asked for together ---------------------------------------------------------------------------------------


def test_a_batch_holds_at_most_its_size_and_the_rest_stays_in_line() -> None:
    queue = queue_of(*(watch(str(n)) for n in range(5)))
    assert names(queue.pop_batch(0, 3)) == ["0", "1", "2"]
    assert names(queue.pop_batch(0, 3)) == ["3", "4"]


@pytest.mark.parametrize(
    ("due", "interval", "rides"),
    [(4.9, 10, True), (5.0, 10, True), (5.1, 10, False), (250, 600, True), (0.06, 0.1, False)],
)
def test_a_wait_that_is_due_within_half_an_interval_rides_along(due: float, interval: float, rides: bool) -> None:
    queue = queue_of(watch("now"), watch("soon", due=due, interval=interval))
    assert queue.is_alone(0) is not rides
    assert names(queue.pop_batch(0, 500)) == (["now", "soon"] if rides else ["now"])


def test_a_wait_that_must_be_alone_is_in_no_batch_and_does_not_ride() -> None:
    alone, soon = watch("alone"), watch("soon", due=1)
    alone.single = soon.single = True
    queue = queue_of(watch("a"), alone, watch("b"), soon)
    assert (queue.count_alone(), queue.count_shared()) == (1, 2)
    assert names(queue.pop_batch(0, 500)) == ["a", "b"]
    assert names([queue.pop_single(from_shared=False)]) == ["alone"]


@pytest.mark.parametrize("when", ["later", "in line", "alone in line"])
def test_a_wait_that_has_left_is_not_asked_for(when: str) -> None:
    gone, there = watch("gone", due=1.0 if when == "later" else 0.0), watch("there", due=0.1)
    gone.single = when == "alone in line"
    queue = queue_of(gone, there, now=0.5)
    gone.gone = True
    queue.collect(2, WALL + 2)
    assert queue.is_alone(2)
    assert (queue.count_alone(), queue.count_shared()) == (0, 1)
    assert singles(queue) == ["there"]


def test_a_wait_that_has_left_cannot_be_put_back() -> None:
    gone = watch("gone")
    gone.gone = True
    assert queue_of(gone).count_shared() == 0


# -- who is given up -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "pause", "given_up"),
    [
        (4.9, 300.0, False),  # the pause may be over by itself, or the connection be changed
        (5.0, 0.0, False),
        (5.0, LATE - 0.1, False),
        (5.0, LATE + 0.1, True),
        (5.0 + LATE - 1, 0.0, False),
        (5.0 + LATE - 1, 2.0, True),
        (5.0 + LATE + 0.1, 0.0, True),  # all places for requests are taken by such as hang
    ],
)
@pytest.mark.parametrize("single", [True, False])
def test_a_deadline_is_met_with_a_last_poll_or_given_up(at: float, pause: float, given_up: bool, single: bool) -> None:
    late = watch("late", deadline=5)
    late.single = single
    queue = queue_of(late, watch("other"))
    if at > 5:
        assert queue.give_up(WALL + 5, 0, 0) == []
    assert names(queue.give_up(WALL + at, pause, pause)) == (["late"] if given_up else [])
    assert singles(queue)[-1] == "other"


def test_a_poller_that_was_stopped_while_a_deadline_passed_looks_once_more() -> None:
    """As when something else blocks the event loop: meanwhile the video may have ended."""
    queue = queue_of(watch("late", deadline=5))
    assert queue.give_up(WALL + 60, 0, 0) == []
    assert queue.count_shared() == 1
    assert names(queue.give_up(WALL + 60 + LATE + 1, 0, 0)) == ["late"]


def test_a_video_whose_deadline_passed_long_ago_is_looked_at_once_after_a_restart() -> None:
    queue = queue_of(watch("late", deadline=-3600))
    assert queue.give_up(WALL + 1, 0, 0) == []
    assert names(queue.give_up(WALL + LATE + 1, 0, 0)) == ["late"]


def test_single_polls_wait_for_their_own_rate() -> None:
    alone, shared = watch("alone", deadline=5), watch("shared", deadline=5)
    alone.single = True
    queue = queue_of(alone, shared)
    assert names(queue.give_up(WALL + 6, pause_alone=300, pause_shared=0)) == ["alone"]
    assert singles(queue) == ["shared"]


def test_a_wait_that_has_left_is_not_given_up() -> None:
    gone = watch("gone", deadline=5)
    queue = queue_of(gone)
    gone.gone = True
    assert queue.give_up(WALL + 100, 300, 300) == []


# -- when to look again ----------------------------------------------------------------------------------------------


def test_it_sleeps_until_somebody_is_due() -> None:
    assert queue_of(watch("a", due=7), watch("b", due=9)).until_next(2, WALL + 2) == pytest.approx(5)


def test_it_does_not_wake_up_for_a_wait_that_has_left() -> None:
    gone = watch("gone", due=7)
    queue = queue_of(gone, watch("b", due=9))
    gone.gone = True
    assert queue.until_next(2, WALL + 2) == pytest.approx(7)


def test_it_wakes_up_at_the_deadline_of_a_wait_that_stands_in_line() -> None:
    queue = queue_of(watch("a", deadline=20), watch("b", due=900))
    assert queue.until_next(2, WALL + 2) == pytest.approx(18)


def test_the_deadlines_of_waits_that_are_not_in_line_cost_nothing() -> None:
    assert queue_of().until_next(0, WALL) == float("inf")
    queue = queue_of(watch("a", deadline=20))
    queue.pop_single(from_shared=True)
    assert queue.until_next(2, WALL + 2) == float("inf")


def test_waits_that_left_are_forgotten_long_before_they_would_be_due() -> None:
    queue, stays = WatchQueue(), watch("stays", due=3600)
    queue.put(stays)
    for n in range(1000):
        left = watch(str(n), due=3600)
        queue.put(left)
        left.gone = True
        queue.forget_the_gone(living=1)
    assert len(queue._later) < 100
    queue.collect(3600, WALL)
    assert singles(queue) == ["stays"]
