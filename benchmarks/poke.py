"""What one poke of a sensor in reschedule mode costs.

Measured on a real Airflow with the LocalExecutor, whose workers fork a process per poke; and, for executors that start
a pod per poke, how long a fresh interpreter computes until it has imported what a task process needs.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from benchmarks.contenders import connections
from benchmarks.running import environment
from benchmarks.server import control
from dev.stack import AirflowStack

DAG_ID = "bench_reschedule"
SENSOR = "airflow.providers.http.sensors.http"
DAGS = Path(__file__).resolve().parent / "dags"
HOME = Path(__file__).resolve().parent.parent / ".work" / "bench-airflow"
POKES = 20
"""How many are waited for before the videos become ready."""

IDLE = 5.0
"""Seconds for which the idle Airflow is watched first."""


@dataclass(frozen=True)
class Poked:
    """What the pokes cost.

    :param pokes: how many there were; each is a task process of its own.
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


def measure(url: str, say: Callable[[str], None]) -> Poked:
    """Starts an Airflow, lets three sensors poke, stops it."""
    with AirflowStack(HOME, DAGS, env=connections(url), progress=say) as stack:
        stack.api.wait_for_dag(DAG_ID)
        began, before = time.monotonic(), _usage(stack)
        time.sleep(IDLE)
        after, seconds = _usage(stack), time.monotonic() - began
        idle = (after.everything - before.everything) / seconds
        control(url, "ready?base=inf&spread=0")
        control(url, "reset")
        began, before = time.monotonic(), _usage(stack)
        run_id = stack.trigger_dag(DAG_ID)
        held = _wait_for_pokes(url, stack)
        control(url, "ready?base=0&spread=0")
        held += _wait_for_end(stack, run_id)
        after, seconds = _usage(stack), time.monotonic() - began
        pokes = int(control(url, "stats")["requests"]["GET"])
    task, supervisor = after.tasks - before.tasks, after.workers - before.workers
    rest = after.everything - before.everything - task - supervisor - idle * seconds
    return Poked(pokes, task / pokes, supervisor / pokes, rest / pokes, held / pokes)


def fresh_interpreter(runs: int = 3) -> float:
    """CPU seconds in which a new Python has imported what runs a task, and the sensor: the median of some runs."""
    wanted = ("execute_workload", "supervisor", "task_runner")
    code = f"import {', '.join(f'airflow.sdk.execution_time.{name}' for name in wanted)}; import {SENSOR}"
    used = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return median(used)


@dataclass(frozen=True)
class _Usage:
    """CPU seconds until now: of all task processes that have ended, of the workers themselves, of all of Airflow."""

    tasks: float
    workers: float
    everything: float


def _usage(stack: AirflowStack) -> _Usage:
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
    return _Usage(tasks, workers, everything)


def _wait_for_pokes(url: str, stack: AirflowStack) -> float:
    held, deadline = 0.0, time.monotonic() + 120
    while control(url, "stats")["requests"].get("GET", 0) < POKES:
        if time.monotonic() > deadline:
            raise RuntimeError(f"there were not {POKES} pokes within 120 s")
        held += _look(stack)
    return held


def _wait_for_end(stack: AirflowStack, run_id: str) -> float:
    held, deadline = 0.0, time.monotonic() + 60
    while stack.worker_pids() or stack.api.dag_run_state(DAG_ID, run_id) != "success":
        if time.monotonic() > deadline:
            raise RuntimeError(f"the run did not end:\n{stack.failures(DAG_ID, run_id)}")
        held += _look(stack)
    return held


def _look(stack: AirflowStack) -> float:
    """Seconds of worker slots that were held since the last look, by how many are held now."""
    began = time.monotonic()
    time.sleep(0.05)
    return len(stack.worker_pids()) * (time.monotonic() - began)
