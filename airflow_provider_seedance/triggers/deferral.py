"""Both ends of a deferral, shared by the operator and the sensor: handing over to the trigger, taking its event."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_seedance.api.polling import failure_of
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.triggers.events import read_event
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_seedance.api.models import Video

MARGIN = 120.0
"""Seconds by which Airflow's own time-out of the trigger is later than the deadline that the trigger keeps itself."""


def defer_for_video(task: BaseOperator, trigger: SeedanceVideoTrigger) -> NoReturn:
    """Hands over to the trigger, and with it the worker slot.

    :param task: resumes with its `execute_complete`.
    """
    left = max(0.0, (trigger.deadline or 0.0) - time.time())
    safety_net = timedelta(seconds=left + 2 * trigger.poll_interval + MARGIN) if trigger.deadline else None
    task.defer(trigger=trigger, method_name="execute_complete", timeout=safety_net)


def video_of_event(seedance_conn_id: str, event: Any) -> Video:
    """The finished video that the trigger's event tells of, read again, so that its URL is fresh.

    :raises SeedanceError: why there is none.
    """
    video_id, error = read_event(event)
    if error is not None:
        raise error
    hook = SeedanceHook(seedance_conn_id)
    try:
        video = hook.get_video(video_id)
    finally:
        hook.close()
    if not video.is_deliverable:
        raise failure_of(video)
    return video
