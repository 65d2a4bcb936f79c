"""Pollers on one account in several processes know of each other by the ledger, and divide the rate.

Each leaves a sign of life there every ten seconds. Who makes no more signs is soon no part of the division. It is never
in the way of a poll: a ledger that is away costs nothing but the knowledge of the others, and then the vendor's
refusals divide the rate as they do without a ledger.
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

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import ClientSettings

log = logging.getLogger(__name__)

EVERY = 10.0
"""Seconds between two signs of life."""

DEAD_AFTER = 30.0
"""Seconds without a new sign after which a poller has died."""

FORGETS_AFTER = 60.0
"""Seconds without the ledger after which the others are unknown."""

LEAVING = 2.0
"""The most seconds that a poller which ends waits for its farewell."""


_in_thread = asyncio.to_thread


class Board(Protocol):
    """Where the signs are left. Both methods block, and are called in a thread."""

    def tell(self, account: str, sign: Sign) -> list[Sign]:
        """Leaves a sign, and gives those of all pollers on the account."""

    def leave(self, poller: str) -> None:
        """Takes a poller's sign away."""


class Neighbours:
    """Who is alive: pure, is told the time by a clock that never goes back. The clocks of others play no part."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, float]] = {}

    def alive(self, signs: Sequence[Sign], now: float) -> dict[str, int]:
        """How many jobs each living poller waits for, by its name.

        :param signs: of all pollers on the account.
        """
        seen, self._seen = self._seen, {}
        for sign in signs:
            beat, since = seen.get(sign.poller, (None, now))
            self._seen[sign.poller] = (sign.beat, since if beat == sign.beat else now)
        return {sign.poller: sign.waiting for sign in signs if now - self._seen[sign.poller][1] <= DEAD_AFTER}


class Presence:
    """One poller's sign of life.

    :param board: where it is left.
    :param account: names the account now; it may change with the connection.
    :param waiting: how many jobs the poller waits for now.
    :param divide: told its own name and what each poller waits for, by name; only itself, if the others are unknown.
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
        """Leaves signs until it is cancelled."""
        try:
            while True:
                telling = asyncio.create_task(_in_thread(self._tell))
                await self._until_told(telling)
                await asyncio.sleep(EVERY * random.uniform(0.9, 1.1))  # noqa: S311 - no secret
        finally:
            if self._beat:
                await asyncio.wait({asyncio.create_task(_in_thread(self._leave))}, timeout=LEAVING)

    async def _until_told(self, telling: asyncio.Task[list[Sign]]) -> None:
        """One at a time: of a database that hangs, no second thread learns more."""
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
    """Where this installation's pollers leave their signs; `None` without a ledger."""
    conn_id = ledger_conn_id()
    if not conn_id:
        return None
    from airflow_provider_seedance.ledger.table import LedgerTable

    return PresenceTable(LedgerTable(conn_id))


def account_of(vendor: str, settings: ClientSettings) -> str:
    """Names an account in every process, without a word about its key, which can't be told from it.

    :param vendor: the vendor's name.
    :param settings: of the connection.
    """
    parts = ("seedance account", vendor, settings.base_url or "", settings.api_key)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]
