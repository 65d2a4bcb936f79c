"""Simulators, connections to them, and no waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev import fault_matrix
from dev.task_life import Haste
from tests.support.pauses import shorten_pauses

from .helpers import conn_id


@pytest.fixture(scope="session")
def _still() -> Iterator[Simulator]:
    # Standing still but for `advance` and `finish`: what a test sees doesn't depend on how fast it runs.
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def _quick() -> Iterator[Simulator]:
    with Simulator(speed=fault_matrix.SPEED) as simulator:
        yield simulator


@pytest.fixture
def sim(_still: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A simulator whose videos stay where they are, as if it had just started; connections `seedance_<vendor>`."""
    return _prepared(_still, monkeypatch)


@pytest.fixture
def quick(_quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A simulator whose videos are ready at once."""
    for name, value in fault_matrix.connections(_quick).items():
        monkeypatch.setenv(name, value)
    return _prepared(_quick, monkeypatch)


def _prepared(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    simulator.reset()
    for vendor in VENDORS:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", simulator.connection_json(vendor))
    return simulator


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    haste = Haste()
    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", haste.pauses)
    shorten_pauses(monkeypatch, haste.backoff)
