"""Nothing is concluded from a list: what it does not show, and what becomes of everybody when it fails."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from airflow_provider_seedance.api import jobs
from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.errors import RequestRejectedError
from airflow_provider_seedance.api.jobs import Wait
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.api.vendors.ark.videos import ArkAdapter
from airflow_provider_seedance.polling import schedule
from airflow_provider_seedance.polling.poller import SLICE
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import (
    NOWHERE,
    all_succeed,
    asked,
    cancel,
    conn_id,
    ends,
    error_of,
    ids_in,
    notes,
    outcomes,
    reads,
    start,
    submit,
    until,
)

CONN = conn_id("byteplus")


# -- what a list does not show ---------------------------------------------------------------------------------------


async def test_a_lost_video_is_asked_for_by_itself_before_it_is_given_up(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.0)
    ids = submit("byteplus", 5)
    tasks = start(ids, CONN)
    await asked(sim, ids, times=3)
    assert reads(sim, "poll") == []
    sim.videos[ids[2]].deleted = True
    (event,) = await ends(tasks[2:3])
    assert outcomes([event]) == {"VideoNotFoundError"}
    assert [ids_in(request) for request in reads(sim, "poll")] == [[ids[2]]] * jobs.MOST_REFUSALS
    others = [*ids[:2], *ids[3:]]
    await all_succeed(sim, others, [*tasks[:2], *tasks[3:]])


async def test_videos_of_another_account_are_given_up_and_no_other(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.5)
    ids = submit("byteplus", 3)
    tasks = start(ids, CONN)
    strangers = start([f"{NOWHERE}{n}" for n in range(10)], CONN)
    assert outcomes(await ends(strangers)) == {"VideoNotFoundError"}
    await all_succeed(sim, ids, tasks)


@pytest.mark.parametrize("shown", ["all but one", "nothing"])
async def test_a_list_that_leaves_videos_out_costs_polls_and_no_video(
    shown: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, items = submit("byteplus", 6), ArkAdapter._items

    def fewer(self: ArkAdapter, response: Any) -> Any:
        return [] if shown == "nothing" else [video for video in items(self, response) if video.video_id != ids[0]]

    monkeypatch.setattr(ArkAdapter, "_items", fewer)
    monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.0)
    tasks = start(ids, CONN)
    await asked(sim, ids, times=4)
    hidden = set(ids if shown == "nothing" else ids[:1])
    assert {video_id for request in reads(sim, "poll") for video_id in ids_in(request)} == hidden
    await all_succeed(sim, ids, tasks)


# -- a list that is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 414, 422, 431])
async def test_where_lists_are_refused_each_video_is_asked_for_by_itself(status: int, sim: Simulator) -> None:
    """A key that may not list (401, 403), a proxy that does not know the call (404, 405) or finds it too long (414)."""
    ids = submit("byteplus", 16)
    sim.faults.add(Fault("http_status", on="list", times=None, status=status))
    tasks = start(ids, CONN)
    await until(lambda: {request.call for request in reads(sim)[-32:]} == {"poll"}, "asking one by one")
    assert len(reads(sim, "list")) <= 16
    assert not any(task.done() for task in tasks)
    await all_succeed(sim, ids, tasks)


async def test_a_list_that_is_too_long_for_something_on_the_way_gets_shorter(sim: Simulator) -> None:
    ids = submit("byteplus", 64)
    sim.faults.add(Fault("http_status", on="list", times=2, status=414))
    tasks = start(ids, CONN, poll_interval=0.2)
    await asked(sim, ids, times=4)
    lists = reads(sim, "list")
    refused = [len(ids_in(request)) for request in lists if request.answered == 414]
    assert len(refused) == 2
    assert refused[1] <= refused[0] // 2
    assert max(len(ids_in(request)) for request in lists if request.answered == 200) <= refused[1] // 2
    assert reads(sim, "poll") == []
    await all_succeed(sim, ids, tasks)


async def test_one_page_in_place_of_a_list_does_not_end_lists(sim: Simulator) -> None:
    ids = submit("byteplus", 16)
    fault = Fault("http_status", on="list", times=1, status=404)
    sim.faults.add(fault)
    tasks = start(ids, CONN)
    await until(lambda: fault.fired == 1, "a page")
    await asked(sim, ids, times=3)
    assert reads(sim, "poll") == []
    await all_succeed(sim, ids, tasks)


async def test_lists_that_were_refused_for_a_while_are_tried_again(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "LISTS_AGAIN", 2.0)

    def in_a_row(call: str, after: int = 0) -> int:
        """How many reads there are by the end of the first four in a row of this kind; 0 if there are none yet."""
        calls = [request.call for request in reads(sim)]
        return next((end for end in range(after + 4, len(calls) + 1) if calls[end - 4 : end] == [call] * 4), 0)

    ids = submit("byteplus", 16)
    fault = Fault("http_status", on="list", times=2, status=404)
    sim.faults.add(fault)
    tasks = start(ids, CONN)
    await until(lambda: fault.fired == 2, "refusals")
    await until(lambda: bool(in_a_row("poll")), "asking one by one")
    await until(lambda: bool(in_a_row("list", after=in_a_row("poll"))), "lists")
    await all_succeed(sim, ids, tasks)


async def test_one_odd_id_that_the_vendor_refuses_ends_no_other_wait(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ark may: what it says to an id that it never gave is not documented."""
    ids, odd = submit("byteplus", 8), "no-id-of-mine"
    send = PollingClient._send

    async def refuses(self: PollingClient, exchange: Any) -> Any:
        if odd in exchange.request.path or odd in [value for _, value in exchange.request.params]:
            raise RequestRejectedError("HTTP 400", status_code=400)
        return await send(self, exchange)

    monkeypatch.setattr(PollingClient, "_send", refuses)
    tasks = start([odd, *ids], CONN)
    assert outcomes(await ends(tasks[:1])) == {"RequestRejectedError"}
    await asked(sim, ids, times=2)
    await all_succeed(sim, ids, tasks[1:])


