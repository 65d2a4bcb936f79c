"""One simulator for all tests of the API, emptied before each, and clients of both forms for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from airflow_provider_seedance.simulator import Simulator

from .bench import Client, OpenClient, open_client


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
