"""The start and the end of a deferral, shared by the operator and the sensor: handing over to the trigger, resuming."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    SeedanceRateLimitError,
    TransientApiError,
    VideoTimeoutError,
)
from airflow_provider_seedance.api.jobs import Decision, Outcome, Wait
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.api.outcomes import deadline_of, read_event
from airflow_provider_seedance.api.video_jobs import VIDEO, failure_of
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.submission import Submission
from airflow_provider_seedance.tasks.deadlines import MARGIN as MARGIN

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.store import SubmissionStore
    from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger


def defer_for_video(task: BaseOperator, trigger: SeedanceVideoTrigger) -> NoReturn:
    """Hands the wait over to the trigger, and frees the worker slot.

    :param task: the task, which resumes with its `execute_complete`.
    :param trigger: the trigger, which waits for the video until its own deadline.
    :raises TaskDeferred: always; Airflow catches it.
    """
    left = max(0.0, (trigger.deadline or 0.0) - time.time())
    safety_net = timedelta(seconds=left + 2 * trigger.poll_interval + MARGIN) if trigger.deadline else None
    # Passed only if it differs from the task's own: `execute_complete` of an earlier release doesn't know the argument.
    conn_id = trigger.seedance_conn_id
    elsewhere = {"seedance_conn_id": conn_id} if conn_id != getattr(task, "seedance_conn_id", conn_id) else None
    task.defer(trigger=trigger, method_name="execute_complete", kwargs=elsewhere, timeout=safety_net)


def defer_for_room(
    task: BaseOperator,
    error: SeedanceRateLimitError,
    *,
    since: float,
    deadline: float,
    pauses: Pauses,
    at_most: float | None = None,
) -> NoReturn:
    """Frees the worker slot until the vendor may have room. Nothing has been submitted.

    The delay is the longer of the vendor's and `pauses.room`, plus up to half as much again by chance, so that tasks
    don't all return at once.

    :param task: the task, which resumes with its `execute_when_room`.
    :param error: the vendor's refusal, which is raised if the deadline would pass during the delay.
    :param since: Unix time of the first refusal.
    :param deadline: Unix time of the task's deadline.
    :param pauses: the task's pauses.
    :param at_most: the longest delay in seconds, if another vendor is to be asked then; `None` if there is no other.
    :raises TaskDeferred: Airflow catches it.
    :raises SeedanceRateLimitError: see `error`.
    """
    from airflow_provider_seedance.triggers.backoff import SeedanceBackoffTrigger

    delay = max(error.retry_after or 0.0, pauses.room) * random.uniform(1, 1.5)  # noqa: S311 - no secret
    delay = delay if at_most is None else min(delay, at_most)
    until = time.time() + delay
    if until > deadline:
        raise error
    task.log.info("%s Giving the slot back, trying again in %.0f s.", error, delay)
    task.defer(trigger=SeedanceBackoffTrigger(until=until, since=since), method_name="execute_when_room")


def video_of_event(
    hook: SeedanceHook,
    event: Any,
    *,
    wait_again: Callable[[str, float], NoReturn] | None = None,
    pauses: Pauses | None = None,
) -> Video:
    """Reads the finished video of a trigger's event once more, so that its URL is fresh.

    A vendor may answer this read from a replica that lags behind the trigger's last poll. The task then waits for some
    seconds on the worker, and after that in the triggerer again.

    :param hook: the hook of the vendor's connection.
    :param event: the trigger's event, as Airflow has stored it.
    :param wait_again: defers the task again for a video id, until a deadline (Unix time). Default: it isn't deferred.
    :param pauses: `reread` holds the pauses between the reads. Default: those of `Pauses`.
    :return: the video, which has succeeded and has a URL.
    :raises SeedanceError: there is no such video; the class and the message tell the reason.
    """
    video_id, error = read_event(event)
    if error is not None:
        raise error
    decision = _read_until_ready(hook, video_id, pauses or Pauses())
    if decision.error is not None:
        raise decision.error
    if decision.outcome is Outcome.SUCCEEDED and decision.job is not None:
        return decision.job
    deadline = deadline_of(event)
    if wait_again is not None and deadline is not None and time.time() < deadline:
        wait_again(video_id, deadline)
    if decision.job is not None and decision.job.status is VideoStatus.SUCCEEDED:
        raise failure_of(decision.job)  # it has no URL any more
    seen = f"calls it {decision.job.status.value} now" if decision.job else "doesn't show it now"
    raise TransientApiError(
        f"Video {video_id} had succeeded when it was waited for, but the vendor {seen}. Looking again later is safe."
    )


def id_in(event: Any) -> str | None:
    """The id of the video in a trigger's event; `None` if the event can't be read.

    :param event: the trigger's event, as Airflow has stored it.
    """
    try:
        video_id, _ = read_event(event)
    except TransientApiError:
        return None
    return video_id or None


def ended_by_airflow(error: Exception, store: SubmissionStore | None) -> SeedanceError | None:
    """The error to raise after Airflow itself has ended the create operator's deferral.

    :param error: Airflow's error.
    :param store: the store of the task's record; `None` where there is none.
    :return: the error, whose message says whether a retry can resume the wait; `None` if nothing was submitted, since
        the task waited for room.
    """
    record = store.read() if store else None
    if store and record is None:
        return None
    video_id = record.video_id if record else None
    which = f"Video {video_id}" if video_id else "The video"
    message = f"Airflow ended the wait ({error}). {which} was not cancelled: it may still finish, and be billed."
    return Submission(record, is_kept=video_id is not None).failed(VideoTimeoutError(message))


def _read_until_ready(hook: SeedanceHook, video_id: str, pauses: Pauses) -> Decision[Video]:
    """Reads the video, and repeats that after each of the short pauses while the answer isn't final."""
    wait = Wait(VIDEO, video_id, interval=pauses.reread[0], deadline=None, started=time.time())
    for pause in (*pauses.reread, None):
        try:
            decision = wait.saw(hook.get_video(video_id), time.time())
        except SeedanceError as error:
            decision = wait.missed(error, time.time())
        if decision.outcome is not Outcome.WAIT or pause is None:
            break
        pauses.sleep(pause)
    return decision
