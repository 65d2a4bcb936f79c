"""Storages of which nothing is known: a temporary name, then a move."""

from __future__ import annotations

import uuid

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.transfers.destination import Destination


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Destination:
    """In fsspec's storage in memory, of which Airflow knows nothing until it is told."""
    from fsspec.implementations.memory import MemoryFileSystem

    folder = uuid.uuid4().hex
    path = ObjectStoragePath(f"memory://{folder}/a.mp4")
    monkeypatch.setattr(type(path), "fs", property(lambda self: MemoryFileSystem()))
    return Destination(path)


def names(place: Destination) -> list[str]:
    return [str(name).rpartition("/")[2] for name in place.path.fs.find(place.path.parent.path)]


def test_nothing_is_there_before_it_is_published(place: Destination) -> None:
    writer = place.writer("video/mp4", max_bytes=100)
    writer.write(b"right")
    assert place.size() is None
    writer.publish()
    writer.discard()
    assert (place.size(), place.read_text()) == (5, "right")
    assert names(place) == ["a.mp4"]


def test_what_is_there_is_replaced_in_the_end(place: Destination) -> None:
    for content in (b"one", b"three"):
        writer = place.writer("video/mp4", max_bytes=100)
        writer.write(content)
        writer.publish()
    assert place.read_text() == "three"
    assert names(place) == ["a.mp4"]


def test_what_is_discarded_leaves_nothing(place: Destination) -> None:
    writer = place.writer("video/mp4", max_bytes=100)
    writer.write(b"half")
    writer.discard()
    assert names(place) == []
