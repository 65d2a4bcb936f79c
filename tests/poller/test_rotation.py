"""A connection that changes while videos wait: a rotated key, and whatever else is edited in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_provider_seedance.api import jobs
from airflow_provider_seedance.api.errors import TransientApiError
from airflow_provider_seedance.polling import look_ups as look_ups_of_pollers
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.vendors.base import Vendor

from .helpers import (
    Clients,
    Connect,
    all_succeed,
    asked,
    cancel,
    conn_id,
    ends,
    error_of,
    notes,
    open_sockets,
    outcomes,
    reads,
    start,
    submit,
    until,
)


@pytest.fixture(autouse=True)
def _looked_up_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each trigger that joins sees what the connection says then."""
    monkeypatch.setattr(look_ups_of_pollers, "FRESH", 0.0)


NEW_KEY = "sk-rotated-0123456789"
BOTH = pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])


def revoke(sim: Simulator) -> None:
    """The vendor takes another key from now on. What the connection says is a matter of `connect`."""
    sim._world.settings.api_key = NEW_KEY


def keys(sim: Simulator, latest: int) -> set[str]:
    """Those of the latest requests."""
    return {request.headers["authorization"].removeprefix("Bearer ") for request in reads(sim)[-latest:]}


# -- the key ---------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_rotated_key_is_looked_up_once_for_all_who_wait(
    vendor: str,
    sim: Simulator,
    connect: Connect,
    look_ups: list[str],
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(look_ups_of_pollers, "FRESH", 60.0)
    ids = submit(vendor, 20)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids)
    revoke(sim)
    connect(vendor)
    await until(lambda: keys(sim, latest=10) == {NEW_KEY}, "the new key")
    # Polls that were under way with the old key may have been refused after that look-up: they cause another, for all.
    assert 2 <= len(look_ups) <= 3
    assert len(clients.opened) == 2
    await until(lambda: clients.closed == clients.opened[:1], "the end of the old client")
    await all_succeed(sim, ids, tasks)
    assert clients.closed == clients.opened


async def test_after_a_rotation_videos_are_asked_for_together_again(sim: Simulator, connect: Connect) -> None:
    ids = submit("byteplus", 20)
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids)
    revoke(sim)
    connect("byteplus")
    await until(lambda: keys(sim, latest=1) == {NEW_KEY}, "the new key")
    await until(lambda: {r.call for r in reads(sim)[-5:]} == {"list"}, "lists")
    await all_succeed(sim, ids, tasks)


async def test_what_the_old_key_was_refused_is_not_held_against_the_new_one(sim: Simulator, connect: Connect) -> None:
    ids = submit("jimmyai", 1)
    tasks = start(ids, conn_id("jimmyai"))
    await asked(sim, ids)
    refusals = Fault("auth", on="poll", times=jobs.MOST_REFUSALS)
    sim.faults.add(refusals)
    revoke(sim)
    connect("jimmyai")
    await until(lambda: refusals.fired == jobs.MOST_REFUSALS, "refusals")
    await all_succeed(sim, ids, tasks)


@BOTH
async def test_a_key_that_nobody_replaced_ends_every_wait_with_the_refusal(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 20)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids)
    revoke(sim)
    events = await ends(tasks)
    assert outcomes(events) == {"SeedanceAuthError"}
    assert all("goes on at the vendor" in str(error_of(event)) for event in events)


