"""Both ends of a deferral, shared by the operator and the sensor: handing over to the trigger, taking its event."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_seedance.api.errors import SeedanceError, TransientApiError
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.api.outcomes import deadline_of, read_event
from airflow_provider_seedance.api.polling import Decision, Outcome, Wait, failure_of
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_seedance.api.models import Video

MARGIN = 120.0
"""Seconds by which Airflow's own time-out of the trigger is later than the deadline that the trigger keeps itself."""

REREAD_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the reads of a video that has succeeded, as long as they don't show it."""


def defer_for_video(task: BaseOperator, trigger: SeedanceVideoTrigger) -> NoReturn:
    """Hands over to the trigger, and with it the worker slot.

    :param task: resumes with its `execute_complete`.
    """
    left = max(0.0, (trigger.deadline or 0.0) - time.time())
    safety_net = timedelta(seconds=left + 2 * trigger.poll_interval + MARGIN) if trigger.deadline else None
    task.defer(trigger=trigger, method_name="execute_complete", timeout=safety_net)


def video_of_event(
    seedance_conn_id: str, event: Any, *, wait_again: Callable[[str, float], NoReturn] | None = None
) -> Video:
    """The finished video that the trigger's event tells of, read again, so that its URL is fresh.

    A vendor may answer this read from a replica that doesn't know yet what the trigger has seen. That is waited out:
    for some seconds here, then in the triggerer.

    :param wait_again: defers once more for this video, until this deadline.
    :raises SeedanceError: why there is none.
    """
    video_id, error = read_event(event)
    if error is not None:
        raise error
    decision = _read_until_ready(seedance_conn_id, video_id)
    if decision.error is not None:
        raise decision.error
    if decision.outcome is Outcome.SUCCEEDED and decision.video is not None:
        return decision.video
    deadline = deadline_of(event)
    if wait_again is not None and deadline is not None and time.time() < deadline:
        wait_again(video_id, deadline)
    if decision.video is not None and decision.video.status is VideoStatus.SUCCEEDED:
        raise failure_of(decision.video)  # its URL is gone again
    seen = f"calls it {decision.video.status.value} now" if decision.video else "doesn't show it now"
    raise TransientApiError(
        f"Video {video_id} had succeeded when it was waited for, but the vendor {seen}. Looking again later is safe."
    )


def _read_until_ready(seedance_conn_id: str, video_id: str) -> Decision:
    """Reads the video, and again in short intervals while the answer says nothing final."""
    wait = Wait(video_id, interval=REREAD_PAUSES[0], deadline=None, started=time.time())
    hook = SeedanceHook(seedance_conn_id)
    try:
        for pause in (*REREAD_PAUSES, None):
            try:
                decision = wait.saw(hook.get_video(video_id), time.time())
            except SeedanceError as error:
                decision = wait.missed(error, time.time())
            if decision.outcome is not Outcome.WAIT or pause is None:
                break
            time.sleep(pause)
    finally:
        hook.close()
    return decision
