"""One object in any storage: reading it, and writing it so that it is never visible in part.

On local disks a file is written beside its place and renamed. S3 (`s3fs`), Google (`gcsfs`) and Azure (`adlfs`) show
an object only once its upload is completed, which their files do in `close()`. Leaving a `with` block by an exception
closes too, so there is no `with` here. Other storages get a temporary name and a move.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.landing.local_file import LocalFile, shortened

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

_log = logging.getLogger(__name__)

MIB = 1024 * 1024
PART_SIZE = 8 * MIB
"""Bytes per part of an upload: each is kept in memory, and is a multiple of every storage's unit."""

MAX_PARTS = 10_000

MAX_TEXT = MIB
"""The most bytes of a text that is read; a manifest has one or two thousand."""

# How the content type is passed, by the storage's library. Each of them completes an upload in `close()`.
_UPLOADING: dict[str, Any] = {
    "s3fs": lambda content_type: {"ContentType": content_type},
    "gcsfs": lambda content_type: {"content_type": content_type},
    "adlfs": lambda content_type: {"content_settings": {"content_type": content_type}},
}


_NO_FILES = {"directory": "a folder", "other": "no file, but a device or a pipe"}


class Writer(Protocol):
    """Writes bytes that stay invisible until `publish`."""

    def write(self, block: bytes) -> None:
        """Writes the next bytes."""

    def publish(self) -> None:
        """Makes the whole object visible under its name in one step.

        :raises OSError: the storage failed, or an object is there that must not be replaced.
        """

    def discard(self) -> None:
        """Removes everything that isn't published. Harmless after `publish`."""


class Destination:
    """A place for one object.

    :param path: the object's final path.
    """

    def __init__(self, path: ObjectStoragePath) -> None:
        self.path = path
        self._fs = path.fs
        self._key = path.path

    @property
    def uri(self) -> str:
        """The object's URI, without the id of the connection that opens it."""
        return f"{self.path.protocol or 'file'}://{self._key}"

    def sibling(self, suffix: str) -> Destination:
        """The place beside it, with a suffix added to its name."""
        return Destination(self.path.parent / f"{self.path.name}{suffix}")

    def size(self) -> int | None:
        """The length of the existing object in bytes, `None` if there is none.

        :raises LandingRefusedError: there is a folder, or something else that is no file.
        """
        self._fs.invalidate_cache(self._key.rpartition("/")[0])
        try:
            info = self._fs.info(self._key)
        except FileNotFoundError:
            return None
        if info.get("type") in _NO_FILES:  # reading a pipe, for example, would never end
            raise LandingRefusedError(f"{self.uri} is {_NO_FILES[info['type']]}. Nothing was written.")
        return int(info["size"])

    def read_text(self) -> str | None:
        """The object's content as text, `None` if there is no object, or one too large to be such a text.

        :raises LandingRefusedError: there is a folder, or something else that is no file.
        """
        size = self.size()
        if size is None or size > MAX_TEXT:
            return None
        try:
            content: bytes = self._fs.cat_file(self._key)
        except FileNotFoundError:  # removed in between
            return None
        return content.decode("utf-8", "replace")

    def sha256(self) -> str:
        """The hash of the object's content, in hex."""
        found = hashlib.sha256()
        with self._fs.open(self._key, "rb", block_size=PART_SIZE) as file:
            while block := file.read(MIB):
                found.update(block)
        return found.hexdigest()

    def remove(self) -> None:
        """Removes the object."""
        self._fs.rm_file(self._key)

    def writer(self, content_type: str, *, max_bytes: int, replace: bool = True) -> Writer:
        """Makes the writer of a new object.

        :param content_type: its MIME type.
        :param max_bytes: the most bytes that it can have.
        :param replace: whether it may replace an object. Default: yes. If not, local disks, Amazon's S3, and storages
            that never move onto an existing object refuse it in the very step of publishing; others can't.
        """
        library = type(self._fs).__module__.partition(".")[0]
        if library in _UPLOADING:
            mode = "wb" if replace or library != "s3fs" else _create_only(self._fs)
            return _Upload(self._fs, self._key, part_size(max_bytes), _UPLOADING[library](content_type), mode)
        if "file" in _protocols(self._fs):
            return LocalFile(Path(self._key), replace=replace)
        return _Moved(self._fs, self._key, replace=replace)


