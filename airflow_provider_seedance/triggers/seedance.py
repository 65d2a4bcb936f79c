"""The trigger that waits for one video without a worker slot."""

from __future__ import annotations

import asyncio
from typing import Any

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.jobs import Decision, Outcome, Wait
from airflow_provider_seedance.api.outcomes import to_event
from airflow_provider_seedance.api.video_ids import video_id_of
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.compat.task_state import has_ended_for_good
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.triggers.waiting import SETTLED_AFTER as SETTLED_AFTER
from airflow_provider_seedance.triggers.waiting import WaitingTrigger

KILL_PATIENCE = 25.0
"""Seconds that cancelling may take when the task is killed: a little less than Airflow's own `on_kill_timeout`."""

_unfinished: set[asyncio.Task[None]] = set()
"""Cancellations under way; the event loop alone doesn't keep them alive."""


class SeedanceVideoTrigger(WaitingTrigger):
    """Fires once: when the video has ended, when the deadline has passed, or when further polls are pointless.

    The arguments are stored in plain text, so they hold no key, prompt or URL.

    :param seedance_conn_id: the connection's id.
    :param video_id: the vendor's id.
    :param poll_interval: seconds between polls.
    :param deadline: Unix time at which the wait is given up; absolute, so that a restart doesn't extend it.
    :param cancel_on_kill: whether the vendor is asked to cancel the video when the user ends the task (Airflow 3.3+).
        Set only by the task that created the video; a sensor never cancels.
    """

    def __init__(
        self,
        *,
        seedance_conn_id: str,
        video_id: str,
        poll_interval: float = 10.0,
        deadline: float | None = None,
        cancel_on_kill: bool = False,
    ) -> None:
        super().__init__(seedance_conn_id=seedance_conn_id)
        self.video_id = video_id
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.cancel_on_kill = cancel_on_kill

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as stored in Airflow's database."""
        kwargs: dict[str, Any] = {
            "seedance_conn_id": self.seedance_conn_id,
            "video_id": self.video_id,
            "poll_interval": self.poll_interval,
            "deadline": self.deadline,
        }
        if self.cancel_on_kill:
            kwargs["cancel_on_kill"] = True
        return "airflow_provider_seedance.triggers.seedance.SeedanceVideoTrigger", kwargs

    async def _event(self, started: float) -> dict[str, Any]:
        try:
            # If the sensor starts in the triggerer, its template is rendered here.
            self.video_id = video_id_of(self.video_id)
        except InvalidRequestError as error:
            return to_event("", Decision(Outcome.FAILED, error=error))
        wait = Wait(VIDEO, self.video_id, interval=self.poll_interval, deadline=self.deadline, started=started)
        return to_event(self.video_id, await self._wait_with(wait), deadline=self.deadline)

    async def on_kill(self) -> None:
        """Called when the user ends the task, and when Airflow 3.3.0 to 3.3.2 hands the trigger to another triggerer.

        The two look alike, so the task's state decides: only a final state means that the video is no longer wanted.

        Airflow repeats its cancellation every second until the trigger is gone. That would silently interrupt this
        method in the middle of its calls to the vendor, so the work is done in its own asyncio task.
        """
        if not self.cancel_on_kill or self.task_instance is None:
            return
        work = asyncio.create_task(self._cancel_if_ended())
        _unfinished.add(work)
        work.add_done_callback(_unfinished.discard)
        while not work.done():
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                continue  # bounded: `work` ends within KILL_PATIENCE

    async def _cancel_if_ended(self) -> None:
        try:
            sentence = await asyncio.wait_for(self._sentence_on_kill(), KILL_PATIENCE)
            self.log.info(sentence)
        except Exception as error:
            self.log.warning("Video %s was not cancelled (%s); it may be billed.", self.video_id, type(error).__name__)

    async def _sentence_on_kill(self) -> str:
        if not await asyncio.to_thread(has_ended_for_good, self.task_instance):
            return f"Video {self.video_id} goes on: its task has not ended."
        cancellation = await SeedanceHook(self.seedance_conn_id).acancel_if_not_started(self.video_id)
        return cancellation.sentence
