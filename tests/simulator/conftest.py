"""One slow-clock simulator for all tests here, and a client that knows each vendor's plain paths."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.simulator import Simulator

JIMMY = "/api/open-api/v1"
CREATES: dict[str, tuple[str, dict[str, Any]]] = {
    "jimmyai": (f"{JIMMY}/seedance/videos", {"model": "seedance2.0-sp", "prompt": "a paper boat", "duration": 5}),
    "gmicloud": ("/requests", {"model": "seedance-2-0-fast-260128", "payload": {"prompt": "a paper boat"}}),
    "modellix": ("/bytedance/seedance-2.0-t2v/async", {"prompt": "a paper boat"}),
    "byteplus": (
        "/contents/generations/tasks",
        {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "a paper boat"}]},
    ),
    "volcengine": (
        "/contents/generations/tasks",
        {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "a paper boat"}]},
    ),
}
POLLS = {
    "jimmyai": f"{JIMMY}/videos/",
    "gmicloud": "/requests/",
    "modellix": "/tasks/",
    "byteplus": "/contents/generations/tasks/",
    "volcengine": "/contents/generations/tasks/",
}

STANDING = 1e-6
"""Simulated seconds per second."""


class Caller:
    """Plain HTTP to one vendor of a simulator."""

    def __init__(self, sim: Simulator, vendor: str, key: str | None = None) -> None:
        self.sim, self.vendor, self.base = sim, vendor, sim.base_url(vendor)
        # Plain HTTP only; loading the certificates for each client would take most of the tests' time.
        self.http = httpx.Client(headers={"Authorization": f"Bearer {key or sim.api_key}"}, timeout=60, verify=False)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, self.base + path, **options)

    def create(self, path: str | None = None, **changes: Any) -> httpx.Response:
        usual, body = CREATES[self.vendor]
        return self.send("POST", path or usual, json={**body, **changes})

    def payload(self, **changes: Any) -> httpx.Response:
        """GMI Cloud: a create with a changed payload."""
        return self.create(payload={"prompt": "a paper boat", **changes})

    def made(self, path: str | None = None, **changes: Any) -> str:
        answer = self.create(path, **changes)
        assert answer.status_code == 200, answer.text
        return self.sim.ledger[-1].video_id

    def poll(self, video_id: str) -> Any:
        answer = self.send("GET", POLLS[self.vendor] + video_id)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def url(self, video_id: str) -> Any:
        shown = self.poll(video_id)
        match self.vendor:
            case "jimmyai":
                return shown["data"]["result"]["video_url"]
            case "gmicloud":
                return shown["outcome"].get("video_url")
            case "modellix":
                return shown["data"]["result"]["resources"][0]["url"]
        return shown["content"]["video_url"]


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
    made = {vendor: Caller(sim, vendor) for vendor in CREATES}
    yield made
    for caller in made.values():
        caller.http.close()
