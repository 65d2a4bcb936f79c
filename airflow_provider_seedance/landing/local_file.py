"""A file on a local disk: it is written beside its place, and gets its name in one step."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import uuid
from contextlib import suppress
from pathlib import Path

SYNC_EVERY = 32 * 1024 * 1024
"""Bytes after which a local disk is told to start writing them back."""


class LocalFile:
    """A temporary file beside its destination, locked while it is written: if the lock is gone, its writer is dead.

    :param final: the destination; its folder is made.
    :param replace: whether it may replace a file that is there.
    """

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
        return f".{shortened(self._final.name)}."


def shortened(name: str) -> str:
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