async def test_a_connection_that_became_useless_ends_the_waits_with_the_refusal(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = submit("jimmyai", 3)
    tasks = start(ids, conn_id("jimmyai"))
    await asked(sim, ids)
    monkeypatch.delenv("AIRFLOW_CONN_SEEDANCE_JIMMYAI")
    revoke(sim)
    assert outcomes(await ends(tasks)) == {"SeedanceAuthError"}


async def test_a_wait_cancelled_while_looking_the_new_key_up_leaves_that_to_the_next(
    sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat import connection as compat_connection

    ids = submit("jimmyai", 5)
    tasks = start(ids, conn_id("jimmyai"))
    await asked(sim, ids)
    look_up, stuck = compat_connection.get_async_connection, list[Any]()

    async def slow(name: str) -> object:
        if not stuck:
            stuck.append(asyncio.current_task())
            await asyncio.sleep(3600)
        return await look_up(name)

    monkeypatch.setattr(compat_connection, "get_async_connection", slow)
    revoke(sim)
    connect("jimmyai")
    await until(lambda: bool(stuck), "a look-up")
    await cancel(stuck)
    left = [(video_id, task) for video_id, task in zip(ids, tasks, strict=True) if task not in stuck]
    assert len(left) == 4
    await all_succeed(sim, [video_id for video_id, _ in left], [task for _, task in left])


# -- anything else ---------------------------------------------------------------------------------------------------


@BOTH
async def test_a_wait_that_joins_brings_what_has_changed_to_all(
    vendor: str, sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is refused, as the vendor takes both keys for a while, and yet the old one is used no more."""
    monkeypatch.setattr(Vendor, "check_key", lambda *_: None)
    ids = submit(vendor, 10)
    tasks = start(ids[:9], conn_id(vendor))
    await asked(sim, ids[:9])
    revoke(sim)
    connect(vendor)
    tasks += start(ids[9:], conn_id(vendor))
    await until(lambda: keys(sim, latest=20) == {NEW_KEY}, "the new key")
    await all_succeed(sim, ids, tasks)


@BOTH
async def test_a_poll_under_way_while_the_connection_changes_is_neither_lost_nor_a_failure(
    vendor: str, sim: Simulator, connect: Connect, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_FAILURES", 1)
    ids = submit(vendor, 4)
    call = "list" if vendor == "byteplus" else "poll"
    slow = Fault("slow", on=call, seconds=1.0)
    sim.faults.add(slow)
    tasks = start(ids[:3], conn_id(vendor))
    await until(lambda: slow.fired == 1, "a poll under way")
    connect(vendor, polls_per_second=500)
    tasks += start(ids[3:], conn_id(vendor))
    await until(lambda: len(clients.opened) == 2, "another client")
    assert clients.closed == []
    await until(lambda: clients.closed == clients.opened[:1], "closing the old client")
    assert {request.answered for request in reads(sim)} <= {200, None}
    await asked(sim, ids, times=4)
    await all_succeed(sim, ids, tasks)


@BOTH
async def test_a_failure_of_the_old_client_after_the_change_does_not_count(
    vendor: str, sim: Simulator, connect: Connect, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_FAILURES", 1)
    ids, fail = submit(vendor, 4), asyncio.Event()
    tasks = start(ids[:3], conn_id(vendor))
    await until(lambda: len(clients.opened) == 1)
    under_way: list[Any] = []

    async def fails(asked_for: Any) -> Any:
        under_way.append(asked_for)
        await fail.wait()
        raise TransientApiError("the old client")

    name = "get_many" if vendor == "byteplus" else "get_video"
    monkeypatch.setattr(clients.opened[0], name, fails)
    await until(lambda: bool(under_way), "a poll under way")
    connect(vendor, polls_per_second=500)
    tasks += start(ids[3:], conn_id(vendor))
    await until(lambda: len(clients.opened) == 2, "another client")
    fail.set()
    await asked(sim, ids, times=3)
    await all_succeed(sim, ids, tasks)


async def test_everybody_may_leave_while_the_old_client_is_still_closing(
    sim: Simulator, connect: Connect, clients: Clients
) -> None:
    clients.seconds_to_close = 0.2
    ids = submit("byteplus", 4)
    tasks = start(ids[:3], conn_id("byteplus"))
    await asked(sim, ids[:3])
    connect("byteplus", polls_per_second=500)
    tasks += start(ids[3:], conn_id("byteplus"))
    await until(lambda: len(clients.opened) == 2)
    await cancel(tasks)
    await until(lambda: len(clients.closed) == 2, "closing")
    assert open_sockets(sim) == 0


async def test_a_wait_that_joins_with_a_connection_that_cannot_be_used_fails_alone(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = submit("byteplus", 4)
    tasks = start(ids[:3], conn_id("byteplus"))
    await asked(sim, ids[:3])
    broken = sim.connection_json("byteplus").replace(sim.api_key, "sk-\\u00fcmlaut")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", broken)
    assert outcomes(await ends(start(ids[3:], conn_id("byteplus")))) == {"SeedanceConfigError"}
    await all_succeed(sim, ids[:3], tasks)


async def test_each_waits_for_what_it_was_told_to_however_often_the_connection_changes(
    sim: Simulator, connect: Connect, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = notes(monkeypatch)
    ids = submit("byteplus", 30)
    tasks = start(ids[:10], conn_id("byteplus"))
    for change in range(20):
        before = len(clients.opened)
        connect("byteplus", polls_per_second=100 + change)
        tasks += start(ids[10 + change : 11 + change], conn_id("byteplus"))
        await until(lambda before=before: len(clients.opened) > before, "a client with the new settings")  # type: ignore[misc]
    await asked(sim, ids, times=2)
    await all_succeed(sim, ids, tasks)
    assert [note for note in said if "failed" in note] == []
    await until(lambda: len(clients.closed) == len(clients.opened), "closing")
    assert len(clients.opened) >= 20
