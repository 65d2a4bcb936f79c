"""The simulator's time: timestamps at the real pace, and states that pass faster than in reality."""

import bisect
import threading
import time


class Clock:
    """Two clocks that are advanced together.

    *Simulated* seconds measure how long a video queues and runs; they pass ``speed`` times faster than real ones.
    *Stamps* are Unix times for answers (``created_at``, the expiry of a URL); they pass at the real pace.
    ``advance`` moves both by the same amount.

    :param speed: simulated seconds per real second, above 0
    :raises ValueError: if ``speed`` is not positive
    """

    def __init__(self, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._lock = threading.Lock()
        # (simulated, stamp, monotonic) at the start, and before and after each jump; both clocks are linear in between.
        self._points = [(0.0, time.time(), time.monotonic())]

    def simulated(self) -> float:
        """Simulated seconds since the clock was made."""
        simulated, _, mark = self._points[-1]
        return simulated + (time.monotonic() - mark) * self.speed

    def now(self) -> float:
        """Unix time plus all seconds of :meth:`advance`."""
        _, stamp, mark = self._points[-1]
        return stamp + (time.monotonic() - mark)

    def advance(self, seconds: float) -> None:
        """Jump ahead on both clocks.

        :param seconds: 0 or more
        :raises ValueError: if negative, since going back would revive expired URLs
        """
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} s: the clock only goes forward")
        with self._lock:
            mark = time.monotonic()
            simulated, stamp, last = self._points[-1]
            before = (simulated + (mark - last) * self.speed, stamp + (mark - last), mark)
            self._points += [before, (before[0] + seconds, before[1] + seconds, mark)]

    def stamp_of(self, simulated: float) -> float:
        """The Unix time of a moment of the simulated clock, past or future.

        :param simulated: simulated seconds since the clock was made
        """
        points = self._points
        index = max(bisect.bisect_right(points, simulated, key=lambda point: point[0]) - 1, 0)
        start, stamp, _ = points[index]
        if index + 1 < len(points):
            end, end_stamp, _ = points[index + 1]
            return stamp + (simulated - start) * (end_stamp - stamp) / (end - start)
        return stamp + (simulated - start) / self.speed
