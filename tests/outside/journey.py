"""The way of an answer through everything: client, poller, trigger, event, `execute_complete`, XCom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from tenacity import stop_after_attempt

from airflow_provider_seedance.api import jobs
from airflow_provider_seedance.api.client import ClientSettings, RetryPolicy, SeedanceClient
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.jobs import Wait
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.polling.poller import Poller
from airflow_provider_seedance.polling.schedule import Schedule
from airflow_provider_seedance.polling.watching import watching
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from dev.task_life import Ti
from tests.api.helpers import KEY, ONE_TRY, SIMPLE
from tests.support.requests import ANSWERS, id_of

from .answers import VIDEO_ID
from .wire import Said, Wire

MOST_FAILURES = 2
"""In life it is more failed polls that end a wait; it ends the same way."""

TIMES = MOST_FAILURES + 1
"""How often a poll gets the answer in question; then the vendor says plainly that the video has failed."""

PATIENCE = 60.0

Result = Video | SeedanceError | dict[str, Any] | Exception


def plainly_failed(vendor: str) -> Said:
    """In the vendor's own shape, so that a wait comes to an end."""
    return Said(200, json.dumps(ANSWERS[vendor].failed(VIDEO_ID)).encode())


def result_of(call: Callable[[], Any]) -> Any:
    """What a call returns or raises."""
    try:
        return call()
    except Exception as error:
        return error


@dataclass
class Journey:
    """Takes answers of one vendor along; close it.

    :param wire: says them.
    :param vendor: in whose name.
    """

    wire: Wire
    vendor: str
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self.conn_id = f"outside_{self.vendor}"
        self.video_id = id_of(self.vendor, VIDEO_ID)
        connection = {
            "conn_type": "seedance",
            "host": f"{self.wire.url}/{self.vendor}",
            "password": KEY,
            "extra": {"vendor": self.vendor, "polls_per_second": 10**6, "lists_per_second": 10**6},
        }
        self._patch.setenv(f"AIRFLOW_CONN_{self.conn_id.upper()}", json.dumps(connection))
        # Nobody waits here because a vendor says so.
        self._patch.setattr(Poller, "longest_pause", 0.0)
        self._patch.setattr(Schedule, "refused", lambda schedule, turn, now, retry_after: None)
        # Airflow's masking of a connection's secrets costs half of the time; nothing here reads a log.
        with suppress(ImportError):  # Airflow 3.2 and before mask elsewhere
            self._patch.setattr("airflow.sdk.log.mask_secret", lambda *secret: None, raising=False)
        self._patch.setattr(SeedanceVideoSensor, "pauses", Pauses(sleep=lambda seconds: None))
        self._patch.setattr(jobs, "MOST_FAILURES", MOST_FAILURES)
        usual = RetryPolicy.settings
        once = {"stop": stop_after_attempt(1)}
        self._patch.setattr(RetryPolicy, "settings", lambda policy, call: usual(policy, call) | once)
        settings = ClientSettings(api_key=KEY, base_url=f"{self.wire.url}/{self.vendor}", retry=ONE_TRY)
        self._client = SeedanceClient(make_adapter(self.vendor), settings)
        self._sensor = SeedanceVideoSensor(task_id="wait", seedance_conn_id=self.conn_id, video_id=self.video_id)
        # Somebody else waits at the same connection all the time, which keeps the poller alive.
        self._leave = asyncio.Event()
        self._bystander = self._runner.run(self._begin())

    def close(self) -> None:
        """The bystander leaves, and connections are closed."""
        self._runner.run(self._end())
        self._runner.close()
        self._client.close()
        self._patch.undo()

    def create(self, said: Said) -> Any:
        """What a create makes of the answer."""
        self.wire.sayer = lambda method, path, body: said
        return result_of(lambda: self._client.create_video(SIMPLE[self.vendor]))

    def read(self, said: Said) -> Any:
        """What a read makes of the answer."""
        self.wire.sayer = lambda method, path, body: said
        return result_of(lambda: self._client.get_video(self.video_id))

    def wait(self, said: Said) -> Any:
        """The event of a trigger whose polls get the answer, some times at most."""
        left = [TIMES]

        def sayer(method: str, path: str, body: bytes) -> Said:
            left[0] -= 1
            return said if left[0] >= 0 else plainly_failed(self.vendor)

        self.wire.sayer = sayer
        return self._runner.run(asyncio.wait_for(self._event(), PATIENCE))

    def complete(self, event: Any, said: Said) -> Any:
        """What the task returns or raises when it gets the event, and its own read the answer."""
        self.wire.sayer = lambda method, path, body: said
        ti = Ti()
        context = cast("Any", {"ti": ti})
        result = result_of(lambda: self._sensor.execute_complete(context, event))
        return {**result, **ti.xcoms} if isinstance(result, dict) else result

    async def _event(self) -> Any:
        trigger = SeedanceVideoTrigger(
            seedance_conn_id=self.conn_id, video_id=self.video_id, poll_interval=0.0, deadline=None
        )
        async for event in trigger.run():
            return event.payload
        return None

    async def _begin(self) -> asyncio.Task[None]:
        here = asyncio.Event()

        async def stand_by() -> None:
            wait = Wait(VIDEO, "bystander", interval=1e6, deadline=None, started=0)
            async with watching(self.conn_id, wait, SeedanceHook(self.conn_id).aget_client_settings) as watcher:
                here.set()
                waiting = asyncio.ensure_future(watcher.next())
                await self._leave.wait()
                assert not waiting.done(), "the bystander heard something that was not for it"
                waiting.cancel()

        task = asyncio.create_task(stand_by())
        await asyncio.wait_for(here.wait(), PATIENCE)
        return task

    async def _end(self) -> None:
        self._leave.set()
        await asyncio.wait_for(self._bystander, PATIENCE)
