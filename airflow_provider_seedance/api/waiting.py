"""Waiting for a job in the calling thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.jobs import J, Outcome, Wait


class Log(Protocol):
    """As much of a logger as is used here."""

    def info(self, msg: str, /) -> None:
        """Keeps a sentence."""

    def warning(self, msg: str, /) -> None:
        """Keeps a warning."""


def wait_here(wait: Wait[J], read: Callable[[], J], log: Log, pause: Callable[[float], None]) -> J:
    """Polls until the job can be delivered.

    :param wait: decides what each poll means.
    :param read: reads the job once.
    :param log: is told what changes.
    :param pause: waits so many seconds.
    :return: the job.
    :raises SeedanceError: why the wait failed.
    """
    while True:
        try:
            decision = wait.saw(read(), time.time())
        except SeedanceError as error:
            decision = wait.missed(error, time.time())
        if decision.note:
            (log.warning if decision.warn else log.info)(decision.note)
        if decision.error is not None:
            raise decision.error
        if decision.outcome is Outcome.SUCCEEDED and decision.job is not None:
            return decision.job
        pause(decision.delay)
