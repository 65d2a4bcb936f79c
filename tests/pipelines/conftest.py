"""A simulator whose videos take about half a second, connections to it, and what tasks counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Simulator
from airflow_provider_seedance.submissions.pauses import Pauses

Counted = dict[tuple[str, str], int]


@pytest.fixture(scope="session")
def _running() -> Iterator[Simulator]:
    with Simulator(speed=100.0) as simulator:
        yield simulator


@pytest.fixture
def connect(_running: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Defines the connection `seedance_<vendor>`, with more in its extra."""

    def define(vendor: str, **extra: Any) -> None:
        connection = _running.connection_json(vendor, polls_per_second=1000, lists_per_second=1000, **extra)
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", connection)

    return define


@pytest.fixture
def sim(
    _running: Simulator,
    airflow_db: None,
    submission_records: None,
    connect: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> Simulator:
    """The simulator, empty, with a connection to each vendor."""
    _running.reset()
    for vendor in VENDORS:
        connect(vendor)
    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", Pauses(room=0.02))
    return _running


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The metrics that were counted, by name and by their tags in the order vendor, model, outcome."""
    from airflow.providers.common.compat.sdk import Stats

    found: Counted = {}

    def incr(stat: str, count: int = 1, rate: float = 1, *, tags: dict[str, str] | None = None) -> None:
        if stat in ("seedance.videos", "seedance.video_seconds", "seedance.tokens"):
            key = (stat, " ".join((tags or {}).values()))
            found[key] = found.get(key, 0) + count

    monkeypatch.setattr(Stats, "incr", incr)
    return found
