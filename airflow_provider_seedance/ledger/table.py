"""The table of submissions, with its queries and updates, each of which is one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.budgets import Limit, refuse_over
from airflow_provider_seedance.compat.metrics import tell_budgets
from airflow_provider_seedance.ledger.engine import LedgerDownError, open_engine
from airflow_provider_seedance.ledger.migrations import check_version

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

RESERVED_FOR = 24 * 3600.0
"""Seconds for which an intent without an id counts against budgets. Its outcome may stay unknown for ever."""


@dataclass(frozen=True)
class Entry:
    """A task instance's submission, as stored in the table.

    :param attempt: the primary key, the random word of the attempt.
    :param record: the submission record's JSON.
    :param withdrawn: whether the submission has certainly led to no video.
    """

    attempt: str
    record: str
    withdrawn: bool


class LedgerTable:
    """The table of submissions in the database of a connection.

    :param conn_id: the id of the ledger's connection.
    :param engine: the engine of its database. Default: it is opened from the connection on first use.
    """

    def __init__(self, conn_id: str, engine: Engine | None = None) -> None:
        self._conn_id = conn_id
        self._given = engine

    def entries(self, instance: str) -> list[Entry]:
        """The submissions of a task instance, from the first to the last.

        :param instance: the hash that identifies the task instance.
        :raises LedgerDownError: the ledger can't be reached.
        """
        with self.transaction() as connection:
            return self._entries(connection, instance)

    def claim(self, row: Mapping[str, Any], seen: Sequence[Entry], limits: Sequence[Limit] = ()) -> bool:
        """Inserts an intent after the known entries, and reserves its cost in the budgets.

        Of several attempts that have read the same entries, only one succeeds.

        :param row: the columns of the intent, without `seq`.
        :param seen: the entries as read last.
        :param limits: the budgets that the estimated cost must not exceed. Default: none.
        :return: whether the intent was inserted; `False` if the entries have changed since.
        :raises BudgetExceededError: the cost exceeds a budget; nothing was inserted.
        :raises LedgerDownError: the ledger can't be reached.
        """
        from sqlalchemy.exc import IntegrityError

        try:
            with self.transaction() as connection:
                if limits:
                    # A write comes first, so that only one transaction at a time counts budgets, on SQLite too.
                    connection.execute(as_text("UPDATE seedance_ledger_lock SET turns = turns + 1 WHERE id = 1"))
                else:
                    connection.execute(
                        as_text("UPDATE seedance_submissions SET seq = seq WHERE instance = :instance"),
                        {"instance": row["instance"]},
                    )
                if self._entries(connection, row["instance"]) != list(seen):
                    return False
                left = refuse_over(limits, row["estimated_micros"], lambda limit: _spent(connection, limit))
                _insert(connection, {**row, "seq": len(seen)})
        except IntegrityError:
            return False
        tell_budgets(limits, left)
        return True

    def write(self, row: Mapping[str, Any]) -> None:
        """Updates the row of a submission, or inserts one if the ledger has lost it or never had it.

        :param row: the columns, as far as they are known; an update leaves those that are `None` unchanged.
        :raises LedgerDownError: the ledger can't be reached.
        """
        from sqlalchemy.exc import IntegrityError

        for is_last in (False, True):
            try:
                with self.transaction() as connection:
                    if not _update(connection, row):
                        _insert(connection, {**row, "seq": len(self._entries(connection, row["instance"]))})
            except IntegrityError as error:
                if is_last:
                    raise LedgerDownError(self._conn_id, error) from None
            else:
                return

    def withdraw(self, attempt: str, record: str) -> None:
        """Marks an intent as withdrawn, unless its record has changed since.

        :param attempt: the primary key.
        :param record: the submission record's JSON, as it was written.
        :raises LedgerDownError: the ledger can't be reached.
        """
        with self.transaction() as connection:
            connection.execute(
                as_text("UPDATE seedance_submissions SET withdrawn = 1 WHERE attempt = :attempt AND record = :record"),
                {"attempt": attempt, "record": record},
            )

    def end(self, vendor: str, video_id: str, known: Mapping[str, Any]) -> None:
        """Records the outcome and the real cost of a video. A video that isn't in the ledger is ignored.

        :param vendor: the vendor's name.
        :param video_id: the vendor's id.
        :param known: the columns to set; those that are `None` are left unchanged.
        :raises LedgerDownError: the ledger can't be reached.
        """
        values = {name: value for name, value in known.items() if value is not None}
        if not values:
            return
        with self.transaction() as connection:
            connection.execute(
                as_text(
                    f"UPDATE seedance_submissions SET {_assignments(values)} "
                    "WHERE vendor = :vendor AND video_id = :video_id AND withdrawn = 0"
                ),
                {**values, "vendor": vendor, "video_id": video_id},
            )

    def spent(self, limit: Limit) -> int:
        """The amount that counts against a budget now, in millionths of its currency.

        :param limit: the budget.
        :raises LedgerDownError: the ledger can't be reached.
        """
        with self.transaction() as connection:
            return _spent(connection, limit)

    @cached_property
    def _engine(self) -> Engine:
        engine = self._given or open_engine(self._conn_id)
        with engine.connect() as connection:
            check_version(connection, self._conn_id)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A context manager for one transaction in the ledger's database.

        :raises LedgerDownError: the database can't be used.
        :raises IntegrityError: a statement violates a unique key.
        """
        from sqlalchemy.exc import IntegrityError, SQLAlchemyError

        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise LedgerDownError(self._conn_id, error) from None

    @staticmethod
    def _entries(connection: Connection, instance: str) -> list[Entry]:
        rows = connection.execute(
            as_text(
                "SELECT attempt, record, withdrawn FROM seedance_submissions WHERE instance = :instance ORDER BY seq"
            ),
            {"instance": instance},
        )
        return [Entry(attempt, record, bool(withdrawn)) for attempt, record, withdrawn in rows]


def as_text(statement: str) -> Any:
    """Makes SQLAlchemy's form of an SQL statement with named parameters.

    :param statement: the statement.
    """
    from sqlalchemy import text

    return text(statement)


def _insert(connection: Connection, row: Mapping[str, Any]) -> None:
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(
        as_text(f"INSERT INTO seedance_submissions ({columns}) VALUES ({values})"),
        dict(row),
    )


_ONCE = ("attempt", "instance", "try_number", "conn_id", "estimated_micros", "currency")
"""Columns that are set only with the intent, since a later attempt knows only the record."""


def _update(connection: Connection, row: Mapping[str, Any]) -> bool:
    values = {name: value for name, value in row.items() if name not in _ONCE and value is not None}
    result = connection.execute(
        as_text(f"UPDATE seedance_submissions SET {_assignments(values)} WHERE attempt = :attempt"),
        {**values, "attempt": row["attempt"]},
    )
    return result.rowcount > 0


def _assignments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = :{name}" for name in values)


def _spent(connection: Connection, limit: Limit) -> int:
    conditions = "".join(f" AND {name} = :{name}" for name in limit.where)
    found = connection.execute(
        as_text(
            "SELECT SUM(CASE WHEN cost_micros IS NOT NULL THEN cost_micros "
            "WHEN video_id IS NULL AND intended_at < :expired THEN 0 ELSE estimated_micros END) "
            f"FROM seedance_submissions WHERE withdrawn = 0 AND currency = :currency{conditions}"
        ),
        {**limit.where, "currency": limit.currency, "expired": time.time() - RESERVED_FOR},
    ).scalar()
    return int(found or 0)
