"""The table of the pollers' heartbeats, by which pollers on one account divide its rate."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.ledger.table import LedgerTable

if TYPE_CHECKING:
    from collections.abc import Mapping

FORGOTTEN_AFTER = 3600.0
"""Seconds after the last heartbeat at which the row of a dead poller is removed."""


@dataclass(frozen=True)
class Sign:
    """A poller's heartbeat.

    :param poller: the poller's name.
    :param beat: the number of the heartbeat. If it stays the same, the poller has died; no clocks are compared.
    :param waiting: the number of jobs that the poller waits for.
    """

    poller: str
    beat: int
    waiting: int


class PresenceTable:
    """The table of heartbeats in the ledger's database.

    :param ledger: the ledger.
    """

    def __init__(self, ledger: LedgerTable) -> None:
        self._ledger = ledger

    def tell(self, account: str, sign: Sign) -> list[Sign]:
        """Writes a heartbeat, and reads those of all pollers on the account.

        :param account: the account's name.
        :param sign: the heartbeat to write.
        :return: all heartbeats, including this one.
        :raises LedgerDownError: the ledger can't be reached.
        """
        now = time.time()
        values = {"account": account, "waiting": sign.waiting, "beat": sign.beat, "seen_at": now, "poller": sign.poller}
        with self._ledger.transaction() as connection:
            if not _execute(
                connection,
                "UPDATE seedance_pollers SET account = :account, waiting = :waiting, beat = :beat, seen_at = :seen_at "
                "WHERE poller = :poller",
                values,
            ).rowcount:
                _execute(
                    connection,
                    "INSERT INTO seedance_pollers (poller, account, waiting, beat, seen_at) "
                    "VALUES (:poller, :account, :waiting, :beat, :seen_at)",
                    values,
                )
            _execute(
                connection, "DELETE FROM seedance_pollers WHERE seen_at < :since", {"since": now - FORGOTTEN_AFTER}
            )
            rows = _execute(
                connection,
                "SELECT poller, beat, waiting FROM seedance_pollers WHERE account = :account",
                {"account": account},
            )
            return [Sign(str(poller), int(beat), int(waiting)) for poller, beat, waiting in rows]

    def leave(self, poller: str) -> None:
        """Removes the row of a poller that ends.

        :param poller: the poller's name.
        :raises LedgerDownError: the row stays; the other pollers notice that its heartbeat has stopped.
        """
        with self._ledger.transaction() as connection:
            _execute(connection, "DELETE FROM seedance_pollers WHERE poller = :poller", {"poller": poller})


def _execute(connection: Any, statement: str, values: Mapping[str, Any]) -> Any:
    from sqlalchemy import text

    return connection.execute(text(statement), values)
