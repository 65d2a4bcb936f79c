"""Opens the database of an Airflow connection. SQLAlchemy is imported only when a ledger is opened."""

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
"""The SQLAlchemy dialect and driver by connection type, used if the type's provider isn't installed."""

_PATIENCE: dict[str, dict[str, Any]] = {
    "postgres": {"connect_timeout": 10},
    "postgresql": {"connect_timeout": 10},
    "mysql": {"connect_timeout": 10},
    "sqlite": {"timeout": 60},
}
"""The time-out for connecting to a database, in seconds, by connection type; for SQLite the wait for other writers."""

_LONGEST_CAUSE = 300


class LedgerDownError(OSError):
    """The ledger's database can't be used at the moment, which proves nothing about earlier submissions.

    :param conn_id: the id of the ledger's connection.
    :param error: the database's error; the message quotes only its first line.
    """

    def __init__(self, conn_id: str, error: Exception) -> None:
        # Only the first line of the driver's message: its other lines, and SQLAlchemy's message, quote the statement.
        words = str(getattr(error, "orig", None) or "").strip() or type(error).__name__
        cause = clean(words.splitlines()[0], _LONGEST_CAUSE)
        super().__init__(f"The ledger (connection {conn_id!r}) can't be used now: {cause}")


def open_engine(conn_id: str) -> Engine:
    """The SQLAlchemy engine of a connection: from the hook of its type, or directly if that provider isn't installed.

    :param conn_id: the id of a PostgreSQL, MySQL or SQLite connection, or of any other with a SQLAlchemy dialect.
    :raises SeedanceConfigError: SQLAlchemy is not installed, or can't open the connection.
    :raises AirflowNotFoundException: the connection is not defined.
    """
    from airflow.providers.common.compat.sdk import BaseHook

    connection = BaseHook.get_connection(conn_id)
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import SQLAlchemyError
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise _unusable(conn_id, "SQLAlchemy is not installed; install `airflow-provider-seedance[ledger]`") from None
    # Errors must not quote a statement's parameters. A task runs few statements, so it keeps no connection open.
    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True, "future": True}
    arguments = dict(_PATIENCE.get(str(connection.conn_type), {}))
    if str(connection.conn_type).startswith("postgres") and (own := connection.extra_dejson.get("options")):
        arguments["options"] = own  # for example a schema, by `-csearch_path`, which the hook's URL leaves out
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
    # Each statement sees all commits before it. MySQL's default would read a snapshot from the transaction's start.
    return engine.execution_options(isolation_level="READ COMMITTED")


def _unusable(conn_id: str, reason: str) -> SeedanceConfigError:
    return SeedanceConfigError(
        f"`[seedance] ledger_conn_id` is {conn_id!r}, and SQLAlchemy can't open that connection ({reason}). "
        "Nothing was sent."
    )


def _hook_of(connection: Connection) -> Any:
    """The `DbApiHook` of the connection's type; `None` if the type's provider isn't installed."""
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
