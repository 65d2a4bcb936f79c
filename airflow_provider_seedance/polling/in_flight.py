"""The requests of a poller that are under way, and the waits that end before their request does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.client import HUNG

if TYPE_CHECKING:
    from airflow_provider_seedance.polling.schedule import Turn
    from airflow_provider_seedance.polling.wait_queue import Watch

MOST_IN_FLIGHT = 16
"""The most requests under way at once, not counting those that hang."""

MOST_OPEN = 256
"""The most requests under way at once, including those that hang: each holds a connection."""


@dataclass
class Flight:
    """A request that is under way.

    :param turn: the waits that it serves.
    :param since: its start, by the monotonic clock.
    :param give_up_at: Unix time at which the first of its waits may have to be given up.
    """

    turn: Turn
    since: float
    give_up_at: float


class InFlight:
    """All requests that are under way, by their asyncio tasks.

    A request that hangs soon no longer counts against the limit; otherwise a few jobs that the vendor is stuck on would
    stop the polls of all others. Each wait ends at its own deadline, whether or not its request does.
    """

    def __init__(self) -> None:
        self._flights: dict[asyncio.Task[None], Flight] = {}

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        return iter(list(self._flights))

    def begin(self, task: asyncio.Task[None], turn: Turn, now: float, wall: float) -> None:
        """Notes that a request has been sent."""
        self._flights[task] = Flight(turn, now, min(_ends_for(watch, wall) for watch in turn.watches))

    def end(self, task: asyncio.Task[None], now: float) -> None:
        """Notes that a request was answered or has failed."""
        flight = self._flights.pop(task)
        for watch in flight.turn.watches:
            watch.is_slow = now - flight.since > HUNG

    def is_full(self, now: float) -> bool:
        """Whether the next request has to wait until one ends, or hangs."""
        flights = self._flights.values()
        if len(flights) < MOST_IN_FLIGHT:
            return False
        if len(flights) >= MOST_OPEN:
            return True
        quick = sum(now - flight.since < HUNG and not flight.turn.is_slow for flight in flights)
        return quick >= MOST_IN_FLIGHT

    def give_up(self, wall: float) -> list[Watch]:
        """Removes and returns the waits whose deadline has passed while their poll hangs."""
        given_up: list[Watch] = []
        for flight in self._flights.values():
            if wall < flight.give_up_at:
                continue
            waiting = [watch for watch in flight.turn.watches if not watch.gone]
            given_up += [watch for watch in waiting if watch.hung_at <= wall]
            flight.give_up_at = min((watch.hung_at for watch in waiting if watch.hung_at > wall), default=inf)
        return given_up

    def until_next(self, wall: float) -> float:
        """Seconds until a wait may have to be given up."""
        return min((flight.give_up_at for flight in self._flights.values()), default=inf) - wall


def _ends_for(watch: Watch, wall: float) -> float:
    """Notes how long this job's poll may last: until its deadline, but at least as long as any answer may take."""
    deadline = watch.wait.deadline
    watch.hung_at = inf if deadline is None else max(deadline, wall + HUNG)
    return watch.hung_at
