"""Whatever is wrong with the poller itself, nobody is left waiting for an answer that will not come."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.jobs import Wait
from airflow_provider_seedance.polling.wait_queue import WatchQueue
from airflow_provider_seedance.simulator import Simulator

from .helpers import (
    all_succeed,
    asked,
    cancel,
    conn_id,
    ends,
    error_of,
    nothing_is_left,
    outcomes,
    pollers,
    start,
    submit,
    until,
)


def breaks(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a defect: sk-simulator")


async def breaks_later(*_: Any, **__: Any) -> Any:
    await asyncio.sleep(0.01)
    raise RuntimeError("a defect: sk-simulator")


def assert_told(events: list[dict[str, Any]], kind: str = "RuntimeError") -> None:
    """Each wait has ended with an error that a retry of the task mends, and that names no secret."""
    assert outcomes(events) == {"TransientApiError"}
    for event in events:
        assert error_of(event).retryable
        assert kind in str(error_of(event))
        assert "sk-simulator" not in str(event)


@pytest.mark.parametrize("where", ["collect", "give_up", "pop_batch", "until_next"])
async def test_a_loop_that_fails_ends_all_waits(where: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = submit("byteplus", 5)
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids)
    with monkeypatch.context() as patch:
        patch.setattr(WatchQueue, where, breaks)
        assert_told(await ends(tasks))
    await nothing_is_left(sim)
    # A retry of the tasks begins anew.
    await all_succeed(sim, ids, start(ids, conn_id("byteplus")))


async def test_a_loop_that_something_cancels_ends_all_waits(sim: Simulator) -> None:
    ids = submit("byteplus", 5)
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids)
    (broken,) = pollers()
    broken._loop.cancel()
    assert_told(await ends(tasks), "NoneType")
    await nothing_is_left(sim)


async def test_nobody_joins_a_loop_that_has_failed(sim: Simulator) -> None:
    ids = submit("byteplus", 6)
    tasks = start(ids[:5], conn_id("byteplus"))
    await asked(sim, ids[:5])
    (broken,) = pollers()
    assert broken._loop.remove_done_callback(broken._loop_ended)  # as if those who wait had not left yet
    broken._loop.cancel()
    await until(lambda: broken.is_broken)
    late = start(ids[5:], conn_id("byteplus"))
    await all_succeed(sim, ids[5:], late)
    await cancel(tasks)
    await nothing_is_left(sim)


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_requests_that_fail_for_a_defect_end_the_waits_for_them(
    vendor: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = submit(vendor, 5)
    tasks = start(ids, conn_id(vendor))
    await asked(sim, ids)
    for name in ("get_video", "get_many"):
        monkeypatch.setattr(PollingClient, name, breaks_later)
    assert_told(await ends(tasks))
    await nothing_is_left(sim)


async def test_a_defect_in_lists_costs_nobody_the_wait_while_single_polls_work(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = submit("byteplus", 5)
    monkeypatch.setattr(PollingClient, "get_many", breaks_later)
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids, times=3)
    await all_succeed(sim, ids, tasks)


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_a_request_that_something_cancels_ends_the_waits_for_it(
    vendor: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = submit(vendor, 2)
    under_way = asyncio.Event()

    async def hangs(*_: Any) -> Any:
        under_way.set()
        await asyncio.sleep(3600)

    for name in ("get_video", "get_many"):
        monkeypatch.setattr(PollingClient, name, hangs)
    tasks = start(ids, conn_id(vendor))
    await asyncio.wait_for(under_way.wait(), 60)
    await asyncio.sleep(0.1)
    (the_poller,) = pollers()
    for request in list(the_poller._requests):
        request.cancel()
    assert_told(await ends(tasks), "CancelledError")
    await nothing_is_left(sim)


async def test_a_video_that_cannot_be_judged_ends_its_own_wait_only(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, saw = submit("byteplus", 5), Wait.saw

    def stumbles(self: Wait[Any], video: Any, now: float) -> Any:
        return breaks() if self.job_id == ids[0] else saw(self, video, now)

    monkeypatch.setattr(Wait, "saw", stumbles)
    tasks = start(ids, conn_id("byteplus"))
    assert_told(await ends(tasks[:1]))
    await asked(sim, ids[1:], times=3)
    await all_succeed(sim, ids[1:], tasks[1:])


async def test_metrics_that_fail_cost_nobody_a_poll(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in ("incr", "gauge", "timing"):
        monkeypatch.setattr(f"airflow_provider_seedance.polling.metrics.Stats.{kind}", breaks)
    ids = submit("byteplus", 3)
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids, times=3)
    await all_succeed(sim, ids, tasks)
    await nothing_is_left(sim)
    assert len([record for record in caplog.records if "Metrics can't be sent" in record.message]) == 1
