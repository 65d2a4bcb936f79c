"""One simulator for all tests of the API, emptied before each, and clients of both forms for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_seedance.simulator import Simulator

from .helpers import Client, OpenClient, open_client


@pytest.fixture(scope="session", autouse=True)
def _no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Plain HTTP only: loading the machine's certificates for each client would take most of the tests' time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no-certificates")))
        yield


@pytest.fixture(scope="session")
def _server() -> Iterator[Simulator]:
    # Standing still but for `advance` and `finish`: what a test sees doesn't depend on how fast it runs.
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def sim(_server: Simulator) -> Simulator:
    """The simulator, as if it had just started."""
    _server.reset()
    return _server


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    """Which of the two clients a test talks through."""
    return str(request.param)


@pytest.fixture
def connect(sim: Simulator, form: str) -> Iterator[OpenClient]:
    """Opens clients to the simulator; they are closed when the test ends."""
    with ExitStack() as stack:

        def opened(vendor: str, **settings: Any) -> Client:
            key = settings.pop("key", sim.api_key)
            base_url = settings.pop("base_url", sim.base_url(vendor))
            return stack.enter_context(open_client(form, vendor, base_url, key, **settings))

        yield opened
