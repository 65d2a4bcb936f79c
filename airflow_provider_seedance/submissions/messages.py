"""Errors about refused or unknown submissions. Each says what happened, what it may cost, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import RequestChangedError, SubmissionRecordError, SubmissionUnknownError
from airflow_provider_seedance.api.vendors import all_vendors

if TYPE_CHECKING:
    from airflow_provider_seedance.submissions.record import SubmissionRecord


def unknown(
    record: SubmissionRecord, cause: SubmissionUnknownError | None, *, asked_by: str, retry: str
) -> SubmissionUnknownError:
    """The error for a submission of which it is unknown whether the vendor accepted it.

    :param record: the record of the submission.
    :param cause: the error of the create; `None` if an earlier attempt sent it.
    :param asked_by: the id of the task's connection; if the submission was sent by another one, the message names that.
    :param retry: the sentence about a retry, from `what_a_retry_does`.
    """
    if cause:
        seen = f"{cause} "
    elif record.cause:
        seen = f"What an earlier attempt was told: {record.cause} "
    else:
        seen = "An earlier attempt died before the vendor's answer was noted (its log may name the video). "
    vendor, conn_id = all_vendors().get(record.vendor), record.seedance_conn_id
    title = vendor.title if vendor else record.vendor
    where = "" if conn_id in (None, asked_by) else f" (connection {conn_id!r})"
    hint = ""
    if record.possible_id and record.possible_id not in seen:
        hint = f" The answer held an id, {record.possible_id}: it may be the video's."
    return SubmissionUnknownError(
        f"{seen}Whether {title}{where} accepted a video ({record.model}) at {time_of(record)} is unknown.{hint} "
        "Look in the vendor's console. If it is there, wait for it with a SeedanceVideoSensor on its id; "
        f"if not, clear this task, which then starts over. {retry}",
        vendor=record.vendor,
        code=cause.code if cause else None,
        status_code=cause.status_code if cause else None,
        request_id=cause.request_id if cause else None,
        video_id=record.possible_id,
    )


def what_a_retry_does(*, may_resubmit: bool, can_find: bool, can_repeat: bool = False) -> str:
    """The sentence that tells the user what a retry will do after an unknown submission.

    :param may_resubmit: whether the user has allowed another submission (`on_unknown_submission="resubmit"`).
    :param can_find: whether the vendor can be asked for the video.
    :param can_repeat: whether the create can be sent again under its mark without a second bill. Default: no.
    """
    if can_repeat:
        return "A retry sends it again under the same mark, which the vendor takes once only."
    if may_resubmit:
        look = "looks for it again, and if it does not find it, " if can_find else ""
        return f"A retry {look}submits it again, as on_unknown_submission says."
    return "A retry looks for it again, and submits nothing." if can_find else "There is no retry."


def still_in_doubt(record: SubmissionRecord) -> str:
    """The sentence that an error of another submission gets while this earlier one is in doubt.

    :param record: the record of the earlier submission.
    """
    return f"What this task submitted at {time_of(record)} is still in doubt: that video may exist and be billed."


def changed(record: SubmissionRecord, fields: Sequence[str]) -> RequestChangedError:
    """The error if an earlier attempt submitted a different request.

    :param record: the record of that submission.
    :param fields: the names of the fields that differ.
    """
    by = f" by connection {record.seedance_conn_id!r}" if "connection" in fields and record.seedance_conn_id else ""
    return RequestChangedError(
        f"Nothing was sent. Video {record.video_id} was submitted for this task at {time_of(record)}{by}, and the "
        f"request has changed since: {', '.join(fields)}. To have that video, wait for it with a SeedanceVideoSensor "
        "on its id; to have a new one, clear this task. (Templates that change with each try, such as the time, do "
        "this too, and so does a @task.seedance_video function that returns something else each time it is called.)"
    )


def of_another_life(record: SubmissionRecord) -> SubmissionRecordError:
    """The error if Airflow's fields don't tell whether the task is retried or starts over.

    :param record: the record of the earlier submission.
    """
    what = f"Video {record.video_id}" if record.video_id else "A video"
    return SubmissionRecordError(
        f"Nothing was sent. {what} was submitted for this task at {time_of(record)}, and since then its DAG run was "
        "started anew, or tasks of it were cleared while `retries` changed: whether this is a retry, which goes on "
        "with that video, or a new beginning, Airflow does not tell. To have that video, wait for it with a "
        "SeedanceVideoSensor on its id; to have a new one, clear this task."
    )


def busy() -> SubmissionRecordError:
    """The error if other attempts of the task changed the record first, each time."""
    return SubmissionRecordError(
        "Nothing was sent. Other attempts of this task keep changing the record of its submission. A retry looks again."
    )


def time_of(record: SubmissionRecord) -> str:
    """The time of a submission, as text in UTC.

    :param record: the record of the submission.
    """
    return datetime.fromtimestamp(record.intended_at, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
