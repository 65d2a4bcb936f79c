"""What an operator of Airflow sees of the poller: metrics, and no line in a log of somebody else's task."""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from typing import Any

import pytest

from airflow_provider_seedance.api import jobs
from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.vendors.ark.videos import ArkAdapter
from airflow_provider_seedance.polling import in_flight, metrics
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import (
    Connect,
    all_succeed,
    asked,
    cancel,
    conn_id,
    ends,
    event_of,
    nothing_is_left,
    reads,
    start,
    submit,
    trigger_for,
    until,
)

# -- metrics ---------------------------------------------------------------------------------------------------------


class Sink:
    """Takes what Airflow would send to statsd or OpenTelemetry."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, float, tuple[tuple[str, str], ...]]] = []

    def incr(self, stat: str, count: int = 1, rate: float = 1, *, tags: dict[str, str]) -> None:
        self._add("counter", stat, count, tags)

    def gauge(self, stat: str, value: float, rate: float = 1, delta: bool = False, *, tags: dict[str, str]) -> None:
        self._add("gauge", stat, value, tags)

    def timing(self, stat: str, dt: float, *, tags: dict[str, str]) -> None:
        self._add("timer", stat, dt, tags)

    def _add(self, kind: str, stat: str, value: float, tags: dict[str, str]) -> None:
        self.seen.append((kind, stat, value, tuple(sorted(tags.items()))))

    def values(self, stat: str) -> list[float]:
        return [value for _, name, value, _ in self.seen if name == stat]


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Sink:
    sink = Sink()
    monkeypatch.setattr(metrics, "Stats", sink)
    return sink


async def test_these_metrics_are_sent(sim: Simulator, sink: Sink) -> None:
    """Dashboards and alarms are built on the names."""
    ids = submit("byteplus", 20)
    sim.faults.add(Fault("http_429", on="list"))
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids, times=3)
    await all_succeed(sim, ids, tasks)
    assert {(kind, stat) for kind, stat, _, _ in sink.seen} == {
        ("counter", "seedance.polls"),
        ("counter", "seedance.polls_refused"),
        ("gauge", "seedance.poll_batch_size"),
        ("gauge", "seedance.waiting_videos"),
        ("timer", "seedance.poll_lateness"),
    }
    assert {tags for _, _, _, tags in sink.seen} == {(("conn_id", "seedance_byteplus"), ("vendor", "byteplus"))}


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_each_request_is_counted_with_the_videos_that_it_asks_for(
    vendor: str, sim: Simulator, sink: Sink
) -> None:
    ids = submit(vendor, 20)
    tasks = start(ids, conn_id(vendor), poll_interval=0.2)
    await asked(sim, ids, times=3)
    await cancel(tasks)
    await nothing_is_left(sim)
    assert sum(sink.values("seedance.polls")) == pytest.approx(len(reads(sim)), abs=in_flight.MOST_IN_FLIGHT)
    assert max(sink.values("seedance.poll_batch_size")) == (20 if vendor == "byteplus" else 1)


async def test_waiting_videos_go_up_and_down_to_nothing(sim: Simulator, sink: Sink) -> None:
    ids = submit("byteplus", 10)
    tasks = start(ids, conn_id("byteplus"))
    await asked(sim, ids)
    assert max(sink.values("seedance.waiting_videos")) == 10
    await all_succeed(sim, ids[:6], tasks[:6])
    seen = len(sink.values("seedance.waiting_videos"))
    await until(lambda: sink.values("seedance.waiting_videos")[seen:][-1:] == [4], "another poll")
    await all_succeed(sim, ids[6:], tasks[6:])
    assert sink.values("seedance.waiting_videos")[-1] == 0


async def test_each_refusal_is_counted(sim: Simulator, sink: Sink) -> None:
    ids = submit("byteplus", 5)
    sim.faults.add(Fault("http_429", on="list", times=2))
    await all_succeed(sim, ids, start(ids, conn_id("byteplus")))
    assert sink.values("seedance.polls_refused") == [1, 1]


async def test_lateness_is_in_milliseconds_since_a_poll_was_due(sim: Simulator, connect: Connect, sink: Sink) -> None:
    conn = connect("jimmyai", polls_per_second=10)
    tasks = start(submit("jimmyai", 8), conn)
    await until(lambda: len(sink.values("seedance.poll_lateness")) >= 8)
    late = sink.values("seedance.poll_lateness")
    assert 0 <= late[0] < 500
    assert 600 < late[7] < 1500
    await cancel(tasks)


async def test_a_refused_poll_is_as_late_as_if_it_had_waited(sim: Simulator, sink: Sink) -> None:
    sim.faults.add(Fault("http_429", on="list"))
    tasks = start(submit("byteplus", 5), conn_id("byteplus"))
    await until(lambda: len(sink.values("seedance.poll_lateness")) >= 2)
    assert sink.values("seedance.poll_lateness")[1] > 900
    await cancel(tasks)


# -- logs ------------------------------------------------------------------------------------------------------------

WHOSE: ContextVar[str] = ContextVar("WHOSE", default="nobody's")
"""As Airflow knows whose log a line belongs to."""


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
async def test_what_is_logged_while_polling_is_in_nobody_s_log(
    vendor: str, sim: Simulator, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    get_video, get_many = PollingClient.get_video, PollingClient.get_many
    aclose = PollingClient.aclose

    async def single(self: Any, video_id: str) -> Any:
        seen.add(f"single {WHOSE.get()}")
        return await get_video(self, video_id)

    async def many(self: Any, ids: Any) -> Any:
        seen.add(f"list {WHOSE.get()}")
        return await get_many(self, ids)

    async def close(self: Any) -> None:
        seen.add(f"close {WHOSE.get()}")
        await aclose(self)

    for name, replacement in (("get_video", single), ("get_many", many), ("aclose", close)):
        monkeypatch.setattr(PollingClient, name, replacement)
    ids = submit(vendor, 5)

    async def run(video_id: str) -> Any:
        WHOSE.set(video_id)
        return await event_of(trigger_for(video_id, conn_id(vendor)))

    tasks = [asyncio.create_task(run(video_id)) for video_id in ids[:4]]
    await asked(sim, ids[:4], times=2)
    connect(vendor, polls_per_second=500)  # so that a client is replaced, too
    tasks.append(asyncio.create_task(run(ids[4])))
    await asked(sim, ids, times=2)
    await all_succeed(sim, ids, tasks)
    await nothing_is_left(sim)
    assert seen == {f"{'list' if vendor == 'byteplus' else 'single'} nobody's", "close nobody's"} | (
        {"single nobody's"} & seen
    )


async def test_the_news_of_a_video_is_in_its_own_trigger_s_log(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append((WHOSE.get(), record.getMessage()))

    handler = Handler()
    log = logging.getLogger(f"{__name__}.test")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    monkeypatch.setattr("airflow_provider_seedance.triggers.seedance.SeedanceVideoTrigger.log", log)
    ids = submit("byteplus", 5)

    async def run(video_id: str) -> Any:
        WHOSE.set(video_id)
        return await event_of(trigger_for(video_id, conn_id("byteplus")))

    tasks = [asyncio.create_task(run(video_id)) for video_id in ids]
    await asked(sim, ids, times=2)
    await all_succeed(sim, ids, tasks)
    log.removeHandler(handler)
    assert {whose for whose, _ in said} == set(ids)
    assert all(whose in line for whose, line in said)


async def test_nothing_is_logged_by_the_poller_itself(
    sim: Simulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_seedance.triggers.seedance.SeedanceVideoTrigger._tell", lambda *_: None)
    monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.0)
    monkeypatch.setattr(ArkAdapter, "_items", lambda *_: [])
    caplog.set_level(logging.DEBUG)
    ids = submit("byteplus", 5)
    faults = [Fault(kind, on="list") for kind in ("http_429", "http_500", "torn_json", "reset_after", "auth")]
    sim.faults.add(*faults)
    tasks = start([*ids, "nosuch"], conn_id("byteplus"))
    await until(lambda: all(fault.fired for fault in faults), "all that can go wrong")
    await ends(tasks[-1:])
    await all_succeed(sim, ids, tasks[:-1])
    ours = [r for r in caplog.records if not r.name.startswith(("uvicorn", "airflow.", "alembic", "httpx", "httpcore"))]
    assert [(r.name, r.getMessage()) for r in ours] == []