def part_size(max_bytes: int) -> int:
    """Bytes per part, chosen so that the largest object has no more parts than S3 allows."""
    return max(PART_SIZE, ceil(max_bytes / MAX_PARTS / MIB) * MIB)


_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")


def _create_only(fs: Any) -> str:
    """The mode in which S3 refuses to replace an object, if this is Amazon's and the libraries know it; else "wb".

    Storages that only speak S3's language may fail on such a condition.
    """
    with suppress(AttributeError):
        host = urlsplit(fs.s3.meta.endpoint_url).hostname or ""
        calls = [fs.s3.meta.service_model.operation_model(name) for name in ("PutObject", "CompleteMultipartUpload")]
        if host.endswith(_AMAZON) and all("IfNoneMatch" in call.input_shape.members for call in calls):
            return "xb"
    return "wb"


class _Upload:
    """An upload in parts, visible in the storage once it is completed.

    :param part_size: bytes of each part but the last. Some storages demand equal parts, Cloudflare's R2 for example.
    :param mode: "wb", or "xb" if it must not replace an object.
    """

    def __init__(self, fs: Any, key: str, part_size: int, options: dict[str, Any], mode: str) -> None:
        try:
            self._file = fs.open(key, mode, block_size=part_size, **options)
        except NotImplementedError:  # by older versions of the library
            self._file = fs.open(key, "wb", block_size=part_size, **options)
        self._part_size = part_size
        self._room = part_size

    def write(self, block: bytes) -> None:
        # The library sends its buffer once that holds a part or more: it must never hold more.
        view = memoryview(block)
        while view:
            piece = view[: self._room]
            self._file.write(piece)
            self._room = self._room - len(piece) or self._part_size
            view = view[len(piece) :]

    def publish(self) -> None:
        try:
            self._file.close()
        except BaseException:
            self._cancel()
            raise

    def discard(self) -> None:
        if not self._file.closed:
            self._cancel()

    def _cancel(self) -> None:
        # Not `close()`, which would complete the upload; the garbage collector mustn't call it either.
        self._file.closed = True
        try:
            self._file.discard()
        except Exception as error:  # the error to report is the one that led here
            _log.warning(
                "An unfinished upload could not be cancelled (%s). It stays invisible, and may be billed.",
                type(error).__name__,
            )


class _Moved:
    """For storages of which nothing is known: written under another name first."""

    def __init__(self, fs: Any, key: str, *, replace: bool) -> None:
        folder, _, name = key.rpartition("/")
        self._fs, self._key = fs, key
        self._may_replace = replace
        self._part = f"{folder}/.{shortened(name)}.{uuid.uuid4().hex[:12]}.part"
        fs.makedirs(folder, exist_ok=True)
        self._file = fs.open(self._part, "wb")
        self._published = False

    def write(self, block: bytes) -> None:
        self._file.write(block)

    def publish(self) -> None:
        self._file.close()
        try:
            self._fs.mv(self._part, self._key)
        except Exception:
            self._fs.invalidate_cache(self._key.rpartition("/")[0])
            if not (self._may_replace and self._fs.exists(self._key) and self._fs.exists(self._part)):
                raise
            self._replace()
        self._published = True

    def _replace(self) -> None:
        """For storages that don't move onto an existing object, which is kept until its successor is in place."""
        old = f"{self._part}.old"
        self._fs.mv(self._key, old)
        try:
            self._fs.mv(self._part, self._key)
        except BaseException:
            self._fs.mv(old, self._key)
            raise
        self._fs.rm_file(old)

    def discard(self) -> None:
        if self._published:
            return
        with suppress(Exception):
            self._file.close()
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._part)


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
