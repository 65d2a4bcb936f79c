"""Submits a video once, whatever died before: intent, POST, id, and what a new attempt makes of them."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from tenacity import Retrying, stop_after_attempt, wait_exponential

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.polling import NOT_FOUND_GRACE, failure_of
from airflow_provider_seedance.api.vendors.base import MARK
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.operators.submission import (
    Action,
    RequestChangedError,
    SubmissionRecord,
    SubmissionRecordError,
    changed_fields,
    decide,
    fingerprint_of,
)

if TYPE_CHECKING:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.operators.submission_store import SubmissionStore

log = logging.getLogger(__name__)

OnUnknownSubmission = Literal["fail", "resubmit"]

LOOK_UP_DELAYS = (2.0, 8.0)
"""Seconds before each look-up after a create that got no answer: a list may lag behind."""

CLOCK_SKEW = timedelta(minutes=2)
"""How far the vendor's clock may be off when a submission is looked up by time."""

_AMBIGUOUS_FOR = timedelta(minutes=10)
"""How long after the intent the vendor may have accepted it: the create's own time-outs, with room."""


@dataclass(frozen=True)
class Submitted:
    """A video that this task pays for.

    :param video: as last seen.
    :param submitted_at: Unix time of the submission, also after a retry: deadlines count from here.
    """

    video: Video
    submitted_at: float


