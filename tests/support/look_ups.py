"""A fixture that counts look-ups of connections, for whatever waits on a poller."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat import connection as compat_connection


@pytest.fixture
def look_ups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The id of each connection, each time it is looked up."""
    look_up, seen = compat_connection.get_async_connection, list[str]()

    async def counted(name: str) -> object:
        seen.append(name)
        return await look_up(name)

    monkeypatch.setattr(compat_connection, "get_async_connection", counted)
    return seen
