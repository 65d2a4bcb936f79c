"""What is asked next, and when: lists or single polls, within the rates of a connection. Pure: is told the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf

from airflow_provider_seedance.api.vendors.video_adapter import PollRates
from airflow_provider_seedance.polling.portions import portion_of
from airflow_provider_seedance.polling.rate_limiter import Pace, Share
from airflow_provider_seedance.polling.wait_queue import Watch, WatchQueue

LIST_PATIENCE = 0.1
"""Share of the interval that a due poll may wait for a list, before single polls go out if they are sooner."""

LISTS_AGAIN = 60.0
"""Seconds after which lists of full length are tried again when some were refused."""


@dataclass(frozen=True)
class Turn:
    """One request.

    :param watches: the waits that it serves; one, unless it is a list.
    :param is_list: whether they share a request.
    """

    watches: list[Watch]
    is_list: bool

    @property
    def is_slow(self) -> bool:
        """Whether the same request hung before."""
        return not self.is_list and self.watches[0].is_slow


class Schedule:
    """Which waits are served next, by which kind of request.

    `now` is a clock that never goes back; `wall` is Unix time, which deadlines are given in.

    :param rates: how often the vendor may be asked.
    :param most_ids: how many jobs one list may ask for; less than 2: there are no lists.
    :param to_wall: what makes `wall` of `now`, if added.
    """

    def __init__(self, rates: PollRates, most_ids: int, to_wall: float = 0.0) -> None:
        self._queue = WatchQueue()
        share = Share()  # one: who else uses the account makes requests of both kinds
        self._singles = Pace(rates.get_per_second, share=share, to_wall=to_wall)
        self._lists = Pace(rates.list_per_second, share=share, one_at_a_time=True, to_wall=to_wall)
        self._most_ids = self._list_size = most_ids
        self._full_again = inf

    def change(self, rates: PollRates, most_ids: int) -> None:
        """Other limits hold from now on; lists that were refused are tried again at once."""
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
        """Has the job polled when it is due."""
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
        """The request that goes now, if there is one."""
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
        """Seconds until there may be something to take or to give up."""
        pauses = [self._queue.until_next(now, wall)]
        one_by_one, shared = self._is_one_by_one(now), self._queue.count_shared()
        if self._queue.count_alone() or (one_by_one and shared):
            pauses.append(self._singles.wait(now))
        if shared and not one_by_one:
            pauses.append(self._lists.wait(now))
        return min(pauses)

    def ended(self, turn: Turn, now: float) -> None:
        """It is over, however it went."""
        (self._lists if turn.is_list else self._singles).ended(now)

    def asked_further(self, now: float) -> None:
        """A read has sent one more request: the next poll waits for the turn of both."""
        self._singles.take_further(now)

    def refused(self, turn: Turn, now: float, retry_after: float | None) -> None:
        """The vendor said 429: all requests of the connection pause; those of this kind may have to slow down."""
        kind, other = (self._lists, self._singles) if turn.is_list else (self._singles, self._lists)
        kind.refused(now, retry_after)
        other.pause(now, retry_after)

    def shorten_lists(self, size: int, now: float) -> None:
        """Asks for fewer jobs at once, for a while.

        :param size: less than 2: for one at a time.
        """
        self._list_size, self._full_again = min(self._list_size, size), now + LISTS_AGAIN

    def _is_one_by_one(self, now: float) -> bool:
        """Whether jobs that could share a request are better asked for one by one."""
        shared = self._queue.count_shared()
        if self._list_size < 2 or not shared or self._queue.is_alone(now) or self._lists.is_stuck(now):
            return True
        wait = self._lists.wait(now)
        by_themselves = self._singles.wait(now) + (shared + self._queue.count_alone()) * self._singles.gap(now)
        return wait > LIST_PATIENCE * self._queue.interval() and by_themselves <= wait
