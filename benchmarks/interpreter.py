"""What starting a Python costs that is to run one task."""

from __future__ import annotations

import resource
import subprocess
import sys
from statistics import median

from benchmarks.running import environment

SENSOR = "airflow.providers.http.sensors.http"


def start_up(runs: int = 3) -> float:
    """CPU seconds in which a new Python has imported what runs a task, and the sensor: the median of some runs.

    Executors that start a pod per task pay for this each time.
    """
    wanted = ("execute_workload", "supervisor", "task_runner")
    code = f"import {', '.join(f'airflow.sdk.execution_time.{name}' for name in wanted)}; import {SENSOR}"
    used = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return median(used)
