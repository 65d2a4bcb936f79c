"""Which processes run a task right now, and for how long each task occupied one.

With the LocalExecutor the scheduler has a fixed set of worker children, and a worker forks one child for each task it
runs. So *a grandchild of the scheduler is a task that holds a worker*: a fact of the process tree, not bookkeeping.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable

from dev.processes import grandchildren

TITLE = "airflow worker -- "


def running_tasks(scheduler_pid: int) -> dict[int, str]:
    """Process id -> id of the task instance it runs ("" while the process has not named itself yet)."""
    return {pid: task_instance_id(title) for pid, title in grandchildren(scheduler_pid).items()}


def task_instance_id(title: str) -> str:
    """From a title: Airflow puts the task instance's id into the title of its process (on Linux)."""
    rest = title.removeprefix(TITLE)
    return rest if rest != title and not rest.startswith("LocalExecutor") else ""


class WorkerClock:
    """Adds up how long worker processes were occupied, per task instance id, by looking at the process tree.

    A stint counts from the first to the last time the process was seen, plus one interval: what is missed on average.
    (The creation time that the system reports is no help: on some machines it is off by up to a second.)

    :param scheduler_pid: asks for the scheduler's process id, which changes when it is restarted
    :param interval: seconds between two looks
    """

    def __init__(self, scheduler_pid: Callable[[], int], interval: float = 0.05) -> None:
        self._scheduler_pid = scheduler_pid
        self._interval = interval
        self._stints: dict[int, tuple[str, float, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="worker-clock", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join(timeout=5)

    def seconds(self) -> dict[str, float]:
        """Task instance id -> seconds of worker time so far."""
        total: dict[str, float] = defaultdict(float)
        for task, first, last in list(self._stints.values()):
            total[task] += last - first + self._interval
        return dict(total)

    def _watch(self) -> None:
        while not self._stop.wait(self._interval):
            for pid, task in running_tasks(self._scheduler_pid()).items():
                now = time.monotonic()
                known, first, _ = self._stints.get(pid, ("", now, now))
                self._stints[pid] = (task or known, first, now)
