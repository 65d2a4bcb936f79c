"""The base of the triggers that wait for a job at a vendor."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.api.errors import SeedanceError, TransientApiError
from airflow_provider_seedance.api.jobs import Decision, Outcome, Wait
from airflow_provider_seedance.compat.log_fields import teller
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.polling.wait_queue import Read, read_video
from airflow_provider_seedance.polling.watching import Watcher, watching

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter

SETTLED_AFTER = 6.0
"""Seconds after its start before which the trigger doesn't fire.

An executor may report the deferring worker's end up to `[workers] min_heartbeat_interval` (5 s) late; if the task has
been resumed by then, Airflow takes that report for the resumed run's and fails it (apache/airflow #72716, #71580).
"""


class WaitingTrigger(BaseTrigger):
    """Fires once: when the job has ended, when the deadline has passed, or when further polls are pointless.

    :param seedance_conn_id: the connection's id.
    """

    def __init__(self, *, seedance_conn_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Waits for the end of the job, then fires once."""
        started = time.monotonic()  # if a clock is set back meanwhile, the video must not wait for it
        event = await self._event(time.time())
        if self.task_instance is not None:
            await asyncio.sleep(max(0.0, started + SETTLED_AFTER - time.monotonic()))
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    @abstractmethod
    async def _event(self, started: float) -> dict[str, Any]:
        """Waits, and makes the event.

        :param started: Unix time.
        """

    async def _wait_with(self, wait: Wait[Any], read: Read = read_video) -> Decision[Any]:
        """Waits for the job, on the poller that all triggers of the connection share.

        :param wait: decides what each poll means.
        :param read: reads the job by itself.
        :return: the final decision.
        """
        while True:
            try:
                async with watching(self.seedance_conn_id, wait, self._look_up, read) as watcher:
                    decision = await self._follow(watcher)
                break
            except SeedanceError as error:
                decision = wait.missed(error, time.time())
            except Exception as error:
                # A failed look-up of the connection may pass: it is no reason to give up a paid job.
                # The class name alone: the message could hold a secret.
                self.log.exception("Looking up connection %s failed", self.seedance_conn_id)
                decision = wait.missed(TransientApiError(f"No connection: {type(error).__name__}"), time.time())
            self._tell(decision)
            if decision.outcome is not Outcome.WAIT:
                break
            await asyncio.sleep(decision.delay)
        return decision

    async def _follow(self, watcher: Watcher) -> Decision[Any]:
        while True:
            decision = await watcher.next()
            self._tell(decision)
            if decision.outcome is not Outcome.WAIT:
                return decision

    def _tell(self, decision: Decision[Any]) -> None:
        teller(self.log, getattr(self, "video_id", None))(decision)

    async def _look_up(self) -> tuple[VendorAdapter, ClientSettings]:
        try:
            return await SeedanceHook(self.seedance_conn_id).aget_client_settings()
        except AirflowNotFoundException:
            # Airflow says so also while its API server, its database or a secrets backend is away.
            raise TransientApiError(
                f"Connection {self.seedance_conn_id!r} is not defined, or can't be looked up now."
            ) from None
