"""Other Video, installed as a distribution of its own would be."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.api import vendors

ENTRY_POINTS = """
[airflow_provider_seedance.vendors]
other = tests.support.othervendor:DESCRIPTOR
again = tests.support.othervendor.again:DESCRIPTOR

[airflow_provider_seedance.simulated_vendors]
other = tests.support.othervendor.simulated:SIMULATED
again = tests.support.othervendor.simulated.again:SIMULATED
"""


def install(folder: Path, name: str, entry_points: str) -> None:
    """Writes what the installation of a wheel leaves behind."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path, where distributions can be installed for one test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    vendors.forget_entry_points()
    importlib.invalidate_caches()
    yield folder
    vendors.forget_entry_points()


@pytest.fixture
def other_vendor(site: Path) -> None:
    """Other Video and its simulated server are installed."""
    install(site, "other_video", ENTRY_POINTS)
    importlib.invalidate_caches()
