"""What a new attempt of a task may do with what an earlier one has left. Pure: no I/O, no Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from airflow_provider_seedance.submissions.life import Life, Since, since
from airflow_provider_seedance.submissions.record import SubmissionRecord


class Action(StrEnum):
    """What a new attempt may do."""

    SUBMIT = "submit"
    """Nothing was submitted in this life of the task."""
    REATTACH = "reattach"
    """This very video was submitted: wait for it, or take it."""
    LOOK_UP = "look up"
    """Something may have been submitted; its id was not noted."""
    START_OVER = "start over"
    """The user cleared the task, or made the run anew: the old video is not wanted any more."""
    REFUSE = "refuse"
    """Another video was submitted by this life of the task."""
    ASK = "ask"
    """What was submitted may belong to another life of the task: a person decides."""


def decide(
    record: SubmissionRecord | None,
    fingerprints: Mapping[int, Mapping[str, str]],
    life: Life,
    *,
    same_run: bool,
    kept: bool = False,
) -> Action:
    """What an attempt may do, given what an earlier one left behind.

    :param fingerprints: of the request, in each version.
    :param life: of the task instance now.
    :param same_run: whether a record can't be of another run.
    :param kept: whether Airflow would have discarded the record when the task was cleared, unless it was to be kept.
        Then its video is wanted, as long as the request is the same.
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
    """Names of the fields in which a request differs from the recorded one."""
    now = fingerprints[record.fingerprint_version]
    names = sorted({*record.fingerprint, *now})
    return [name for name in names if record.fingerprint.get(name) != now.get(name)]
