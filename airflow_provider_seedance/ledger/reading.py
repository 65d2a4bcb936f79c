"""Questions to the ledger across tasks: what was submitted in a span of time, and whose a video is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from airflow_provider_seedance.ledger.table import LedgerTable, as_text

_AT_ONCE = 200
"""Ids in one statement; databases have a limit."""

_COLUMNS = (
    "attempt, dag_id, task_id, run_id, map_index, try_number, conn_id, vendor, model, mark, intended_at, video_id, "
    "withdrawn, delivered, outcome, estimated_micros, cost_micros, currency, uri, record"
)


@dataclass(frozen=True)
class Recorded:
    """A submission, as the ledger has it.

    :param attempt: its key.
    :param mark: by which the vendor's list tells it, where it has one.
    :param intended_at: Unix time just before the request was sent.
    :param video_id: `None` as long as it is in doubt.
    :param withdrawn: whether the vendor is known to have made nothing of it.
    :param delivered: whether a task has handed the video on.
    :param outcome: how it ended, as a task has seen it.
    :param estimated_micros: what it would cost, in millionths of the currency.
    :param cost_micros: what it has cost.
    :param uri: where it was landed.
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
    """The ledger, asked by nobody's task. It writes one thing: the id of a video that was found again."""

    def between(self, conn_id: str, since: float, until: float, *, most: int) -> list[Recorded]:
        """What was submitted by a connection, the oldest first. What was withdrawn is left out.

        :param conn_id: the vendor's connection.
        :param since: Unix time of the first intent.
        :param until: Unix time before which the last one was.
        :param most: how many are given at most.
        :raises LedgerDownError: this can't be told now.
        """
        return self._found(
            "conn_id = :conn_id AND intended_at >= :since AND intended_at < :until AND withdrawn = 0",
            {"conn_id": conn_id, "since": since, "until": until},
            most=most,
        )

    def connections(self, since: float, until: float) -> list[str]:
        """The vendors' connections by which something was submitted in a span of time, see `between`."""
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
        """The submissions that have one of these ids or marks: of any connection and time, withdrawn ones too.

        :param vendor: the vendor's name.
        :raises LedgerDownError: this can't be told now.
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
        """Notes the id of a submission that was in doubt, unless somebody was faster.

        :param row: as it was read.
        :param video_id: the vendor's id.
        :param record: the submission record with the id in it.
        :return: whether it was noted.
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
