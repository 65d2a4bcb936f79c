"""A fixture: the log of an Airflow that writes to the terminal and lets all through, as 2.11 and 3.0 do."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest


class _Terminal(logging.Handler):
    """Writes to what is stdout at the moment, as Airflow's own handler does."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(f"{self.format(record)}\n")


@pytest.fixture
def loud() -> Iterator[None]:
    handler, root = _Terminal(logging.INFO), logging.getLogger()
    httpx = logging.getLogger("httpx")
    level, disabled = httpx.level, httpx.disabled
    httpx.setLevel(logging.INFO)
    httpx.disabled = False
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        httpx.setLevel(level)
        httpx.disabled = disabled