class Submitter:
    """Obtains the one video of a task instance.

    :param hook: of the connection.
    :param store: keeps the record; `None` where Airflow can't.
    :param request: what to generate.
    :param max_tries: the task instance's.
    :param on_unknown: what to do if nobody can tell whether a video was submitted.
    :param wait_for_room: whether to wait here when the vendor is saturated.
    :param check: called before each submission, which does not happen if it raises.
    """

    def __init__(
        self,
        hook: SeedanceHook,
        store: SubmissionStore | None,
        request: VideoRequest,
        *,
        max_tries: int,
        on_unknown: OnUnknownSubmission,
        wait_for_room: bool,
        check: Callable[[], None] | None = None,
    ) -> None:
        self._hook = hook
        self._store = store
        self._request = request
        self._max_tries = max_tries
        self._on_unknown = on_unknown
        self._wait_for_room = wait_for_room
        self._check = check
        self._adapter = hook.get_conn().adapter
        self._fingerprint = fingerprint_of(request, hook.account)
        self._list_is_down = False

    def obtain(self) -> Submitted:
        """Submits, or finds what an earlier attempt submitted.

        :raises SubmissionUnknownError: a video may exist, and can't be found.
        :raises RequestChangedError: an earlier attempt of this life submitted another request.
        :raises SubmissionRecordError: the record can't be read.
        """
        record = self._store.read() if self._store else None
        action = decide(record, self._fingerprint, self._max_tries)
        if record is None or action is Action.SUBMIT:
            return self._submit()
        if action is Action.REFUSE:
            raise for_airflow(self._changed(record))
        if action is Action.START_OVER:
            self._give_up_old(record)
            return self._submit()
        if action is Action.LOOK_UP:
            found = self._look_up(record)
            if found is None:
                if self._on_unknown == "fail" or self._list_is_down:
                    raise for_airflow(self._unknown(record), retry=self._adapter.can_list)
                log.warning("An earlier submission is in doubt; submitting again, as on_unknown_submission says.")
                return self._submit()
            record = self._note(record, found)
        return self._reattach(record)

    def _submit(self) -> Submitted:
        if self._check:
            self._check()
        marker = f"{MARK}{uuid.uuid4().hex}"
        request = self._adapter.mark(self._request, marker)
        record = SubmissionRecord(
            fingerprint=self._fingerprint,
            max_tries=self._max_tries,
            intended_at=time.time(),
            vendor=self._adapter.name,
            model=self._request.model,
            marker=marker if request is not self._request else None,
        )
        self._intend(record)
        with self._forgetting_refusals(record):
            try:
                video = self._hook.create_video(request, wait_for_room=self._wait_for_room)
            except SubmissionUnknownError as error:
                video = self._find_again(record, error)
        self._note(record, video)
        return Submitted(video, record.intended_at)

    def _intend(self, record: SubmissionRecord) -> None:
        if self._store:
            try:
                self._store.write(record)
            except Exception:
                # It may have been kept all the same, and would cast doubt on a submission that never was.
                self._forget(record)
                raise

    def _forget(self, record: SubmissionRecord) -> None:
        """Takes the record back. If that fails, the error that led here is the one to be told."""

        def take_back(store: SubmissionStore) -> None:
            # Not another's: a worker that was thought dead must not erase what its successor has noted.
            with suppress(SubmissionRecordError):
                if store.read() not in (None, record):
                    return
            store.delete()

        if self._store:
            try:
                _thrice()(take_back, self._store)
            except Exception:
                log.exception("Nothing was submitted, but the record of the intent could not be taken back.")

    @contextmanager
    def _forgetting_refusals(self, record: SubmissionRecord) -> Iterator[None]:
        """Where it is certain that nothing was created, no intent is left behind to cast doubt on the next attempt."""
        try:
            yield
        except SubmissionUnknownError:
            raise
        except SeedanceError:
            self._forget(record)
            raise

    def _find_again(self, record: SubmissionRecord, error: SubmissionUnknownError) -> Video:
        log.warning("%s Looking for it.", error)
        for delay in LOOK_UP_DELAYS if self._adapter.can_list else ():
            time.sleep(delay)
            video = self._look_up(record)
            if video is not None:
                return video
        unknown = self._unknown(record, error)
        # With "resubmit" it is the next attempt that submits: a retry is the user's own word for "again".
        raise for_airflow(unknown, retry=self._on_unknown == "resubmit" or self._adapter.can_list) from None

    def _look_up(self, record: SubmissionRecord) -> Video | None:
        """The video that a recorded intent became, if the vendor's list shows exactly one; `None` proves nothing."""
        request = self._adapter.mark(self._request, record.marker) if record.marker else self._request
        changed = changed_fields(record, self._fingerprint)
        if changed:
            log.warning("The request has changed since (%s), so it can't be looked up.", ", ".join(changed))
            return None
        since = datetime.fromtimestamp(record.intended_at, tz=UTC)
        try:
            found = self._hook.find_videos(request, since=since - CLOCK_SKEW, until=since + _AMBIGUOUS_FOR + CLOCK_SKEW)
        except UnsupportedByVendorError:
            return None
        except SeedanceError as error:
            self._list_is_down = isinstance(error, TransientApiError)
            log.warning("Looking for the submission failed, which proves nothing: %s", error)
            return None
        if len(found) != 1:
            log.warning("%s lists %d videos that may be the submission.", self._adapter.title, len(found))
            return None
        log.info("Found the submission again: video %s.", found[0].video_id)
        return found[0]

    def _reattach(self, record: SubmissionRecord) -> Submitted:
        video_id = record.video_id or ""
        try:
            video = self._hook.get_video(video_id)
        except VideoNotFoundError:
            if time.time() - record.intended_at > NOT_FOUND_GRACE:
                raise
            video = Video(video_id=video_id, vendor=record.vendor, model=record.model, status=VideoStatus.QUEUED)
        if video.status in (VideoStatus.FAILED, VideoStatus.CANCELLED, VideoStatus.EXPIRED):
            failure = failure_of(video)
            if not failure.retryable:
                raise failure
            log.info("Video %s of an earlier attempt ended as %s; submitting anew.", video_id, video.status.value)
            return self._submit()
        log.info("Video %s was submitted by an earlier attempt (%s); going on with it.", video_id, video.status.value)
        return Submitted(video, record.intended_at)

    def _note(self, record: SubmissionRecord, video: Video) -> SubmissionRecord:
        """Keeps the id. If that fails, the video is not given up for it: the log keeps the id then."""
        noted = replace(record, video_id=video.video_id)
        if self._store:
            try:
                _thrice()(self._store.write, noted)
            except Exception:
                log.exception("Video %s was submitted, but its id could not be recorded.", video.video_id)
        return noted

    def _give_up_old(self, record: SubmissionRecord) -> None:
        if record.video_id is None:
            log.warning(
                "The task was cleared: starting over, though an earlier submission (%s) is in doubt.", _at(record)
            )
            return
        try:
            if record.vendor != self._adapter.name:
                raise SeedanceError(f"It is at {record.vendor}, the connection leads to {self._adapter.name} now.")
            sentence = self._hook.cancel_if_not_started(record.video_id).sentence
        except SeedanceError as error:
            sentence = f"Video {record.video_id} could not be cancelled. {error}"
        log.info("The task was cleared: starting over. %s", sentence)

    def _unknown(self, record: SubmissionRecord, cause: SubmissionUnknownError | None = None) -> SubmissionUnknownError:
        seen = (
            f"{cause} "
            if cause
            else "An earlier attempt died before the vendor's answer was noted (its log may name the video). "
        )
        return SubmissionUnknownError(
            f"{seen}Whether {self._adapter.title} accepted a video ({record.model}) at {_at(record)} is unknown. "
            "Look in the vendor's console. If it is there, wait for it with a SeedanceVideoSensor on its id; "
            f"if not, clear this task, which then starts over. {self._what_a_retry_does()}",
            vendor=self._adapter.name,
            code=cause.code if cause else None,
            status_code=cause.status_code if cause else None,
            request_id=cause.request_id if cause else None,
        )

    def _what_a_retry_does(self) -> str:
        if self._on_unknown == "resubmit":
            look = "looks for it again, and if the list does not show it, " if self._adapter.can_list else ""
            return f"A retry {look}submits it again, as on_unknown_submission says."
        return "A retry looks for it again, and submits nothing." if self._adapter.can_list else "There is no retry."

    def _changed(self, record: SubmissionRecord) -> RequestChangedError:
        names = ", ".join(changed_fields(record, self._fingerprint))
        return RequestChangedError(
            f"Nothing was sent. Video {record.video_id} was submitted for this task at {_at(record)}, and the request "
            f"has changed since: {names}. To have that video, wait for it with a SeedanceVideoSensor on its id; "
            "to have a new one, clear this task. (Templates that change with each try, such as the time, do this too, "
            "and so does a @task.seedance_video function that returns something else each time it is called.)"
        )


def _thrice() -> Retrying:
    return Retrying(stop=stop_after_attempt(3), wait=wait_exponential(), reraise=True)


def _at(record: SubmissionRecord) -> str:
    return datetime.fromtimestamp(record.intended_at, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
