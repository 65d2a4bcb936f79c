"""The record of a submission in the ledger's table, for every version of Airflow; the task state store has a copy."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.budgets import Budgets, limits_of, micros_of
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.compat.loops import pass_of
from airflow_provider_seedance.ledger.table import Entry, LedgerTable
from airflow_provider_seedance.submissions.record import SubmissionRecord

if TYPE_CHECKING:
    from airflow_provider_seedance.submissions.store import SubmissionStore

log = logging.getLogger(__name__)

_NO_ESTIMATE = Cost(None, None, "nobody has estimated it")

_NO_BUDGETS = Budgets()


@dataclass(frozen=True)
class TaskTry:
    """One try of a task instance.

    :param dag_id: the DAG's id.
    :param task_id: the task's id.
    :param run_id: the DAG run's id.
    :param map_index: the map index; -1 for a task that isn't mapped.
    :param try_number: the number of the try; `None` if it is unknown.
    :param loop_pass: the number of the pass, if the task is in a loop.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int | None
    loop_pass: int | None = None

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> TaskTry:
        """The current try of the running task instance.

        :param context: the task's context.
        """
        ti = context["ti"]
        map_index = ti.map_index if isinstance(ti.map_index, int) else -1
        number = getattr(ti, "try_number", None)
        number = number if isinstance(number, int) else None
        return cls(ti.dag_id, ti.task_id, ti.run_id, map_index, number, pass_of(context))

    @property
    def instance(self) -> str:
        """The hash that identifies the task instance, the same in each try."""
        parts = [self.dag_id, self.task_id, self.run_id, str(self.map_index)]
        if self.loop_pass is not None:
            parts.append(f"pass {self.loop_pass}")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Expected:
    """Facts about a submission that are known just before it is made.

    :param conn_id: the id of the vendor's connection.
    :param estimate: the estimated cost. Default: unknown.
    :param budgets: the connection's budgets. Default: none.
    :param family: the requested model family; `None` if the request names a model.
    """

    conn_id: str | None = None
    estimate: Cost = _NO_ESTIMATE
    budgets: Budgets = _NO_BUDGETS
    family: str | None = None


