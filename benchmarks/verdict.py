"""Which targets are met: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contenders import CONTENDERS
from benchmarks.plan import EVERYBODY
from benchmarks.summary import Summaries, Summary
from benchmarks.tables import number


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
            start + "connection look-ups: at most 1 per video, theirs 1 per poll",
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
