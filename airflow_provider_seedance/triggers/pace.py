"""How fast a connection may be asked: pure arithmetic of a request rate that backs off and recovers."""

from __future__ import annotations

LONGEST_PAUSE = 300.0
"""Seconds; a longer `Retry-After` is cut to this."""

_SLOWEST = 1 / 64
_RECOVERY = 1.1
_RECOVERY_EVERY = 5.0


class Pace:
    """Spaces requests evenly. A 429 halves the rate for everybody; success brings it back step by step.

    :param per_second: the most requests a second; 0 or less: no limit.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._share = 1.0
        self._next = 0.0
        self._last_step = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next request may go."""
        return max(0.0, self._next - now)

    def take(self, now: float) -> None:
        """A request goes now."""
        if self._per_second > 0:
            self._next = now + 1 / (self._per_second * self._share)

    def slow_down(self, now: float, retry_after: float | None) -> None:
        """The vendor said 429."""
        if now - self._last_step >= 1.0 or self._share == 1.0:
            # Once per burst: requests that were under way together are one sign, not many.
            self._share = max(_SLOWEST, self._share / 2)
        self._last_step = now
        self._next = max(self._next, now + min(LONGEST_PAUSE, max(1.0, retry_after or 0.0)))

    def went_well(self, now: float) -> None:
        """The vendor answered."""
        if self._share < 1.0 and now - self._last_step >= _RECOVERY_EVERY:
            self._share = min(1.0, self._share * _RECOVERY)
            self._last_step = now
