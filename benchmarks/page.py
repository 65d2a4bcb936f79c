"""The page that a run leaves behind."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks import openai_provider
from benchmarks.contenders import CONTENDERS
from benchmarks.real_airflow import LOOK_UPS, LookedUp, Poked
from benchmarks.server import ANSWER_TIME
from benchmarks.summary import Summaries
from benchmarks.tables import notes, number, table
from benchmarks.verdict import Verdict, verdict_table

PACKAGES = ("apache-airflow", "apache-airflow-providers-http", "aiohttp", "httpx")


def machine() -> str:
    """What it ran on, in general terms."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}; {packages}"
    )


def page(
    found: Summaries, airflow: str, lines: Sequence[Verdict], profiles: Mapping[tuple[str, int], str], run: str
) -> str:
    """All of it.

    :param airflow: see `airflow_section`.
    :param profiles: where the time went of those that missed a target.
    :param run: how it was run, and where.
    """
    parts = [f"# What waiting costs, {datetime.now(UTC):%Y-%m-%d}", run, _how()]
    for videos in sorted({one.videos for one in found.values()}):
        column = {name: one for (name, size), one in found.items() if size == videos}
        interval = next(iter(column.values())).interval
        rounds = ", ".join(f"{CONTENDERS[name].title} {one.rounds}" for name, one in column.items())
        parts += [
            f"## {videos:,} videos, polled every {interval:g} s",
            table(found, videos),
            "\n".join(f"* {note}" for note in [*notes(found, videos), f"Rounds: {rounds}."]),
        ]
    parts += what_aiohttp_buys(found)
    parts.append(airflow)
    if lines:
        parts += ["## Holds when", verdict_table(lines)]
    for (contender, videos), text in profiles.items():
        parts += [f"### Profile: {CONTENDERS[contender].title}, {videos:,} videos", f"```\n{text.rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


NOTICED = 0.1
"""The share of a core from which on a saving is worth a second HTTP library."""


def what_aiohttp_buys(found: Summaries) -> list[str]:
    """Our polls (on aiohttp) beside one shared httpx client, with 1,000 videos; empty if one is missing."""
    ours, theirs = found.get(("ours-single", 1_000)), found.get(("httpx-shared", 1_000))
    if ours is None or theirs is None:
        return []
    saved = theirs.cpu_per_poll - ours.cpu_per_poll
    figures = (
        f"A poll by one shared httpx client costs {number(theirs.cpu_per_poll * 1000)} ms CPU, ours, through "
        f"aiohttp, {number(ours.cpu_per_poll * 1000)} ms with schedule, rate limit and bounds included"
    )
    if saved <= 0:
        return ["## What aiohttp buys", f"{figures}: nothing, in this run."]
    return [
        "## What aiohttp buys",
        f"{figures}. At 20 polls a second, a usual limit, that saves {number(saved * 2000)} % of a core, which nobody "
        f"notices; a tenth of a core is saved from {number(NOTICED / saved)} polls a second on.",
    ]


def airflow_section(real: tuple[Poked, LookedUp] | None, fresh: float) -> str:
    """What was measured on a real Airflow."""
    if real is None:
        parts = ["The real Airflow was left out of this run."]
    else:
        poked, looked_up = real
        whole = poked.task + poked.supervisor
        parts = [
            "Airflow with LocalExecutor and SQLite.",
            f"""\
**A sensor in reschedule mode**: the HTTP provider's `HttpSensor(mode="reschedule")`, {poked.pokes} pokes, each a
process that a worker forks.

| | CPU per poke, s |
|---|---|
| the forked task process: read the DAG file, look the connection up, ask | {poked.task:.2f} |
| the worker that forks and supervises it | {poked.supervisor:.2f} |
| scheduler, api-server and the others, above their idle time | {poked.rest:.2f} |

A poke holds a worker slot for {poked.wall:.2f} s. Polling every 10 s, a waiting video costs {whole * 6:,.1f} CPU
seconds a minute on workers, {(whole + poked.rest) * 6:,.1f} in all of Airflow.""",
            f"""\
**A connection look-up in the triggerer**, from Airflow's database, {LOOK_UPS} one after another:
{looked_up.wall * 1000:.1f} ms from question to answer, {looked_up.cpu * 1000:.1f} ms CPU in all of Airflow. All
look-ups of a triggerer go through its one supervisor: with one per poll it makes at most {1 / looked_up.wall:,.0f}
polls a second.""",
        ]
    parts.append(
        f"Where each task starts an interpreter of its own (a pod per task: KubernetesExecutor), {fresh:.2f} CPU "
        "seconds come on top per poke until it has imported what runs a task. Measured alone."
    )
    return "\n\n".join(["## In a real Airflow", *parts])


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
* ours, batches (Runware): the same trigger on Runware, 500 tasks per POST (how many it takes isn't documented), at our
  own rate of one POST a second.
* HTTP provider, hook per poll: `HttpAsyncHook` as `HttpTrigger` uses it: one request per hook and session.
* HTTP provider, hook per trigger: as `HttpSensorTrigger` and `HttpEventTrigger` use it: a session per poll, one hook.
* httpx client per poll: `httpx.AsyncClient` opened and closed at each poll, the connection looked up once.
* httpx, one shared client: one `httpx.AsyncClient` for all triggers, the connection looked up once per trigger; it has
  no schedule, no rate limit and no retries, so it is the floor of what polling by httpx costs.
* OpenAI provider's batch trigger ({openai_provider.VERSION}; here {openai}): it asks with a client that blocks the
  event loop. The stub of its SDK shares one client between all triggers; the real one opens one for each."""
