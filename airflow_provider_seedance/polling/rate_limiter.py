"""The request rate of a connection, which backs off after refusals and recovers with time. Pure arithmetic.

With a ledger, several triggerers on one account know each other (see `presence`), and each has its portion of the
rate. Without one, each triggerer sees only the vendor's refusals, and by these settles on a share of the rate, such as
a half, a quarter and a quarter.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum
from math import ceil, floor, inf

from airflow_provider_seedance.polling.portions import WHOLE

LONGEST_PAUSE = 300.0
"""The longest pause in seconds; a longer `Retry-After` is cut to it."""

HEADROOM = 0.95
"""The fraction of the rate that is used, since evenly sent requests don't arrive evenly, and the vendor counts
arrivals."""

STUCK = 5.0
"""Seconds without an answer after which a request counts as stuck, if others wait for it."""

SLOT = 1.25
"""The length of a slot (see `Pace`), in gaps. The part above 1 leaves room for a random offset and for the network."""

DIVIDED_SLOT = 1.06
"""The same where each slot is known to be one poller's: only clocks and the network may still shift it."""

GRACE = 0.05
"""Up to which part of a gap after its beginning a divided slot may still be used: timers fire late, never early."""

KEEPS_SLOTS = 3600.0
"""Seconds after a refusal during which the account is assumed to be shared with another process."""

FIRST_TRY = 60.0
"""Seconds after which a halved rate is first doubled again."""

LAST_TRY = 900.0
"""The longest time until the next doubling, in seconds; each refused doubling doubles the time, up to this."""

_MOST_HALVINGS = 6
_BURST = 1.0
_SOON = 10.0
_CALMS = 0.75
_REMEMBERS = 60.0


class Refusal(Enum):
    """The meaning of a refusal."""

    ALONE = "a collision: it says nothing about the rate"
    AGAIN = "somebody else has these slots"
    TOO_MUCH = "the rate was halved"


class Share:
    """The share of a rate that this process uses: halved after repeated refusals, doubled again as time passes.

    It recovers by time, not by successful requests: a process that was slowed down sends few, and would recover too
    late.
    """

    def __init__(self) -> None:
        self.refused_at = -inf
        self._halvings = 0
        self._changed = -inf
        self._was_doubled = False
        self._patience = FIRST_TRY

    def at(self, now: float) -> float:
        """The share at a moment: 1, a half, a quarter, and so on.

        :param now: the moment, by the monotonic clock, in seconds.
        """
        while self._halvings and now >= self._changed + self._patience:
            self._halvings -= 1
            self._changed += self._patience
            self._was_doubled = True
            self._patience = max(FIRST_TRY, self._patience * _CALMS)
        return float(0.5**self._halvings)

    def refused(self, now: float, gap: float) -> Refusal:
        """Records a 429.

        :param now: the moment, by the monotonic clock, in seconds.
        :param gap: the current seconds between two requests.
        :return: the meaning of the refusal.
        """
        self.at(now)
        since, self.refused_at = now - self.refused_at, now
        if since < _BURST:
            return Refusal.ALONE  # refusals of simultaneous requests count once
        is_trial = self._was_doubled and now - self._changed <= max(_SOON, 4 * gap)
        # The larger the share, the longer the memory: the process with the largest share gives way.
        if not is_trial and since > _REMEMBERS * self.at(now):
            return Refusal.AGAIN if since <= 8 * gap else Refusal.ALONE
        self._patience = min(LAST_TRY, 2 * self._patience)
        self._halvings = min(_MOST_HALVINGS, self._halvings + 1)
        self._changed, self._was_doubled = now, False
        return Refusal.TOO_MUCH


class Pace:
    """Spaces requests evenly, for the whole connection.

    All moments (`now`) are seconds of the monotonic clock.

    If the rate is so low that the vendor refuses one of two simultaneous requests, even a process with the right rate
    is refused half the time, because it doesn't know when the others send. So after a refusal such a pace uses time
    slots of the wall clock, which are the same for all processes: every slot, every second, or every fourth. A process
    that has found free slots keeps them. If pollers that know each other divide the rate, each uses the slots of its
    portion from the start.

    :param per_second: the most requests per second, which may be changed at any time; 0 or less for no limit.
    :param share: this process's share of the rate, which several paces may use together. Default: its own.
    :param one_at_a_time: for such low rates. Outside of slots, the gap then counts from a request's end instead of its
        start, so that the next one never arrives too early, however late this one did. Default: no.
    :param to_wall: the seconds to add to a moment to get Unix time.
    :param chance: returns a random number from 0 to 1. Default: `random.random`.
    """

    def __init__(
        self,
        per_second: float,
        *,
        share: Share | None = None,
        one_at_a_time: bool = False,
        to_wall: float = 0.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.per_second = per_second
        self.portion = WHOLE
        """The portion of the rate that the other pollers on the account leave to this one."""
        self.to_wall = to_wall
        self._one_at_a_time = one_at_a_time
        self._chance = chance
        self._share = share or Share()
        self._is_under_way = False
        self._started = self._taken = self._paused_until = -inf
        self._slots_of = 0
        self._within = 0.0

    def gap(self, now: float) -> float:
        """Seconds between two requests."""
        if self.per_second <= 0:
            return 0.0
        if self._one_at_a_time:
            return 1 / (self.per_second * self.portion.width * self._share.at(now))
        return 1 / (self.portion.of(self.per_second) * HEADROOM * self._share.at(now))

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent."""
        if self._has_slots(now):
            soonest = max(now, self._started + 1 / self.per_second, self._paused_until)
            if self._is_under_way:
                soonest = max(soonest, now + 1 / self.per_second)
            return max(0.0, self._next_slot(soonest, now) - now)
        last = now if self._is_under_way else self._taken
        return max(0.0, max(last + self.gap(now), self._paused_until) - now)

    def take(self, now: float) -> None:
        """Records that a request is sent now."""
        self._started = self._taken = now
        self._is_under_way = self._one_at_a_time and self.per_second > 0
        self._within = self._chance()

    def take_further(self, now: float) -> None:
        """Records that another request is sent now, out of turn; the following ones are delayed by as much."""
        self._taken = max(now, self._taken + self.gap(now))

    def ended(self, now: float) -> None:
        """Records that the request was answered or has failed."""
        if self._is_under_way:
            self._taken, self._is_under_way = now, False

    def is_stuck(self, now: float) -> bool:
        """Whether the next request waits for one that has been running for longer than `STUCK`."""
        return self._is_under_way and now - self._taken > STUCK

    def pause(self, now: float, retry_after: float | None) -> None:
        """Pauses for as long as the vendor asks, at least for a second and at most for `LONGEST_PAUSE`.

        :param retry_after: the vendor's `Retry-After` in seconds; `None` without one.
        """
        self._paused_until = max(self._paused_until, now + min(LONGEST_PAUSE, max(1.0, retry_after or 0.0)))

    def refused(self, now: float, retry_after: float | None) -> None:
        """Records a 429 to one of these requests, and pauses.

        :param retry_after: the vendor's `Retry-After` in seconds; `None` without one.
        """
        cycle = self._cycle(now)
        refusal = self._share.refused(now, self.gap(now))
        if refusal is Refusal.TOO_MUCH:
            # Keeps a random half of its slots; the other half may go to the process that it collided with.
            self._slots_of = self._slots_of % cycle + cycle * floor(self._chance() * 2)
        elif refusal is Refusal.AGAIN:
            self._slots_of = floor(self._chance() * cycle)
        self.pause(now, retry_after)
        if retry_after is None and self.per_second > 0:
            # The pause is random, since the process that it collided with may have been refused too, and also pauses.
            self._paused_until = max(self._paused_until, now + 1.0 + self._chance() * min(_SOON, 3 * self.gap(now)))

    def _has_slots(self, now: float) -> bool:
        is_shared = self.portion != WHOLE or now - self._share.refused_at < KEEPS_SLOTS
        return self._one_at_a_time and self.per_second > 0 and is_shared

    def _cycle(self, now: float) -> int:
        """The number of slots per slot of this process: 1 if all are its own, 2 if every second is."""
        return round(1 / self._share.at(now))

    def _next_slot(self, soonest: float, now: float) -> float:
        """The first moment from `soonest` on at the beginning of one of this process's slots.

        The offset within the slot varies, since the vendor refuses the later of two requests in one slot, and that
        should not always be the same process's.
        """
        if self.portion != WHOLE:
            length = DIVIDED_SLOT / self.per_second
            begins = (soonest + self.to_wall) * self.per_second - GRACE
            slot = self.portion.first_slot(ceil(begins / DIVIDED_SLOT), every=self._cycle(now))
            return max(soonest, slot * length - self.to_wall)
        length, slack = SLOT / self.per_second, (SLOT - 1) / 2 / self.per_second
        begins = self.to_wall - self._within * slack
        number = ceil((soonest + begins - slack) / length)
        number += (self._slots_of - number) % self._cycle(now)
        return max(soonest, number * length - begins)
