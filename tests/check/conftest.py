"""Simulators and runs for the tests of first contact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.check.buying import Pace
from airflow_provider_seedance.simulator import Simulator
from tests.support.pauses import shorten_pauses

from .helpers import Run


@pytest.fixture(scope="session")
def _still() -> Iterator[Simulator]:
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def still(_still: Simulator) -> Simulator:
    """A simulator whose videos stay queued until a test ends them."""
    _still.reset()
    return _still


@pytest.fixture(scope="session")
def _moving() -> Iterator[Simulator]:
    with Simulator(speed=20, queue_seconds=10, run_seconds=10) as simulator:
        yield simulator


@pytest.fixture
def moving(_moving: Simulator) -> Simulator:
    """A simulator whose videos are queued for half a second and run for another half."""
    _moving.reset()
    return _moving


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in a folder of its own, without pauses between tries."""
    shorten_pauses(monkeypatch)
    monkeypatch.setattr(Pace, "look_ups", (0.0, 0.0))
    return Run(tmp_path, monkeypatch, capsys)
