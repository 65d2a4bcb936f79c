"""Queries on the ledger across tasks: the submissions in a span of time, and the submission of a video."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from airflow_provider_seedance.ledger.table import LedgerTable, as_text

_AT_ONCE = 200
"""The most ids in one statement, since databases limit the number of parameters."""

_COLUMNS = (
    "attempt, dag_id, task_id, run_id, map_index, try_number, conn_id, vendor, model, mark, intended_at, video_id, "
    "withdrawn, delivered, outcome, estimated_micros, cost_micros, currency, uri, record"
)


@dataclass(frozen=True)
class Recorded:
    """A submission, as recorded in the ledger.

    :param attempt: the primary key, the random word of the attempt.
    :param dag_id: the DAG's id.
    :param task_id: the task's id.
    :param run_id: the DAG run's id.
    :param map_index: the map index; -1 for a task that isn't mapped.
    :param try_number: the number of the try; `None` if it is unknown.
    :param conn_id: the id of the vendor's connection; `None` if it is unknown.
    :param vendor: the vendor's name.
    :param model: the requested model.
    :param mark: the mark by which the video can be recognised at the vendor; `None` without one.
    :param intended_at: Unix time just before the request was sent.
    :param video_id: the vendor's id; `None` as long as the submission is in doubt.
    :param withdrawn: whether the submission has certainly led to no video.
    :param delivered: whether a task has handed the video on.
    :param outcome: the outcome that a task has seen, in one word; `None` if none has.
    :param estimated_micros: the estimated cost, in millionths of the currency; `None` if it is unknown.
    :param cost_micros: the real cost, in millionths of the currency; `None` if it is unknown.
    :param currency: the currency of both costs; `None` if it is unknown.
    :param uri: the URI of the landed video; `None` if it wasn't landed.
    :param record: the submission record's JSON.
    """

    attempt: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int | None
    conn_id: str | None
    vendor: str
    model: str
    mark: str | None
    intended_at: float
    video_id: str | None
    withdrawn: bool
    delivered: bool
    outcome: str | None
    estimated_micros: int | None
    cost_micros: int | None
    currency: str | None
    uri: str | None
    record: str


class LedgerReader(LedgerTable):
    """Reads the ledger outside of a task. The only thing it writes is the id of a video that was found again."""

    def between(self, conn_id: str, since: float, until: float, *, most: int) -> list[Recorded]:
        """The submissions by a connection in a span of time, oldest first, without the withdrawn ones.

        :param conn_id: the id of the vendor's connection.
        :param since: the start of the span, Unix time.
        :param until: the end of the span, Unix time, exclusive.
        :param most: the most submissions to return.
        :raises LedgerDownError: the ledger can't be reached.
        """
        return self._found(
            "conn_id = :conn_id AND intended_at >= :since AND intended_at < :until AND withdrawn = 0",
            {"conn_id": conn_id, "since": since, "until": until},
            most=most,
        )

    def connections(self, since: float, until: float) -> list[str]:
        """The ids of the vendors' connections with submissions in a span of time, sorted; withdrawn ones don't count.

        :param since: the start of the span, Unix time.
        :param until: the end of the span, Unix time, exclusive.
        :raises LedgerDownError: the ledger can't be reached.
        """
        with self.transaction() as connection:
            rows = connection.execute(
                as_text(
                    "SELECT DISTINCT conn_id FROM seedance_submissions "
                    "WHERE intended_at >= :since AND intended_at < :until AND withdrawn = 0 AND conn_id IS NOT NULL "
                    "ORDER BY conn_id"
                ),
                {"since": since, "until": until},
            )
            return [str(row[0]) for row in rows]

    def known(self, vendor: str, *, video_ids: Iterable[str] = (), marks: Iterable[str] = ()) -> list[Recorded]:
        """The submissions with one of these ids or marks, by any connection and at any time, also withdrawn ones.

        :param vendor: the vendor's name.
        :param video_ids: the vendor's ids. Default: none.
        :param marks: the marks. Default: none.
        :raises LedgerDownError: the ledger can't be reached.
        """
        found: dict[str, Recorded] = {}
        for column, values in (("video_id", video_ids), ("mark", marks)):
            for some in _groups(values):
                names = {f"v{number}": value for number, value in enumerate(some)}
                wanted = ", ".join(f":{name}" for name in names)
                rows = self._found(f"vendor = :vendor AND {column} IN ({wanted})", {"vendor": vendor, **names})
                found |= {row.attempt: row for row in rows}
        return list(found.values())

    def identify(self, row: Recorded, video_id: str, record: str) -> bool:
        """Records the id of a submission that was in doubt, unless the row has changed since it was read.

        :param row: the row as it was read.
        :param video_id: the vendor's id.
        :param record: the submission record's JSON, with the id in it.
        :return: whether the id was recorded.
        :raises LedgerDownError: the ledger can't be reached.
        """
        with self.transaction() as connection:
            result = connection.execute(
                as_text(
                    "UPDATE seedance_submissions SET video_id = :video_id, record = :record "
                    "WHERE attempt = :attempt AND video_id IS NULL AND withdrawn = 0 AND record = :before"
                ),
                {"video_id": video_id, "record": record, "attempt": row.attempt, "before": row.record},
            )
            return bool(result.rowcount == 1)

    def _found(self, condition: str, values: dict[str, Any], *, most: int | None = None) -> list[Recorded]:
        limit = "" if most is None else f" LIMIT {int(most)}"
        order = "ORDER BY intended_at, attempt"
        with self.transaction() as connection:
            rows = connection.execute(
                as_text(f"SELECT {_COLUMNS} FROM seedance_submissions WHERE {condition} {order}{limit}"),  # noqa: S608
                values,
            )
            return [_read(row) for row in rows]


def _read(row: Sequence[Any]) -> Recorded:
    read = Recorded(*row)
    return Recorded(**{**read.__dict__, "withdrawn": bool(read.withdrawn), "delivered": bool(read.delivered)})


def _groups(values: Iterable[str]) -> Iterator[list[str]]:
    unique = iter(dict.fromkeys(values))
    while some := list(islice(unique, _AT_ONCE)):
        yield some
