"""One slow-clock simulator for all tests here, and a client that knows each vendor's plain paths."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.api.vendors import find_vendor
from airflow_provider_seedance.simulator import Simulator
from tests.support.requests import SAMPLES

STANDING = 1e-6
"""Simulated seconds per second."""


class Caller:
    """Plain HTTP to one vendor of a simulator."""

    def __init__(self, sim: Simulator, vendor: str, key: str | None = None) -> None:
        self.sim, self.vendor, self.base = sim, vendor, sim.base_url(vendor)
        # Plain HTTP only; loading the certificates for each client would take most of the tests' time.
        authorization = f"{find_vendor(vendor).auth_scheme} {key or sim.api_key}"
        self.http = httpx.Client(headers={"Authorization": authorization}, timeout=60, verify=False)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, self.base + path, **options)

    def create(self, path: str | None = None, **changes: Any) -> httpx.Response:
        sample = SAMPLES[self.vendor]
        return self.send("POST", path or sample.create[0], json=sample.body(**changes))

    def payload(self, **changes: Any) -> httpx.Response:
        """GMI Cloud: a create with a changed payload."""
        return self.create(payload={"prompt": "a paper boat", **changes})

    def made(self, path: str | None = None, **changes: Any) -> str:
        answer = self.create(path, **changes)
        assert answer.is_success, answer.text
        return self.sim.ledger[-1].video_id

    def ask(self, video_id: str) -> httpx.Response:
        """A poll, whatever comes of it."""
        method, path, body = SAMPLES[self.vendor].poll_of(video_id)
        return self.send(method, path, json=body)

    def poll(self, video_id: str) -> Any:
        answer = self.ask(video_id)
        assert answer.is_success, answer.text
        return answer.json()

    def told(self, video_id: str) -> str:
        """All that reading a video says: one poll, and the call after it where there is one."""
        text, path = self.ask(video_id).text, SAMPLES[self.vendor].result_path
        return text if path is None else text + self.send("GET", path(video_id)).text

    def end(self, video_id: str) -> httpx.Response:
        """What tells how a video ended: a poll, or the call after it."""
        polled, path = self.ask(video_id), SAMPLES[self.vendor].result_path
        return polled if path is None else self.send("GET", path(video_id))

    def url(self, video_id: str) -> Any:
        shown = self.end(video_id).json()
        for key in SAMPLES[self.vendor].url_at:
            shown = shown.get(key) if isinstance(shown, dict) else shown[key]
        return shown


@pytest.fixture(scope="session")
def _running() -> Iterator[Simulator]:
    with Simulator(speed=STANDING) as sim:
        yield sim


@pytest.fixture
def sim(_running: Simulator) -> Simulator:
    """Its clock all but stands still: a status changes when a test says so, however busy the machine is."""
    _running.reset()
    return _running


@pytest.fixture
def callers(sim: Simulator) -> Iterator[dict[str, Caller]]:
    """A caller per vendor."""
    made = {vendor: Caller(sim, vendor) for vendor in SAMPLES}
    yield made
    for caller in made.values():
        caller.http.close()
