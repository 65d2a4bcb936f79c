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
"""The bytes in memory per viewer, besides those that the storage's library reads ahead."""

AHEAD = 1024 * 1024


class NotThereError(Exception):
    """The object doesn't exist, or is not a plain file below its root."""


class NoConnectionError(Exception):
    """The connection that a root names isn't defined."""


@dataclass
class StoredFile:
    """An open object.

    :param file: the open file.
    :param size: the size in bytes.
    :param etag: the strong entity tag, which changes whenever the content does.
    """

    file: IO[bytes]
    size: int
    etag: str

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yields a part of the object in blocks, and closes the object at the end.

        :param start: the offset of the first byte.
        :param stop: the offset after the last byte.
        """
        try:
            self.file.seek(start)
            left = stop - start
            while left > 0 and (block := self.file.read(min(BLOCK, left))):
                left -= len(block)
                yield block
        finally:
            self.file.close()

    def close(self) -> None:
        """Closes the object."""
        self.file.close()


def open_place(place: Place) -> StoredFile:
    """Opens an object for reading.

    :param place: the object.
    :raises NotThereError: there is no such object below its root.
    :raises NoConnectionError: the connection of the root isn't defined.
    """
    return _local(place) if place.scheme == "file" else _remote(place)


def _local(place: Place) -> StoredFile:
    # Symbolic links may lead anywhere, so the resolved path is checked, and is opened without following further links.
    real, root = os.path.realpath(place.key), os.path.realpath(place.root)
    if os.path.commonpath([real, root]) != root or real == root:
        raise NotThereError
    try:
        # Non-blocking, since opening a pipe would wait for its other end.
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
    fs.invalidate_cache(place.key.rpartition("/")[0])  # a remembered listing may be that of a replaced object
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
    """Checks that the connection is defined, since some providers' hooks would silently use the machine's credentials.

    :raises NoConnectionError: the connection isn't defined.
    """
    from airflow.models.connection import Connection
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    try:
        Connection.get_connection_from_secrets(conn_id or "")
    except AirflowNotFoundException:
        raise NoConnectionError(conn_id) from None


def _tag(*marks: object) -> str:
    return f'"{hashlib.sha256(repr(marks).encode()).hexdigest()[:32]}"'
