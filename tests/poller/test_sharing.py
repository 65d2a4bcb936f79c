"""Triggers of one connection share a client and a loop; where the vendor allows it, they share requests."""

from __future__ import annotations

import asyncio
import time

import pytest

from airflow_provider_seedance.polling import in_flight, poller
from airflow_provider_seedance.simulator import VENDORS, Simulator

from .helpers import (
    ARK,
    SINGLE,
    Clients,
    Connect,
    all_succeed,
    asked,
    assert_at_most,
    cancel,
    conn_id,
    ids_in,
    open_sockets,
    reads,
    start,
    submit,
    times_asked,
    until,
)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_fifty_triggers_share_one_client_and_its_connections(
    vendor: str, sim: Simulator, clients: Clients
) -> None:
    ids = submit(vendor, 50)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids, times=3)
    assert len(clients.opened) == 1
    assert 1 <= open_sockets(sim) <= in_flight.MOST_IN_FLIGHT
    await all_succeed(sim, ids, tasks)
    assert clients.closed == clients.opened


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_the_connection_is_looked_up_once_for_all_triggers(
    vendor: str, sim: Simulator, look_ups: list[str]
) -> None:
    ids = submit(vendor, 20)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids, times=4)
    await all_succeed(sim, ids, tasks)
    assert look_ups == [conn_id(vendor)]


async def test_each_connection_has_a_client_of_its_own(sim: Simulator, clients: Clients, connect: Connect) -> None:
    ids = submit("byteplus", 4)
    connect("byteplus", name="another_account")
    tasks = start(ids[:2], conn_id("byteplus")) + start(ids[2:], "another_account")
    await asked(sim, ids, times=3)
    assert len(clients.opened) == 2
    assert all(set(ids_in(r)) <= set(ids[:2]) or set(ids_in(r)) <= set(ids[2:]) for r in reads(sim))
    await all_succeed(sim, ids, tasks)


# -- many videos in one request --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARK)
async def test_on_ark_polls_merge(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 100)
    tasks = start(ids, conn_id(vendor), poll_interval=0.4)
    await asked(sim, ids, times=4)
    requests, polls = len(reads(sim)), times_asked(sim).total()
    await all_succeed(sim, ids, tasks)
    assert requests <= polls / 20
    assert reads(sim, "poll") == []


@pytest.mark.parametrize("vendor", SINGLE)
async def test_elsewhere_polls_stay_single(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 10)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids, times=3)
    await all_succeed(sim, ids, tasks)
    assert reads(sim, "list") == []


@pytest.mark.parametrize("vendor", ARK)
async def test_on_ark_a_video_that_waits_alone_is_read_alone(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 1)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids, times=5)
    await all_succeed(sim, ids, tasks)
    assert reads(sim, "list") == []


async def test_two_triggers_may_wait_for_the_same_video(sim: Simulator) -> None:
    ids = submit("byteplus", 1) * 2
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids, times=4)
    await all_succeed(sim, ids, tasks)


async def test_a_batch_is_never_larger_than_the_vendor_takes(sim: Simulator) -> None:
    ids = submit("byteplus", 700)
    tasks = start(ids, conn_id("byteplus"), poll_interval=1)
    await asked(sim, ids, times=2)
    await all_succeed(sim, ids, tasks)
    sizes = [len(ids_in(request)) for request in reads(sim, "list")]
    assert 350 < max(sizes) <= 500
    assert {request.answered for request in reads(sim, "list")} == {200}


async def test_a_video_that_would_be_due_soon_rides_along(sim: Simulator) -> None:
    first, second = submit("byteplus", 2)
    tasks = start([first], conn_id("byteplus"), poll_interval=2)
    await asyncio.sleep(0.6)
    tasks += start([second], conn_id("byteplus"), poll_interval=2)
    await asked(sim, [first])
    assert ids_in(reads(sim)[0]) == [first, second]
    await cancel(tasks)


async def test_a_video_that_was_asked_for_just_now_does_not_ride_along(sim: Simulator) -> None:
    first, second = submit("byteplus", 2)
    tasks = start([first], conn_id("byteplus"), poll_interval=2)
    await asyncio.sleep(1.5)
    tasks += start([second], conn_id("byteplus"), poll_interval=2)
    await asked(sim, [first])
    assert ids_in(reads(sim)[0]) == [first]
    await cancel(tasks)


# -- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_nobody_is_asked_for_before_about_one_interval(vendor: str, sim: Simulator) -> None:
    ids = submit(vendor, 30)
    started = time.time()
    tasks = start(ids, conn_id(vendor), poll_interval=2)
    await asked(sim, ids)
    moments = [request.at for request in reads(sim)]
    assert min(moments) - started >= 2 * (1 - poller.JITTER)
    await cancel(tasks)


async def test_first_polls_are_spread(sim: Simulator) -> None:
    ids = submit("jimmyai", 40)
    tasks = start(ids, conn_id("jimmyai"), poll_interval=2)
    await asked(sim, ids)
    moments = [request.at for request in reads(sim)]
    assert max(moments) - min(moments) >= 2 * poller.JITTER / 2
    await cancel(tasks)


async def test_a_video_is_asked_for_once_per_interval(sim: Simulator) -> None:
    ids = submit("jimmyai", 5)
    tasks = start(ids, conn_id("jimmyai"), poll_interval=0.5)
    await asked(sim, ids, times=7)
    for video_id in ids:
        assert_at_most([request for request in reads(sim) if video_id in ids_in(request)], 2)
    await cancel(tasks)


async def test_intervals_of_one_connection_may_differ(sim: Simulator) -> None:
    ids = submit("byteplus", 20)
    patient = start(ids[:10], conn_id("byteplus"), poll_interval=600)
    eager = start(ids[10:], conn_id("byteplus"), poll_interval=0.1)
    await asked(sim, ids[10:], times=8)
    assert set(times_asked(sim)) == set(ids[10:])
    await all_succeed(sim, ids[10:], eager)
    await cancel(patient)


async def test_news_of_a_video_that_joins_later_does_not_wait_for_the_others(sim: Simulator) -> None:
    ids = submit("jimmyai", 11)
    others = start(ids[:10], conn_id("jimmyai"), poll_interval=600)
    await asyncio.sleep(0.1)
    await all_succeed(sim, ids[10:], start(ids[10:], conn_id("jimmyai")))
    await cancel(others)
    await until(lambda: open_sockets(sim) == 0, "closing")
