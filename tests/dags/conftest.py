"""Runs the example DAGs in this process, against the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.any_airflow import load_dag_bag
from tests.transfers import s3

EXAMPLES = Path(__file__).parents[2] / "example_dags"


@pytest.fixture(scope="session")
def fast_simulator() -> Iterator[Simulator]:
    """A simulator whose videos are ready within about a second."""
    with Simulator(speed=60.0) as simulator:
        yield simulator


@pytest.fixture
def simulator(fast_simulator: Simulator, airflow_db: None, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, empty, with a connection to each vendor."""
    fast_simulator.reset()
    for vendor in VENDORS:
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", fast_simulator.connection_json(vendor))
    return fast_simulator


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a bucket in an S3 that Airflow's default connection opens."""
    with s3.bucket() as made:
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", made.connection)
        yield s3.BUCKET


@pytest.fixture
def load_dag(airflow_db: None) -> Callable[[str], Any]:
    """Loads an example DAG by its id, as Airflow does."""

    def load(dag_id: str) -> Any:
        bag = load_dag_bag(EXAMPLES / f"{dag_id}.py")
        assert bag.import_errors == {}
        return bag.dags[dag_id]

    return load
