"""One simulator for all tests of the poller, emptied before each, with a connection to each of its vendors."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cache
from typing import Any
from weakref import WeakSet

import pytest

from airflow_provider_seedance.polling import poller
from airflow_provider_seedance.polling.wait_queue import Watch
from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.support.look_ups import look_ups as look_ups

from .helpers import Clients, Connect, conn_id

KEY = "sk-simulator"


@pytest.fixture(scope="session")
def _server() -> Iterator[Simulator]:
    # Standing still but for `finish`: what a test sees doesn't depend on how fast it runs.
    with Simulator(speed=0.001, api_key=KEY) as simulator:
        yield simulator


@pytest.fixture
def sim(_server: Simulator, airflow_db: None, connect: Connect) -> Iterator[Simulator]:
    """The simulator, as if it had just started, and connections `seedance_<vendor>` to it, without rates."""
    _server.reset()
    for vendor in VENDORS:
        connect(vendor)
    yield _server
    _server._world.settings.api_key = KEY


@pytest.fixture
def connect(_server: Simulator, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Defines a vendor's connection anew, with the simulator's key of the moment."""

    def define(vendor: str, *, name: str | None = None, **extra: object) -> str:
        rates = {"polls_per_second": 1000, "lists_per_second": 1000} | extra
        name = name or conn_id(vendor)
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", _server.connection_json(vendor, **rates))
        return name

    return define


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Every client that pollers open, and whether it was closed."""
    clients = Clients()
    monkeypatch.setattr(poller, "PollingClient", clients.open)
    return clients


@pytest.fixture
def watches(monkeypatch: pytest.MonkeyPatch) -> WeakSet[Watch]:
    """Those of all pollers that are in memory still; what hangs together in a circle needs `gc.collect()`."""
    living: WeakSet[Watch] = WeakSet()

    class Known(Watch):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            living.add(self)

    monkeypatch.setattr(poller, "Watch", Known)
    return living


@pytest.fixture(scope="session", autouse=True)
def _one_ssl_context() -> Iterator[None]:
    """Clients share the certificates that the first one loads: nothing here speaks TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield
