"""Whether a task instance is still in the life that a record was written in: retried, cleared, or of another run. Pure.

A retry goes on with what was paid for; a cleared task, and a run made anew under an old id, start over. Airflow has no
field that says which of them it is, and those that a worker sees differ from version to version. What each of them
does in which version was measured: `docs/guarantees.md` has the table.

Measured on 3.4.0b2, with a real scheduler (`tests/ui/test_lines.py` walks through it):

- Clearing tasks is seen as before: `try_number` and `max_tries` rise, the run's `clear_number` too, its `start_date`
  changes if it had finished, the task instance's `id` changes. By default the task's state is discarded in the same
  request; with `keep_task_state` it stays. So a record that is read from that store after a clear was kept
  (`decision.py`), and is gone on with. Clearing a whole DAG run keeps all state, whatever was wanted.
- A task in a loop has a region (`region_id`), its place there (`region_index`) and the map index -1. A retry, or a
  clear of this pass alone, keeps all three. Clearing the loop's gate gives the passes after the first a new region,
  where they begin with `try_number` 1 and the old `max_tries`: only the region tells that they were cleared.
- Task state belongs to region and place, so each pass has its own, and passes of a new region begin with none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from airflow_provider_seedance.compat.loops import region_of


class Since(StrEnum):
    """What has happened to the task since a record was written."""

    NOTHING = "nothing"
    """It is being retried, if anything: what it submitted is still wanted."""
    CLEARED = "cleared"
    """Somebody cleared it: a new video is wanted."""
    NEW_RUN = "new run"
    """The DAG run was deleted, and there is a new one with the same id."""
    UNCLEAR = "unclear"
    """What Airflow tells fits a retry as well as a new life."""


@dataclass(frozen=True)
class Life:
    """What Airflow tells a task about its place in time. `None` where a version doesn't tell, or a record doesn't hold.

    :param max_tries: the last try that the task's retries allow. A retry never changes it. Clearing sets it to the
        number of the last try plus the task's `retries`, which is the same again if `retries` has been lowered.
    :param try_number: which try it is. It never falls, not by clearing either.
    :param retries: of the task, as its DAG says it now.
    :param clear_number: how often tasks of the run were cleared. Below 3.2 only clears of a finished run count.
    :param run_started: when the run was started. A finished run that is cleared, and a running one that is queued by
        hand, are started again.
    :param run_after: when the run was to start. It stays.
    :param run_key: the run's key in Airflow's database (Airflow 2 only).
    :param region: the execution of the loop that the task instance is in (3.4+). Clearing its gate makes a new one.
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
        """Of the task instance that runs.

        :param context: its context.
        :param retries: of its task.
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
        """As a record holds it; what isn't there, or has another type, isn't known."""
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
        """What is known beside `max_tries`, for a record."""
        return {name: value for name, value in asdict(self).items() if name != "max_tries" and value is not None}


def since(then: Life, now: Life, *, delivered: bool, same_run: bool) -> Since:
    """What has happened to the task.

    :param then: when the record was written.
    :param delivered: whether the task had handed its video on, so that nothing was left to retry.
    :param same_run: whether the record would be gone if its run were.
    """
    restarted = _differ(then.run_started, now.run_started)
    if not same_run and (_is_another_run(then, now) or (restarted and _same(then.try_number, now.try_number))):
        return Since.NEW_RUN
    if then.max_tries != now.max_tries or _differ(then.region, now.region):
        return Since.CLEARED
    cleared_somewhere = _rose(then.clear_number, now.clear_number)
    if restarted and cleared_somewhere:
        # In a finished run nothing is left to retry: what runs now was cleared.
        return Since.CLEARED
    if restarted and not same_run and not _same(then.run_key, now.run_key):
        # A run that was queued by hand while the task waited for its retry, or a new run that has lost its first try.
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
    """Whether clearing after one of the tries since, with the `retries` of now, would leave `max_tries` as it is."""
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
