"""Whoever leaves, and however, harms nobody else and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import random
from typing import Any
from weakref import WeakSet

import pytest
from airflow.providers.common.compat import connection as compat_connection

from airflow_provider_seedance.api.jobs import Decision
from airflow_provider_seedance.polling import look_ups
from airflow_provider_seedance.polling.wait_queue import Watch
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

from .helpers import (
    Clients,
    all_succeed,
    asked,
    cancel,
    conn_id,
    ends,
    event_of,
    nothing_is_left,
    open_sockets,
    other_tasks,
    outcomes,
    pollers,
    reads,
    start,
    submit,
    trigger_for,
    until,
)

BOTH = pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])


# -- one of many -----------------------------------------------------------------------------------------------------


@BOTH
async def test_a_wait_that_is_cancelled_between_polls_harms_no_other(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 10)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids)
    await cancel(tasks[::2])
    await asked(sim, ids[1::2], times=4)
    await all_succeed(sim, ids[1::2], tasks[1::2])
    await nothing_is_left(sim)


@BOTH
async def test_a_wait_that_is_cancelled_while_its_poll_is_under_way_harms_no_other(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 6)
    slow = Fault("slow", on="list" if vendor == "byteplus" else "poll", times=6, seconds=0.5)
    sim.faults.add(slow)
    tasks = start(ids, conn_id(vendor))
    await until(lambda: slow.fired >= (1 if vendor == "byteplus" else 6), "polls under way")
    await cancel(tasks[:3])
    assert not any(task.done() for task in tasks[3:])
    await asked(sim, ids[3:], times=2)
    await all_succeed(sim, ids[3:], tasks[3:])
    await nothing_is_left(sim)


async def test_a_wait_that_is_cancelled_while_its_connection_is_looked_up_harms_no_other(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = submit("byteplus", 6)
    tasks = start(ids[:5], conn_id("byteplus"))
    await asked(sim, ids[:5])
    looking = asyncio.Event()

    async def for_ever(name: str) -> object:
        looking.set()
        await asyncio.sleep(3600)
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(compat_connection, "get_async_connection", for_ever)
        patch.setattr(look_ups, "FRESH", 0.0)
        joining = start(ids[5:], conn_id("byteplus"))
        await asyncio.wait_for(looking.wait(), 60)
        await cancel(joining)
    await asked(sim, ids[:5], times=3)
    await all_succeed(sim, ids[:5], tasks)
    await nothing_is_left(sim)


async def test_a_trigger_that_crashes_harms_nobody_else(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(BaseException):
        """Not even an Exception."""

    ids, tell = submit("byteplus", 5), SeedanceVideoTrigger._tell

    def crashes(self: SeedanceVideoTrigger, decision: Decision[Any]) -> None:
        if self.video_id == ids[0]:
            raise Crash
        tell(self, decision)

    monkeypatch.setattr(SeedanceVideoTrigger, "_tell", crashes)
    tasks = start(ids, conn_id("byteplus"))
    (crashed,) = await asyncio.gather(tasks[0], return_exceptions=True)
    assert isinstance(crashed, Crash)
    await asked(sim, ids[1:], times=3)
    await all_succeed(sim, ids[1:], tasks[1:])
    await nothing_is_left(sim)


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_a_video_that_nobody_waits_for_any_more_is_not_asked_for(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 10)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids)
    await cancel(tasks[:5])
    await asyncio.sleep(0.1)  # what was under way
    before = len(reads(sim))
    await asked(sim, ids[5:], times=5)
    later = " ".join(f"{request.path} {request.query}" for request in reads(sim)[before:])
    assert [video_id for video_id in ids if video_id in later] == ids[5:]
    await cancel(tasks)


# -- the last one ----------------------------------------------------------------------------------------------------


@BOTH
async def test_when_all_are_cancelled_with_polls_under_way_nothing_is_left(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 20)
    slow = Fault("slow", on="list" if vendor == "byteplus" else "poll", times=None, seconds=30)
    sim.faults.add(slow)
    tasks = start(ids, conn_id(vendor))
    await until(lambda: slow.fired >= 1, "a poll under way")
    await cancel(tasks)
    await nothing_is_left(sim)


@BOTH
async def test_when_the_last_video_is_ready_nothing_is_left(vendor: str, sim: Simulator, clients: Clients) -> None:
    ids = submit(vendor, 20)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids)
    await all_succeed(sim, ids, tasks)
    assert clients.closed == clients.opened
    assert open_sockets(sim) == 0
    await nothing_is_left(sim)


async def test_the_last_one_may_be_cancelled_again_and_again_while_it_closes(sim: Simulator, clients: Clients) -> None:
    """As Airflow does: once a second, until the trigger is gone."""
    clients.seconds_to_close = 0.3
    ids = submit("byteplus", 1)
    (task,) = start(ids, conn_id("byteplus"))
    await asked(sim, ids)
    for _ in range(10):
        task.cancel()
        await asyncio.sleep(0.01)
    assert task.cancelled()
    assert clients.closed == []
    await until(lambda: clients.closed == clients.opened, "closing")
    await nothing_is_left(sim)


async def test_a_wait_that_joins_while_the_last_one_s_poller_closes_gets_another(
    sim: Simulator, clients: Clients
) -> None:
    clients.seconds_to_close = 0.3
    ids = submit("byteplus", 4)
    first = start(ids[:1], conn_id("byteplus"))
    await asked(sim, ids[:1])
    sim.finish(ids[0])
    await until(lambda: pollers() == [], "the last one's leaving")
    assert clients.closed == []
    rest = start(ids[1:], conn_id("byteplus"))
    await asked(sim, ids[1:], times=3)
    assert outcomes(await ends(first)) == {"succeeded"}
    assert clients.closed == clients.opened[:1]
    await all_succeed(sim, ids[1:], rest)
    await nothing_is_left(sim)


async def test_a_generator_that_is_closed_in_the_middle_leaves_nothing(sim: Simulator) -> None:
    ids = submit("byteplus", 2)
    run = trigger_for(ids[0], conn_id("byteplus")).run()
    task = asyncio.ensure_future(anext(run))
    await asked(sim, ids[:1])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await run.aclose()  # type: ignore[attr-defined]
    await nothing_is_left(sim)


# -- many ------------------------------------------------------------------------------------------------------------


async def test_a_thousand_joins_and_leaves_leak_nothing(sim: Simulator, watches: WeakSet[Watch]) -> None:
    """In every way in which one can leave, in waves, so that the last one leaves and the first one comes often."""
    chance = random.Random(7)
    before = other_tasks()
    for vendor in ("byteplus", "jimmyai") * 5:
        ids = submit(vendor, 10)
        tasks: list[asyncio.Task[Any]] = []
        for _ in range(10):
            tasks += start(ids, conn_id(vendor), poll_interval=chance.choice([0.02, 0.1]))
            await asyncio.sleep(chance.choice([0, 0.01, 0.06]))
            await cancel(chance.sample(tasks, len(tasks) // 3))
        for video_id in ids:
            sim.finish(video_id, chance.choice(["succeeded", "failed"]))
        # Not `gather`, whose result Python 3.12 holds on to, and with it all that the tasks knew.
        ended, unfinished = await asyncio.wait(tasks, timeout=30)
        assert not unfinished
        del tasks, ended
    await nothing_is_left(sim)
    gc.collect()
    assert len(watches) == 0
    assert other_tasks() == before


async def test_a_thousand_waits_that_leave_are_forgotten_though_one_stays(
    sim: Simulator, watches: WeakSet[Watch]
) -> None:
    """A triggerer runs for months: who has left must not be kept until its poll or deadline would be due."""
    (stays,) = submit("byteplus", 1)
    staying = start([stays], conn_id("byteplus"))
    for _ in range(10):
        tasks = start([f"v{n}" for n in range(100)], conn_id("byteplus"), poll_interval=3600)
        await until(lambda: sum(not watch.gone for watch in watches) == 101, "joining")
        await cancel(tasks)
        del tasks
    gc.collect()
    assert len(watches) < 200
    await all_succeed(sim, [stays], staying)
    await nothing_is_left(sim)


# -- each poller its loop --------------------------------------------------------------------------------------------


def test_each_event_loop_has_its_own_poller(sim: Simulator) -> None:
    """`dag.test()` runs one after the other in one process."""
    ids = submit("byteplus", 2)

    async def wait(video_id: str) -> str:
        event = await asyncio.wait_for(event_of(trigger_for(video_id, conn_id("byteplus"))), 30)
        return str(event["outcome"])

    for video_id in ids:
        sim.finish(video_id)
        assert asyncio.run(wait(video_id)) == "succeeded"
