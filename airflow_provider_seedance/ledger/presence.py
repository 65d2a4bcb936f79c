"""The table in which pollers tell each other that they are there, so that an account's rate can be divided."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.ledger.table import LedgerTable

if TYPE_CHECKING:
    from collections.abc import Mapping

FORGOTTEN_AFTER = 3600.0
"""Seconds after which the row of a poller that died is removed."""


@dataclass(frozen=True)
class Sign:
    """A poller's sign of life.

    :param poller: its name.
    :param beat: counts its signs; one that stays the same is of a poller that has died, whatever the clocks say.
    :param waiting: how many jobs it waits for.
    """

    poller: str
    beat: int
    waiting: int


class PresenceTable:
    """The table in the ledger's database.

    :param ledger: the ledger.
    """

    def __init__(self, ledger: LedgerTable) -> None:
        self._ledger = ledger

    def tell(self, account: str, sign: Sign) -> list[Sign]:
        """Leaves a sign, and gives those of all pollers on the account, its own among them.

        :param account: names the account.
        :raises LedgerDownError: it can't be told.
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

        :raises LedgerDownError: it stays; the others notice that it makes no more signs.
        """
        with self._ledger.transaction() as connection:
            _execute(connection, "DELETE FROM seedance_pollers WHERE poller = :poller", {"poller": poller})


def _execute(connection: Any, statement: str, values: Mapping[str, Any]) -> Any:
    from sqlalchemy import text

    return connection.execute(text(statement), values)
