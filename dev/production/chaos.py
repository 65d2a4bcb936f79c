"""`make chaos-production`: the chaos run on PostgreSQL, Redis and Celery, with the SQL ledger as record.

Beside workers' processes, triggerers and schedulers it kills whole workers (SIGKILL, SIGTERM, SIGQUIT), wipes the
broker, delivers messages twice, and takes PostgreSQL away for 20 seconds and the API server for 60. The simulator's
ledger judges as in `make chaos`; besides, the SQL ledger must know every bill and every doubt.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import yaml  # type: ignore[import-untyped]

from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.airflow_api import FINISHED_RUN
from dev.airflow_config import installed_airflow
from dev.chaos import DAG_ID, DAGS, PROMPT, QUEUE, RUN, SPEED, Report, faults, progress, prompt_of, report_of
from dev.chaos_judge import unknowns
from dev.chaos_monkey import Hit
from dev.production.exporter import exported
from dev.production.judge import ROWS, ledger_problems, moments, open_rows, rows_of
from dev.production.judge_reconciliation import Finding, Made, reconcile_problems
from dev.production.monkey import ProductionMonkey, make_plan
from dev.production.stack import ProductionStack
from dev.production.statsd import receiving
from dev.screen import table
from dev.showcase import connections, show_path, stopwatch
from dev.stack import CHECKOUT, StackError, stop_on_signals
from tests.support.requests import SIZED_MODELS

HOME = CHECKOUT / ".work" / "production" / "chaos"
MONITORING = CHECKOUT / "deploy" / "monitoring"
TIMEOUT = 3000.0
"""Seconds, for a busy machine."""
SETTINGS = {
    # While the API server is away, each message that a worker takes costs its task a try.
    "SEEDANCE_CHAOS_RETRIES": "30",
    "SEEDANCE_CHAOS_TIMEOUT": str(TIMEOUT),
    # How soon what was killed is noticed; the defaults are minutes.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "30",
    # Messages that a wiped broker has lost: their tasks are queued anew. Those that only wait for a worker should not
    # be, so no more are queued than the workers take soon. If some are all the same, on a busy machine, no task may
    # fail for it, as it would after two times by default.
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "30",
}


@dataclass
class ProductionReport:
    """What a run came to.

    :param report: as of `make chaos`.
    :param about_ledger: what the SQL ledger doesn't know.
    :param about_reconciliation: what it should have found, and did not, or the other way round.
    :param open_rows: videos that were delivered while the ledger could not be told.
    :param in_doubt: rows in doubt.
    :param restarts: of components.
    :param load: of the machine, over the last 5 minutes.
    """

    report: Report
    about_ledger: list[str]
    open_rows: int
    in_doubt: int
    restarts: Counter[str]
    load: float
    metrics: dict[str, str] = field(default_factory=dict)
    about_reconciliation: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Every broken promise; empty if all were kept."""
        return self.report.problems + self.about_ledger + self.about_reconciliation

    def lines(self) -> list[str]:
        """The figures, for people."""
        report, tasks = self.report, self.report.tasks
        kinds = Counter(hit.kind for hit in report.hits)
        lost, odd = unknowns(tasks, listed=False), unknowns(tasks, listed=True)
        rows = [
            ["videos", str(len(tasks))],
            ["kills of tasks", str(kinds["worker"])],
            ["ends of whole workers", f"{kinds['celery']} ({kinds['grace']} by SIGKILL after their grace)"],
            ["kills of triggerers, schedulers", f"{kinds['triggerer']}, {kinds['scheduler']}"],
            ["broker wiped, messages delivered twice", f"{kinds['wipe']}, {kinds['twice']}"],
            ["PostgreSQL away, API server away", f"{kinds['database']}, {kinds['api']}"],
            ["restarts", ", ".join(f"{name} {count}" for name, count in sorted(self.restarts.items()))],
            ["calls to vendors", f"{report.calls}, {report.failed_calls} failed"],
            ["retries", str(sum(max(0, task.tries - 1) for task in tasks))],
            ["bills", str(sum(len(task.billed) for task in tasks))],
            ["tasks with two bills", str(sum(len(task.billed) > 1 for task in tasks))],
            ["deliveries", str(sum(task.delivered is not None for task in tasks))],
            ["unknown", f"{len(lost) + len(odd)} ({sum(len(task.billed) for task in (*lost, *odd))} of them billed)"],
            ["in doubt in the ledger", str(self.in_doubt)],
            ["delivered, but open in the ledger", str(self.open_rows)],
            ["cancelled live videos", str(len(report.cancelled))],
            ["left deferred", str(sum(task.state == "deferred" for task in tasks))],
            ["seconds, load", f"{report.seconds:.0f}, {self.load:.1f}"],
            ["repeat with", f"SEED={report.seed} VIDEOS={len(tasks)}"],
        ]
        notes = [f"task {task.index} ({task.vendor}) is unknown: {task.why_unknown}" for task in (*lost, *odd)]
        return [table(["chaos run on production", ""], rows), "", *notes]


class Keeper:
    """Restarts what dies, and strikes, in a thread: the API server that the run is watched by may be away."""

    def __init__(self, stack: ProductionStack, monkey: ProductionMonkey) -> None:
        self._stack = stack
        self._monkey = monkey
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.error: Exception | None = None

    def __enter__(self) -> Keeper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(timeout=60)

    def _keep(self) -> None:
        while not self._is_over.wait(0.1):
            try:
                self._stack.check()
                # A process may be gone by the time that it is asked for its tasks.
                with contextlib.suppress(psutil.Error):
                    self._monkey.act()
            except Exception as error:  # it is told by the thread that waits
                self.error = error
                return


def run_chaos(home: Path, *, seed: int, videos: int, say: Callable[[str], None]) -> ProductionReport:
    """Run it in an Airflow of its own, which is gone afterwards; its home, with logs, is kept."""
    say(f"seed {seed}, {videos} videos")
    with (
        Simulator(speed=SPEED, seed=seed, queue_seconds=QUEUE, run_seconds=RUN) as simulator,
        receiving() as received,
    ):
        simulator.faults.add(*faults(videos))
        settings = SETTINGS | connections(simulator)
        settings |= {"SEEDANCE_CHAOS_VIDEOS": str(videos), "SEEDANCE_CHAOS_PROMPT": PROMPT}
        settings |= {"SEEDANCE_CHAOS_MODELS": json.dumps({vendor: SIZED_MODELS[vendor] for vendor in VENDORS})}
        with ProductionStack(home, DAGS, settings, progress=say, statsd_port=received.port) as stack:
            found = under_fire(stack, simulator, seed, videos, say)
            found.metrics = received.kinds
            simulator.faults.clear()
            say("reconciling")
            made = [Made(video.id, video.vendor, video.status) for video in simulator.videos.values()]
            found.about_reconciliation = reconcile_problems(reconciled(stack), found.report.tasks, made)
        return found


