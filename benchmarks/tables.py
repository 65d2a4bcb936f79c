"""What was measured, as tables: pure."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.contenders import BATCHES, CONTENDERS
from benchmarks.plan import EVERYBODY
from benchmarks.summary import Summaries, Summary

BASE = "http"
"""Whom the ratios are to."""


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
    ("longest pause by Python's garbage collector, ms", lambda one, base: number(one.gc_longest * 1000)),
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
        "| " + " | ".join(["CPU per waiting video and minute, ms", *_cpu_cells(found, videos)]) + " |",
    ]
    for title, cell in _ROWS:
        cells = [cell(one, base) if one else _absence(found, name, videos) for name, one in columns]
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join(lines)


def _cpu_cells(found: Summaries, videos: int) -> list[str]:
    base = _cpu(found, BASE, videos)
    cells = []
    for name in EVERYBODY:
        cpu, one = _cpu(found, name, videos), found.get((name, videos))
        mark = "‡" if one is None else "†" if one.is_behind else ""
        cells.append("not run" if cpu is None else number(cpu * 1000) + mark + _ratio(cpu, base))
    return cells


def _cpu(found: Summaries, contender: str, videos: int) -> float | None:
    """Per video and minute; of who wasn't run with so many: what its polls would take, if it had the time."""
    if one := found.get((contender, videos)):
        return one.cpu
    if contender in BATCHES or _biggest(found, contender) is None:
        return None  # the bigger a batch, the cheaper a poll
    per_poll = min(one.cpu_per_poll for (name, _), one in found.items() if name == contender)
    return per_poll * 60 / _interval(found, videos)


def _absence(found: Summaries, contender: str, videos: int) -> str:
    most = _biggest(found, contender)
    too_slow = most is not None and most.most_polls < videos / _interval(found, videos)
    return "too slow" if too_slow else "not run"


def _interval(found: Summaries, videos: int) -> float:
    return next(one.interval for (_, size), one in found.items() if size == videos)


def _biggest(found: Summaries, contender: str) -> Summary | None:
    known = [one for (name, _), one in found.items() if name == contender]
    return max(known, key=lambda one: one.videos) if known else None


def notes(found: Summaries, videos: int) -> list[str]:
    """What the table alone doesn't say: who fell behind, who was left out and why."""
    interval = _interval(found, videos)
    needed = f"{videos:,} videos every {number(interval)} s are {number(videos / interval)} polls a second"
    lines = []
    for name in EVERYBODY:
        title, one = CONTENDERS[name].title, found.get((name, videos))
        if one and one.is_behind:
            lines.append(
                f"† {title}: fell behind, at {number(one.polls)} polls a second ({needed}). "
                "Its CPU is what polling on time would take."
            )
        elif one is None and (most := _biggest(found, name)) is not None:
            lines.append(
                f"‡ {title}: not run; with {most.videos:,} videos it shows that it manages about "
                f"{number(most.most_polls)} polls a second, and {needed}. Its CPU is what these would take."
            )
    return lines
