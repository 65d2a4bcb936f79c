"""A migrated database without migrating: the first run keeps an empty one, later runs copy it."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from dev.airflow_config import installed_airflow
from dev.postgres import Postgres, copy_data

URL = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def prepare_sqlite(home: Path, env: Mapping[str, str], python: str, cache: Path) -> bool:
    """Put a fresh, migrated ``airflow.db`` into ``home``; return whether it came from the cache.

    The template is named after Airflow's version, so another version migrates its own.
    """
    template = cache / f"airflow-{installed_airflow(python)}.db"
    cached = template.exists()
    database = home / "airflow.db"
    for leftover in home.glob("airflow.db*"):
        leftover.unlink()
    if not cached:
        migrate(env, python, home / "logs" / "migrate.log")
        switch_to_wal(database)
        cache.mkdir(parents=True, exist_ok=True)
        half_done = cache / f"{template.name}.{os.getpid()}"
        shutil.copyfile(database, half_done)
        half_done.replace(template)  # atomic: a run beside this one sees a whole template or none
    else:
        shutil.copyfile(template, database)
    return cached


def prepare_postgres(home: Path, env: Mapping[str, str], python: str, cache: Path) -> Postgres:
    """Start a PostgreSQL with a fresh, migrated database.

    :param home: where the log of the migration goes
    """
    template = cache / f"airflow-{installed_airflow(python)}.postgresql"
    if not template.exists():
        with Postgres() as server:
            migrate({**env, URL: server.url()}, python, home / "logs" / "migrate.log")
            server.halt()
            half_done = cache / f"{template.name}.{os.getpid()}"
            cache.mkdir(parents=True, exist_ok=True)
            copy_data(server.folder, half_done)
        with contextlib.suppress(OSError):  # another run was faster
            half_done.rename(template)
        shutil.rmtree(half_done, ignore_errors=True)
    return Postgres(template).start()


def migrate(env: Mapping[str, str], python: str, log_file: Path) -> None:
    """Create the schema."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        done = subprocess.run(
            [python, "-m", "airflow", "db", "migrate"],
            env=dict(env),
            cwd=log_file.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"'airflow db migrate' failed with exit code {done.returncode}; its log is {log_file}")


def switch_to_wal(database: Path) -> None:
    """In this mode readers and the one writer don't block each other."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def read_sqlite(database: Path, sql: str) -> list[tuple[object, ...]]:
    """Read from the file, past Airflow."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(sql).fetchall()


def read_postgres(dsn: str, sql: str) -> list[tuple[object, ...]]:
    """Read from the server, past Airflow."""
    import psycopg2

    with closing(psycopg2.connect(dsn, connect_timeout=10)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
