"""No more requests than the connection allows, shared fairly; one refusal slows all of the connection."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import pytest

from airflow_provider_seedance.api import jobs
from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.errors import TransientApiError
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.polling import in_flight, look_ups
from airflow_provider_seedance.polling import rate_limiter as pace
from airflow_provider_seedance.polling import wait_queue as watches
from airflow_provider_seedance.polling.poller import Poller
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import (
    NOWHERE,
    Connect,
    all_succeed,
    asked,
    assert_at_most,
    cancel,
    conn_id,
    ends,
    outcomes,
    reads,
    start,
    submit,
    until,
)

# -- never more than the connection allows ---------------------------------------------------------------------------


async def test_the_server_never_sees_more_single_polls_than_the_connection_allows(
    sim: Simulator, connect: Connect
) -> None:
    conn = connect("jimmyai", polls_per_second=20)
    ids = submit("jimmyai", 30)
    tasks = start(ids, conn)
    await until(lambda: len(reads(sim)) >= 60)
    assert_at_most(reads(sim), 20)
    await cancel(tasks)


async def test_the_server_never_sees_more_lists_than_the_connection_allows(sim: Simulator, connect: Connect) -> None:
    conn = connect("byteplus", lists_per_second=4, polls_per_second=4)
    ids = submit("byteplus", 30)
    tasks = start(ids, conn)
    await until(lambda: len(reads(sim, "list")) >= 14)
    assert_at_most(reads(sim, "list"), 4)
    await cancel(tasks)


async def test_single_polls_beside_batches_keep_to_their_own_rate(sim: Simulator, connect: Connect) -> None:
    """A batch that turns out to hold one video must not be a GET on the LISTs' account."""
    conn = connect("byteplus", polls_per_second=8, lists_per_second=10)
    ids = submit("byteplus", 3)
    tasks = start([*ids, *(f"{NOWHERE}{n}" for n in range(8))], conn, poll_interval=0.3)
    await until(lambda: len(reads(sim, "poll")) >= 24)
    assert_at_most(reads(sim, "poll"), 8)
    await cancel(tasks)


async def test_where_a_video_s_end_takes_two_requests_both_are_counted(sim: Simulator, connect: Connect) -> None:
    """fal tells that a video has ended by one call, and of its URL by another."""
    conn = connect("fal", polls_per_second=10)
    ids = submit("fal", 20)
    for video_id in ids:
        sim.finish(video_id)
    before = len(sim.requests)
    assert outcomes(await ends(start(ids, conn))) == {"succeeded"}
    assert len(sim.requests[before:]) == 40
    assert_at_most(sim.requests[before:], 10)


async def test_the_vendor_s_published_rates_are_kept_without_a_refusal() -> None:
    """Against a server that enforces them."""
    with pytest.MonkeyPatch.context() as patch, Simulator(speed=0.001, rate_limits=True) as strict:
        patch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", strict.connection_json("byteplus"))
        ids = await asyncio.to_thread(submit, "byteplus", 20)
        tasks = start(ids, conn_id("byteplus"))
        await until(lambda: len(reads(strict)) >= 4)
        assert {request.answered for request in reads(strict)} <= {200, None}
        await cancel(tasks)


async def test_a_rate_that_is_changed_on_the_connection_is_taken_up(
    sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ups, "FRESH", 0.0)
    conn = connect("jimmyai", polls_per_second=0.1)
    ids = submit("jimmyai", 6)
    tasks = start(ids[:5], conn)
    await until(lambda: bool(reads(sim)), "the first poll")  # the next one would come after 10 s
    connect("jimmyai", polls_per_second=100)
    tasks += start(ids[5:], conn)
    await all_succeed(sim, ids, tasks)


