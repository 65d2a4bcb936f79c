"""A file host, a vendor and an empty folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.download import Download
from airflow_provider_seedance.simulator import Simulator

from .mp4 import video
from .server import FileServer

SIZE = 1_000_000


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads go on at once, instead of after a moment."""
    monkeypatch.setattr(Download, "sleep", lambda self, seconds: None)


@pytest.fixture
def host() -> Iterator[FileServer]:
    """Serves a video of a million bytes."""
    with FileServer(video(SIZE)) as server:
        yield server


@pytest.fixture(scope="session")
def _vendor() -> Iterator[Simulator]:
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def sim(_vendor: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A vendor, as if it had just started, and the connection `seedance_default` to it."""
    _vendor.reset()
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_DEFAULT", _vendor.connection_json("byteplus"))
    return _vendor


@pytest.fixture
def hook(sim: Simulator) -> Iterator[SeedanceHook]:
    seedance = SeedanceHook()
    yield seedance
    seedance.close()


@pytest.fixture
def made(sim: Simulator, hook: SeedanceHook) -> Callable[..., dict[str, Any]]:
    """Makes a finished video, and gives what the sensor would return."""

    def make(**fields: Any) -> dict[str, Any]:
        wanted = {"model": "dreamina-seedance-2-0-fast-260128", "prompt": "a paper boat named Zebedee", **fields}
        video_id = hook.create_video(wanted).video_id
        sim.finish(video_id)
        return hook.get_video(video_id).to_dict()

    return make


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def files_in(folder: Path) -> list[str]:
    """Everything there, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
