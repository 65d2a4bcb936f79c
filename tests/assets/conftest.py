"""A simulator that stands still, connections to it, files to upload, and no waiting."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.support.look_ups import look_ups as look_ups
from tests.support.pauses import shorten_pauses

from .helpers import JPEG, MP4, PNG


@pytest.fixture(scope="session")
def _server() -> Iterator[Simulator]:
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def sim(_server: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator, as if it had just started, and connections `seedance_<vendor>` to it."""
    _server.reset()
    for vendor in VENDORS:
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", _server.connection_json(vendor))
    return _server


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with an image, a video and others."""
    for name, content in (("girl.png", PNG), ("horse.jpg", JPEG), ("walk.mp4", MP4), ("notes.pdf", b"%PDF-")):
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_pauses(monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def _one_ssl_context() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield
