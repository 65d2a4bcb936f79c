"""How fast a connection may be asked: pure arithmetic of a request rate that backs off and recovers."""

from __future__ import annotations

from math import inf

LONGEST_PAUSE = 300.0
"""Seconds; a longer `Retry-After` is cut to this."""

HEADROOM = 0.95
"""Share of the rate that is used: requests that leave evenly don't arrive evenly, and the vendor counts arrivals."""

STUCK = 5.0
"""Seconds without an answer after which a request that others wait for counts as stuck."""

_SLOWEST = 1 / 64
_RECOVERY = 1.1
_RECOVERY_EVERY = 5.0


class Pace:
    """Spaces requests evenly. A 429 halves the rate of the whole connection; success restores it step by step.

    All moments are of one clock that never goes back.

    :param per_second: the most requests a second, changeable at any time; 0 or less: no limit.
    :param one_at_a_time: counts from a request's end, not from its start: however late it arrives, the next one arrives
        no sooner than the rate allows. For rates so low that two at once are a refusal.
    """

    def __init__(self, per_second: float, *, one_at_a_time: bool = False) -> None:
        self.per_second = per_second
        self._one_at_a_time = one_at_a_time
        self._is_under_way = False
        self._share = 1.0
        self._taken = -inf
        self._paused_until = -inf
        self._refused = -inf
        self._raised = -inf

    @property
    def gap(self) -> float:
        """Seconds between two requests."""
        headroom = 1.0 if self._one_at_a_time else HEADROOM
        return 1 / (self.per_second * headroom * self._share) if self.per_second > 0 else 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may go, at the soonest."""
        last = now if self._is_under_way else self._taken
        return max(0.0, max(last + self.gap, self._paused_until) - now)

    def take(self, now: float) -> None:
        """A request goes now."""
        self._taken = now
        self._is_under_way = self._one_at_a_time and self.per_second > 0

    def ended(self, now: float) -> None:
        """It was answered, or has failed."""
        if self._is_under_way:
            self._taken, self._is_under_way = now, False

    def is_stuck(self, now: float) -> bool:
        """Whether the next request waits for one that ought to have ended."""
        return self._is_under_way and now - self._taken > STUCK

    def slow_down(self, now: float, retry_after: float | None) -> None:
        """The vendor said 429."""
        if now - self._refused >= 1.0:
            # Once per burst: requests that were under way together are one sign, not many.
            self._share = max(_SLOWEST, self._share / 2)
        self._refused = now
        self._paused_until = max(self._paused_until, now + min(LONGEST_PAUSE, max(1.0, retry_after or 0.0)))

    def went_well(self, now: float) -> None:
        """The vendor answered."""
        if self._share < 1.0 and now - max(self._refused, self._raised) >= _RECOVERY_EVERY:
            self._share = min(1.0, self._share * _RECOVERY)
            self._raised = now
