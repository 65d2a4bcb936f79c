"""When a task's wait ends."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.api.durations import seconds
from airflow_provider_seedance.exceptions import airflow_errors

MARGIN = 120.0
"""Seconds by which Airflow's own time-out of the trigger is later than the deadline that the trigger keeps itself."""


def waiting_argument(name: str, value: float | timedelta) -> float:
    """The seconds that an operator's argument means, judged when the DAG is parsed; see `api.durations`.

    :raises InvalidRequestError: naming the argument.
    """
    with airflow_errors():
        return seconds(name, value)


def deadline_of(ti: Any, since: float, timeout: float, execution_timeout: timedelta | None) -> float:
    """Unix time at which a wait ends: after its time-out or, if that is earlier, the task's `execution_timeout`.

    Airflow keeps an `execution_timeout` itself only while a task is on a worker (Airflow 3), not while it is deferred.

    :param ti: the task instance, of which this attempt's start is taken.
    :param since: Unix time from which `timeout` counts.
    :param timeout: seconds.
    """
    deadline = since + timeout
    if execution_timeout is None:
        return deadline
    start = getattr(ti, "start_date", None)
    return min(deadline, (start.timestamp() if start else time.time()) + execution_timeout.total_seconds())


def given_up_after(task: Any) -> float | None:
    """Seconds from the submission after which nobody takes the task's video any more.

    That is when Airflow itself ends the wait at the latest. `None` if it can't be told: where the task does not wait,
    somebody else may, for as long as they like; and a retry, however late it comes, takes what is ready by then.

    :param task: the create task, rendered.
    """
    if not task.wait_for_completion or task.retries:
        return None
    return float(task.timeout + 2 * task.poll_interval + MARGIN)
