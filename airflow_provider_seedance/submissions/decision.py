"""Decides how a new attempt of a task treats the submission of an earlier one. Pure: no I/O, no Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from airflow_provider_seedance.submissions.life import Life, Since, since
from airflow_provider_seedance.submissions.record import SubmissionRecord


class Action(StrEnum):
    """The possible decisions for a new attempt."""

    SUBMIT = "submit"
    """Nothing was submitted in this life of the task."""
    REATTACH = "reattach"
    """This very video was submitted already: go on with it."""
    LOOK_UP = "look up"
    """A video may have been submitted, but no id was recorded."""
    START_OVER = "start over"
    """The task was cleared, or its run was created anew: the old video is no longer wanted."""
    REFUSE = "refuse"
    """Another video was submitted by this life of the task."""
    ASK = "ask"
    """The submission may belong to an earlier life of the task (see `life.py`): a person has to decide."""


def decide(
    record: SubmissionRecord | None,
    fingerprints: Mapping[int, Mapping[str, str]],
    life: Life,
    *,
    same_run: bool,
    kept: bool = False,
) -> Action:
    """Decides about an attempt, given the record of an earlier one.

    :param record: the stored record; `None` if there is none.
    :param fingerprints: the request's fingerprint, by fingerprint version.
    :param life: the current life of the task instance.
    :param same_run: whether the record is certain to be of the current DAG run.
    :param kept: whether clearing the task would have discarded the record unless the user chose to keep it. If so, its
        video is still wanted after a clear, as long as the request is the same. Default: no.
    :return: the action to take.
    """
    if record is None:
        return Action.SUBMIT
    happened = since(record.since_when, life, delivered=record.delivered, same_run=same_run)
    is_wanted = kept and not changed_fields(record, fingerprints)
    if happened is Since.UNCLEAR and not is_wanted:
        return Action.ASK
    if happened is not Since.NOTHING and not is_wanted:
        return Action.START_OVER
    if record.video_id is None:
        return Action.LOOK_UP
    return Action.REFUSE if changed_fields(record, fingerprints) else Action.REATTACH


def changed_fields(record: SubmissionRecord, fingerprints: Mapping[int, Mapping[str, str]]) -> list[str]:
    """The fields in which a request differs from the recorded one.

    :param record: the record of the earlier submission.
    :param fingerprints: the current request's fingerprint, by fingerprint version.
    :return: the names of the fields, sorted; empty if the request is the same.
    """
    now = fingerprints[record.fingerprint_version]
    names = sorted({*record.fingerprint, *now})
    return [name for name in names if record.fingerprint.get(name) != now.get(name)]
