"""Small files that several workers share: written completely or not at all, and created by only one of them.

On local disks (and mounts) a file is written under a temporary name beside its place, and then renamed. Object storages
show an object only once its upload is complete. On other storages (SFTP, SMB) a kill in the middle of a write can leave
a torn file.
"""

from __future__ import annotations

import errno
import inspect
import os
import uuid
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class LedgerAwayError(OSError):
    """The folder above a local ledger doesn't exist. A missing mount looks the same, so the ledger may not be empty.

    :param folder: the missing folder.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(
            errno.ENOENT,
            f"The ledger can't be reached: there is no folder {folder}. Is it mounted on this worker? It is not made "
            "here, since an empty ledger would say that nothing was ever submitted",
        )


class LedgerFile:
    """One file of the ledger.

    :param path: the file's path. On local disks its folder is created if needed, but not the folder's parent.
    """

    def __init__(self, path: ObjectStoragePath) -> None:
        self.path = path

    @cached_property
    def _fs(self) -> Any:
        """The file system, opened on first use, so that an unreachable storage fails only a read or a write."""
        return self.path.fs

    @cached_property
    def _key(self) -> str:
        return str(self.path.path)

    @cached_property
    def _local(self) -> Path | None:
        protocols = self._fs.protocol
        return Path(self._key) if "file" in ([protocols] if isinstance(protocols, str) else protocols) else None

    def sibling(self, suffix: str) -> LedgerFile:
        """The file in the same folder whose name has a suffix added.

        :param suffix: the suffix.
        """
        return LedgerFile(self.path.parent / f"{self.path.name}{suffix}")

    def read(self) -> bytes | None:
        """The content; `None` only if the storage says that there is no such file.

        It uses neither `exists()`, which takes every failure for a "no", nor the file system's cached listings.

        :raises LedgerAwayError: the folder above the local ledger doesn't exist, so nothing is known.
        :raises Exception: the storage's own error, if it can't be read.
        """
        try:
            return self._local.read_bytes() if self._local else bytes(self._fs.cat_file(self._key))
        except FileNotFoundError:
            if self._local:
                _check_is_there(self._local.parent.parent)
            return None

    def write(self, content: bytes) -> None:
        """Replaces the content, or creates the file.

        :param content: the new content.
        :raises LedgerAwayError: the folder above the local ledger doesn't exist.
        """
        if self._local is None:
            self._make_folder()
            self._fs.pipe_file(self._key, content)
            return
        temporary = self._temporary_file(self._local, content)
        try:
            os.replace(temporary, self._local)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def create(self, content: bytes) -> bool:
        """Creates the file, unless it exists already.

        Of several concurrent callers, only one succeeds, if the storage can ensure that (local disks, S3 by
        `If-None-Match`, Google, Azure). On other storages two may succeed at once.

        :param content: the content, which must be different for each caller.
        :return: whether this caller has created the file.
        :raises LedgerAwayError: the folder above the local ledger doesn't exist.
        """
        try:
            self._create(content)
        except Exception:
            # The answer to a successful call may be lost, and libraries repeat calls: only the content shows whether
            # this caller was first.
            kept = self.read()
            if kept is None:
                raise
            return kept == content
        return True

    def _create(self, content: bytes) -> None:
        if self._local is None:
            self._make_folder()
            self._upload(content)
            return
        temporary = self._temporary_file(self._local, content)
        try:
            os.link(temporary, self._local)
        except FileExistsError:
            raise
        except OSError:
            # Some mounts have no hard links. The file is created in place instead: a kill can leave it torn, but still
            # only one caller can create it.
            with self._local.open("xb") as file:
                _fill(file, content)
        finally:
            temporary.unlink(missing_ok=True)

    def _upload(self, content: bytes) -> None:
        only_if_new = _only_if_new(self._fs)
        if only_if_new is not None:
            try:
                self._fs.pipe_file(self._key, content, **only_if_new)
            except (NotImplementedError, OSError) as error:
                if not isinstance(error, NotImplementedError) and error.errno != errno.ENOSYS:
                    raise
                # The library supports the condition, but this storage doesn't.
            else:
                return
        if self.read() is not None:
            raise FileExistsError(self._key)
        self._fs.pipe_file(self._key, content)

    def _make_folder(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def _temporary_file(self, final: Path, content: bytes) -> Path:
        _check_is_there(final.parent.parent)
        final.parent.mkdir(exist_ok=True)
        temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex}")
        try:
            with temporary.open("xb") as file:
                _fill(file, content)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary


def _check_is_there(folder: Path) -> None:
    if not folder.is_dir():
        raise LedgerAwayError(folder)


def _fill(file: Any, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _only_if_new(fs: Any) -> dict[str, Any] | None:
    """The argument of the file system's library that makes the storage refuse to overwrite; `None` if it has none."""
    upload = getattr(fs, "_pipe_file", None) or fs.pipe_file
    if upload.__module__ == "fsspec.spec":
        return None  # fsspec's own fallback checks first and writes afterwards, just as `_upload` does
    parameters = inspect.signature(upload).parameters
    if "mode" in parameters:
        return {"mode": "create"}
    return {"overwrite": False} if "overwrite" in parameters else None
