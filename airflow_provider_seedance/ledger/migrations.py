"""The ledger's tables, version by version. A released version never changes; each change is a new version.

The SQL uses only the features that PostgreSQL, MySQL and SQLite have in common.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import SeedanceConfigError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

VERSIONS_TABLE = "seedance_ledger_versions"

_AIRFLOWS = ("dag_run", "task_instance")

_VERSION_1 = (
    """
    CREATE TABLE seedance_submissions (
        attempt VARCHAR(32) NOT NULL PRIMARY KEY,
        instance VARCHAR(64) NOT NULL,
        seq INTEGER NOT NULL,
        dag_id VARCHAR(250) NOT NULL,
        task_id VARCHAR(250) NOT NULL,
        run_id VARCHAR(250) NOT NULL,
        map_index INTEGER NOT NULL,
        try_number INTEGER,
        conn_id VARCHAR(250),
        vendor VARCHAR(60) NOT NULL,
        model VARCHAR(250) NOT NULL,
        family VARCHAR(250),
        fingerprint TEXT NOT NULL,
        mark VARCHAR(250),
        intended_at DOUBLE PRECISION NOT NULL,
        day VARCHAR(10) NOT NULL,
        video_id VARCHAR(250),
        withdrawn INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        outcome VARCHAR(40),
        ended_at DOUBLE PRECISION,
        seconds INTEGER,
        tokens BIGINT,
        estimated_micros BIGINT,
        cost_micros BIGINT,
        currency VARCHAR(12),
        uri TEXT,
        record TEXT NOT NULL,
        UNIQUE (instance, seq)
    )
    """,
    "CREATE INDEX seedance_submissions_day ON seedance_submissions (conn_id, day)",
    "CREATE INDEX seedance_submissions_run ON seedance_submissions (dag_id, run_id)",
    "CREATE INDEX seedance_submissions_video ON seedance_submissions (video_id)",
    "CREATE TABLE seedance_ledger_lock (id INTEGER NOT NULL PRIMARY KEY, turns BIGINT NOT NULL)",
    "INSERT INTO seedance_ledger_lock (id, turns) VALUES (1, 0)",
    """
    CREATE VIEW seedance_spend AS
    SELECT day, dag_id, vendor, model, conn_id, currency,
           COUNT(*) AS submissions,
           COUNT(video_id) AS videos,
           SUM(CASE WHEN video_id IS NULL THEN 1 ELSE 0 END) AS in_doubt,
           SUM(seconds) AS seconds,
           SUM(tokens) AS tokens,
           SUM(estimated_micros) / 1000000.0 AS estimated,
           SUM(cost_micros) / 1000000.0 AS cost,
           SUM(CASE WHEN cost_micros IS NULL THEN estimated_micros ELSE cost_micros END) / 1000000.0 AS spent
    FROM seedance_submissions
    WHERE withdrawn = 0
    GROUP BY day, dag_id, vendor, model, conn_id, currency
    """,
    """
    CREATE VIEW seedance_in_doubt AS
    SELECT day, dag_id, task_id, run_id, map_index, try_number, conn_id, vendor, model, mark, intended_at,
           estimated_micros / 1000000.0 AS estimated, currency
    FROM seedance_submissions
    WHERE withdrawn = 0 AND video_id IS NULL
    """,
    """
    CREATE VIEW seedance_undelivered AS
    SELECT day, dag_id, task_id, run_id, map_index, try_number, conn_id, vendor, model, video_id, intended_at,
           (CASE WHEN cost_micros IS NULL THEN estimated_micros ELSE cost_micros END) / 1000000.0 AS spent, currency
    FROM seedance_submissions
    WHERE withdrawn = 0 AND video_id IS NOT NULL AND outcome IS NULL
    """,
)

_VERSION_2 = (
    """
    CREATE TABLE seedance_pollers (
        poller VARCHAR(32) NOT NULL PRIMARY KEY,
        account VARCHAR(64) NOT NULL,
        waiting INTEGER NOT NULL,
        beat BIGINT NOT NULL,
        seen_at DOUBLE PRECISION NOT NULL
    )
    """,
    "CREATE INDEX seedance_pollers_account ON seedance_pollers (account)",
)

_MIGRATIONS: dict[int, tuple[str, ...]] = {1: _VERSION_1, 2: _VERSION_2}

LATEST = max(_MIGRATIONS)
"""The version that this release needs."""


class MigrationRefusedError(ValueError):
    """The migration was refused before it changed anything."""


def migrate(engine: Engine, *, in_airflows_database: bool = False) -> list[int]:
    """Creates or migrates the tables, up to the version that this release needs.

    :param engine: the engine of the database.
    :param in_airflows_database: whether the tables may be created in Airflow's own database. Default: no.
    :return: the versions that were applied; empty if none was missing.
    :raises MigrationRefusedError: it is Airflow's own database.
    """
    from sqlalchemy import inspect, text

    done = []
    with engine.begin() as connection:
        if not in_airflows_database and all(inspect(connection).has_table(name) for name in _AIRFLOWS):
            raise MigrationRefusedError(
                "This is Airflow's own database. Give the ledger a database or a schema of its own, so that neither "
                "gets in the other's way when one of them is migrated; or insist, by --in-airflows-database."
            )
        if not inspect(connection).has_table(VERSIONS_TABLE):
            connection.execute(
                text(
                    f"CREATE TABLE {VERSIONS_TABLE} "
                    "(version INTEGER NOT NULL PRIMARY KEY, applied_at DOUBLE PRECISION NOT NULL)"
                )
            )
        there = _there(connection)
        for version in sorted(set(_MIGRATIONS) - there):
            # Inserted first, so that of two concurrent migrations one fails on the primary key.
            connection.execute(
                text(f"INSERT INTO {VERSIONS_TABLE} (version, applied_at) VALUES (:version, :now)"),  # noqa: S608
                {"version": version, "now": time.time()},
            )
            for statement in _MIGRATIONS[version]:
                connection.execute(text(statement))
            done.append(version)
    return done


def check_version(connection: Connection, conn_id: str) -> None:
    """Checks that the tables have a version that this release can use. Later versions only add to earlier ones.

    :param connection: a connection to the database.
    :param conn_id: the id of the ledger's Airflow connection, for the message.
    :raises SeedanceConfigError: the tables don't exist, or have to be migrated first.
    """
    from sqlalchemy import inspect

    version = max(_there(connection), default=0) if inspect(connection).has_table(VERSIONS_TABLE) else 0
    if version < LATEST:
        raise SeedanceConfigError(
            f"The ledger (connection {conn_id!r}) is at version {version}, this release needs {LATEST}. Nothing was "
            f"sent. Run `python -m airflow_provider_seedance.ledger migrate --conn-id {conn_id}`."
        )


def _there(connection: Connection) -> set[int]:
    from sqlalchemy import text

    return {int(row[0]) for row in connection.execute(text(f"SELECT version FROM {VERSIONS_TABLE}"))}  # noqa: S608
