"""What only a real Airflow shows (LocalExecutor, SQLite): the cost of a poke and of a connection look-up."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from benchmarks.contenders import connections
from benchmarks.running import CHECKOUT
from benchmarks.server import control
from dev.stack import AirflowStack

HOME = CHECKOUT / ".work" / "bench-airflow"
DAGS = CHECKOUT / "benchmarks" / "dags"
POKES = 15
"""How many are waited for before the videos become ready."""

LOOK_UPS = 200
"""How many the DAG's trigger makes."""

IDLE = 5.0
"""Seconds for which the idle Airflow is watched first."""


@dataclass(frozen=True)
class Poked:
    """What the pokes cost, with the LocalExecutor, whose workers fork a process for each.

    :param pokes: how many there were.
    :param task: CPU seconds of the task process, per poke.
    :param supervisor: CPU seconds of the worker that forks and supervises it, per poke.
    :param rest: CPU seconds of scheduler, api-server, triggerer and DAG processor above their idle time, per poke.
    :param wall: seconds for which a poke held a worker slot.
    """

    pokes: int
    task: float
    supervisor: float
    rest: float
    wall: float


@dataclass(frozen=True)
class LookedUp:
    """What the look-ups of a connection in Airflow's database cost, one after another.

    :param wall: seconds from the question to the answer.
    :param cpu: CPU seconds in all of Airflow, above its idle time.
    """

    wall: float
    cpu: float


@dataclass(frozen=True)
class Usage:
    """CPU seconds until now.

    :param tasks: of all task processes that have ended.
    :param workers: of the workers that fork them.
    :param everything: of all of Airflow, these included.
    """

    tasks: float
    workers: float
    everything: float


def measure(url: str, say: Callable[[str], None]) -> tuple[Poked, LookedUp]:
    """Starts an Airflow, measures, stops it."""
    env = connections(url) | {"PYTHONPATH": str(CHECKOUT)}
    with AirflowStack(HOME, DAGS, env=env, progress=say) as stack:
        for dag_id in ("bench_reschedule", "bench_look_up"):
            stack.api.wait_for_dag(dag_id)
        began, before = time.monotonic(), _usage(stack)
        time.sleep(IDLE)
        idle = (_usage(stack).everything - before.everything) / (time.monotonic() - began)
        say("sensors poke in reschedule mode")
        poked = _poke(url, stack, idle)
        say("a trigger looks a connection up")
        return poked, _look_up(stack, idle)


def _poke(url: str, stack: AirflowStack, idle: float) -> Poked:
    control(url, "ready?base=inf&spread=0")
    control(url, "reset")
    began, before, held = time.monotonic(), _usage(stack), _Held(stack)
    run_id = stack.trigger_dag("bench_reschedule")
    held.until(lambda: control(url, "stats")["requests"].get("GET", 0) >= POKES)
    control(url, "ready?base=0&spread=0")
    held.until(lambda: stack.api.dag_run_state("bench_reschedule", run_id) == "success" and not stack.worker_pids())
    after, seconds = _usage(stack), time.monotonic() - began
    pokes = int(control(url, "stats")["requests"]["GET"])
    tasks, workers = after.tasks - before.tasks, after.workers - before.workers
    rest = after.everything - before.everything - tasks - workers - idle * seconds
    return Poked(pokes, tasks / pokes, workers / pokes, rest / pokes, held.seconds / pokes)


def _look_up(stack: AirflowStack, idle: float) -> LookedUp:
    stored = {"connection_id": "bench_stored", "conn_type": "http", "host": "localhost", "password": "secret"}
    stack.api.request("POST", "/api/v2/connections", json=stored)
    began, before = time.monotonic(), _usage(stack)
    run_id = stack.trigger_dag("bench_look_up")
    stack.api.wait_for_run("bench_look_up", run_id, timeout=120)
    after, seconds = _usage(stack), time.monotonic() - began
    wall = float(stack.api.xcom("bench_look_up", run_id, "look_up"))
    tasks = after.tasks - before.tasks + after.workers - before.workers
    return LookedUp(wall, (after.everything - before.everything - tasks - idle * seconds) / LOOK_UPS)


def _usage(stack: AirflowStack) -> Usage:
    scheduler = stack.components["scheduler"].pid
    tasks = workers = everything = 0.0
    for component in stack.components.values():
        for process in component.members():
            with contextlib.suppress(psutil.NoSuchProcess):
                used = process.cpu_times()
                own, children = used.user + used.system, used.children_user + used.children_system
                everything += own + children
                if process.ppid() == scheduler:
                    workers += own
                    tasks += children
    return Usage(tasks, workers, everything)


class _Held:
    """Seconds of worker slots that were held, seen by looking at the processes."""

    def __init__(self, stack: AirflowStack) -> None:
        self._stack = stack
        self.seconds = 0.0

    def until(self, done: Callable[[], bool], patience: float = 120.0) -> None:
        deadline = time.monotonic() + patience
        while not done():
            if time.monotonic() > deadline:
                raise RuntimeError(f"it did not happen within {patience:.0f} s; the logs are in {self._stack.logs}")
            began = time.monotonic()
            time.sleep(0.05)
            self.seconds += len(self._stack.worker_pids()) * (time.monotonic() - began)
