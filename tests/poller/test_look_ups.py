"""A connection is looked up once for all triggers that need it at about the same time; a refusal looks again."""

from __future__ import annotations

import asyncio

import pytest

from airflow_provider_seedance.polling import look_ups as shared_look_ups
from airflow_provider_seedance.polling.look_ups import Found, SharedLookUp
from airflow_provider_seedance.simulator import Simulator

from .helpers import Connect, all_succeed, asked, conn_id, ends, outcomes, start, submit
from .test_rotation import revoke


async def test_a_thousand_videos_that_begin_to_wait_together_need_few_look_ups(
    sim: Simulator, look_ups: list[str]
) -> None:
    ids = submit("byteplus", 10)
    tasks = start(ids * 100, conn_id("byteplus"), poll_interval=1)
    await asked(sim, ids)
    for video_id in ids:
        sim.finish(video_id)
    assert outcomes(await ends(tasks, patience=60)) == {"succeeded"}
    assert len(look_ups) <= 5


async def test_a_refused_key_is_looked_up_once_a_while_for_all_who_wait(sim: Simulator, look_ups: list[str]) -> None:
    ids = submit("jimmyai", 30)
    tasks = start(ids, conn_id("jimmyai"), poll_interval=1)
    await asked(sim, ids)
    revoke(sim)
    assert outcomes(await ends(tasks, patience=60)) == {"SeedanceAuthError"}
    # One at the start and one for each of the three rounds of refusals, in place of three for each video; a round may
    # fall into two look-ups.
    assert len(look_ups) <= 10


async def test_what_was_looked_up_before_the_connection_moved_loses_no_video(
    sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host is edited; the next task creates at the new address; its trigger starts with the old look-up."""
    monkeypatch.setattr("airflow_provider_seedance.api.jobs.NOT_FOUND_GRACE", 0.0)
    with Simulator(speed=0.001, api_key=sim.api_key) as elsewhere:
        first, (second,) = submit("jimmyai", 1), [""]
        tasks = start(first, conn_id("jimmyai"))
        await asked(sim, first)
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_JIMMYAI", elsewhere.connection_json("jimmyai", polls_per_second=1000))
        (second,) = submit("jimmyai", 1)
        late = start([second], conn_id("jimmyai"))
        await asked(elsewhere, [second])
        await all_succeed(elsewhere, [second], late)
        await all_succeed(sim, first, tasks)


# -- by itself -------------------------------------------------------------------------------------------------------

FOUND: Found = ("adapter", "settings")  # type: ignore[assignment]


async def test_a_failed_look_up_is_shared_by_those_who_waited_for_it_and_by_no_other() -> None:
    shared, calls, go = SharedLookUp(), list[str](), asyncio.Event()

    async def fails() -> Found:
        calls.append("")
        await go.wait()
        raise OSError("the database is away")

    waiting = [asyncio.create_task(shared.recent(fails)) for _ in range(50)]
    await asyncio.sleep(0)
    go.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(result) for result in results} == {OSError}
    assert len(calls) <= 2

    async def succeeds() -> Found:
        return FOUND

    assert await shared.recent(succeeds) == FOUND


async def test_a_caller_that_is_cancelled_while_looking_up_leaves_it_to_the_next() -> None:
    shared, calls = SharedLookUp(), list[str]()

    async def look_up() -> Found:
        calls.append("")
        if len(calls) == 1:
            await asyncio.sleep(3600)
        return FOUND

    first, second = (asyncio.create_task(shared.recent(look_up)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    assert await asyncio.wait_for(second, 60) == FOUND
    assert len(calls) == 2


async def test_a_look_up_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, calls = SharedLookUp(), list[str]()

    async def look_up() -> Found:
        calls.append("")
        return FOUND

    for _ in range(5):
        await shared.recent(look_up)
    assert len(calls) == 1
    monkeypatch.setattr(shared_look_ups, "FRESH", 0.0)
    await shared.recent(look_up)
    assert len(calls) == 2
