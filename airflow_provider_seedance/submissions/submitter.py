"""Submits a video once, whatever died before: intent, POST, id, and what a new attempt makes of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.submissions.fingerprint import VERSION as FINGERPRINT_VERSION
from airflow_provider_seedance.submissions.fingerprint import fingerprints_of
from airflow_provider_seedance.submissions.record import (
    Action,
    RequestChangedError,
    SubmissionRecord,
    SubmissionRecordError,
    cause_of,
    changed_fields,
    decide,
    new_attempt,
)

if TYPE_CHECKING:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.life import Life
    from airflow_provider_seedance.submissions.store import SubmissionStore

log = logging.getLogger(__name__)

OnUnknownSubmission = Literal["fail", "resubmit"]

LOOK_UP_DELAYS = (2.0, 8.0)
"""Seconds before each look-up after a create that got no answer: a list may lag behind."""

CLOCK_SKEW = timedelta(days=1)
"""How far clocks may be apart when a list is read back to the time of a submission. Nothing is recognised by time."""

_MOST_ROUNDS = 3
"""How often an attempt looks again when another one was faster."""


@dataclass(frozen=True)
class Submission:
    """A video that this task pays for.

    :param video: as last seen.
    :param submitted_at: Unix time of the submission, also after a retry: deadlines count from here.
    :param kept: whether its id is on record, written and read back: a retry will find it.
    """

    video: Video
    submitted_at: float
    kept: bool


class _OvertakenError(Exception):
    """Another attempt of this task was faster: what it has noted counts."""


class Submitter:
    """Obtains the one video of a task instance.

    :param hook: of the connection.
    :param store: keeps the record; `None` where Airflow can't.
    :param request: what to generate.
    :param life: of the task instance.
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
        life: Life,
        on_unknown: OnUnknownSubmission,
        wait_for_room: bool,
        check: Callable[[], None] | None = None,
    ) -> None:
        self._hook = hook
        self._store = store
        self._request = request
        self._life = life
        self._on_unknown = on_unknown
        self._wait_for_room = wait_for_room
        self._check = check
        self._adapter = hook.get_conn().adapter
        self._fingerprints = fingerprints_of(request, hook.account)
        self._overtaken = False
        self._list_is_down = False

    def obtain(self) -> Submission:
        """Submits, or finds what an earlier attempt submitted.

        :raises SubmissionUnknownError: a video may exist, and can't be found.
        :raises RequestChangedError: an earlier attempt of this life submitted another request.
        :raises SubmissionRecordError: the record can't be read, or may be of another life of the task.
        """
        for _ in range(_MOST_ROUNDS):
            try:
                return self._obtain(self._store.read() if self._store else None)
            except _OvertakenError:
                self._overtaken = True
                log.warning("Another attempt of this task was faster; going on with what it has noted.")
        raise for_airflow(SubmissionRecordError(_BUSY), retry=True)

    def _obtain(self, record: SubmissionRecord | None) -> Submission:
        action = self._decide(record)
        if record is None or action is Action.SUBMIT:
            return self._submit(None)
        if action is Action.ASK:
            raise for_airflow(self._of_another_life(record))
        if action is Action.REFUSE:
            raise for_airflow(self._changed(record))
        if action is Action.START_OVER:
            self._give_up_old(record)
            return self._submit(record)
        kept = True
        if action is Action.LOOK_UP:
            found = self._look_up(record)
            if found is None:
                if self._may_not_resubmit:
                    raise for_airflow(self._unknown(record), retry=self._can_find(record))
                log.warning("An earlier submission is in doubt; submitting again, as on_unknown_submission says.")
                return self._submit(record)
            record, kept = self._note(record, found)
            if changed_fields(record, self._fingerprints):
                raise for_airflow(self._changed(record))
        return self._reattach(record, kept)

    def _decide(self, record: SubmissionRecord | None) -> Action:
        same_run = self._store is not None and self._store.dies_with_run
        return decide(record, self._fingerprints, self._life, same_run=same_run)

    @property
    def _may_not_resubmit(self) -> bool:
        return self._on_unknown == "fail" or self._list_is_down or self._overtaken

    def _submit(self, before: SubmissionRecord | None) -> Submission:
        if self._check:
            self._check()
        mark = self._adapter.draw_mark(self._request)
        request = self._adapter.mark(self._request, mark) if mark else self._request
        record = SubmissionRecord(
            fingerprint=self._fingerprints[FINGERPRINT_VERSION],
            fingerprint_version=FINGERPRINT_VERSION,
            max_tries=self._life.max_tries,
            life=self._life.to_json(),
            intended_at=time.time(),
            vendor=self._adapter.name,
            model=self._request.model,
            marker=mark,
            seed=request.seed,
            attempt=new_attempt(),
        )
        self._intend(record, before)
        with self._forgetting_refusals(record):
            try:
                video = self._hook.create_video(request, wait_for_room=self._wait_for_room)
            except SubmissionUnknownError as error:
                record, video = self._find_again(record, error)
        record, kept = self._note(record, video)
        return Submission(with_seed(video, record), record.intended_at, kept)

    def _intend(self, record: SubmissionRecord, before: SubmissionRecord | None) -> None:
        if not self._store:
            return
        try:
            is_first = self._store.claim(record, before)
        except Exception:
            # It may have been kept all the same, and would cast doubt on a submission that never was.
            self._forget(record)
            raise
        if not is_first:
            raise _OvertakenError

    def _forget(self, record: SubmissionRecord) -> None:
        """Takes the record back. If that fails, the error that led here is the one to be told."""
        if self._store:
            try:
                _thrice()(self._store.withdraw, record)
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

    def _find_again(self, record: SubmissionRecord, error: SubmissionUnknownError) -> tuple[SubmissionRecord, Video]:
        """Looks for a submission that got no sound answer; notes first what happened, for the attempts after this."""
        log.warning("%s Looking for it.", error)
        record, _ = self._keep(replace(record, cause=cause_of(error), possible_id=error.video_id))
        for delay in LOOK_UP_DELAYS if self._can_find(record) else ():
            time.sleep(delay)
            video = self._look_up(record)
            if video is not None:
                return record, video
        # With "resubmit" it is the next attempt that submits: a retry is the user's own word for "again".
        retry = self._on_unknown == "resubmit" or self._can_find(record)
        raise for_airflow(self._unknown(record, error), retry=retry) from None

    def _can_find(self, record: SubmissionRecord) -> bool:
        """Whether there is anything by which a submission without an id can be recognised."""
        is_here = record.vendor == self._adapter.name
        return is_here and bool(record.possible_id or (record.marker and self._adapter.can_list))

    def _look_up(self, record: SubmissionRecord) -> Video | None:
        """The video that a recorded intent became; `None` proves nothing. Whatever else has changed, marks haven't."""
        if not self._can_find(record):
            log.warning("Nothing was sent along by which %s would recognise the submission.", self._adapter.title)
            return None
        try:
            return self._look_at_possible_id(record) or self._look_for_mark(record)
        except UnsupportedByVendorError:
            return None
        except SeedanceError as error:
            self._list_is_down = isinstance(error, TransientApiError)
            log.warning("Looking for the submission failed, which proves nothing: %s", error)
            return None

    def _look_at_possible_id(self, record: SubmissionRecord) -> Video | None:
        if record.possible_id is None:
            return None
        try:
            video = self._hook.get_video(record.possible_id)
        except VideoNotFoundError:
            log.warning("%s knows no video %s yet, or any more.", self._adapter.title, record.possible_id)
            return None
        if record.marker and video.mark not in (None, record.marker):
            log.warning("Video %s, whose id stood in the answer, is not this task's.", video.video_id)
            return None
        log.info("Video %s, whose id stood in the answer, is there.", video.video_id)
        return video

    def _look_for_mark(self, record: SubmissionRecord) -> Video | None:
        if record.marker is None or not self._adapter.can_list:
            return None
        since = datetime.fromtimestamp(record.intended_at, tz=UTC) - CLOCK_SKEW
        found = self._hook.find_videos(record.marker, model=record.model, since=since)
        if not found:
            log.warning("%s lists no video with our mark.", self._adapter.title)
            return None
        if len(found) > 1:
            # The one request was taken for two on its way: all of them are this task's, and billed.
            log.warning("%s made more than one video of it: %s.", self._adapter.title, ", ".join(map(_name, found)))
        found.sort(key=lambda video: (video.status in _LOST, video.created_at or datetime.max.replace(tzinfo=UTC)))
        log.info("Found the submission again: video %s.", found[0].video_id)
        return found[0]

    def _reattach(self, record: SubmissionRecord, kept: bool) -> Submission:
        video_id = record.video_id or ""
        try:
            video = self._hook.get_video(video_id)
        except VideoNotFoundError:
            if time.time() - record.intended_at > NOT_FOUND_GRACE:
                raise
            video = Video(video_id=video_id, vendor=record.vendor, model=record.model, status=VideoStatus.QUEUED)
        if video.status in _LOST:
            failure = failure_of(video)
            if not failure.retryable:
                raise failure
            log.info("Video %s of an earlier attempt ended as %s; submitting anew.", video_id, video.status.value)
            return self._submit(record)
        log.info("Video %s was submitted by an earlier attempt (%s); going on with it.", video_id, video.status.value)
        return Submission(with_seed(video, record), record.intended_at, kept)

    def _note(self, record: SubmissionRecord, video: Video) -> tuple[SubmissionRecord, bool]:
        """Keeps the id. If that fails, the video is not given up for it: the log keeps the id then."""
        noted, kept = self._keep(replace(record, video_id=video.video_id))
        if self._store and not kept:
            log.error("Video %s was submitted, but its id could not be recorded.", video.video_id)
        return noted, kept

    def _keep(self, record: SubmissionRecord) -> tuple[SubmissionRecord, bool]:
        """Writes what is known now of this attempt's own submission; whether it is there was read back."""
        return record, self._store is not None and keep(self._store, record)

    def _give_up_old(self, record: SubmissionRecord) -> None:
        """Cancels what is not wanted any more, if that is possible."""
        log.info("The task was cleared, or its run made anew: starting over.")
        sentence, is_in_doubt = self._end_of(record)
        log.log(logging.WARNING if is_in_doubt else logging.INFO, sentence)

    def _end_of(self, record: SubmissionRecord) -> tuple[str, bool]:
        """What becomes of an old submission, in words, and whether it may still go on without anybody knowing."""
        if record.vendor != self._adapter.name:
            what = f"Video {record.video_id}" if record.video_id else f"What may have been submitted at {_at(record)}"
            return f"{what} is at {record.vendor}; the connection leads to {self._adapter.name} now. It goes on.", True
        found = None if record.video_id else self._look_up(record)
        video_id = found.video_id if found else record.video_id
        if video_id is None:
            doubt = f"An earlier submission ({_at(record)}) is in doubt: if it was accepted, it goes on and is billed."
            return doubt, True
        try:
            return self._hook.cancel_if_not_started(video_id).sentence, False
        except SeedanceError as error:
            return f"Video {video_id} could not be cancelled. {error}", True

    def _unknown(self, record: SubmissionRecord, cause: SubmissionUnknownError | None = None) -> SubmissionUnknownError:
        if cause:
            seen = f"{cause} "
        elif record.cause:
            seen = f"What an earlier attempt was told: {record.cause} "
        else:
            seen = "An earlier attempt died before the vendor's answer was noted (its log may name the video). "
        hint = ""
        if record.possible_id and record.possible_id not in seen:
            hint = f" The answer held an id, {record.possible_id}: it may be the video's."
        return SubmissionUnknownError(
            f"{seen}Whether {self._adapter.title} accepted a video ({record.model}) at {_at(record)} is unknown.{hint} "
            "Look in the vendor's console. If it is there, wait for it with a SeedanceVideoSensor on its id; "
            f"if not, clear this task, which then starts over. {self._what_a_retry_does(record)}",
            vendor=self._adapter.name,
            code=cause.code if cause else None,
            status_code=cause.status_code if cause else None,
            request_id=cause.request_id if cause else None,
            video_id=record.possible_id,
        )

    def _what_a_retry_does(self, record: SubmissionRecord) -> str:
        if self._on_unknown == "resubmit":
            look = "looks for it again, and if it does not find it, " if self._can_find(record) else ""
            return f"A retry {look}submits it again, as on_unknown_submission says."
        return "A retry looks for it again, and submits nothing." if self._can_find(record) else "There is no retry."

    def _changed(self, record: SubmissionRecord) -> RequestChangedError:
        names = ", ".join(changed_fields(record, self._fingerprints))
        return RequestChangedError(
            f"Nothing was sent. Video {record.video_id} was submitted for this task at {_at(record)}, and the request "
            f"has changed since: {names}. To have that video, wait for it with a SeedanceVideoSensor on its id; "
            "to have a new one, clear this task. (Templates that change with each try, such as the time, do this too, "
            "and so does a @task.seedance_video function that returns something else each time it is called.)"
        )

    def _of_another_life(self, record: SubmissionRecord) -> SubmissionRecordError:
        what = f"Video {record.video_id}" if record.video_id else "A video"
        return SubmissionRecordError(
            f"Nothing was sent. {what} was submitted for this task at {_at(record)}, and since then its DAG run was "
            "started anew, or tasks of it were cleared while `retries` changed: whether this is a retry, which goes on "
            "with that video, or a new beginning, Airflow does not tell. To have that video, wait for it with a "
            "SeedanceVideoSensor on its id; to have a new one, clear this task."
        )