class TableSubmissionStore:
    """A store in the ledger's table, whose database decides which attempt is first, and whether the budgets allow it.

    Before anything is paid, the ledger must be reachable. Afterwards an unreachable ledger is logged as an error, and
    the copy, if there is one, keeps the record: a record that one of the two has lost is read from the other.

    :param table: the ledger's table.
    :param task_try: the try of the task instance that uses the store.
    :param copy: Airflow's task state store; `None` where there is none.
    :param older: the ledger of files, which may hold submissions from before there was a table; `None` without one.
    :param is_paid: whether the task's video is paid for already, so that an unreachable ledger must not fail the task.
        Default: no.
    """

    def __init__(
        self,
        table: LedgerTable,
        task_try: TaskTry,
        *,
        copy: SubmissionStore | None = None,
        older: SubmissionStore | None = None,
        is_paid: bool = False,
    ) -> None:
        self._table = table
        self._task_try = task_try
        self._copy = copy
        self._older = older
        self._is_paid = is_paid
        self._seen: list[Entry] = []
        self._expected = Expected()
        self.dies_with_run = False

    def expect(self, expected: Expected) -> None:
        """Sets the facts that the next `claim` stores with the intent and counts against the budgets.

        :param expected: the facts.
        """
        self._expected = expected

    def read(self) -> SubmissionRecord | None:
        """See `SubmissionStore`."""
        try:
            self._seen = self._table.entries(self._task_try.instance)
        except Exception as error:
            if not self._is_paid or self._copy is None:
                raise
            log.error("%s. The record is read from Airflow's task state store.", error)  # noqa: TRY400 - no bug
            return self._copy.read()
        copied = self._copy.read() if self._copy else None
        record = _standing(self._seen, copied)
        self.dies_with_run = record is not None and copied is not None and _key(record) == _key(copied)
        if record is not None and self.dies_with_run:
            self._heal(record)
        if record is None and not self._seen and self._older:
            record = self._older.read()
        # Once a record has been read, a later read may use the copy: only `claim` decides whether to submit.
        self._is_paid = self._is_paid or record is not None
        return record

    def claim(self, record: SubmissionRecord, before: SubmissionRecord | None) -> bool:
        """See `SubmissionStore`. In the same transaction the estimated cost is reserved in the connection's budgets.

        :param record: see `SubmissionStore`.
        :param before: see `SubmissionStore`.
        :return: see `SubmissionStore`.
        :raises BudgetExceededError: the estimated cost would exceed a budget.
        """
        self._is_paid = False
        if self.read() != before:
            return False
        row = self._row(record)
        limits = limits_of(
            self._expected.budgets,
            self._expected.estimate,
            conn_id=self._expected.conn_id or "",
            dag_id=row["dag_id"],
            run_id=row["run_id"],
            day=row["day"],
        )
        if not self._table.claim(row, self._seen, limits):
            return False
        if self._copy:
            self._copy.write(record)
        self._is_paid = True
        return True

    def write(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`. One of the two places is enough; a failure of the other is logged.

        :param record: see `SubmissionStore`.
        """
        failed: list[Exception] = []
        try:
            self._table.write(self._row(record))
        except Exception as error:
            failed.append(error)
        if self._copy:
            try:
                self._copy.write(record)
            except Exception as error:
                failed.append(error)
        if failed and (len(failed) > 1 or not self._copy):
            raise failed[0]
        for lost in failed:
            log.error("The submission of %s is on record in one place only: %s", record.video_id or "a video", lost)

    def withdraw(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`. It also releases the reserved amount.

        :param record: see `SubmissionStore`.
        """
        if self._copy:
            self._copy.withdraw(record)
        self._table.withdraw(_key(record), _text(record))

    def _heal(self, record: SubmissionRecord) -> None:
        """Adds to the ledger a record that only the copy has, since the ledger was unreachable or not yet set up."""
        if any(entry.record == _text(record) for entry in self._seen):
            return
        try:
            self._table.write(self._row(record))
            self._seen = self._table.entries(self._task_try.instance)
        except Exception as error:
            log.warning("What the task state store knows of a submission is not in the ledger: %s", error)

    def _row(self, record: SubmissionRecord) -> dict[str, Any]:
        who, estimate = self._task_try, self._expected.estimate
        return {
            "attempt": _key(record),
            "instance": who.instance,
            "dag_id": who.dag_id,
            "task_id": who.task_id,
            "run_id": who.run_id,
            "map_index": who.map_index,
            "try_number": who.try_number,
            "conn_id": self._expected.conn_id or record.seedance_conn_id,
            "vendor": record.vendor,
            "model": record.model[:250],
            "family": self._expected.family,
            "fingerprint": json.dumps(record.fingerprint, sort_keys=True),
            "mark": record.marker,
            "intended_at": record.intended_at,
            "day": datetime.fromtimestamp(record.intended_at, tz=UTC).strftime("%Y-%m-%d"),
            "video_id": record.video_id,
            "withdrawn": 0,
            "delivered": int(record.delivered),
            "estimated_micros": None if estimate.amount is None else micros_of(estimate.amount),
            "currency": estimate.currency,
            "record": _text(record),
        }


def _standing(entries: Sequence[Entry], copied: SubmissionRecord | None) -> SubmissionRecord | None:
    """The valid record: the ledger's last that was not withdrawn, completed with facts that only the copy has."""
    last = next((entry for entry in reversed(entries) if not entry.withdrawn), None)
    record = SubmissionRecord.from_json(_value(last.record)) if last else None
    if record is None or copied is None:
        return record or (None if copied and _was_withdrawn(entries, copied) else copied)
    if _key(copied) != _key(record):
        # A copy that the ledger has too is an earlier record. One that it lacks was made while the ledger was away.
        is_known = any(entry.attempt == _key(copied) for entry in entries)
        return record if is_known or _order(copied) <= _order(record) else copied
    known = copied if record.video_id is None and copied.video_id else record
    return replace(known, delivered=known.delivered or copied.delivered)


def _was_withdrawn(entries: Sequence[Entry], record: SubmissionRecord) -> bool:
    return record.video_id is None and any(entry.attempt == _key(record) and entry.withdrawn for entry in entries)


def _order(record: SubmissionRecord) -> tuple[int, float]:
    """The sort key of a record: the tries of a task instance follow each other, and their number never falls."""
    return record.since_when.try_number or 0, record.intended_at


def _key(record: SubmissionRecord) -> str:
    """The random word of the attempt; for records of the first release, which have none, a hash of the intent."""
    if record.attempt:
        return record.attempt[:32]
    intent = [record.intended_at, record.vendor, record.model, record.fingerprint]
    return hashlib.sha256(json.dumps(intent, sort_keys=True).encode()).hexdigest()[:32]


def _text(record: SubmissionRecord) -> str:
    return json.dumps(record.to_json(), sort_keys=True)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
