"""Receives what Airflow's components send to StatsD: UDP on the loopback address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dev.airflow_config import LOOPBACK


class Received:
    """What came, by name.

    :param port: where it is received
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._kinds: dict[str, str] = {}
        self._lock = threading.Lock()

    def take(self, datagram: bytes) -> None:
        """One datagram, a metric a line: `name:value|kind`."""
        for line in datagram.decode(errors="replace").splitlines():
            name, _, rest = line.partition(":")
            kind = rest.partition("|")[2].partition("|")[0]
            if name and kind:
                with self._lock:
                    self._kinds[name] = kind

    @property
    def kinds(self) -> dict[str, str]:
        """Name -> `c` (counter), `g` (gauge) or `ms` (timer)."""
        with self._lock:
            return dict(self._kinds)


@contextmanager
def receiving() -> Iterator[Received]:
    """Receives until it is left."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inbox:
        inbox.bind((LOOPBACK, 0))
        inbox.settimeout(0.2)
        received, is_over = Received(inbox.getsockname()[1]), threading.Event()

        def receive() -> None:
            while not is_over.is_set():
                try:
                    received.take(inbox.recv(65536))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=receive, name="statsd", daemon=True)
        thread.start()
        try:
            yield received
        finally:
            is_over.set()
            thread.join(timeout=5)
