"""`make bench`: every contender against one local server, each in a fresh process; ends with tables and a verdict."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import interpreter, openai_provider, real_airflow, running
from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Measured, Spec
from benchmarks.page import airflow_section, machine, page
from benchmarks.plan import FULL, QUICK, Cell, in_order
from benchmarks.server import serving
from benchmarks.summary import summaries_of
from benchmarks.verdict import Verdict, verdicts
from dev.stack import stop_on_signals

KEPT = Path(__file__).resolve().parent / "results"
SCRATCH = running.CHECKOUT / ".work" / "bench"


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


def spec_of(cell: Cell, url: str, *, until_ready: bool = True, profile: bool = False) -> Spec:
    """What to tell the contender's process."""
    return Spec(
        cell.contender,
        cell.videos,
        cell.interval,
        url,
        settle=cell.settle,
        window=cell.window,
        until_ready=until_ready,
        patience=cell.patience,
        profile=profile,
    )


def measure_all(cells: tuple[Cell, ...], url: str) -> list[Measured]:
    """All rounds of all contenders."""
    rounds, began = list(in_order(cells)), time.monotonic()
    measured = []
    for turn, cell in enumerate(rounds, start=1):
        one = running.measure(spec_of(cell, url))
        measured.append(one)
        say(
            f"[{time.monotonic() - began:4.0f} s, {turn}/{len(rounds)}] {CONTENDERS[cell.contender].title}, "
            f"{cell.videos:,} videos: {one.cpu / max(1, one.asked) * 1000:.3f} ms CPU a poll, "
            f"lag p99 {one.lag_p99 * 1000:.1f} ms, {one.memory / 1024:.1f} KB a video"
        )
    return measured


def profiles_of(lines: list[Verdict], url: str) -> dict[tuple[str, int], str]:
    """Where the time goes of those that missed a target."""
    found = {}
    for contender, videos in dict.fromkeys(line.profile for line in lines if line.profile and not line.met):
        say(f"a target was missed: profiling {contender} with {videos:,} videos")
        cell = next(cell for cell in FULL if (cell.contender, cell.videos) == (contender, videos))
        found[contender, videos] = running.profile(spec_of(cell, url, until_ready=False, profile=True))
    return found


def keep(folder: Path, text: str, raw: dict[str, object]) -> None:
    """Writes the page and the figures of all rounds, under today's date."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now(UTC):%Y-%m-%d}"
    (folder / f"{name}.md").write_text(text)
    (folder / f"{name}.json").write_text(json.dumps(raw, indent=1) + "\n")


def main() -> int:
    """Measures, prints the page, keeps it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 videos, one round, no real Airflow; not kept")
    parser.add_argument("--profile", choices=CONTENDERS, help="only profile this contender, with 1,000 videos")
    options = parser.parse_args()
    stop_on_signals()
    began, load = time.monotonic(), os.getloadavg()[0]
    with serving() as url:
        if options.profile:
            cell = next(cell for cell in FULL if cell.contender == options.profile)
            print(running.profile(spec_of(cell, url, until_ready=False, profile=True)))
            return 0
        if not openai_provider.install():
            say("the OpenAI provider can't be had; its trigger's loop, written anew, takes its place")
        measured = measure_all(QUICK if options.quick else FULL, url)
        real = None if options.quick else real_airflow.measure(url, lambda line: say(f"[airflow] {line}"))
        fresh = interpreter.start_up(1 if options.quick else 3)
        found = summaries_of(measured)
        lines = verdicts(found)
        profiles = profiles_of(lines, url)
    minutes, loads = (time.monotonic() - began) / 60, f"{load:.1f} before, {os.getloadavg()[0]:.1f} after"
    run = f"`python -m benchmarks` (`make bench`), {minutes:.0f} minutes. Load average {loads}. {machine()}."
    text = page(found, airflow_section(real, fresh), lines, profiles, run)
    raw = {"machine": machine(), "rounds": [asdict(one) for one in measured], "fresh_interpreter": fresh}
    if real:
        raw |= {"poke": asdict(real[0]), "look_up": asdict(real[1])}
    keep(SCRATCH if options.quick else KEPT, text, raw)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
