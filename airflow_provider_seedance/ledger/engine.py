"""From an Airflow connection to a database. SQLAlchemy is imported when a ledger is opened, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.http.texts import clean

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection
    from sqlalchemy.engine import URL, Engine

_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "mysql": "mysql",
    "sqlite": "sqlite",
}
"""By which SQLAlchemy opens a connection of this type, where the provider of the type isn't installed."""

_PATIENCE: dict[str, dict[str, Any]] = {
    "postgres": {"connect_timeout": 10},
    "postgresql": {"connect_timeout": 10},
    "mysql": {"connect_timeout": 10},
    "sqlite": {"timeout": 60},
}
"""Seconds until a database that doesn't answer counts as away; SQLite's is the wait for other writers."""

_LONGEST_CAUSE = 300


class LedgerDownError(OSError):
    """The ledger's database can't be used now, which proves nothing about what was submitted."""

    def __init__(self, conn_id: str, error: Exception) -> None:
        # The first line of the driver's words: what follows, and SQLAlchemy's own, quote the statement.
        words = str(getattr(error, "orig", None) or "").strip() or type(error).__name__
        cause = clean(words.splitlines()[0], _LONGEST_CAUSE)
        super().__init__(f"The ledger (connection {conn_id!r}) can't be used now: {cause}")


def open_engine(conn_id: str) -> Engine:
    """The database of a connection: by the hook of its type, or without one where that provider isn't installed.

    :param conn_id: of a PostgreSQL, MySQL or SQLite connection, or any other that has a SQLAlchemy dialect.
    :raises SeedanceConfigError: the connection can't be opened by SQLAlchemy.
    :raises AirflowNotFoundException: it is not defined.
    """
    from airflow.providers.common.compat.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise _unusable(conn_id, "SQLAlchemy is not installed; install `airflow-provider-seedance[ledger]`") from None
    # Statements' parameters stay out of errors; a task has few things to say, and keeps no connection open.
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True, "future": True}
    arguments = dict(_PATIENCE.get(str(connection.conn_type), {}))
    if str(connection.conn_type).startswith("postgres") and (own := connection.extra_dejson.get("options")):
        arguments["options"] = own  # as a schema of its own by `-csearch_path`, which the hook's URL leaves out
    if arguments:
        options["connect_args"] = arguments
    try:
        hook = _hook_of(connection)
        engine: Engine = (
            hook.get_sqlalchemy_engine(engine_kwargs=options) if hook else create_engine(_url_of(connection), **options)
        )
    except (SQLAlchemyError, ImportError, NotImplementedError, ValueError) as error:
        raise _unusable(conn_id, type(error).__name__) from None
    if engine.dialect.name == "sqlite":
        return engine
    # What others have committed is seen by each statement: MySQL's own default would look at an old picture.
    return engine.execution_options(isolation_level="READ COMMITTED")


def _unusable(conn_id: str, reason: str) -> SeedanceConfigError:
    return SeedanceConfigError(
        f"`[seedance] ledger_conn_id` is {conn_id!r}, and SQLAlchemy can't open that connection ({reason}). "
        "Nothing was sent."
    )


def _hook_of(connection: Connection) -> Any:
    """The `DbApiHook` of the connection's type, `None` if its provider isn't installed."""
    try:
        hook = connection.get_hook()  # type: ignore[no-untyped-call]
    except Exception:
        return None
    return hook if hasattr(hook, "get_sqlalchemy_engine") else None


def _url_of(connection: Connection) -> URL:
    from sqlalchemy.engine import URL

    driver = _DRIVERS.get(str(connection.conn_type))
    if driver is None:
        raise ValueError(connection.conn_type)
    if driver == "sqlite":
        return URL.create(driver, database=connection.host)
    return URL.create(
        driver,
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or None,
        port=connection.port,
        database=connection.schema or None,
        query={name: value for name, value in connection.extra_dejson.items() if isinstance(value, str)},
    )
