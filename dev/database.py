"""A migrated SQLite database without migrating: the first run keeps an empty one, later runs copy it."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from dev.airflow_config import installed_airflow


def prepare_database(home: Path, env: Mapping[str, str], python: str, cache: Path) -> bool:
    """Put a fresh, migrated ``airflow.db`` into ``home``; return whether it came from the cache.

    The template is named after Airflow's version, so another version migrates its own.
    """
    template = cache / f"airflow-{installed_airflow(python)}.db"
    cached = template.exists()
    database = home / "airflow.db"
    for leftover in home.glob("airflow.db*"):
        leftover.unlink()
    if not cached:
        migrate(database, env, python, home / "logs" / "migrate.log")
        cache.mkdir(parents=True, exist_ok=True)
        half_done = cache / f"{template.name}.{os.getpid()}"
        shutil.copyfile(database, half_done)
        half_done.replace(template)  # atomic: a run beside this one sees a whole template or none
    else:
        shutil.copyfile(template, database)
    return cached


def migrate(database: Path, env: Mapping[str, str], python: str, log_file: Path) -> None:
    """Create the schema, and switch the file to WAL, in which readers and the one writer don't block each other."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        done = subprocess.run(
            [python, "-m", "airflow", "db", "migrate"],
            env=dict(env),
            cwd=database.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"'airflow db migrate' failed with exit code {done.returncode}; its log is {log_file}")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
