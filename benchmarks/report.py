"""From what was measured to tables and a verdict: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Measured
from benchmarks.plan import EVERYBODY

T = TypeVar("T", int, float)

BASE = "http"
"""Whom the ratios are to."""

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
        return self.contender != "ours-batch" and self.polled_every > BEHIND * self.interval

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

    A poll's cost is taken from where the contender kept up, with fewer videos, if there is such a measurement.
    """
    if not one.is_behind:
        return one
    kept_up = [other for other in all_of_them if other.contender == one.contender and not other.is_behind]
    per_poll = max(kept_up, key=lambda other: other.videos).cpu_per_poll if kept_up else one.cpu_per_poll
    return replace(one, cpu_per_poll=per_poll, cpu=per_poll * 60 / one.interval)


# -- tables ----------------------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """Three figures that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3g}"


def _ratio(value: float, base: float | None) -> str:
    return f" ({number(value / base)}x)" if base else ""


def _late(one: Summary) -> str:
    figures = " / ".join(number(late) for late in (one.late_p50, one.late_p95, one.late_p99))
    return f"{figures}; {one.missing:,} never" if one.missing else figures


_Row = tuple[str, Callable[[Summary, Summary | None], str]]

_ROWS: tuple[_Row, ...] = (
    (
        "CPU per waiting video and minute, ms",
        lambda one, base: (
            number(one.cpu * 1000) + ("†" if one.is_behind else "") + _ratio(one.cpu, base.cpu if base else None)
        ),
    ),
    ("CPU per poll of one video, ms", lambda one, base: number(one.cpu_per_poll * 1000)),
    ("event loop busy, %", lambda one, base: number(one.busy * 100)),
    ("each video polled every, s", lambda one, base: number(one.polled_every)),
    (
        "requests per video and minute",
        lambda one, base: number(one.requests) + _ratio(one.requests, base.requests if base else None),
    ),
    ("connection look-ups per video, whole round", lambda one, base: number(one.look_ups_per_video)),
    ("connection look-ups per poll", lambda one, base: number(one.look_ups_per_poll)),
    (
        "event-loop lag p50 / p99, ms",
        lambda one, base: f"{number(one.lag_p50 * 1000)} / {number(one.lag_p99 * 1000)}",
    ),
    (
        "memory per waiting video, KB",
        lambda one, base: number(one.memory / 1024) + _ratio(one.memory, base.memory if base else None),
    ),
    ("ready at the vendor to event p50 / p95 / p99, s", lambda one, base: _late(one)),
    (
        "most requests in one second, seen by the server",
        lambda one, base: ", ".join(f"{call} {most:,}" for call, most in one.most_per_second.items()),
    ),
)


