"""One object in any storage: reading it, and writing it so that it is never visible in part.

On local disks a file is written beside its place and renamed. S3 (`s3fs`), Google (`gcsfs`) and Azure (`adlfs`) show
an object only once its upload is completed, which their files do in `close()`. Leaving a `with` block by an exception
closes too, so there is no `with` here. Other storages get a temporary name and a move.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import stat
import uuid
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from airflow_provider_seedance.api.errors import LandingRefusedError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

_log = logging.getLogger(__name__)

MIB = 1024 * 1024
PART_SIZE = 8 * MIB
"""Bytes per part of an upload: each is kept in memory, and is a multiple of every storage's unit."""

SYNC_EVERY = 32 * MIB
"""Bytes after which a local disk is told to start writing them back."""

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
            return _LocalFile(Path(self._key), replace=replace)
        return _Moved(self._fs, self._key, replace=replace)


def part_size(max_bytes: int) -> int:
    """Bytes per part, chosen so that the largest object has no more parts than S3 allows."""
    return max(PART_SIZE, ceil(max_bytes / MAX_PARTS / MIB) * MIB)


class _LocalFile:
    """A temporary file beside its destination, locked while it is written: if the lock is gone, its writer is dead."""

    def __init__(self, final: Path, *, replace: bool = True) -> None:
        self._final = final
        self._may_replace = replace
        final.parent.mkdir(parents=True, exist_ok=True)
        self._remove_leftovers()
        self._part, self._file = self._create()
        self._unsynced = 0

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            view = view[os.write(self._file, view) :]
        self._unsynced += len(block)
        if self._unsynced >= SYNC_EVERY:
            self._start_writing_back()

    def _start_writing_back(self) -> None:
        """Has the disk start writing, without waiting for it; otherwise all of its work would come at the end."""
        self._unsynced = 0
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)

    def publish(self) -> None:
        # Content before name: after a power cut there must be no name without content.
        os.fsync(self._file)
        if self._may_replace:
            os.replace(self._part, self._final)
        else:
            self._move_onto_nothing()
        self._close()
        folder = os.open(self._final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _move_onto_nothing(self) -> None:
        try:
            os.link(self._part, self._final)
        except FileExistsError:
            raise
        except OSError:  # some network disks have no hard links, and no other way to refuse
            os.replace(self._part, self._final)
        else:
            self._part.unlink()

    def discard(self) -> None:
        if self._file >= 0:
            self._part.unlink(missing_ok=True)
            self._close()

    def _close(self) -> None:
        os.close(self._file)
        self._file = -1

    def _create(self) -> tuple[Path, int]:
        while True:
            part = self._final.with_name(f"{self._prefix}{uuid.uuid4().hex[:12]}.part")
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with suppress(OSError):  # some network disks have no locks; then leftovers stay
                fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(part), os.fstat(file)):
                    return part, file
            os.close(file)  # another writer took it for a leftover before it was locked

    def _remove_leftovers(self) -> None:
        """Removes the leftovers of dead writers, and surely nothing else, since the folder belongs to others."""
        ours = re.compile(re.escape(self._prefix) + r"[0-9a-f]{12}\.part")
        for part in self._final.parent.iterdir():
            if ours.fullmatch(part.name):
                with suppress(OSError):
                    _remove_if_nobody_holds_it(part)

    @property
    def _prefix(self) -> str:
        return f".{_shortened(self._final.name)}."


def _shortened(name: str) -> str:
    """The name, short enough that it fits into any file system with a temporary suffix."""
    return name.encode()[:150].decode("utf-8", "ignore")


def _remove_if_nobody_holds_it(part: Path) -> None:
    # Not blocking, and no link: anything else with such a name (a pipe, for example) is left alone.
    file = os.open(part, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        if stat.S_ISREG(os.fstat(file).st_mode):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
    finally:
        os.close(file)


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
        self._part = f"{folder}/.{_shortened(name)}.{uuid.uuid4().hex[:12]}.part"
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
