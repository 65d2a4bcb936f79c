"""One simulator for all tests of the Airflow layer, emptied before each, with a connection to each of its vendors."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.support.pauses import shorten_pauses

from .helpers import conn_id


@pytest.fixture(scope="session")
def _server() -> Iterator[Simulator]:
    # Standing still but for `advance` and `finish`: what a test sees doesn't depend on how fast it runs.
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def sim(_server: Simulator, airflow_db: None, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, as if it had just started, and connections `seedance_<vendor>` to it."""
    _server.reset()
    for vendor in VENDORS:
        # Without the vendors' published rates, which would only make the tests slow.
        connection = _server.connection_json(vendor, polls_per_second=1000, lists_per_second=1000)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", connection)
    return _server


@pytest.fixture
def connect(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Defines the connection `bad_one` like that of a vendor, but for what is given; gives its id."""

    def define(vendor: str = "byteplus", *, extra: Any = None, **parts: Any) -> str:
        connection = json.loads(sim.connection_json(vendor)) | parts
        if isinstance(extra, dict):
            connection["extra"] = {k: v for k, v in (connection["extra"] | extra).items() if v is not ...}
        elif extra is not None:
            connection["extra"] = extra
        monkeypatch.setenv("AIRFLOW_CONN_BAD_ONE", json.dumps(connection))
        return "bad_one"

    return define


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients repeat calls at once, instead of after a second or more."""
    shorten_pauses(monkeypatch)


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    """Which of the hook's two forms a test calls."""
    return str(request.param)


@pytest.fixture(scope="session", autouse=True)
def _one_ssl_context() -> Iterator[None]:
    """Hundreds of clients share the certificates that the first one loads: nothing here speaks TLS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield
