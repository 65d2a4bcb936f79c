"""Keeps the record of a submission up to date. A failure to do so never costs a paid video."""

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
    """Writes a record in the place of the same attempt's earlier one, and reads it back.

    :param store: `None` where Airflow has no place for records.
    :param record: as it should be now.
    :param pauses: between the tries.
    :return: the submission, which knows whether the record is written.
    """
    if store is None:
        return Submission(record, is_kept=False)

    def write() -> bool:
        standing = store.read()
        if standing is not None and standing.attempt != record.attempt:
            return False  # another attempt's, which must not be overwritten by this late one
        store.write(record)
        return store.read() == record

    try:
        is_kept = retrying(pauses)(write)
    except Exception:
        log.exception("The record of the submission could not be written.")
        is_kept = False
    return Submission(record, is_kept)


def recall(store: SubmissionStore | None, video_id: str | None, pauses: Pauses) -> Submission:
    """The submission of the video for which a resumed task has waited.

    An id that could not be recorded at the time of the submission is recorded now.

    :param store: `None` where Airflow has no place for records.
    :param video_id: the vendor's id, `None` if the event doesn't tell it.
    :param pauses: between the tries.
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
    """Notes that the task has delivered the video, so that a later attempt is no retry. It never fails the task.

    :param store: `None` where Airflow has no place for records.
    :param video_id: the delivered video's; the record of another one is left alone.
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
    """Retries an operation of the store, with these pauses."""
    waits = [wait_fixed(seconds) for seconds in pauses.rewrite]
    return Retrying(stop=stop_after_attempt(len(waits) + 1), wait=wait_chain(*waits), sleep=pauses.sleep, reraise=True)