async def test_every_video_is_asked_for_before_any_is_asked_for_again(
    sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order in which they are sent: on their way, requests may overtake each other."""
    get_video, sent = PollingClient.get_video, list[str]()

    async def noted(self: PollingClient, video_id: str) -> Video:
        sent.append(video_id)
        return await get_video(self, video_id)

    monkeypatch.setattr(PollingClient, "get_video", noted)
    conn = connect("jimmyai", polls_per_second=40)
    ids = submit("jimmyai", 20)
    tasks = start(ids, conn)
    await until(lambda: len(reads(sim)) >= 60)
    await cancel(tasks)
    seen = Counter(dict.fromkeys(ids, 0))
    for video_id in sent:
        seen[video_id] += 1
        assert max(seen.values()) - min(seen.values()) <= 1
    assert len(seen) == 20


async def test_a_video_that_joins_later_does_not_wait_for_all_rounds(sim: Simulator, connect: Connect) -> None:
    conn = connect("jimmyai", polls_per_second=20)
    ids = submit("jimmyai", 21)
    tasks = start(ids[:20], conn)
    await until(lambda: len(reads(sim)) >= 5)
    tasks += start(ids[20:], conn)
    before = len(reads(sim))
    await asked(sim, ids[20:])
    assert len(reads(sim)) - before <= 16 + 5  # those who had never been asked for, and what goes on meanwhile
    await cancel(tasks)


# -- lists or single polls -------------------------------------------------------------------------------------------


async def test_a_few_videos_are_not_kept_waiting_for_the_next_list(sim: Simulator, connect: Connect) -> None:
    """One LIST a second would be too slow for them, and 20 GETs a second are allowed."""
    conn = connect("byteplus", polls_per_second=20, lists_per_second=1)
    ids = submit("byteplus", 3)
    tasks = start(ids, conn, poll_interval=0.4)
    await asked(sim, ids, times=5)
    assert len(reads(sim, "poll")) >= 3  # between two lists
    await cancel(tasks)


async def test_many_videos_wait_for_the_next_list_rather_than_being_asked_for_one_by_one(
    sim: Simulator, connect: Connect
) -> None:
    conn = connect("byteplus", polls_per_second=20, lists_per_second=1)
    ids = submit("byteplus", 60)
    tasks = start(ids, conn, poll_interval=0.4)
    await until(lambda: len(reads(sim, "list")) >= 3)
    assert len(reads(sim, "poll")) <= 10
    await cancel(tasks)


# -- a refusal -------------------------------------------------------------------------------------------------------


async def is_refused(sim: Simulator, on: str = "poll") -> None:
    """Answers one request with a 429, and waits for the pause after it to end: there are no others meanwhile."""
    fault = Fault("http_429", on=on, retry_after=3)
    sim.faults.add(fault)
    await until(lambda: fault.fired == 1)
    refused = [request.at for request in reads(sim) if request.answered == 429][-1]
    await until(lambda: reads(sim)[-1].at > refused + 2.9)
    # What was under way already may still arrive.
    assert [read.call for read in reads(sim) if refused + 1.0 < read.at < refused + 2.9] == []


@pytest.mark.parametrize(("vendor", "on"), [("jimmyai", "poll"), ("byteplus", "list"), ("byteplus", "poll")])
async def test_one_refusal_pauses_all_requests_of_the_connection(vendor: str, on: str, sim: Simulator) -> None:
    ids = submit(vendor, 10)
    # One that no list shows, so that there are both kinds of requests on Ark.
    tasks = start([*ids, NOWHERE], conn_id(vendor), poll_interval=0.1)
    await asked(sim, [*ids, NOWHERE], times=4)
    await is_refused(sim, on)
    assert [request.answered for request in reads(sim)].count(429) == 1
    await all_succeed(sim, ids, tasks[:-1])
    await cancel(tasks)


async def test_no_video_fails_for_refusals_however_many(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_FAILURES", 1)
    ids = submit("byteplus", 10)
    fault = Fault("http_429", on="list", times=2)
    sim.faults.add(fault)
    tasks = start(ids, conn_id("byteplus"))
    await until(lambda: fault.fired == 2)
    await all_succeed(sim, ids, tasks)


class Shares:
    """What the poller takes its refusals for, and how much of the rate it uses after each."""

    def __init__(self) -> None:
        self.after: list[tuple[pace.Refusal, float]] = []
        self._last = pace.Share()

    def refused(self, share: pace.Share, now: float, gap: float) -> pace.Refusal:
        self._last = share
        meaning = REFUSED(share, now, gap)
        self.after.append((meaning, share.at(now)))
        return meaning

    @property
    def now(self) -> float:
        return self._last.at(time.monotonic())


REFUSED = pace.Share.refused


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> Shares:
    found = Shares()
    monkeypatch.setattr(pace.Share, "refused", lambda *args: found.refused(*args))
    return found


async def test_a_lone_refusal_pauses_and_halves_nothing(sim: Simulator, connect: Connect, shares: Shares) -> None:
    ids = submit("jimmyai", 20)
    tasks = start(ids, connect("jimmyai", polls_per_second=20))
    await is_refused(sim)
    assert shares.after == [(pace.Refusal.ALONE, 1.0)]
    await asked(sim, ids)
    assert shares.now == 1.0
    await cancel(tasks)


async def test_repeated_refusals_halve_the_rate_and_time_brings_it_back(
    sim: Simulator, connect: Connect, shares: Shares, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST_TRY", 2.0)
    tasks = start(submit("jimmyai", 20), connect("jimmyai", polls_per_second=20))
    await is_refused(sim)
    await is_refused(sim)
    assert shares.after == [(pace.Refusal.ALONE, 1.0), (pace.Refusal.TOO_MUCH, 0.5)]
    halved = len(reads(sim))
    await until(lambda: shares.now == 1.0, "the whole rate")
    assert_at_most(reads(sim)[halved:], 10)
    await cancel(tasks)


async def test_another_connection_is_not_slowed(sim: Simulator) -> None:
    slowed, ids = submit("byteplus", 3), submit("volcengine", 3)
    fault = Fault("http_429", vendor="byteplus", on="list", retry_after=60)
    sim.faults.add(fault)
    others = start(slowed, conn_id("byteplus"))
    tasks = start(ids, conn_id("volcengine"))
    await until(lambda: fault.fired == 1)
    before = len(reads(sim))
    await until(lambda: len(reads(sim)) >= before + 10)
    await all_succeed(sim, ids, tasks)
    await cancel(others)


async def test_a_pause_of_a_day_that_comes_with_an_error_is_cut_short(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a CDN's error page may ask for: by then the video's URL would be dead."""
    monkeypatch.setattr(Poller, "longest_pause", 0.2)
    ids, get_video, failures = submit("jimmyai", 1), PollingClient.get_video, [1]

    async def fails_once(self: PollingClient, video_id: str) -> Video:
        if failures:
            failures.clear()
            raise TransientApiError("HTTP 503", status_code=503, retry_after=86_400)
        return await get_video(self, video_id)

    monkeypatch.setattr(PollingClient, "get_video", fails_once)
    tasks = start(ids, conn_id("jimmyai"), deadline=None)
    await until(lambda: not failures, "the error")
    await all_succeed(sim, ids, tasks)


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_deadlines_hold_while_the_vendor_asks_for_an_hour(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 12)
    sim.faults.add(Fault("http_429", vendor=vendor, on="list" if vendor == "byteplus" else "poll", retry_after=3600))
    started = time.time()
    tasks = start(ids[:6], conn_id(vendor), deadline=started + 0.5)
    tasks += start(ids[6:11], conn_id(vendor), deadline=started + 1.5)
    await until(lambda: any(request.answered == 429 for request in reads(sim)))
    # Who joins during the pause is not kept longer either.
    tasks += start(ids[11:], conn_id(vendor), deadline=started + 1.5)
    assert outcomes(await ends(tasks)) == {"VideoTimeoutError"}


async def test_a_deadline_holds_when_the_rate_leaves_no_time_to_ask(sim: Simulator, connect: Connect) -> None:
    conn = connect("jimmyai", polls_per_second=0.05)
    tasks = start(submit("jimmyai", 5), conn, deadline=time.time() + 1)
    assert outcomes(await ends(tasks)) == {"VideoTimeoutError"}


async def test_a_last_poll_goes_before_all_others(sim: Simulator, connect: Connect) -> None:
    conn = connect("jimmyai", polls_per_second=5)
    ids = submit("jimmyai", 31)
    others = start(ids[:30], conn)
    tasks = start(ids[30:], conn, deadline=time.time() + 1)
    sim.finish(ids[30])
    assert outcomes(await ends(tasks)) == {"succeeded"}
    assert len(reads(sim)) < 20  # a round has 31
    await cancel(others)


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_deadlines_hold_while_all_requests_hang(
    vendor: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watches, "LATE", 0.5)
    monkeypatch.setattr(in_flight, "MOST_IN_FLIGHT", 1)
    ids = submit(vendor, 5)
    slow = Fault("slow", vendor=vendor, on="poll", times=None, seconds=30)
    sim.faults.add(slow)
    blocking = start(ids[:1], conn_id(vendor))
    await until(lambda: slow.fired == 1, "a poll that hangs")
    tasks = start(ids[1:], conn_id(vendor), deadline=time.time() + 0.3)
    assert outcomes(await ends(tasks)) == {"VideoTimeoutError"}
    await cancel(blocking)


async def test_one_last_poll_is_late_rather_than_left_out_when_the_vendor_asks_for_a_short_pause(
    sim: Simulator,
) -> None:
    ids = submit("jimmyai", 1)
    sim.faults.add(Fault("http_429", vendor="jimmyai", on="poll", retry_after=1))
    tasks = start(ids, conn_id("jimmyai"), poll_interval=60, deadline=time.time() + 0.3)
    await until(lambda: len(reads(sim)) == 1, "the refusal")
    await all_succeed(sim, ids, tasks)
