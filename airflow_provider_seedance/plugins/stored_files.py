"""Opens a stored object for reading, on the API server."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.plugins.playback_rules import Place

BLOCK = 256 * 1024
"""Bytes that are in memory for each viewer, beside what the storage's library reads ahead."""

AHEAD = 1024 * 1024


class NotThereError(Exception):
    """There is no such object, or it is no plain file below its root."""


class NoConnectionError(Exception):
    """The connection that a root names isn't defined."""


@dataclass
class StoredFile:
    """An open object.

    :param size: its bytes.
    :param etag: changes whenever its content does.
    """

    file: IO[bytes]
    size: int
    etag: str

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """A part of it, in blocks; closes it at the end."""
        try:
            self.file.seek(start)
            left = stop - start
            while left > 0 and (block := self.file.read(min(BLOCK, left))):
                left -= len(block)
                yield block
        finally:
            self.file.close()

    def close(self) -> None:
        """Closes it."""
        self.file.close()


def open_place(place: Place) -> StoredFile:
    """Opens it.

    :raises NotThereError: there is none.
    :raises NoConnectionError: the root's connection isn't defined.
    """
    return _local(place) if place.scheme == "file" else _remote(place)


def _local(place: Place) -> StoredFile:
    # Symbolic links may lead anywhere, so what counts is where they end; and what is opened is no link any more.
    real, root = os.path.realpath(place.key), os.path.realpath(place.root)
    if os.path.commonpath([real, root]) != root or real == root:
        raise NotThereError
    try:
        # Not blocking: opening a pipe would wait for its other end.
        number = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise NotThereError from None
    about = os.fstat(number)
    if not stat.S_ISREG(about.st_mode):
        os.close(number)
        raise NotThereError
    file = os.fdopen(number, "rb")
    return StoredFile(file, about.st_size, _tag(place.key, about.st_size, about.st_mtime_ns, about.st_ino))


def _remote(place: Place) -> StoredFile:
    _check_connection(place.conn_id)
    fs = _file_system(place)
    try:
        about: dict[str, Any] = fs.info(place.key)
    except FileNotFoundError:
        raise NotThereError from None
    if about.get("type") != "file":
        raise NotThereError
    marks = [str(about.get(name)) for name in ("ETag", "etag", "generation", "LastModified", "last_modified", "mtime")]
    size = int(about["size"])
    file = fs.open(place.key, "rb", block_size=AHEAD, cache_type="readahead")
    return StoredFile(file, size, _tag(place.key, size, *marks))


def _file_system(place: Place) -> Any:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    return ObjectStoragePath(f"{place.scheme}://{place.root}", conn_id=place.conn_id).fs


def _check_connection(conn_id: str | None) -> None:
    """Some providers' hooks silently take the machine's own credentials where the connection isn't defined."""
    from airflow.models.connection import Connection
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    try:
        Connection.get_connection_from_secrets(conn_id or "")
    except AirflowNotFoundException:
        raise NoConnectionError(conn_id) from None


def _tag(*marks: object) -> str:
    return f'"{hashlib.sha256(repr(marks).encode()).hexdigest()[:32]}"'
