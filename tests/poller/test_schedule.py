"""Lists or single polls: the schedule of a connection in simulated time, with a vendor that answers after 0.2 s."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import count, pairwise

import pytest

from airflow_provider_seedance.api.jobs import Wait
from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.api.vendors.video_adapter import PollRates
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.polling.rate_limiter import STUCK
from airflow_provider_seedance.polling.schedule import LISTS_AGAIN, Schedule, Turn
from airflow_provider_seedance.polling.wait_queue import Watch

ARK = PollRates(get_per_second=20, list_per_second=1)
"""Published."""

NO_LIMIT = PollRates(get_per_second=0, list_per_second=0)
MOST_IDS = 500
ANSWER_AFTER = 0.2
WALL = 1_800_000_000.0


@dataclass
class Seen:
    """What happened in a simulation, after all videos had been polled a few times."""

    seconds: float
    turns: list[tuple[float, Turn]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def per_second(self, *, is_list: bool) -> float:
        return len(self.moments(is_list=is_list)) / self.seconds

    def moments(self, *, is_list: bool) -> list[float]:
        return [now for now, turn in self.turns if turn.is_list is is_list]

    def worst_lateness(self) -> float:
        return max(self.late)


def simulate(videos: int, interval: float, *, rates: PollRates = ARK, most_ids: int = MOST_IDS) -> Seen:
    """Videos that join within one interval and stay."""
    schedule, chance, order = Schedule(rates, most_ids), random.Random(1), count()
    rounds = max(interval, videos / most_ids / rates.list_per_second if most_ids > 1 else videos / rates.get_per_second)
    warm, end = 3 * rounds + 5, 8 * rounds + 15
    seen, now = Seen(end - warm), 0.0
    joins = ((chance.uniform(0, interval), next(order), Turn([], is_list=False)) for _ in range(videos))
    events: list[tuple[float, int, Turn]] = sorted(joins)
    while now < end:
        assert schedule.give_up(now, WALL + now) == []
        turn = schedule.take(now, WALL + now)
        if turn is not None:
            heapq.heappush(events, (now + ANSWER_AFTER, next(order), turn))
            if now > warm:
                seen.turns.append((now, turn))
                seen.late += [max(0.0, now - watch.due) for watch in turn.watches]
        wake = now + schedule.until_next(now, WALL + now)
        if not events or wake < events[0][0]:
            now = wake
            continue
        now, _, answered = heapq.heappop(events)
        schedule.ended(answered, now)
        for watch in answered.watches:
            watch.last_polled, watch.due = now, now + interval
            schedule.put(watch)
        if not answered.watches:
            wait = Wait(VIDEO, "v", interval=interval, deadline=None, started=WALL)
            schedule.put(Watch(wait, due=now + chance.uniform(0.9, 1) * interval, now=now))
    return seen


@pytest.mark.parametrize("interval", [1, 2, 5, 10, 30])
@pytest.mark.parametrize("videos", [1, 2, 3, 5, 10, 50, 100, 400])
def test_while_the_rates_suffice_nobody_is_polled_late_and_most_polls_are_shared(videos: int, interval: float) -> None:
    """Above all a few videos: one LIST a second must not make them later than 20 GETs a second would."""
    seen = simulate(videos, interval)
    assert seen.worst_lateness() <= 0.1 * interval + 1e-6
    requests = seen.per_second(is_list=True) + seen.per_second(is_list=False)
    single_polls = videos / (interval + ANSWER_AFTER)
    assert requests <= single_polls + videos / seen.seconds  # the end may cut a round
    if videos >= 10 and interval >= 2:
        assert requests <= single_polls / 3 + 0.1


@pytest.mark.parametrize(
    ("videos", "interval", "late"), [(1000, 10, 0), (2000, 10, 0), (5000, 10, 2), (10_000, 10, 14), (10_000, 30, 0)]
)
def test_beyond_that_everybody_waits_for_one_round_of_full_lists(videos: int, interval: float, late: float) -> None:
    seen = simulate(videos, interval)
    assert seen.worst_lateness() <= late + 0.1 * interval
    assert seen.per_second(is_list=True) <= 1
    assert seen.per_second(is_list=False) <= 0.1


@pytest.mark.parametrize(("videos", "interval"), [(50, 1), (700, 1), (10_000, 10), (3, 0.2)])
def test_neither_kind_of_request_exceeds_its_rate(videos: int, interval: float) -> None:
    seen = simulate(videos, interval)
    for is_list, rate in ((True, ARK.list_per_second), (False, ARK.get_per_second)):
        gaps = [after - before for before, after in pairwise(seen.moments(is_list=is_list))]
        assert all(gap >= 1 / rate for gap in gaps)


@pytest.mark.parametrize(
    ("videos", "rate", "late"), [(100, 20, 0.1), (200, 20, 0.6), (1000, 20, 43), (100, 100 / 60, 54)]
)
def test_without_lists_everybody_waits_for_one_round_of_single_polls(videos: int, rate: float, late: float) -> None:
    seen = simulate(videos, 10, rates=PollRates(get_per_second=rate), most_ids=1)
    assert seen.worst_lateness() <= late + 0.1 * 10
    assert seen.per_second(is_list=False) <= rate


def test_when_lists_are_rarer_than_one_wants_to_know_single_polls_go_out() -> None:
    seen = simulate(5, 10, rates=PollRates(get_per_second=20, list_per_second=1 / 60))
    assert seen.worst_lateness() <= 1
    assert seen.per_second(is_list=False) > seen.per_second(is_list=True)


def test_the_published_limits_of_ark_are_the_ones_simulated_here() -> None:
    assert (BUILT_IN["byteplus"].rates, BUILT_IN["byteplus"].batch_size) == (ARK, MOST_IDS)


# -- lists arrive late on a busy machine, and the vendor counts arrivals ----------------------------------------------


def due_now(videos: int, rates: PollRates = NO_LIMIT, now: float = 0.0) -> Schedule:
    schedule = Schedule(rates, MOST_IDS)
    for n in range(videos):
        wait = Wait(VIDEO, str(n), interval=10, deadline=None, started=WALL)
        schedule.put(Watch(wait, due=now, now=now))
    return schedule


@pytest.mark.parametrize("answered_after", [0.0, 0.3, 1.0, 4.9])
def test_the_next_list_waits_for_the_answer_to_the_last_one_and_a_second_more(answered_after: float) -> None:
    """However late the first one arrived, it did before its answer did: the two arrive a second apart."""
    schedule = due_now(2000, ARK)
    first = schedule.take(0, WALL)
    assert first
    assert first.is_list
    assert schedule.take(answered_after, WALL) is None
    schedule.ended(first, answered_after)
    assert schedule.take(answered_after + 0.99, WALL) is None
    assert schedule.until_next(answered_after + 0.25, WALL) == pytest.approx(0.75)
    second = schedule.take(answered_after + 1.0, WALL)
    assert second
    assert second.is_list


def test_while_a_list_is_stuck_single_polls_go_out_and_no_other_list() -> None:
    schedule = due_now(2000, ARK)
    stuck = schedule.take(0, WALL)
    assert stuck
    turns = [schedule.take(STUCK + 1 + n, WALL) for n in range(20)]
    assert [len(turn.watches) for turn in turns if turn and not turn.is_list] == [1] * 20
    schedule.ended(stuck, STUCK + 30)
    after = schedule.take(STUCK + 31, WALL)
    assert after
    assert len(after.watches) == MOST_IDS


def test_without_a_limit_lists_wait_for_nothing() -> None:
    schedule = due_now(1200)
    assert sizes(schedule, now=0) == [500, 500, 200]


# -- refusals --------------------------------------------------------------------------------------------------------


def test_a_video_that_alone_is_refused_again_and_again_keeps_no_other_from_its_polls() -> None:
    schedule, asked, now = Schedule(NO_LIMIT, 1), list[str](), 10.0
    for n in range(3):
        schedule.put(Watch(Wait(VIDEO, str(n), interval=10, deadline=None, started=WALL), due=now, now=float(n)))
    while now < 40:
        if turn := schedule.take(now, WALL + now):
            (watch,) = turn.watches
            asked.append(watch.wait.job_id)
            if watch.wait.job_id == "0":
                schedule.refused(turn, now, retry_after=1)
            else:
                watch.last_polled, watch.due = now, now + 10
            schedule.put(watch)
        now += max(0.001, schedule.until_next(now, WALL + now))
    assert asked[:4] == ["0", "0", "1", "2"], "a lone refusal may be a collision"
    assert Counter(asked)["1"] == Counter(asked)["2"] == 3


# -- shorter lists ---------------------------------------------------------------------------------------------------


def sizes(schedule: Schedule, now: float) -> list[int]:
    """Of all requests that go now."""
    found = []
    while turn := schedule.take(now, WALL + now):
        found.append(len(turn.watches) if turn.is_list else 0)
    return found


def test_lists_that_were_refused_get_shorter_for_a_minute() -> None:
    schedule = due_now(600)
    schedule.shorten_lists(250, now=0)
    schedule.shorten_lists(250, now=0)  # another one that was under way with the first
    assert sizes(schedule, now=LISTS_AGAIN - 1) == [250, 250, 100]
    schedule = due_now(600)
    schedule.shorten_lists(250, now=0)
    assert sizes(schedule, now=LISTS_AGAIN) == [500, 100]


@pytest.mark.parametrize("size", [0, 1])
def test_at_last_each_video_is_asked_for_by_itself(size: int) -> None:
    schedule = due_now(3)
    schedule.shorten_lists(size, now=0)
    assert sizes(schedule, now=1) == [0, 0, 0]


def test_a_changed_connection_gets_full_lists_at_once() -> None:
    schedule = due_now(600)
    schedule.shorten_lists(1, now=0)
    schedule.change(PollRates(0, 0), MOST_IDS)
    assert sizes(schedule, now=1) == [500, 100]