def table(found: Summaries, videos: int) -> str:
    """One number of videos: a row for each figure, a column for each contender, ratios to the HTTP provider."""
    columns = [(name, found.get((name, videos))) for name in EVERYBODY]
    base = found.get((BASE, videos))
    lines = [
        "| " + " | ".join(["", *(CONTENDERS[name].title for name, _ in columns)]) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    for title, cell in _ROWS:
        cells = [cell(one, base) if one else "not run" for _, one in columns]
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join(lines)


def notes(found: Summaries, videos: int) -> list[str]:
    """What the table alone doesn't say: who fell behind, who was left out and why."""
    interval = next(one.interval for (_, size), one in found.items() if size == videos)
    needed = f"{videos:,} videos every {number(interval)} s are {number(videos / interval)} polls a second"
    lines = []
    for name in EVERYBODY:
        title, one = CONTENDERS[name].title, found.get((name, videos))
        if one and one.is_behind:
            lines.append(
                f"† {title}: fell behind, at {number(one.polls)} polls a second ({needed}). "
                "Its CPU is what polling on time would take."
            )
        elif one is None and (known := [other for (who, _), other in found.items() if who == name]):
            most = max(known, key=lambda other: other.videos).most_polls
            lines.append(
                f"{title}: not run with {videos:,} videos, as it manages {number(most)} polls a second; {needed}."
            )
    return lines


# -- verdict ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """One target.

    :param target: what was to be reached.
    :param figure: what came out.
    :param met: whether that is enough.
    :param profile: whose profile shows what bounds it, if it isn't met: contender and number of videos.
    """

    target: str
    figure: str
    met: bool
    profile: tuple[str, int] | None = None


def verdicts(found: Summaries) -> list[Verdict]:
    """The targets, as far as what they need was measured."""
    lines: list[Verdict] = []
    at = {name: found[name, 1_000] for name in EVERYBODY if (name, 1_000) in found}
    client = found.get(("httpx", 100))
    if client and at.keys() >= {"ours-single", "ours-batch", "http", "http-kept"}:
        lines += _single(at, client) + _batch(at)
    if many := found.get(("ours-batch", 10_000)):
        lines += _many(many)
    for name in ("ours-single", "ours-batch"):
        if one := at.get(name):
            more = one.lag_p99 - one.idle_lag_p99
            figure = f"{number(one.lag_p99 * 1000)} ms, {number(more * 1000)} ms above"
            target = f"4. N = 1,000, {CONTENDERS[name].title}: loop lag p99 at most 20 ms above the idle loop's"
            lines.append(Verdict(target, figure, more <= 0.020, (name, 1_000)))
    return lines


def _single(at: Mapping[str, Summary], client: Summary) -> list[Verdict]:
    """A client per poll can't keep up with 1,000 videos on one core, so it comes with 100, at the same interval."""
    ours, per_poll, kept = at["ours-single"], at["http"], at["http-kept"]
    start, profile = "1. N = 1,000, single GETs: ", ("ours-single", 1_000)
    to_http, to_kept, to_client = (ours.cpu / other.cpu for other in (per_poll, kept, client))
    once = ours.look_ups_per_video <= 1 and ours.look_ups_per_poll == 0
    return [
        Verdict(
            start + "CPU at most 0.6 of the HTTP provider's async path",
            f"{number(to_http)} with a hook per poll ({number(to_kept)} with a hook per trigger)",
            to_http <= 0.6,
            profile,
        ),
        Verdict(
            start + "CPU at most 0.05 of a client per poll",
            f"{number(to_client)} (theirs with {client.videos} videos, the most that it keeps up with)",
            to_client <= 0.05,
            profile,
        ),
        Verdict(
            start + "connection look-ups: 1 per video, theirs 1 per poll",
            f"{number(ours.look_ups_per_video)} per video; theirs {number(per_poll.look_ups_per_poll)} per poll with a "
            f"hook per poll, {number(kept.look_ups_per_video)} per video with a hook per trigger",
            once and per_poll.look_ups_per_poll >= 0.95,
        ),
    ]


def _batch(at: Mapping[str, Summary]) -> list[Verdict]:
    ours, theirs = at["ours-batch"], at["http"]
    requests, cpu = theirs.requests / ours.requests, theirs.cpu / ours.cpu
    start = "2. N = 1,000 on Ark: "
    return [
        Verdict(start + "requests at most 1/100 of the HTTP provider's", f"1/{number(requests)}", requests >= 100),
        Verdict(
            start + "CPU at most 1/20 of the HTTP provider's", f"1/{number(cpu)}", cpu >= 20, ("ours-batch", 1_000)
        ),
    ]


def _many(one: Summary) -> list[Verdict]:
    start, profile, latest = "3. N = 10,000 on Ark, one process: ", ("ours-batch", 10_000), one.interval + 21
    return [
        Verdict(start + "loop lag p99 at most 100 ms", f"{number(one.lag_p99 * 1000)} ms", one.lag_p99 <= 0.1, profile),
        Verdict(start + "at most 15 KB per waiting video", f"{number(one.memory / 1024)} KB", one.memory <= 15 * 1024),
        Verdict(
            start + f"ready to event p95 at most {number(latest)} s (interval + 21 s)",
            f"{number(one.late_p95)} s, {one.missing} without an event",
            one.late_p95 <= latest and not one.missing,
        ),
        Verdict(
            start + "never more than 1 LIST in any second at the server",
            f"{one.most_per_second['LIST']}; the closest two came {one.closest['LIST']:.3f} s apart",
            one.most_per_second["LIST"] <= 1,
        ),
    ]


def verdict_table(lines: Sequence[Verdict]) -> str:
    """Target, figure, met or not."""
    rows = [f"| {one.target} | {one.figure} | {'met' if one.met else '**not met**'} |" for one in lines]
    return "\n".join(["| target | figure | |", "|---|---|---|", *rows])
