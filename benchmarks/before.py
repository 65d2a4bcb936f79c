"""The back-off that was, kept to be compared with: halved at each 429, and 10 % more per answer, every 5 s at most."""

from __future__ import annotations

from math import inf
from typing import Any

from airflow_provider_seedance.polling.rate_limiter import HEADROOM, LONGEST_PAUSE


class PaceBefore:
    """In place of `Pace`."""

    def __init__(self, per_second: float, *, one_at_a_time: bool = False, **_: Any) -> None:
        self.per_second = per_second
        self._one_at_a_time = one_at_a_time
        self._is_under_way = False
        self._share = 1.0
        self._taken = self._paused_until = self._refused = self._raised = -inf

    def gap(self, now: float) -> float:
        headroom = 1.0 if self._one_at_a_time else HEADROOM
        return 1 / (self.per_second * headroom * self._share) if self.per_second > 0 else 0.0

    def wait(self, now: float) -> float:
        last = now if self._is_under_way else self._taken
        return max(0.0, max(last + self.gap(now), self._paused_until) - now)

    def take(self, now: float) -> None:
        self._taken = now
        self._is_under_way = self._one_at_a_time and self.per_second > 0

    def ended(self, now: float) -> None:
        if self._is_under_way:
            self._taken, self._is_under_way = now, False
        if self._share < 1.0 and now - max(self._refused, self._raised) >= 5.0:
            self._share = min(1.0, self._share * 1.1)
            self._raised = now

    def is_stuck(self, now: float) -> bool:
        return self._is_under_way and now - self._taken > 5.0

    def pause(self, now: float, retry_after: float | None) -> None:
        self.refused(now, retry_after)

    def refused(self, now: float, retry_after: float | None) -> None:
        if now - self._refused >= 1.0:
            self._share = max(1 / 64, self._share / 2)
        self._refused = now
        self._paused_until = max(self._paused_until, now + min(LONGEST_PAUSE, max(1.0, retry_after or 0.0)))