# -- a list that fails -----------------------------------------------------------------------------------------------

FAILURES = ["http_500", "http_502_html", "torn_json", "not_json", "reset_after"]


@pytest.mark.parametrize("fault", FAILURES)
async def test_lists_that_fail_are_put_up_with_as_often_as_single_polls(fault: str, sim: Simulator) -> None:
    ids = submit("byteplus", 8)
    sim.faults.add(Fault(fault, on="list", times=jobs.MOST_FAILURES - 1))
    await all_succeed(sim, ids, start(ids, CONN))


async def test_a_list_that_keeps_failing_ends_every_wait_with_what_a_retry_can_mend(sim: Simulator) -> None:
    ids = submit("byteplus", 8)
    sim.faults.add(Fault("http_500", on="list", times=None), Fault("http_500", on="poll", times=None))
    events = await ends(start(ids, CONN))
    assert outcomes(events) == {"TransientApiError"}
    assert all(error_of(event).retryable for event in events)


async def test_lists_that_keep_failing_cost_nobody_the_wait_while_single_polls_work(sim: Simulator) -> None:
    ids = submit("byteplus", 8)
    fault = Fault("http_500", on="list", times=None)
    sim.faults.add(fault)
    tasks = start(ids, CONN)
    await until(lambda: fault.fired > 3 * jobs.MOST_FAILURES, "many failures")
    await all_succeed(sim, ids, tasks)


async def test_one_record_that_cannot_be_read_costs_no_other_video_its_wait(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, read = submit("byteplus", 8), ArkAdapter._video

    def stumbles(self: ArkAdapter, data: dict[str, Any], video_id: str) -> Video:
        if video_id == ids[0]:
            raise KeyError("a field that was always there")
        return read(self, data, video_id)

    monkeypatch.setattr(ArkAdapter, "_video", stumbles)
    tasks = start(ids, CONN)
    assert outcomes(await ends(tasks[:1])) == {"TransientApiError"}
    await asked(sim, ids[1:], times=3 * jobs.MOST_FAILURES)
    await all_succeed(sim, ids[1:], tasks[1:])


async def test_a_failed_list_counts_once_for_each_of_its_videos(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = notes(monkeypatch)
    ids = submit("byteplus", 8)
    sim.faults.add(Fault("http_500", on="list"))
    await all_succeed(sim, ids, start(ids, CONN, poll_interval=0.5))
    failed = [note for note in said if "failed" in note]
    hit = next(request for request in reads(sim, "list") if request.answered == 500)
    assert len(failed) == len(ids_in(hit))
    assert all(note.startswith("Poll 1 of at most") for note in failed)


async def test_a_video_that_fails_at_the_vendor_ends_its_own_wait_only(sim: Simulator) -> None:
    ids = submit("byteplus", 6)
    tasks = start(ids, CONN)
    await asked(sim, ids)
    sim.finish(ids[0], "failed", "OutOfLuck", "no luck")
    assert outcomes(await ends(tasks[:1])) == {"VideoFailedError"}
    await asked(sim, ids[1:], times=4)
    await all_succeed(sim, ids[1:], tasks[1:])


async def test_a_word_that_ark_does_not_document_concerns_its_own_video_only(sim: Simulator) -> None:
    ids = submit("byteplus", 3)
    sim.videos[ids[0]].unknown_polls = 10**6
    tasks = start(ids, CONN)
    await asked(sim, ids, times=4)
    await all_succeed(sim, ids[1:], tasks[1:])
    assert not tasks[0].done()
    await cancel(tasks)


async def test_a_long_list_lets_other_triggers_have_their_turn_in_between(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, saw, seen = 0, Wait.saw, list[int]()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def noting(self: Wait[Any], video: Any, now: float) -> Any:
        seen.append(turns)
        return saw(self, video, now)

    ids = submit("byteplus", 4 * SLICE)
    monkeypatch.setattr(Wait, "saw", noting)
    tasks, other = start(ids, conn_id("byteplus")), asyncio.create_task(others())
    await asked(sim, ids)
    await until(lambda: len(seen) >= len(ids))
    other.cancel()
    assert max(len(ids_in(request)) for request in reads(sim, "list")) > SLICE
    assert max(Counter(seen).values()) <= SLICE
    await cancel(tasks)
