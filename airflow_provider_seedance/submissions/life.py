"""Tells whether a task instance, since its record was written, was only retried, or cleared, or is of a new run. Pure.

A *life* of a task instance is the time between two clears: it includes all retries. A retry continues with the video
that was paid for; a cleared task, and a task of a run that was created anew under an old id, start over. Airflow has
no field that tells these cases apart, and the fields that a worker sees differ between versions. How each field
behaves in each version was measured; the table is in `docs/guarantees.md`.

Measured on 3.4.0b2, with a real scheduler (`tests/ui/test_lines.py` repeats it):

- Clearing tasks shows in the same fields as before: `try_number`, `max_tries` and the run's `clear_number` rise, the
  run's `start_date` changes if the run had finished, and the task instance's `id` changes. By default the same request
  discards the task's state; with `keep_task_state` it stays. So a record that is still in that store after a clear
  was kept on purpose, and its video is used (`decision.py`). Clearing a whole DAG run always keeps all state.
- A task in a loop has a region (`region_id`), an index in it (`region_index`) and the map index -1. A retry, or a
  clear of this pass alone, keeps all three. Clearing the loop's gate gives the passes after the first a new region,
  where they begin with `try_number` 1 and the old `max_tries`: only the region shows that they were cleared.
- Task state is kept per region and index, so each pass has its own, and the passes of a new region begin with none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from airflow_provider_seedance.compat.loops import region_of


class Since(StrEnum):
    """The change in a task's life since a record was written."""

    NOTHING = "nothing"
    """The task was retried at most: its video is still wanted."""
    CLEARED = "cleared"
    """The task was cleared: a new video is wanted."""
    NEW_RUN = "new run"
    """The DAG run was deleted, and this is a new one with the same id."""
    UNCLEAR = "unclear"
    """Airflow's fields would be the same after a retry and after a clear or in a new run."""


@dataclass(frozen=True)
class Life:
    """The fields that distinguish one life of a task instance from another.

    A field is `None` if the version of Airflow doesn't provide it, or the record doesn't hold it.

    :param max_tries: the last try that the task's retries allow. A retry never changes it. Clearing sets it to the
        number of the last try plus the task's `retries`, which may be the same number if `retries` was lowered.
    :param try_number: the number of the try. It never falls, not even by clearing.
    :param retries: the task's `retries` in the current version of its DAG.
    :param clear_number: how often tasks of the run were cleared. Before 3.2 only clears of a finished run count.
    :param run_started: ISO time of the run's start. Clearing a finished run, or queueing a running one by hand, changes
        it.
    :param run_after: ISO time from which the run was due. It never changes.
    :param run_key: the run's primary key in Airflow's database (Airflow 2 only).
    :param region: the id of the loop's region that the task instance is in (3.4+). Clearing the gate makes a new one.
    """

    max_tries: int
    try_number: int | None = None
    retries: int | None = None
    clear_number: int | None = None
    run_started: str | None = None
    run_after: str | None = None
    run_key: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, context: Mapping[str, Any], retries: Any) -> Life:
        """The current life of the running task instance.

        :param context: the task's context.
        :param retries: the task's `retries`.
        """
        ti, run = context["ti"], context.get("dag_run")
        key = _number(getattr(run, "id", None))
        return cls(
            max_tries=ti.max_tries,
            try_number=_number(getattr(ti, "try_number", None)),
            retries=_number(retries),
            clear_number=_number(getattr(run, "clear_number", None)),
            run_started=_moment(getattr(run, "start_date", None)),
            run_after=_moment(getattr(run, "run_after", None)),
            run_key=None if key is None else str(key),
            region=region_of(context),
        )

    @classmethod
    def read(cls, max_tries: int, stored: Any) -> Life:
        """The life that a record holds. A field that is missing or of another type counts as unknown.

        :param max_tries: the record's `max_tries`.
        :param stored: the record's `life`.
        """
        known = stored if isinstance(stored, Mapping) else {}
        return cls(
            max_tries=max_tries,
            try_number=_number(known.get("try_number")),
            retries=_number(known.get("retries")),
            clear_number=_number(known.get("clear_number")),
            run_started=_text(known.get("run_started")),
            run_after=_text(known.get("run_after")),
            run_key=_text(known.get("run_key")),
            region=_text(known.get("region")),
        )

    def to_json(self) -> dict[str, Any]:
        """The known fields for a record, without `max_tries`, which the record holds itself."""
        return {name: value for name, value in asdict(self).items() if name != "max_tries" and value is not None}


def since(then: Life, now: Life, *, delivered: bool, same_run: bool) -> Since:
    """Compares two lives of a task instance.

    :param then: the life in which the record was written.
    :param now: the current life.
    :param delivered: whether the task had handed its video on, so that nothing was left to retry.
    :param same_run: whether the record is certain to be of the current DAG run.
    :return: the change between the two.
    """
    restarted = _differ(then.run_started, now.run_started)
    if not same_run and (_is_another_run(then, now) or (restarted and _same(then.try_number, now.try_number))):
        return Since.NEW_RUN
    if then.max_tries != now.max_tries or _differ(then.region, now.region):
        return Since.CLEARED
    cleared_somewhere = _rose(then.clear_number, now.clear_number)
    if restarted and cleared_somewhere:
        # A finished run has nothing left to retry, so a task that runs in it again was cleared.
        return Since.CLEARED
    if restarted and not same_run and not _same(then.run_key, now.run_key):
        # The run was queued by hand while the task waited for its retry, or it is a new run whose first try died.
        return Since.UNCLEAR
    if _may_be_cleared_with_fewer_retries(then, now):
        if delivered:
            return Since.CLEARED
        if cleared_somewhere:
            return Since.UNCLEAR
    return Since.NOTHING


def _is_another_run(then: Life, now: Life) -> bool:
    return (
        _differ(then.run_key, now.run_key)
        or _differ(then.run_after, now.run_after)
        or _rose(now.clear_number, then.clear_number)
        or _rose(now.try_number, then.try_number)
    )


def _may_be_cleared_with_fewer_retries(then: Life, now: Life) -> bool:
    """Whether a clear since then, with the current `retries`, could have left `max_tries` unchanged."""
    if then.try_number is None or now.try_number is None or not _differ(then.retries, now.retries):
        return False
    last_before_clear = now.max_tries - (now.retries or 0)
    return then.try_number <= last_before_clear < now.try_number


def _same(then: Any, now: Any) -> bool:
    return then is not None and then == now


def _differ(then: Any, now: Any) -> bool:
    return then is not None and now is not None and then != now


def _rose(then: int | None, now: int | None) -> bool:
    return then is not None and now is not None and now > then


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> str | None:
    if not isinstance(value, datetime):
        return None
    return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
