"""Receives the bytes of one file: recognises its type, hashes it, and writes it to its destination."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from airflow_provider_seedance.api.errors import NotAVideoError
from airflow_provider_seedance.landing.destination import Writer
from airflow_provider_seedance.landing.file_types import SNIFF, TAIL, VIDEOS, Kind, is_whole_picture, sniff
from airflow_provider_seedance.landing.mp4 import Mp4Reader, Picture

_BLOCK = 256 * 1024
"""Bytes handed over at once; encrypted connections deliver pieces of 16 KiB."""

_AHEAD = 8
"""Blocks that may wait for the other threads, which bounds the memory."""


class Receiver:
    """Receives one file: recognises its type, hashes it, and writes it to its destination.

    While this thread reads the network, a second one writes and a third one hashes: each is about as much work as the
    reading, and Python's own share of it is small.

    :param kinds: the accepted types.
    :param open_writer: called with the type once it is known.
    """

    def __init__(self, kinds: tuple[Kind, ...], open_writer: Callable[[Kind], Writer]) -> None:
        self._kinds = kinds
        self._open_writer = open_writer
        self._writer: Writer | None = None
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="seedance-write")
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="seedance-hash")
        self._under_way: deque[tuple[Future[None], Future[None]]] = deque()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._reset()

    @property
    def kind(self) -> Kind:
        """The recognised type of the file."""
        if self._kind is None:
            raise NotAVideoError("The file host sent next to nothing.")
        return self._kind

    @property
    def sha256(self) -> str:
        """The hash of the content, in hex."""
        return self._hash.hexdigest()

    def take(self, block: bytes) -> None:
        """See `download.Sink`."""
        self._waiting.append(block)
        self._waiting_bytes += len(block)
        if self._waiting_bytes >= _BLOCK:
            self._hand_over()

    def start_over(self) -> None:
        """See `download.Sink`."""
        self._settle()
        self._reset()
        if self._writer:
            # The next file may have another type or length, and so another place or larger parts.
            self._writer.discard()
            self._writer = None

    def is_whole(self) -> bool | None:
        """See `download.Sink`."""
        self._settle()
        if self._kind is None:
            return False
        if self._kind in VIDEOS:
            return self._reader.is_whole(self.bytes)
        return is_whole_picture(self._kind, self._head, self._tail, self.bytes)

    def finish(self) -> Picture | None:
        """Closes the file after its last byte.

        :return: facts from the index, for an MP4.
        :raises NotAVideoError: it isn't what it should be.
        """
        self._settle()
        kind = self.kind
        return self._reader.finish() if kind in VIDEOS else None

    def publish(self) -> None:
        """Makes the object visible."""
        if self._writer:
            self._writer.publish()

    def discard(self) -> None:
        """Removes everything that isn't published."""
        if self._writer:
            self._writer.discard()

    def close(self) -> None:
        """Ends the threads and discards everything that isn't published."""
        self._writing.shutdown(wait=True, cancel_futures=True)
        self._hashing.shutdown(wait=True, cancel_futures=True)
        self.discard()

    def _reset(self) -> None:
        self.bytes = 0
        self._head = self._tail = b""
        self._kind: Kind | None = None
        self._hash = hashlib.sha256()
        self._reader = Mp4Reader()

    def _hand_over(self) -> None:
        block, self._waiting, self._waiting_bytes = b"".join(self._waiting), [], 0
        while self._under_way and (len(self._under_way) >= _AHEAD or self._under_way[0][0].done()):
            self._take_result()
        self._under_way.append(
            (self._writing.submit(self._work, block), self._hashing.submit(self._hash.update, block))
        )

    def _settle(self) -> None:
        if self._waiting:
            self._hand_over()
        while self._under_way:
            self._take_result()

    def _take_result(self) -> None:
        for done in self._under_way.popleft():
            done.result()

    def _work(self, block: bytes) -> None:
        if self._kind is None:
            block = self._head + block
            if len(block) < SNIFF:
                self._head = block
                return
            self._kind, self._head = self._recognise(block), block[:SNIFF]
        if self._kind in VIDEOS:
            self._reader.feed(block)
        else:
            self._tail = (self._tail + block[-TAIL:])[-TAIL:]
        if self._writer is None:
            self._writer = self._open_writer(self._kind)
        self._writer.write(block)
        self.bytes += len(block)

    def _recognise(self, head: bytes) -> Kind:
        kind = sniff(head)
        if kind in self._kinds:
            return kind
        found = f"a {kind.content_type}" if kind else "no file of a known kind"
        wanted = "an MP4" if self._kinds == VIDEOS else "a picture"
        raise NotAVideoError(f"What the file host sent is {found}, not {wanted}. Nothing was written.")
