"""The medians of what was measured: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

from benchmarks.contenders import BATCHES
from benchmarks.measure import Measured

T = TypeVar("T", int, float)

BEHIND = 1.15
"""By which factor the time between two polls of a video exceeds the interval when a contender has fallen behind."""


@dataclass(frozen=True)
class Summary:
    """The medians of one contender's rounds.

    :param cpu: CPU seconds per waiting video and minute, at the interval asked for.
    :param cpu_per_poll: CPU seconds per video that was asked for.
    :param busy: the share of time in which the event loop did something, computing or blocked.
    :param polls: videos that were asked for per second.
    :param polled_every: seconds between two polls of one video, as it came out.
    :param requests: requests per waiting video and minute.
    :param look_ups_per_poll: connection look-ups per video that was asked for.
    :param most_per_second: most requests in any one second of any round, by kind of call.
    :param closest: seconds between the two closest requests of any round, by kind of call.

    The rest is as in `Measured`.
    """

    contender: str
    videos: int
    interval: float
    rounds: int
    cpu: float
    cpu_per_poll: float
    busy: float
    polls: float
    polled_every: float
    requests: float
    look_ups_per_video: float
    look_ups_per_poll: float
    idle_lag_p99: float
    lag_p50: float
    lag_p99: float
    memory: float
    gc_longest: float
    late_p50: float
    late_p95: float
    late_p99: float
    missing: int
    most_per_second: dict[str, int]
    closest: dict[str, float]
    server_busy: float

    @property
    def is_behind(self) -> bool:
        """Whether it could not poll as often as it should. Batches are slower by design: the vendor's limit says so."""
        return self.contender not in BATCHES and self.polled_every > BEHIND * self.interval

    @property
    def most_polls(self) -> float:
        """Polls a second that it manages: as seen, if it has fallen behind, else when the loop is always busy."""
        return self.polls if self.is_behind else self.polls / self.busy


def summarise(rounds: Sequence[Measured]) -> Summary:
    """One contender's rounds with the same number of videos."""

    def mid(figure: Callable[[Measured], float | None]) -> float:
        return median(value for one in rounds if (value := figure(one)) is not None)

    first = rounds[0]
    return Summary(
        contender=first.contender,
        videos=first.videos,
        interval=first.interval,
        rounds=len(rounds),
        cpu=mid(lambda one: one.cpu / one.seconds * 60 / one.videos),
        cpu_per_poll=mid(lambda one: one.cpu / max(1, one.asked)),
        busy=mid(lambda one: one.busy / one.seconds),
        polls=mid(lambda one: one.asked / one.seconds),
        polled_every=mid(lambda one: one.videos * one.seconds / max(1, one.asked)),
        requests=mid(lambda one: one.requests / one.seconds * 60 / one.videos),
        look_ups_per_video=mid(lambda one: one.look_ups_per_video),
        look_ups_per_poll=mid(lambda one: one.look_ups_in_window / max(1, one.asked)),
        idle_lag_p99=mid(lambda one: one.idle_lag_p99),
        lag_p50=mid(lambda one: one.lag_p50),
        lag_p99=mid(lambda one: one.lag_p99),
        memory=mid(lambda one: one.memory),
        gc_longest=mid(lambda one: one.gc_longest),
        late_p50=mid(lambda one: one.late_p50),
        late_p95=mid(lambda one: one.late_p95),
        late_p99=mid(lambda one: one.late_p99),
        missing=max(one.missing for one in rounds),
        most_per_second=_over_all(max, [one.most_per_second for one in rounds]),
        closest=_over_all(min, [one.closest for one in rounds]),
        server_busy=mid(lambda one: one.server_cpu / one.seconds),
    )


def _over_all(extreme: Callable[[Iterable[T]], T], rounds: Sequence[Mapping[str, T]]) -> dict[str, T]:
    calls = sorted({call for one in rounds for call in one})
    return {call: extreme(one[call] for one in rounds if call in one) for call in calls}


Summaries = Mapping[tuple[str, int], Summary]


def summaries_of(rounds: Iterable[Measured]) -> Summaries:
    """All contenders, by their name and the number of videos."""
    grouped: dict[tuple[str, int], list[Measured]] = {}
    for one in rounds:
        grouped.setdefault((one.contender, one.videos), []).append(one)
    found = {key: summarise(group) for key, group in grouped.items()}
    return {key: _on_time(one, found.values()) for key, one in found.items()}


def _on_time(one: Summary, all_of_them: Iterable[Summary]) -> Summary:
    """Who has fallen behind did less work: its CPU becomes what polling on time would take.

    In a rush a poll's cost can't be told well, so it is the least that the contender showed with any number of videos.
    """
    if not one.is_behind:
        return one
    per_poll = min(other.cpu_per_poll for other in all_of_them if other.contender == one.contender)
    return replace(one, cpu_per_poll=per_poll, cpu=per_poll * 60 / one.interval)