def under_fire(
    stack: ProductionStack, simulator: Simulator, seed: int, videos: int, say: Callable[[str], None]
) -> ProductionReport:
    """Start the DAG run, strike until the plan is through, wait for the end, and look what it came to."""
    prompts = {prompt_of(index): index for index in range(videos)}
    run_id = stack.trigger_dag(DAG_ID)
    started = time.monotonic()
    monkey = ProductionMonkey(stack, simulator, make_plan(seed, videos), videos, prompts.__getitem__, say)
    state = ""
    with Keeper(stack, monkey) as keeper:
        while state not in FINISHED_RUN and time.monotonic() < started + TIMEOUT:
            with contextlib.suppress(httpx.HTTPError):  # it is away
                state = stack.api.dag_run_state(DAG_ID, run_id)
                say(progress(stack, simulator, run_id, len(monkey.busy())))
            if keeper.error:
                raise keeper.error
            time.sleep(3)
        seconds = time.monotonic() - started
        monkey.give_up()
        while not monkey.done:  # what is away comes back
            time.sleep(0.5)
            if keeper.error:
                raise keeper.error
        stack.wait_for_api()
    say(f"the run ended as {state}; judging")
    # A task may have had its end while its database or Airflow's API was away, and said nothing.
    everybody = [str(ti_id) for (ti_id,) in stack.query("SELECT id FROM task_instance")]
    hits = [*monkey.hits]
    hits += [
        Hit("outage", outage.what, everybody, at=at)
        for outage in monkey.outages
        for at in moments(outage.began, outage.ended)
    ]
    hits += [Hit("leftover", "removed with its worker", [ti], at=at) for at, ti in stack.ended_with_worker]
    report = report_of(stack, simulator, run_id, seed, seconds, state, hits, prompts, set())
    rows = rows_of(stack.ledger(ROWS.format(dag_id=DAG_ID)))
    return ProductionReport(
        report=report,
        about_ledger=ledger_problems(report.tasks, rows),
        open_rows=open_rows(report.tasks, rows),
        in_doubt=sum(row.is_in_doubt for row in rows),
        restarts=stack.restarts,
        load=psutil.getloadavg()[1],
    )


def reconciled(stack: ProductionStack) -> list[Finding]:
    """What `python -m airflow_provider_seedance.reconcile` says of all connections that the ledger knows."""
    command = ["-m", "airflow_provider_seedance.reconcile", "--since", "3h", "--settle", "0", "--json"]
    # Its exit code tells whether there is something to look at, which there is after such a run.
    done = stack.run(*command, accepted=(0, 1, 2))
    return [
        Finding(row["kind"], row.get("video_id"), row.get("map_index"), row["vendor"])
        for row in json.loads(done)["rows"]
    ]


def metrics_page(received: dict[str, str]) -> str:
    """Which metrics Prometheus would have, of the names that were received."""
    mappings = yaml.safe_load((MONITORING / "statsd-exporter.yaml").read_text())["mappings"]
    kinds = {to[0]: kind for name, kind in received.items() if (to := exported(name, mappings))}
    # Without the names that hold this run's DAG, operator, pool and executor.
    shared = {name: kind for name, kind in kinds.items() if not re.search("[A-Z]|chaos|default_pool", name)}
    lines = [f"{name} {kind}\n" for name, kind in sorted(shared.items())]
    return f"# Received in `make chaos-production`, Airflow {installed_airflow()}: metric, kind.\n" + "".join(lines)


def main() -> int:
    """Run it and return the exit code: 0 only if no promise was broken."""
    parser = argparse.ArgumentParser(prog="make chaos-production", description="Pay once, where production runs.")
    parser.add_argument("--seed", type=int, help="repeats the plan and the vendors' faults (default: random)")
    parser.add_argument("--videos", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--metrics", type=Path, help="a file for the metrics that were received")
    options = parser.parse_args()
    stop_on_signals()
    seed = random.randrange(1_000_000) if options.seed is None else options.seed  # noqa: S311 - no secret
    try:
        found = run_chaos(HOME, seed=seed, videos=options.videos, say=stopwatch())
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C")
        return 130
    except (StackError, TimeoutError, RuntimeError, httpx.HTTPError, subprocess.SubprocessError) as error:
        print(f"\nFAILED: {error}\nseed {seed}; logs: {show_path(HOME / 'logs')}", file=sys.stderr)
        return 1
    if options.metrics:
        options.metrics.write_text(metrics_page(found.metrics))
    print("\n" + "\n".join(found.lines()))
    if found.problems:
        print("\nBROKEN:\n" + "\n".join(found.problems), file=sys.stderr)
        print(f"\nLogs: {show_path(HOME / 'logs')}", file=sys.stderr)
        return 1
    print("\nNo promise was broken.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
