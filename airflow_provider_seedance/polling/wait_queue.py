"""The order in which a poller polls its jobs: pure bookkeeping, which gets the time from its caller.

In its functions, `now` is by the monotonic clock, and `wall` is Unix time, in which deadlines are given.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.jobs import Decision, Outcome

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import PollingClient
    from airflow_provider_seedance.api.jobs import Job, Wait
    from airflow_provider_seedance.api.models import Video

EARLY = 0.5
"""Share of its interval after which a job may join a batch that is sent anyway."""

LATE = 10.0
"""Seconds by which a final poll may miss its deadline, as many deadlines may coincide; later, none is sent.

They count from when the poller sees that the deadline has passed: it may have been stopped, or not started, until then.
"""

_CHECK_EVERY = 0.5
_FEW = 64

_Entry = tuple[float, int, "Watch"]

Read = Callable[["PollingClient", str], Awaitable["Job"]]
"""Reads one job by its id."""


def read_video(client: PollingClient, video_id: str) -> Awaitable[Video]:
    """Reads a video."""
    return client.get_video(video_id)


class Watch:
    """One job at a poller.

    :param wait: decides what each poll means.
    :param due: the moment of the next poll.
    :param now: the moment at which it joined.
    :param read: reads the job alone.
    """

    def __init__(self, wait: Wait[Any], *, due: float, now: float, read: Read = read_video) -> None:
        self.wait = wait
        self.read = read
        self.due = due
        self.last_polled = now
        """At first the moment of joining: the job has just been read. A 0 would let newcomers starve the others."""
        self.gone = False
        self.hung_at = inf
        """Unix time from which a poll under way is no longer waited for."""
        self.is_slow = False
        """Whether the last poll took so long that the next one may hang too."""
        self.refusals = 0
        """How many polls of this job alone were refused in a row with a 429."""
        self.single = not wait.kind.is_listed
        """Whether the job needs a request of its own: its kind has no lists, or a list left it out."""
        self._last_call = inf
        self._news: asyncio.Queue[Decision[Any]] = asyncio.Queue()

    def is_over(self, wall: float) -> bool:
        """Whether the deadline has passed, so that the next poll is the last one."""
        if self.wait.deadline is None or wall < self.wait.deadline:
            return False
        if self._last_call == inf:
            self._last_call = wall + LATE
        return True

    def is_too_late(self, wall: float, pause: float) -> bool:
        """Whether the final poll would be too late after a pause of so many seconds."""
        return self.is_over(wall) and wall + pause > self._last_call

    def tell(self, decision: Decision[Any]) -> None:
        """Hands a decision to the trigger, if there is anything new in it."""
        if decision.outcome is not Outcome.WAIT or decision.note or decision.error:
            self._news.put_nowait(decision)

    async def next(self) -> Decision[Any]:
        """Waits for the next decision that has anything new in it."""
        return await self._news.get()


class WatchQueue:
    """Due waits in the order of their last polls; waits whose deadline has passed come first."""

    def __init__(self) -> None:
        self._order = count()
        self._later: list[_Entry] = []
        self._shared: list[_Entry] = []
        self._alone: list[_Entry] = []
        self._check_at = inf

    def put(self, watch: Watch) -> None:
        """Queues a job until it is due."""
        if not watch.gone:
            heapq.heappush(self._later, (watch.due, next(self._order), watch))

    def forget_the_gone(self, living: int) -> None:
        """Drops abandoned waits once they are the majority: their entries could stay for hours.

        :param living: the number of waits that go on.
        """
        if len(self._later) > 2 * living + _FEW:
            self._later = [entry for entry in self._later if not entry[2].gone]
            heapq.heapify(self._later)

    def collect(self, now: float, wall: float) -> None:
        """Moves waits that have become due to the front."""
        while self._later and self._later[0][0] <= now:
            self._line_up(heapq.heappop(self._later)[2], wall)

    def give_up(self, wall: float, pause_alone: float, pause_shared: float) -> list[Watch]:
        """Removes waits whose final poll would miss the deadline; due waits move to the front.

        :param pause_alone: seconds until a single poll may go.
        :param pause_shared: seconds until a poll of any kind may go.
        :return: the removed ones.
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
        """Seconds until a wait becomes due or a deadline passes."""
        self._drop_gone(self._later)
        due = self._later[0][0] - now if self._later else inf
        return min(due, self._check_at - wall if self._alone or self._shared else inf)

    def count_alone(self) -> int:
        """Number of due waits that need a request of their own."""
        self._drop_gone(self._alone)
        return len(self._alone)

    def count_shared(self) -> int:
        """Number of due waits that may share a request."""
        self._drop_gone(self._shared)
        return len(self._shared)

    def interval(self) -> float:
        """Poll interval of the next wait that may be batched."""
        return self._shared[0][2].wait.interval

    def is_alone(self, now: float) -> bool:
        """Whether the next batch would hold only one wait."""
        return self.count_shared() < 2 and not self._next_rides(now)

    def pop_single(self, *, from_shared: bool) -> Watch:
        """Takes the wait that is polled next with a request of its own.

        :param from_shared: whether to take one that could share a request.
        """
        lines = [self._alone] if self.count_alone() else []
        if from_shared and self.count_shared():
            lines.append(self._shared)
        return heapq.heappop(min(lines, key=lambda line: line[0]))[2]

    def pop_batch(self, now: float, size: int) -> list[Watch]:
        """Takes the waits that are polled together, including those that would be due soon."""
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
