"""Submits a video exactly once, even after a crash: records the intent, sends the create, records the id, resumes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from airflow_provider_seedance.api.errors import (
    BudgetExceededError,
    SeedanceError,
    SubmissionUnknownError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.jobs import NOT_FOUND_GRACE
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.validation import for_vendor
from airflow_provider_seedance.api.video_jobs import failure_of
from airflow_provider_seedance.compat.clearing import clearing_discards_state
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.submissions import messages
from airflow_provider_seedance.submissions.decision import Action, changed_fields, decide
from airflow_provider_seedance.submissions.finder import LOST, Finder
from airflow_provider_seedance.submissions.fingerprint import VERSION as FINGERPRINT_VERSION
from airflow_provider_seedance.submissions.fingerprint import fingerprints_of
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.record import SubmissionRecord, cause_of, new_attempt
from airflow_provider_seedance.submissions.recorder import keep, retrying
from airflow_provider_seedance.submissions.submission import Submission

if TYPE_CHECKING:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.life import Life
    from airflow_provider_seedance.submissions.store import SubmissionStore

log = logging.getLogger(__name__)

OnUnknownSubmission = Literal["fail", "resubmit"]

_MOST_ROUNDS = 3
"""How often an attempt reads the record and tries again, if other attempts keep changing it first."""


class _OvertakenError(Exception):
    """Another attempt of this task was faster, so its record counts."""


class Submitter:
    """Obtains the one video of a task instance.

    :param hook: the hook of the vendor's connection.
    :param store: the store of the task's record; `None` where Airflow has no place for records.
    :param request: the requested video.
    :param life: the current life of the task instance.
    :param on_unknown: what to do if it is unknown whether a video was submitted.
    :param wait_for_room: whether to wait on the worker while the vendor is saturated.
    :param check: called before each submission; if it raises, nothing is submitted. Default: no check.
    :param pauses: the task's pauses on its worker. Default: those of `Pauses`.
    :param hook_of: gives the hook of the connection that a record names. Default: it is always `hook`.
    :param replaces: the record that this submission replaces, if another vendor has already tried that in vain.
    :param given_up_after: seconds from the submission after which no task will take the video. A vendor that accepts a
        deadline is sent one. `None` if it is unknown.
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
        pauses: Pauses | None = None,
        hook_of: Callable[[SubmissionRecord], SeedanceHook | None] | None = None,
        replaces: SubmissionRecord | None = None,
        given_up_after: float | None = None,
    ) -> None:
        self._hook = hook
        self._hook_of = hook_of
        self.replaces = replaces
        """The record that the submission replaces, if any."""
        self._store = store
        self._request = request
        self._life = life
        self._may_resubmit = on_unknown == "resubmit"
        self._wait_for_room = wait_for_room
        self._given_up_after = given_up_after
        self._check = check
        self._pauses = pauses or Pauses()
        self._adapter = hook.get_conn().adapter
        self._finder = Finder(hook)
        self._fingerprints = fingerprints_of(request, hook.account)
        self._overtaken = False
        self.refusal: SeedanceError | None = None
        """The error of `obtain`, if it is certain that no attempt has created a video, and no record is left."""

    def obtain(self) -> tuple[Video, Submission]:
        """Submits the video, or finds the one that an earlier attempt submitted.

        :return: the video as last read, and its submission. In a retry, too, `Submission.submitted_at` is the time of
            the original submission, from which deadlines count.
        :raises SubmissionUnknownError: a video may exist, but can't be found.
        :raises RequestChangedError: an earlier attempt of the task submitted a different request.
        :raises SubmissionRecordError: the record can't be read, or may be of an earlier life of the task.
        :raises SeedanceError: the vendor refused the request, or can't be reached; `refusal` says whether it is certain
            that nothing was created.
        """
        for _ in range(_MOST_ROUNDS):
            try:
                return self._obtain(self._store.read() if self._store else None)
            except _OvertakenError:
                self._overtaken = True
                log.warning("Another attempt of this task was faster; going on with what it has noted.")
        raise for_airflow(messages.busy(), retry=True)

    def _obtain(self, record: SubmissionRecord | None) -> tuple[Video, Submission]:
        if record is None or record == self.replaces:
            return self._submit(record)
        action = self._decide(record)
        if action is Action.SUBMIT:
            return self._submit(None)
        if action is Action.ASK:
            raise for_airflow(messages.of_another_life(record))
        if action is Action.REFUSE:
            raise for_airflow(messages.changed(record, changed_fields(record, self._fingerprints)))
        if action is Action.START_OVER:
            self._give_up_old(record)
            return self._submit(record)
        if action is Action.LOOK_UP:
            return self._take_up_intent(record)
        return self._reattach(record, is_kept=True)

    def begins_anew(self, record: SubmissionRecord) -> bool:
        """Whether an attempt that finds this record starts over, because the task was cleared or its run is a new one.

        :param record: the record found.
        """
        return self._decide(record) is Action.START_OVER

    def _decide(self, record: SubmissionRecord | None) -> Action:
        same_run = self._store is not None and self._store.dies_with_run  # it is in Airflow's own store
        kept = same_run and clearing_discards_state()
        return decide(record, self._fingerprints, self._life, same_run=same_run, kept=kept)

    def _submit(self, before: SubmissionRecord | None, *, in_doubt: bool = False) -> tuple[Video, Submission]:
        self.replaces = before
        if self._check:
            self._check()
        asked = ends = for_vendor(self._request, self._adapter)
        if self._given_up_after is not None:
            ends = self._adapter.give_up_after(asked, self._given_up_after)
        mark = self._adapter.draw_mark(asked)
        request = self._adapter.mark(ends, mark) if mark else ends
        record = SubmissionRecord(
            fingerprint=self._fingerprints[FINGERPRINT_VERSION],
            fingerprint_version=FINGERPRINT_VERSION,
            max_tries=self._life.max_tries,
            life=self._life.to_json(),
            intended_at=time.time(),
            vendor=self._adapter.name,
            model=asked.model,
            marker=mark,
            seed=request.seed,
            attempt=new_attempt(),
            seedance_conn_id=self._hook.seedance_conn_id,
            ends_after=None if ends is asked else ends.execution_expires_after,
        )
        self._intend(record, before)
        with self._forgetting_refusals(record, in_doubt=in_doubt):
            try:
                video = self._hook.create_video(request, wait_for_room=self._wait_for_room)
            except SubmissionUnknownError as error:
                record, video = self._find_again(record, error)
        submission = self._note(record, video)
        return submission.with_seed(video), submission

    def _intend(self, record: SubmissionRecord, before: SubmissionRecord | None) -> None:
        if not self._store:
            return
        try:
            is_first = self._store.claim(record, before)
        except Exception:
            # The intent may be stored all the same, and a later attempt would take it for a submission.
            self._forget(record)
            raise
        if not is_first:
            raise _OvertakenError

    def _forget(self, record: SubmissionRecord) -> bool:
        """Withdraws the record. A failure is only logged, so that the error that led here is the one raised."""
        if self._store:
            try:
                retrying(self._pauses)(self._store.withdraw, record)
            except Exception:
                log.exception("Nothing was submitted, but the record of the intent could not be taken back.")
                return False
        return True

    @contextmanager
    def _forgetting_refusals(self, record: SubmissionRecord, *, in_doubt: bool) -> Iterator[None]:
        """Withdraws the intent if it is certain that nothing was created, so that the next attempt isn't in doubt.

        :param record: the intent.
        :param in_doubt: whether an earlier submission is in doubt: its video may exist even if this create was refused.
        """
        try:
            yield
        except SubmissionUnknownError:
            raise
        except SeedanceError as error:
            if self._forget(record) and not in_doubt:
                self.refusal = error
            raise

    def _find_again(self, record: SubmissionRecord, error: SubmissionUnknownError) -> tuple[SubmissionRecord, Video]:
        """Looks for a submission without a clear answer. First the error is recorded, for later attempts."""
        log.warning("%s Looking for it.", error)
        record = replace(record, cause=cause_of(error), possible_id=error.video_id)
        keep(self._store, record, self._pauses)
        for delay in self._pauses.look_up if self._finder.can_find(record) else ():
            self._pauses.sleep(delay)
            video = self._finder.find(record, self._as_sent(record))
            if video is not None:
                return record, video
        # With "resubmit", only the next attempt submits again, so that `retries` limits how often that happens.
        retry = self._may_resubmit or self._finder.can_find(record)
        raise for_airflow(self._unknown(record, self._finder, error), retry=retry) from None

    def _take_up_intent(self, record: SubmissionRecord) -> tuple[Video, Submission]:
        """Resumes after an attempt that recorded an intent but no id: finds its video, or decides what else to do."""
        finder = self._finder_of(record)
        is_same = not changed_fields(record, self._fingerprints)
        found = finder.find(record, self._as_sent(record) if is_same else None)
        if found is None:
            if not self._may_submit_again(record, finder) or finder.list_is_down or self._overtaken:
                raise for_airflow(self._unknown(record, finder), retry=finder.can_find(record))
            log.warning("An earlier submission is in doubt; submitting again, as on_unknown_submission says.")
            return self._submit_despite_doubt(record)
        submission = self._note(record, found)
        record = replace(record, video_id=found.video_id)
        if fields := changed_fields(record, self._fingerprints):
            raise for_airflow(messages.changed(record, fields))
        return self._reattach(record, is_kept=submission.is_kept)

    def _submit_despite_doubt(self, record: SubmissionRecord) -> tuple[Video, Submission]:
        """Submits although an earlier submission is in doubt; if that fails, the error tells of the doubt, too."""
        try:
            return self._submit(record, in_doubt=True)
        except SeedanceError as error:
            error.args = (f"{error} {messages.still_in_doubt(record)}",)
            if isinstance(error, BudgetExceededError):
                error.may_skip = False  # a skipped task would look as if nothing had been spent
            raise

    def _finder_of(self, record: SubmissionRecord) -> Finder:
        """The finder at the connection that the record names, even if the task has another one by now."""
        conn_id = record.seedance_conn_id
        if self._hook_of is None or conn_id in (None, self._hook.seedance_conn_id):
            return self._finder
        try:
            return Finder(self._hook_of(record) or self._hook)
        except Exception as error:  # the connection may have been deleted
            log.warning("Connection %r, which has the submission, can't be used: %s", conn_id, type(error).__name__)
            return self._finder

    def _may_submit_again(self, record: SubmissionRecord, finder: Finder) -> bool:
        """Whether a submission that is not found may be followed by another one, which may be billed as well."""
        if not self._may_resubmit or finder.can_repeat(record):
            return False
        # Another account doesn't show it, even if it is there.
        return finder.asks_its_account(record) or not (record.marker or record.possible_id)

    def _as_sent(self, record: SubmissionRecord) -> VideoRequest:
        """The request with the model that was sent, even if its family stands for another model by now."""
        return self._request.model_copy(update={"model": record.model})

    def _reattach(self, record: SubmissionRecord, *, is_kept: bool) -> tuple[Video, Submission]:
        video_id = record.video_id or ""
        try:
            video = self._hook.get_video(video_id)
        except VideoNotFoundError:
            if time.time() - record.intended_at > NOT_FOUND_GRACE:
                raise
            video = Video(video_id=video_id, vendor=record.vendor, model=record.model, status=VideoStatus.QUEUED)
        except SeedanceError as error:
            raise Submission(record, is_kept=True).unread(error) from None
        if video.status in LOST:
            failure = failure_of(video)
            if not failure.retryable:
                raise failure
            log.info("Video %s of an earlier attempt ended as %s; submitting anew.", video_id, video.status.value)
            return self._submit(record)
        log.info("Video %s was submitted by an earlier attempt (%s); going on with it.", video_id, video.status.value)
        submission = Submission(record, is_kept)
        return submission.with_seed(video), submission

    def _note(self, record: SubmissionRecord, video: Video) -> Submission:
        """Records the id. If that fails, the task continues, and the log shows the id."""
        submission = keep(self._store, replace(record, video_id=video.video_id), self._pauses)
        if self._store and not submission.is_kept:
            log.error("Video %s was submitted, but its id could not be recorded.", video.video_id)
        return submission

    def _give_up_old(self, record: SubmissionRecord) -> None:
        """Cancels a video that is no longer wanted, if possible, and logs what becomes of it."""
        log.info("The task was cleared, or its run made anew: starting over.")
        sentence, is_in_doubt = self._end_of(record)
        log.log(logging.WARNING if is_in_doubt else logging.INFO, sentence)

    def _end_of(self, record: SubmissionRecord) -> tuple[str, bool]:
        """The sentence about what becomes of an old submission, and whether it may go on and be billed unwanted."""
        when = messages.time_of(record)
        what = f"Video {record.video_id}" if record.video_id else f"What may have been submitted at {when}"
        try:
            hook = (self._hook_of(record) if self._hook_of else None) or self._hook
            vendor = hook.get_conn().adapter.name
        except Exception as error:  # the record's connection may have been deleted
            return f"{what} is at {record.vendor}, and its connection can't be used. It goes on. {error}", True
        if record.vendor != vendor:
            return f"{what} is at {record.vendor}; the connection leads to {vendor} now. It goes on.", True
        found = None if record.video_id else Finder(hook).find(record)
        video_id = found.video_id if found else record.video_id
        if video_id is None:
            return f"An earlier submission ({when}) is in doubt: if it was accepted, it goes on and is billed.", True
        try:
            return hook.cancel_if_not_started(video_id).sentence, False
        except SeedanceError as error:
            return f"Video {video_id} could not be cancelled. {error}", True

    def _unknown(
        self, record: SubmissionRecord, finder: Finder, cause: SubmissionUnknownError | None = None
    ) -> SubmissionUnknownError:
        return messages.unknown(
            record,
            cause,
            asked_by=self._hook.seedance_conn_id,
            retry=messages.what_a_retry_does(
                may_resubmit=self._may_submit_again(record, finder),
                can_find=finder.can_find(record),
                can_repeat=finder.can_repeat(record) and not changed_fields(record, self._fingerprints),
            ),
        )
