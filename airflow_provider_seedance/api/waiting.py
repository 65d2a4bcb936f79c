"""Waiting for a job in the calling thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.jobs import Decision, J, Outcome, Wait


def wait_here(
    wait: Wait[J], read: Callable[[], J], tell: Callable[[Decision[J]], None], pause: Callable[[float], None]
) -> J:
    """Polls until the job can be delivered.

    :param wait: decides what each poll means.
    :param read: reads the job once.
    :param tell: called with each decision.
    :param pause: waits for some seconds.
    :return: the job.
    :raises SeedanceError: the wait failed.
    """
    while True:
        try:
            decision = wait.saw(read(), time.time())
        except SeedanceError as error:
            decision = wait.missed(error, time.time())
        tell(decision)
        if decision.error is not None:
            raise decision.error
        if decision.outcome is Outcome.SUCCEEDED and decision.job is not None:
            return decision.job
        pause(decision.delay)
