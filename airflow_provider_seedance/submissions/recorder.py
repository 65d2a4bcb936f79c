"""Keeps the record of a submission up to date. A video that is paid for is never given up because that fails."""

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
    :param record: with what is known now.
    :param pauses: between the tries.
    :return: the submission, which knows whether the record is there now.
    """
    if store is None:
        return Submission(record, is_kept=False)

    def write() -> bool:
        standing = store.read()
        if standing is not None and standing.attempt != record.attempt:
            return False  # another attempt's: what it noted is worth more than that this one has woken up again
        store.write(record)
        return store.read() == record

    try:
        is_kept = retrying(pauses)(write)
    except Exception:
        log.exception("The record of the submission could not be written.")
        is_kept = False
    return Submission(record, is_kept)


def recall(store: SubmissionStore | None, video_id: str | None, pauses: Pauses) -> Submission:
    """The submission of the video that a resumed task has waited for.

    An id that could not be recorded when the video was submitted is recorded now.

    :param video_id: of the video, `None` if what woke the task doesn't tell.
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
    """Notes that the task has handed the video on: what runs after that is no retry. It never fails the task.

    :param video_id: of the video that was handed on; a record of another one is left alone.
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
    """Tries what a store does, and again after each of the pauses."""
    waits = [wait_fixed(seconds) for seconds in pauses.rewrite]
    return Retrying(stop=stop_after_attempt(len(waits) + 1), wait=wait_chain(*waits), sleep=pauses.sleep, reraise=True)
