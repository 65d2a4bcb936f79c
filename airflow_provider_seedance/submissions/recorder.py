"""Keeps the record of a submission up to date. A failure to do so never loses a paid video."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tenacity import Retrying, stop_after_attempt, wait_chain, wait_fixed

from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.submission import Submission

if TYPE_CHECKING:
    from airflow_provider_seedance.submissions.record import SubmissionRecord
    from airflow_provider_seedance.submissions.store import SubmissionStore

log = logging.getLogger(__name__)


def keep(store: SubmissionStore | None, record: SubmissionRecord, pauses: Pauses) -> Submission:
    """Replaces the record that the same attempt wrote earlier, and reads it back. It never raises.

    :param store: the store of the task's record; `None` where Airflow has no place for records.
    :param record: the new record.
    :param pauses: `rewrite` holds the pauses between the attempts to write.
    :return: the submission; `is_kept` says whether the record was written.
    """
    if store is None:
        return Submission(record, is_kept=False)

    def write() -> bool:
        standing = store.read()
        if standing is not None and standing.attempt != record.attempt:
            return False  # the record is a later attempt's, and must not be overwritten
        store.write(record)
        return store.read() == record

    try:
        is_kept = retrying(pauses)(write)
    except Exception:
        log.exception("The record of the submission could not be written.")
        is_kept = False
    return Submission(record, is_kept)


def recall(store: SubmissionStore | None, video_id: str | None, pauses: Pauses) -> Submission:
    """The submission of the video for which a resumed task has waited. It never raises.

    An id that could not be recorded at the time of the submission is recorded now.

    :param store: the store of the task's record; `None` where Airflow has no place for records.
    :param video_id: the vendor's id; `None` if the event doesn't hold it.
    :param pauses: `rewrite` holds the pauses between the attempts to write.
    :return: the submission; without a record if there is none, or if it can't be read.
    """
    unrecorded = Submission(None, is_kept=False)
    if store is None:
        return unrecorded
    try:
        record = store.read()
    except Exception:
        log.exception("The record of the submission could not be read.")
        return unrecorded
    if record is None:
        return unrecorded
    if record.video_id is None and video_id:
        return keep(store, replace(record, video_id=video_id), pauses)
    return Submission(record, is_kept=record.video_id is not None and video_id in (None, record.video_id))


def note_delivery(store: SubmissionStore | None, video_id: str) -> None:
    """Records that the task has delivered its video, so that a later attempt is known to be no retry. It never raises.

    :param store: the store of the task's record; `None` where Airflow has no place for records.
    :param video_id: the id of the delivered video; a record of another video is left alone.
    """
    if store is None:
        return
    try:
        record = store.read()
        if record is not None and record.video_id == video_id and not record.delivered:
            store.write(replace(record, delivered=True))
    except Exception as error:
        log.warning("That the video was handed on could not be recorded (%s).", type(error).__name__)


def retrying(pauses: Pauses) -> Retrying:
    """A tenacity object that retries an operation of the store on any error, and raises the last one.

    :param pauses: `rewrite` holds the pauses between the attempts; there is one attempt more than pauses.
    """
    waits = [wait_fixed(seconds) for seconds in pauses.rewrite]
    return Retrying(stop=stop_after_attempt(len(waits) + 1), wait=wait_chain(*waits), sleep=pauses.sleep, reraise=True)
