"""A ledger in SQLite, and a simulator whose videos are ready at once, with a connection for each vendor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.ledger.migrations import migrate
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator
from dev.task_life import Haste
from tests.ledger.conftest import CONN_ID, Database
from tests.support.pauses import shorten_pauses

from .helpers import SPEED, connect


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    made = Database("sqlite", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "reconcile.db")}), monkeypatch)
    made.lead_here()
    migrate(made.engine())
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", CONN_ID)
    return made


@pytest.fixture(scope="session")
def _quick() -> Iterator[Simulator]:
    with Simulator(speed=SPEED) as simulator:
        yield simulator


@pytest.fixture
def sim(_quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    _quick.reset()
    connect(_quick, monkeypatch)
    return _quick


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    haste = Haste()
    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", haste.pauses)
    shorten_pauses(monkeypatch, haste.backoff)
