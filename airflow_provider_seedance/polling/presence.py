"""Pollers in several processes find each other through the ledger, and divide their account's rate.

Each poller writes a heartbeat every ten seconds. A poller whose heartbeat stops soon loses its portion. None of this
delays a poll: without the ledger the pollers only don't know each other, and the vendor's refusals divide the rate.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from airflow_provider_seedance.ledger.presence import PresenceTable, Sign
from airflow_provider_seedance.ledger.settings import ledger_conn_id
from airflow_provider_seedance.polling.ledger_thread import LedgerThread

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two heartbeats."""

DEAD_AFTER = 30.0
"""Seconds without a new heartbeat after which a poller counts as dead."""

FORGETS_AFTER = 60.0
"""Seconds without the ledger after which a poller counts on no others."""

LEAVING = 2.0
"""The most seconds that an ending poller waits for the removal of its heartbeat."""

_ledger = LedgerThread()


class Board(Protocol):
    """Keeps the heartbeats. Both methods block, and are called in a thread, one at a time."""

    def tell(self, account: str, sign: Sign) -> list[Sign]:
        """Writes a heartbeat, and reads those of all pollers on the account.

        :param account: the account's name.
        :param sign: the heartbeat to write.
        :return: all heartbeats, including this one.
        """

    def leave(self, poller: str) -> None:
        """Removes a poller's heartbeat.

        :param poller: the poller's name.
        """


class Neighbours:
    """Decides which pollers are alive, by this process's monotonic clock alone. Pure."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def alive(self, signs: Sequence[Sign], now: float) -> dict[str, int]:
        """The number of jobs that each living poller waits for, by its name.

        :param signs: the heartbeats of all pollers on the account, as just read.
        :param now: the time by the monotonic clock, in seconds.
        """
        seen, self._seen = self._seen, {}
        for sign in signs:
            beat, since = seen.get(sign.poller, (None, now))
            self._seen[sign.poller] = (sign.beat, since if beat == sign.beat else now)
        return {sign.poller: sign.waiting for sign in signs if now - self._seen[sign.poller][1] <= DEAD_AFTER}


class Presence:
    """Keeps up one poller's heartbeat, and tells the poller about the others.

    :param board: keeps the heartbeats.
    :param account: returns the account's current name, which may change with the connection.
    :param waiting: returns the number of jobs that the poller waits for now.
    :param divide: called with the poller's own name, and the number of jobs of each poller by name; if the others are
        unknown, only of this poller.
    """

    def __init__(
        self,
        board: Board,
        account: Callable[[], str],
        waiting: Callable[[], int],
        divide: Callable[[str, dict[str, int]], None],
    ) -> None:
        self._board, self._account, self._waiting, self._divide = board, account, waiting, divide
        self._name = uuid4().hex
        self._neighbours = Neighbours()
        self._beat = 0
        self._told_at = time.monotonic()
        self._is_away = False

    async def keep(self) -> None:
        """Writes heartbeats until it is cancelled, and then removes the last one."""
        telling = _ledger.run(self._tell)
        try:
            while True:
                await self._until_told(telling)
                await asyncio.sleep(EVERY * random.uniform(0.9, 1.1))  # noqa: S311 - no secret
                telling = _ledger.run(self._tell)
        finally:
            telling.cancel()
            leaving = _ledger.run(self._leave)
            await asyncio.wait({leaving}, timeout=LEAVING)
            leaving.cancel()  # a row that stays counts as dead soon

    async def _until_told(self, telling: asyncio.Future[list[Sign]]) -> None:
        """Waits for a heartbeat to be written, then divides the rate."""
        while not telling.done():
            await asyncio.wait({telling}, timeout=EVERY)
            self._forget_if_old()
        if error := telling.exception():
            if not self._is_away:
                log.warning("Pollers on the account can't be told apart: %s. Polling goes on.", error)
            self._is_away = True
            self._forget_if_old()
            return
        self._is_away = False
        self._told_at = time.monotonic()
        self._divide(self._name, self._neighbours.alive(telling.result(), self._told_at))

    def _forget_if_old(self) -> None:
        if time.monotonic() - self._told_at > FORGETS_AFTER:
            self._divide(self._name, {self._name: 1})

    def _tell(self) -> list[Sign]:
        self._beat += 1
        return self._board.tell(self._account(), Sign(self._name, self._beat, self._waiting()))

    def _leave(self) -> None:
        try:
            self._board.leave(self._name)
        except Exception as error:
            log.debug("A poller that ends could not say so: %s", error)


def open_board() -> Board | None:
    """The table of this installation's heartbeats; `None` without a ledger."""
    conn_id = ledger_conn_id()
    if not conn_id:
        return None
    from airflow_provider_seedance.ledger.table import LedgerTable

    return PresenceTable(LedgerTable(conn_id))


def account_of(vendor: str, settings: ClientSettings) -> str:
    """The account's name: a hash that is the same in every process, and from which the key can't be recovered.

    :param vendor: the vendor's name.
    :param settings: the connection's settings.
    """
    parts = ("seedance account", vendor, settings.base_url or "", settings.api_key)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