_LOST = (VideoStatus.FAILED, VideoStatus.CANCELLED, VideoStatus.EXPIRED)

_BUSY = "Nothing was sent. Other attempts of this task keep changing the record of its submission. A retry looks again."


def keep(store: SubmissionStore, record: SubmissionRecord) -> bool:
    """Writes a record in the place of the same attempt's earlier one, and reads it back; whether it is there."""

    def write() -> bool:
        standing = store.read()
        if standing is not None and standing.attempt != record.attempt:
            return False  # another attempt's: what it noted is worth more than that this one has woken up again
        store.write(record)
        return store.read() == record

    try:
        return _thrice()(write)
    except Exception:
        log.exception("The record of the submission could not be written.")
        return False


def remember(store: SubmissionStore | None, video_id: str | None) -> tuple[SubmissionRecord | None, bool]:
    """The record of the video that a resumed task has waited for, and whether its id is there.

    An id that could not be recorded when the video was submitted is recorded now.

    :param video_id: of the video, `None` if what woke the task doesn't tell.
    """
    if store is None:
        return None, False
    try:
        record = store.read()
    except Exception:
        log.exception("The record of the submission could not be read.")
        return None, False
    if record is None:
        return None, False
    if record.video_id is None and video_id:
        record = replace(record, video_id=video_id)
        return record, keep(store, record)
    return record, record.video_id is not None and video_id in (None, record.video_id)


def note_delivery(store: SubmissionStore | None, video_id: str) -> None:
    """Notes that the task has handed the video on: what runs after that is no retry. It never fails the task."""
    if store is None:
        return
    try:
        record = store.read()
        if record is not None and record.video_id == video_id and not record.delivered:
            store.write(replace(record, delivered=True))
    except Exception as error:
        log.warning("That the video was handed on could not be recorded (%s).", type(error).__name__)


def _thrice() -> Retrying:
    return Retrying(stop=stop_after_attempt(3), wait=wait_exponential(), reraise=True)


def with_seed(video: Video, record: SubmissionRecord | None) -> Video:
    """With the seed that was sent, as long as the vendor doesn't tell it. Below 0 it stands for any seed."""
    if video.seed is not None or record is None or record.seed is None or record.seed < 0:
        return video
    return video.model_copy(update={"seed": record.seed})


def _name(video: Video) -> str:
    return video.video_id


def _at(record: SubmissionRecord) -> str:
    return datetime.fromtimestamp(record.intended_at, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
