"""When a task's wait ends."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.api.durations import seconds
from airflow_provider_seedance.exceptions import airflow_errors


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
