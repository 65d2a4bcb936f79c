"""A poller's metrics, for Airflow's metrics backend. A backend that fails never costs a poll."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

from airflow.providers.common.compat.sdk import Stats

from airflow_provider_seedance.compat.metrics import names, tag

log = logging.getLogger(__name__)


class PollMetrics:
    """The metrics of one poller, all tagged with its vendor and connection; see `names` for where tags are dropped.

    :param vendor: the vendor's name.
    :param conn_id: the connection's id.
    """

    def __init__(self, vendor: str, conn_id: str) -> None:
        self._tags = {"vendor": tag(vendor), "conn_id": tag(conn_id)}
        self._labels = (conn_id, socket.gethostname())
        self._names: dict[str, tuple[str, ...]] = {}
        self._has_failed = False

    def polled(self, jobs: int, late: float, waiting: int) -> None:
        """A request goes out.

        :param jobs: how many it asks for.
        :param late: seconds after the moment at which the first of them was due.
        :param waiting: how many jobs the poller polls for.
        """
        self._tell(Stats.incr, "seedance.polls")
        self._tell(Stats.gauge, "seedance.poll_batch_size", jobs)
        self._tell(Stats.timing, "seedance.poll_lateness", late * 1000)
        self.waiting(waiting)

    def refused(self) -> None:
        """The vendor said 429."""
        self._tell(Stats.incr, "seedance.polls_refused")

    def waiting(self, jobs: int) -> None:
        """How many jobs the poller polls for: videos, and assets under review."""
        self._tell(Stats.gauge, "seedance.waiting_videos", jobs)

    def pollers(self, number: int) -> None:
        """How many pollers divide the account's rate, this one among them."""
        self._tell(Stats.gauge, "seedance.pollers", number)

    def _tell(self, kind: Callable[..., Any], stat: str, *arguments: Any) -> None:
        try:
            if stat not in self._names:
                self._names[stat] = names(stat, *self._labels)
            for name in self._names[stat]:
                kind(name, *arguments, tags=self._tags)
        except Exception as error:
            if not self._has_failed:
                log.warning("Metrics can't be sent: %s. Polling goes on.", type(error).__name__)
            self._has_failed = True
