"""Fixtures for your own tests: ``pytest_plugins = ["airflow_provider_seedance.simulator.pytest_plugin"]``."""

from collections.abc import Iterator

import pytest

from airflow_provider_seedance.simulator.simulator import Simulator
from airflow_provider_seedance.simulator.vendors import VENDORS


@pytest.fixture(scope="session")
def _seedance_server() -> Iterator[Simulator]:
    with Simulator() as sim:
        yield sim


@pytest.fixture
def seedance_simulator(_seedance_server: Simulator) -> Iterator[Simulator]:
    """A running :class:`Simulator`, reset before and after each test; one server serves the whole session."""
    _seedance_server.reset()
    yield _seedance_server
    _seedance_server.reset()


@pytest.fixture
def seedance_connections(seedance_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Airflow connections to the simulator, as ``AIRFLOW_CONN_SEEDANCE_<VENDOR>``; ``seedance_default`` is BytePlus.

    The fixture's value is the connection id by vendor, e.g. ``{"byteplus": "seedance_byteplus", ...}``.
    """
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_DEFAULT", seedance_simulator.connection_json("byteplus"))
    for vendor in VENDORS:
        connection = seedance_simulator.connection_json(vendor)
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", connection)
    return {vendor: f"seedance_{vendor}" for vendor in VENDORS}
