"""`make bench`: every contender against one local server, each in a fresh process; ends with tables and a verdict."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import openai_provider, poke, report, running
from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Measured, Spec
from benchmarks.plan import FULL, QUICK, Cell, in_order
from benchmarks.server import ANSWER_TIME, serving
from dev.stack import stop_on_signals

KEPT = Path(__file__).resolve().parent / "results"
SCRATCH = running.CHECKOUT / ".work" / "bench"
PACKAGES = ("apache-airflow", "apache-airflow-providers-http", "aiohttp", "httpx")


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


def machine() -> str:
    """What it ran on, in general terms."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}; {packages}"
    )


def poke_section(poked: poke.Poked | None, fresh: float) -> str:
    """The sensor in reschedule mode: its own kind of cost, so its own section."""
    lines = ["## A sensor in reschedule mode, per poke", ""]
    if poked:
        whole = poked.task + poked.supervisor
        lines += [
            f'The HTTP provider\'s `HttpSensor(mode="reschedule")` in a real Airflow (LocalExecutor, SQLite), '
            f"{poked.pokes} pokes, each a process that a worker forks:",
            "",
            "| | CPU per poke, s |",
            "|---|---|",
            f"| the forked task process: read the DAG file, look the connection up, ask | {poked.task:.2f} |",
            f"| the worker that forks and supervises it | {poked.supervisor:.2f} |",
            f"| scheduler, api-server and the others, above their idle time | {poked.rest:.2f} |",
            "",
            f"A poke holds a worker slot for {poked.wall:.2f} s. Polling every 10 s, a waiting video costs "
            f"{whole * 6:,.1f} CPU seconds a minute on workers, {(whole + poked.rest) * 6:,.1f} in all of Airflow.",
            "",
        ]
    else:
        lines += ["The real Airflow was left out of this run.", ""]
    lines.append(
        f"Where each poke starts an interpreter of its own (a pod per task: KubernetesExecutor), {fresh:.2f} CPU "
        "seconds come on top until it has imported what runs a task. Measured alone."
    )
    return "\n".join(lines)


def write_page(measured: Sequence[Measured], poked: poke.Poked | None, fresh: float, url: str, run: str) -> str:
    """The whole page, with a profile of whatever missed a target."""
    found = report.summaries_of(measured)
    parts = [f"# What waiting costs, {datetime.now():%Y-%m-%d}", run, _how()]
    for videos in sorted({one.videos for one in found.values()}):
        column = {name: one for (name, size), one in found.items() if size == videos}
        interval = next(iter(column.values())).interval
        rounds = ", ".join(f"{CONTENDERS[name].title} {one.rounds}" for name, one in column.items())
        parts += [
            f"## {videos:,} videos, polled every {interval:g} s",
            report.table(found, videos),
            "\n".join(f"* {note}" for note in [*report.notes(found, videos), f"Rounds: {rounds}."]),
        ]
    parts.append(poke_section(poked, fresh))
    lines = report.verdicts(found)
    if lines:
        parts += ["## Holds when", report.verdict_table(lines)]
    for contender, videos in dict.fromkeys(line.profile for line in lines if line.profile and not line.met):
        say(f"a target was missed: profiling {contender} with {videos:,} videos")
        cell = next(cell for cell in FULL if (cell.contender, cell.videos) == (contender, videos))
        text = running.profile(spec_of(cell, url, until_ready=False, profile=True))
        parts += [f"### Profile: {CONTENDERS[contender].title}, {videos:,} videos", f"```\n{text.rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _how() -> str:
    openai = "the provider itself" if openai_provider.is_there() else "its loop written anew, as it could not be had"
    return f"""\
One local server in a process of its own, which answers after {ANSWER_TIME * 1000:.0f} ms, without TLS (that spares a
handshake per poll whoever opens a connection per poll). Each contender in a fresh process with one event loop, as in a
triggerer, but without Airflow's own share (the triggerer's bookkeeping per trigger, logs), which is the same for all.
Videos start spread over one interval. CPU is the process's, all threads, over a window in which nothing else goes on;
then one video after another becomes ready within one interval, while the loop's lag is sampled every 2 ms. Memory is
the growth of the resident set. Where there are several rounds, they are interleaved and figures are medians; ratios
(x) are to the HTTP provider with a hook per poll. Connections come from the environment: in a real triggerer each
look-up is also a request to the API server.

* ours, single GETs: `SeedanceVideoTrigger` on GMI Cloud, one GET per video; its rate is raised so that none limits it.
* ours, batches: the same trigger on BytePlus, 500 ids per LIST, at the vendor's published rate of one LIST a second.
* HTTP provider, hook per poll: `HttpAsyncHook` as `HttpTrigger` uses it: one request per hook and session.
* HTTP provider, hook per trigger: as `HttpSensorTrigger` and `HttpEventTrigger` use it: a session per poll, one hook.
* httpx client per poll: `httpx.AsyncClient` opened and closed at each poll, the connection looked up once.
* OpenAI provider's batch trigger ({openai_provider.VERSION}; here {openai}): it asks with a client that blocks the
  event loop. The stub of its SDK shares one client between all triggers; the real one opens one for each."""


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
        poked = None if options.quick else poke.measure(url, lambda line: say(f"[airflow] {line}"))
        fresh = poke.fresh_interpreter(1 if options.quick else 3)
        loads = f"Load average {load:.1f} before, {os.getloadavg()[0]:.1f} after"
        minutes = (time.monotonic() - began) / 60
        run = f"`python -m benchmarks` (`make bench`), {minutes:.0f} minutes. {loads}. {machine()}."
        page = write_page(measured, poked, fresh, url, run)
    folder = SCRATCH if options.quick else KEPT
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{datetime.now():%Y-%m-%d}"
    (folder / f"{name}.md").write_text(page)
    raw = {"machine": machine(), "rounds": [asdict(one) for one in measured], "poke": poked and asdict(poked)}
    (folder / f"{name}.json").write_text(json.dumps(raw | {"fresh_interpreter": fresh}, indent=1) + "\n")
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
