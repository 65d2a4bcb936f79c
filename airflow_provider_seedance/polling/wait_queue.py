"""Whose turn it is among the videos that one poller waits for: pure bookkeeping, told the time by its caller.

`now` is a clock that never goes back; `wall` is Unix time, which deadlines are given in.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from math import inf
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.polling import Decision, Outcome

if TYPE_CHECKING:
    from airflow_provider_seedance.api.polling import Wait

EARLY = 0.5
"""A video may ride in a batch that goes out anyway once this share of its interval has passed."""

LATE = 10.0
"""Seconds by which a last poll may miss its deadline, for many may fall on one moment; then there is none."""

_CHECK_EVERY = 0.5
_FEW = 64

_Entry = tuple[float, int, "Watch"]


class Watch:
    """One video that somebody waits for.

    :param wait: decides what each poll means.
    :param due: when it is polled next.
    """

    def __init__(self, wait: Wait, *, due: float, now: float, wall: float) -> None:
        self.wait = wait
        self.due = due
        self.last_polled = now
        """Whoever joins has just read the video or submitted it. A 0 would let newcomers starve the others."""
        self.gone = False
        self.hung_at = inf
        """Unix time at which a poll that is under way isn't waited for any more."""
        self.is_slow = False
        """Whether the last poll took so long that the next one may hang, too."""
        self.single = False
        """Whether it has to be asked for by itself, because a list said nothing about it."""
        self._last_call = inf if wait.deadline is None else max(wait.deadline, wall) + LATE
        self._news: asyncio.Queue[Decision] = asyncio.Queue()

    def is_over(self, wall: float) -> bool:
        """Whether the deadline has passed, so that the next poll is the last one."""
        return self.wait.deadline is not None and wall >= self.wait.deadline

    def is_too_late(self, wall: float, pause: float) -> bool:
        """Whether the last poll would be too late after a pause of so many seconds."""
        return self.is_over(wall) and wall + pause > self._last_call

    def tell(self, decision: Decision) -> None:
        """Hands a decision to whoever waits, if it says anything."""
        if decision.outcome is not Outcome.WAIT or decision.note or decision.error:
            self._news.put_nowait(decision)

    async def next(self) -> Decision:
        """The next decision that says anything."""
        return await self._news.get()


class WatchQueue:
    """Who is due, in the order of the longest time since the last poll; whose deadline has passed goes first."""

    def __init__(self) -> None:
        self._order = count()
        self._later: list[_Entry] = []
        self._shared: list[_Entry] = []
        self._alone: list[_Entry] = []
        self._check_at = inf

    def put(self, watch: Watch) -> None:
        """Has the video polled when it is due."""
        if not watch.gone:
            heapq.heappush(self._later, (watch.due, next(self._order), watch))

    def forget_the_gone(self, living: int) -> None:
        """Drops those who left, once they are the most; who is due later may be due in hours.

        :param living: how many have not left.
        """
        if len(self._later) > 2 * living + _FEW:
            self._later = [entry for entry in self._later if not entry[2].gone]
            heapq.heapify(self._later)

    def collect(self, now: float, wall: float) -> None:
        """Moves those who have become due in line."""
        while self._later and self._later[0][0] <= now:
            self._line_up(heapq.heappop(self._later)[2], wall)

    def give_up(self, wall: float, pause_alone: float, pause_shared: float) -> list[Watch]:
        """Takes those out of line whose last poll would be too late; the others of whom it is due go first.

        :param pause_alone: seconds until a single poll may go.
        :param pause_shared: seconds until a poll of any kind may go.
        """
        if wall < self._check_at:
            return []
        given_up: list[Watch] = []
        self._check_at = inf
        for line, pause in ((self._alone, pause_alone), (self._shared, pause_shared)):
            given_up += [watch for _, _, watch in line if not watch.gone and watch.is_too_late(wall, pause)]
            stay = [entry for entry in line if not entry[2].gone and not entry[2].is_too_late(wall, pause)]
            line[:] = [(self._rank(watch, wall), order, watch) for _, order, watch in stay]
            heapq.heapify(line)
        return given_up

    def until_next(self, now: float, wall: float) -> float:
        """Seconds until somebody becomes due or a deadline passes."""
        self._drop_gone(self._later)
        due = self._later[0][0] - now if self._later else inf
        return min(due, self._check_at - wall if self._alone or self._shared else inf)

    def count_alone(self) -> int:
        """How many are due that have to be asked for by themselves."""
        self._drop_gone(self._alone)
        return len(self._alone)

    def count_shared(self) -> int:
        """How many are due that may be asked for together."""
        self._drop_gone(self._shared)
        return len(self._shared)

    def interval(self) -> float:
        """The interval of who comes next among those."""
        return self._shared[0][2].wait.interval

    def is_alone(self, now: float) -> bool:
        """Whether the next of those would be alone in a batch."""
        return self.count_shared() < 2 and not self._next_rides(now)

    def pop_single(self, *, from_shared: bool) -> Watch:
        """Who is asked for next by itself.

        :param from_shared: whether this may be somebody who need not be alone.
        """
        lines = [self._alone] if self.count_alone() else []
        if from_shared and self.count_shared():
            lines.append(self._shared)
        return heapq.heappop(min(lines, key=lambda line: line[0]))[2]

    def pop_batch(self, now: float, size: int) -> list[Watch]:
        """Who is asked for together, with those who would be due soon."""
        batch: list[Watch] = []
        while len(batch) < size and self.count_shared():
            batch.append(heapq.heappop(self._shared)[2])
        while len(batch) < size and self._next_rides(now):
            batch.append(heapq.heappop(self._later)[2])
        return batch

    def _line_up(self, watch: Watch, wall: float) -> None:
        if not watch.gone:
            line = self._alone if watch.single else self._shared
            heapq.heappush(line, (self._rank(watch, wall), next(self._order), watch))

    def _rank(self, watch: Watch, wall: float) -> float:
        if watch.wait.deadline is not None:
            self._check_at = min(self._check_at, max(watch.wait.deadline, wall + _CHECK_EVERY))
        return -inf if watch.is_over(wall) else watch.last_polled

    def _next_rides(self, now: float) -> bool:
        self._drop_gone(self._later)
        if not self._later:
            return False
        due, _, watch = self._later[0]
        return not watch.single and due - now <= (1 - EARLY) * watch.wait.interval

    @staticmethod
    def _drop_gone(line: list[_Entry]) -> None:
        while line and line[0][2].gone:
            heapq.heappop(line)
