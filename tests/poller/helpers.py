"""What the tests of the poller share: many videos, triggers that run side by side, and what the server saw of them."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import psutil
import pytest

from airflow_provider_seedance.api.client import PollingClient
from airflow_provider_seedance.api.jobs import Decision
from airflow_provider_seedance.api.outcomes import read_event
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.polling import watching
from airflow_provider_seedance.polling.poller import Poller
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.simulator.videos import RecordedRequest
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from tests.support.requests import BY_ID, ONE_BY_ONE, simple

SIMPLE = simple("rain")
"""The least that each vendor takes."""

ARK, SINGLE = BY_ID, ONE_BY_ONE

NOWHERE = "cgt-20261120000000-nosuc"

PATIENCE = 60.0
"""Seconds after which a test that waits for something has failed."""

Event = dict[str, Any]


class Connect(Protocol):
    """See the fixture `connect`."""

    def __call__(self, vendor: str, *, name: str | None = None, **extra: object) -> str: ...


class Clients:
    """The clients that were opened."""

    def __init__(self) -> None:
        self.opened: list[PollingClient] = []
        self.closed: list[PollingClient] = []
        self.seconds_to_close = 0.0

    def open(self, *args: Any) -> PollingClient:
        """In place of the class."""
        client = PollingClient(*args)
        self.opened.append(client)
        close = client.aclose

        async def aclose() -> None:
            await asyncio.sleep(self.seconds_to_close)
            await close()
            self.closed.append(client)

        client.aclose = aclose  # type: ignore[method-assign]
        return client


def conn_id(vendor: str) -> str:
    return f"seedance_{vendor}"


def submit(vendor: str, count: int) -> list[str]:
    hook = SeedanceHook(conn_id(vendor))
    try:
        return [hook.create_video(SIMPLE[vendor]).video_id for _ in range(count)]
    finally:
        hook.close()


def trigger_for(video_id: str, conn: str, **kwargs: Any) -> SeedanceVideoTrigger:
    defaults: dict[str, Any] = {"poll_interval": 0.05, "deadline": time.time() + 3600}
    return SeedanceVideoTrigger(seedance_conn_id=conn, video_id=video_id, **defaults | kwargs)


async def event_of(trigger: SeedanceVideoTrigger) -> Event:
    """The payload of the trigger's only event."""
    (event,) = [event async for event in trigger.run()]
    payload: Event = json.loads(json.dumps(event.payload))
    return payload


def start(ids: Iterable[str], conn: str, **kwargs: Any) -> list[asyncio.Task[Event]]:
    """A running trigger for each video."""
    return [asyncio.create_task(event_of(trigger_for(video_id, conn, **kwargs))) for video_id in ids]


async def ends(tasks: Sequence[asyncio.Task[Event]], patience: float = PATIENCE) -> list[Event]:
    """The events of all triggers; a trigger that hangs fails the test instead of hanging it."""
    return await asyncio.wait_for(asyncio.gather(*tasks), patience)


def outcomes(events: Iterable[Event]) -> set[str]:
    """The different ends: `succeeded`, or the error's kind."""
    return {event["error"]["kind"] if event["error"] else event["outcome"] for event in events}


def error_of(event: Event) -> Any:
    """The exception that the task will raise."""
    return read_event(event)[1]


def notes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What all triggers say from now on, in the order in which they say it."""
    said: list[str] = []

    def tell(self: SeedanceVideoTrigger, decision: Decision[Any]) -> None:
        if decision.note:
            said.append(decision.note)

    monkeypatch.setattr(SeedanceVideoTrigger, "_tell", tell)
    return said


async def all_succeed(sim: Simulator, ids: Iterable[str], tasks: Sequence[asyncio.Task[Event]]) -> None:
    """The videos end, and each trigger tells of its own."""
    ids = list(ids)
    for video_id in ids:
        sim.finish(video_id)
    events = await ends(tasks)
    assert outcomes(events) == {"succeeded"}, events
    assert [event["video_id"] for event in events] == ids


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE)


async def until(true: Callable[[], bool], what: str = "it") -> None:
    """Waits for something that another thread or task brings about."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {PATIENCE:.0f} s"
        await asyncio.sleep(0.01)


# -- what the server saw ---------------------------------------------------------------------------------------------


def reads(sim: Simulator, call: str | None = None) -> list[RecordedRequest]:
    """The requests for waiting videos: `poll` (GET), `list` or both."""
    return [r for r in sim.requests if r.call in ("poll", "list") and call in (None, r.call)]


def ids_in(request: RecordedRequest) -> list[str]:
    """Which videos a request asks for."""
    if isinstance(request.json, list):
        return [task["taskUUID"] for task in request.json]
    if request.call == "list":
        return [value for name, value in request.query if name == "filter.task_ids"]
    of_fal = re.fullmatch(r"/(.+)/requests/([^/]+)/status", request.path)
    return [f"{of_fal[1]}/{of_fal[2]}" if of_fal else request.path.rpartition("/")[2]]


def assert_at_most(requests: Sequence[RecordedRequest], per_second: float) -> None:
    """No more than so many were sent per second. On a busy machine, each may have been under way for a second."""
    seconds = requests[-1].at - requests[0].at + 1.0
    assert len(requests) - 1 <= per_second * seconds, f"{len(requests)} requests in {seconds - 1.0:.2f} s"


def times_asked(sim: Simulator) -> Counter[str]:
    """How often the server was asked for each video, in whatever kind of request."""
    return Counter(video_id for request in reads(sim) for video_id in ids_in(request))


async def asked(sim: Simulator, ids: Iterable[str], times: int = 1) -> None:
    """Waits until each of the videos was asked for so often."""
    ids = list(ids)

    def done() -> bool:
        seen = times_asked(sim)
        return all(seen[video_id] >= times for video_id in ids)

    await until(done, f"{times} polls of each video")


# -- what is left behind ---------------------------------------------------------------------------------------------


def open_sockets(sim: Simulator) -> int:
    """How many connections this process holds to the simulator as a client."""
    port = int(sim.url.rpartition(":")[2])
    found = psutil.Process().net_connections(kind="tcp")
    return sum(c.status == psutil.CONN_ESTABLISHED and bool(c.raddr) and c.raddr.port == port for c in found)


def other_tasks() -> set[asyncio.Task[Any]]:
    """All but this one, and but those by which S3's client tidies up after other tests, in whatever loop it finds."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return {task for task in tasks if "aiobotocore" not in repr(task)}


def pollers() -> list[Poller]:
    """Those of this event loop that can be joined."""
    return list(watching.shared().pollers.values())


async def nothing_is_left(sim: Simulator) -> None:
    """No poller, task or connection, once what was closing has closed."""
    await until(lambda: not other_tasks(), "the end of all tasks")
    await until(lambda: open_sockets(sim) == 0, "closing")
    assert pollers() == []
