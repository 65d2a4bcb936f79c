"""The deadlines of a task's wait."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.api.durations import seconds
from airflow_provider_seedance.exceptions import airflow_errors

MARGIN = 120.0
"""Seconds by which Airflow's time-out of the deferral is later than the trigger's own deadline."""


def waiting_argument(name: str, value: float | timedelta) -> float:
    """Reads an operator's duration argument when the DAG is parsed; see `api.durations`.

    :param name: the argument's name.
    :param value: seconds or a timedelta.
    :return: seconds.
    :raises InvalidRequestError: the value is no valid duration; the message names the argument.
    """
    with airflow_errors():
        return seconds(name, value)


def deadline_of(ti: Any, since: float, timeout: float, execution_timeout: timedelta | None) -> float:
    """Unix time at which a wait ends: after its time-out or, if that is earlier, the task's `execution_timeout`.

    Airflow itself enforces an `execution_timeout` only while the task is on a worker (Airflow 3), not while deferred.

    :param ti: the task instance; `execution_timeout` counts from the start of its current attempt.
    :param since: Unix time from which `timeout` counts.
    :param timeout: seconds.
    :param execution_timeout: the task's `execution_timeout`; `None` if it has none.
    """
    deadline = since + timeout
    if execution_timeout is None:
        return deadline
    start = getattr(ti, "start_date", None)
    return min(deadline, (start.timestamp() if start else time.time()) + execution_timeout.total_seconds())


def given_up_after(task: Any) -> float | None:
    """Seconds from the submission after which no task will take the video any more.

    This is the latest time at which Airflow itself ends the wait. `None` if there is no such time: if the create task
    doesn't wait, another task may wait for any time; and a retry, however late, takes a video that is ready by then.

    :param task: the create task, rendered.
    """
    if not task.wait_for_completion or task.retries:
        return None
    return float(task.timeout + 2 * task.poll_interval + MARGIN)
