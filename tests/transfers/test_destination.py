"""Storages of which nothing is known: a temporary name, then a move."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, ClassVar

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from fsspec.implementations.local import LocalFileSystem

from airflow_provider_seedance.landing.destination import Destination
from airflow_provider_seedance.landing.local_file import LocalFile


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


class Folders(LocalFileSystem):  # type: ignore[misc]
    """A storage with folders that don't make themselves, and that moves onto nothing that is there: SMB, for example.

    It is a local disk by another name.
    """

    protocol = "folders"
    auto_mkdir = False
    moved: ClassVar[list[tuple[str, str]]] = []
    fails_at = 0

    def mv(self, path1: str, path2: str, **kwargs: Any) -> None:
        self.moved.append((Path(path1).name, Path(path2).name))
        if len(self.moved) == self.fails_at:
            raise OSError("the network is gone")
        if Path(path2).exists():
            raise FileExistsError(path2)
        Path(path1).rename(path2)


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> Folders:
    storage = Folders(skip_instance_cache=True)
    monkeypatch.setattr(Folders, "moved", [])
    return storage


def place_in(folders: Folders, path: Path, monkeypatch: pytest.MonkeyPatch) -> Destination:
    found = ObjectStoragePath(f"memory://{path}")
    monkeypatch.setattr(type(found), "fs", property(lambda self: folders))
    there = Destination(found)
    there._key = str(path)
    return there


def put(there: Destination, content: bytes) -> None:
    writer = there.writer("video/mp4", max_bytes=100)
    try:
        writer.write(content)
        writer.publish()
    finally:
        writer.discard()


def test_missing_folders_are_made_where_storages_have_folders(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place_in(folders, tmp_path / "a" / "b" / "c.mp4", monkeypatch), b"new")
    assert (tmp_path / "a" / "b" / "c.mp4").read_bytes() == b"new"


def test_what_is_there_is_kept_until_the_move_where_storages_do_not_move_onto_it(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = place_in(folders, tmp_path / "c.mp4", monkeypatch)
    put(there, b"old")
    put(there, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["c.mp4"]
    assert (tmp_path / "c.mp4").read_bytes() == b"new"
    _, onto, aside, into = folders.moved
    assert (onto[1], aside[0], into[1]) == ("c.mp4", "c.mp4", "c.mp4")


def test_what_was_there_comes_back_when_its_successor_cannot_be_moved(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = place_in(folders, tmp_path / "c.mp4", monkeypatch)
    put(there, b"old")
    folders.fails_at = 4
    with pytest.raises(OSError, match="network is gone"):
        put(there, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["c.mp4"]
    assert (tmp_path / "c.mp4").read_bytes() == b"old"


def test_only_our_own_leftovers_are_removed(tmp_path: Path) -> None:
    ours = ".a.mp4.0123456789ab.part"
    theirs = [
        ".a.mp4.xyz",
        ".a.mp4.part",
        ".a.mp4.0123456789a.part",
        ".a.mp4.0123456789abc.part",
        ".a.mp4.0123456789AB.part",
        ".a.mp4.0123456789ab.part.txt",
        ".a.mp4.manifest.json.0123456789ab.part",
        ".b.mp4.0123456789ab.part",
        "a.mp4.0123456789ab.part",
    ]
    for name in (ours, *theirs):
        (tmp_path / name).write_bytes(b"?")
    LocalFile(tmp_path / "a.mp4").discard()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(theirs)
