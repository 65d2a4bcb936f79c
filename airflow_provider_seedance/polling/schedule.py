"""Decides which request is sent next and when: lists or single polls, within a connection's rates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf

from airflow_provider_seedance.api.vendors.video_adapter import PollRates
from airflow_provider_seedance.polling.portions import portion_of
from airflow_provider_seedance.polling.rate_limiter import Pace, Share
from airflow_provider_seedance.polling.wait_queue import Watch, WatchQueue

LIST_PATIENCE = 0.1
"""Share of the interval for which a due poll may wait for a list; after that, single polls are sent if sooner."""

LISTS_AGAIN = 60.0
"""Seconds after a refused list until lists of full length are tried again."""


@dataclass(frozen=True)
class Turn:
    """One request.

    :param watches: the waits that it serves; only one, unless it is a list.
    :param is_list: whether one request asks for many jobs.
    """

    watches: list[Watch]
    is_list: bool

    @property
    def is_slow(self) -> bool:
        """Whether this request hung the last time."""
        return not self.is_list and self.watches[0].is_slow


class Schedule:
    """Decides which waits are served next, and by which kind of request.

    In the methods, `now` is by the monotonic clock, and `wall` is Unix time, in which deadlines are given.

    :param rates: the vendor's request rates.
    :param most_ids: the most jobs in one list; less than 2 if there are no lists.
    :param to_wall: added to `now`, gives `wall`.
    """

    def __init__(self, rates: PollRates, most_ids: int, to_wall: float = 0.0) -> None:
        self._queue = WatchQueue()
        share = Share()  # one share: another user of the account makes requests of both kinds
        self._singles = Pace(rates.get_per_second, share=share, to_wall=to_wall)
        self._lists = Pace(rates.list_per_second, share=share, one_at_a_time=True, to_wall=to_wall)
        self._most_ids = self._list_size = most_ids
        self._full_again = inf

    def change(self, rates: PollRates, most_ids: int) -> None:
        """Applies other limits from now on; lists that were refused are tried again at once."""
        self._singles.per_second, self._lists.per_second = rates.get_per_second, rates.list_per_second
        self._most_ids = self._list_size = most_ids

    def divide(self, own: str, waiting: Mapping[str, int], to_wall: float) -> None:
        """From now on the rates are shared with other pollers, in the measure of what each waits for.

        :param own: this poller's name.
        :param waiting: how many jobs each poller on the account waits for, by name; alone: all is its own.
        :param to_wall: see above; clocks are set now and then.
        """
        lists = {name: ceil(jobs / max(1, self._most_ids)) for name, jobs in waiting.items()}
        self._lists.portion, self._singles.portion = portion_of(own, lists), portion_of(own, waiting)
        self._lists.to_wall = self._singles.to_wall = to_wall

    def put(self, watch: Watch) -> None:
        """Queues a job until it is due."""
        self._queue.put(watch)

    def forget_the_gone(self, living: int) -> None:
        """See `WatchQueue.forget_the_gone`."""
        self._queue.forget_the_gone(living)

    def give_up(self, now: float, wall: float) -> list[Watch]:
        """Removes waits whose final poll would miss the deadline."""
        self._queue.collect(now, wall)
        single = self._singles.wait(now)
        any_kind = single if self._list_size < 2 else min(single, self._lists.wait(now))
        return self._queue.give_up(wall, pause_alone=single, pause_shared=any_kind)

    def take(self, now: float, wall: float) -> Turn | None:
        """The request to send now, if any."""
        self._queue.collect(now, wall)
        if now >= self._full_again:
            self._list_size, self._full_again = self._most_ids, inf
        one_by_one, shared = self._is_one_by_one(now), self._queue.count_shared()
        if (self._queue.count_alone() or (one_by_one and shared)) and self._singles.wait(now) <= 0:
            self._singles.take(now)
            return Turn([self._queue.pop_single(from_shared=one_by_one)], is_list=False)
        if shared and not one_by_one and self._lists.wait(now) <= 0:
            self._lists.take(now)
            return Turn(self._queue.pop_batch(now, self._list_size), is_list=True)
        return None

    def until_next(self, now: float, wall: float) -> float:
        """Seconds until a request may be sent or a wait given up."""
        pauses = [self._queue.until_next(now, wall)]
        one_by_one, shared = self._is_one_by_one(now), self._queue.count_shared()
        if self._queue.count_alone() or (one_by_one and shared):
            pauses.append(self._singles.wait(now))
        if shared and not one_by_one:
            pauses.append(self._lists.wait(now))
        return min(pauses)

    def ended(self, turn: Turn, now: float) -> None:
        """Notes that a request has ended, whatever its result."""
        (self._lists if turn.is_list else self._singles).ended(now)

    def asked_further(self, now: float) -> None:
        """Counts one more request of a read: the next poll waits for the gaps of both."""
        self._singles.take_further(now)

    def refused(self, turn: Turn, now: float, retry_after: float | None) -> None:
        """Pauses all requests of the connection after a 429, and may slow down those of this kind.

        A refused job keeps its place in the line. If it is refused again it goes to the end: should the vendor refuse
        this job alone, the others get their polls all the same.
        """
        kind, other = (self._lists, self._singles) if turn.is_list else (self._singles, self._lists)
        kind.refused(now, retry_after)
        other.pause(now, retry_after)
        if not turn.is_list:
            (refused,) = turn.watches
            refused.refusals += 1
            if refused.refusals > 1:
                refused.last_polled = now

    def shorten_lists(self, size: int, now: float) -> None:
        """Asks for fewer jobs at once, for a while.

        :param size: the most jobs in one list; less than 2 for single polls only.
        :param now: the moment.
        """
        self._list_size, self._full_again = min(self._list_size, size), now + LISTS_AGAIN

    def _is_one_by_one(self, now: float) -> bool:
        """Whether it is better to ask one by one for the jobs that could share a request."""
        shared = self._queue.count_shared()
        if self._list_size < 2 or not shared or self._queue.is_alone(now) or self._lists.is_stuck(now):
            return True
        wait = self._lists.wait(now)
        by_themselves = self._singles.wait(now) + (shared + self._queue.count_alone()) * self._singles.gap(now)
        return wait > LIST_PATIENCE * self._queue.interval() and by_themselves <= wait
