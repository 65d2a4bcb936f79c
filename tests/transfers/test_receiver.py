"""What is in memory between the network and the storage."""

from __future__ import annotations

import threading
from typing import Any

from airflow_provider_seedance.landing.file_types import VIDEOS
from airflow_provider_seedance.landing.receiver import _AHEAD, _BLOCK, Receiver

from .mp4 import FTYP, moov

PATIENCE = 60.0


class Slow:
    """A storage that takes nothing for the moment."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.taken = 0

    def write(self, block: bytes) -> None:
        assert self.go_on.wait(PATIENCE)
        self.taken += len(block)

    def publish(self) -> None:
        pass

    def discard(self) -> None:
        pass


def test_no_more_than_some_blocks_are_ever_in_memory() -> None:
    """The network is faster than the storage: it has to wait."""
    storage, given = Slow(), 0
    arrival = Receiver(VIDEOS, lambda kind: storage)
    size = 200 * _BLOCK

    def give() -> None:
        nonlocal given
        arrival.take(FTYP + moov() + (size + 8).to_bytes(4, "big") + b"mdat")
        for _ in range(200):
            arrival.take(bytes(_BLOCK))
            given += _BLOCK

    network = threading.Thread(target=give, daemon=True)
    network.start()
    network.join(1.0)  # it would have done it all long since
    waiting = given
    storage.go_on.set()
    network.join(PATIENCE)
    assert not network.is_alive()
    assert waiting <= (_AHEAD + 2) * _BLOCK
    arrival.finish()
    arrival.close()
    assert storage.taken == arrival.bytes > size


def test_a_file_that_begins_anew_may_be_of_another_kind() -> None:
    opened: list[tuple[str, Any]] = []

    def open_writer(kind: Any) -> Slow:
        storage = Slow()
        storage.go_on.set()
        opened.append((kind.ext, storage))
        return storage

    arrival = Receiver(VIDEOS, open_writer)
    arrival.take(FTYP + moov())
    arrival.is_whole()
    arrival.start_over()
    arrival.take(FTYP.replace(b"isom", b"qt  ") + moov())
    arrival.is_whole()
    arrival.close()
    assert [ext for ext, _ in opened] == ["mp4", "mov"]
