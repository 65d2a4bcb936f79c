"""How fast a connection may be asked: pure arithmetic of a request rate that backs off and recovers."""

from __future__ import annotations

from math import inf

LONGEST_PAUSE = 300.0
"""Seconds; a longer `Retry-After` is cut to this."""

HEADROOM = 0.95
"""Share of the rate that is used: requests that leave evenly don't arrive evenly, and the vendor counts arrivals."""

_SLOWEST = 1 / 64
_RECOVERY = 1.1
_RECOVERY_EVERY = 5.0


class Pace:
    """Spaces requests evenly. A 429 halves the rate for everybody; success brings it back step by step.

    All moments are of one clock that never goes back.

    :param per_second: the most requests a second, changeable at any time; 0 or less: no limit.
    """

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._share = 1.0
        self._taken = -inf
        self._paused_until = -inf
        self._refused = -inf
        self._raised = -inf

    @property
    def gap(self) -> float:
        """Seconds between two requests."""
        return 1 / (self.per_second * HEADROOM * self._share) if self.per_second > 0 else 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may go."""
        return max(0.0, max(self._taken + self.gap, self._paused_until) - now)

    def take(self, now: float) -> None:
        """A request goes now."""
        self._taken = now

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
