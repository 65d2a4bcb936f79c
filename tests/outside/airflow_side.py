"""What Airflow does with what a trigger or a task hands over: its encoders, and its database, a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.any_airflow import AIRFLOW

MOST_AT_ONCE = 500


def through_the_encoders(value: Any) -> str:
    """As the triggerer's process and a worker's process send it to their supervisors, and these keep it.

    :returns: the JSON that ends up in the database.
    :raises Exception: if one of them can't take it; in the triggerer this ends everybody's triggers.
    """
    if AIRFLOW >= (3, 1):
        import msgspec
        from airflow.sdk.execution_time.comms import _RequestFrame

        if AIRFLOW >= (3, 2):
            from airflow.sdk.serde import serialize
        else:
            from airflow.serialization.serde import serialize  # type: ignore[import-not-found, no-redef]

        frame = bytes(_RequestFrame(id=1, body={"value": value}).as_bytes())
        _, body = msgspec.msgpack.decode(frame[4:])[:2]
        assert body == {"value": value}, "it does not come out as it went in"
        msgspec.json.encode(value)  # what is logged
        value = serialize(value)
    return json.dumps(value, allow_nan=False)


class Columns:
    """A table of PostgreSQL with the types of columns in which Airflow keeps such things."""

    def __init__(self, dsn: str) -> None:
        import psycopg2

        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE kept (number int, plain text, structured jsonb)")

    def close(self) -> None:
        self._connection.close()

    def unkept(self, texts: Sequence[str]) -> list[str]:
        """Those of the JSON texts that don't come back as they were."""
        wrong: list[str] = []
        for start in range(0, len(texts), MOST_AT_ONCE):
            batch = texts[start : start + MOST_AT_ONCE]
            if not self._all_come_back(batch):
                wrong += [text for text in batch if not self._all_come_back([text])]
        return wrong

    def _all_come_back(self, texts: Sequence[str]) -> bool:
        import psycopg2
        from psycopg2.extras import execute_values

        rows = [(number, json.dumps(json.loads(text), ensure_ascii=False), text) for number, text in enumerate(texts)]
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("TRUNCATE kept")
                execute_values(cursor, "INSERT INTO kept VALUES %s", rows, page_size=MOST_AT_ONCE)
                cursor.execute("SELECT plain, structured FROM kept ORDER BY number")
                kept = cursor.fetchall()
        except (psycopg2.Error, UnicodeError, ValueError):
            return False
        return all(
            json.loads(plain) == json.loads(text) == structured
            for text, (plain, structured) in zip(texts, kept, strict=True)
        )


@contextmanager
def postgres_columns() -> Iterator[Columns]:
    """The columns, in a server of their own."""
    from dev.postgres import Postgres

    with Postgres() as server:
        columns = Columns(server.dsn)
        try:
            yield columns
        finally:
            columns.close()
