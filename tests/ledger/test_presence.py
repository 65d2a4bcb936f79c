"""The table in which pollers tell each other that they are there."""

from __future__ import annotations

import asyncio
import time

import pytest

from airflow_provider_seedance.api.client import ClientSettings
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.ledger.engine import LedgerDownError
from airflow_provider_seedance.ledger.presence import FORGOTTEN_AFTER, PresenceTable, Sign
from airflow_provider_seedance.ledger.table import LedgerTable
from airflow_provider_seedance.polling.poller import Poller
from airflow_provider_seedance.polling.presence import account_of, open_board

from .conftest import CONN_ID, Database

PATIENCE = 60.0


def table() -> PresenceTable:
    """As another process would open it."""
    return PresenceTable(LedgerTable(CONN_ID))


def test_pollers_on_an_account_see_each_other_and_nobody_else(database: Database) -> None:
    assert table().tell("acme", Sign("one", 1, 500)) == [Sign("one", 1, 500)]
    table().tell("other account", Sign("stranger", 1, 9))
    both = table().tell("acme", Sign("two", 1, 20))
    assert sorted(both, key=lambda sign: sign.poller) == [Sign("one", 1, 500), Sign("two", 1, 20)]
    assert Sign("one", 2, 400) in table().tell("acme", Sign("one", 2, 400)), "the last sign counts"


def test_a_poller_whose_key_was_changed_is_on_another_account(database: Database) -> None:
    table().tell("acme", Sign("one", 1, 5))
    assert table().tell("acme, new key", Sign("one", 2, 5)) == [Sign("one", 2, 5)]
    assert table().tell("acme", Sign("two", 1, 5)) == [Sign("two", 1, 5)]


def test_a_poller_that_leaves_is_gone_and_rows_of_the_dead_are_swept(database: Database) -> None:
    table().tell("acme", Sign("one", 1, 5))
    table().tell("acme", Sign("dead", 1, 5))
    table().leave("one")
    database.all(f"UPDATE seedance_pollers SET seen_at = {time.time() - FORGOTTEN_AFTER - 60} WHERE poller = 'dead'")
    assert table().tell("acme", Sign("two", 1, 5)) == [Sign("two", 1, 5)]


def test_a_ledger_that_is_away_is_told_as_such(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", '{"conn_type": "sqlite", "host": "/nowhere/at/all.db"}')
    with pytest.raises(LedgerDownError):
        table().tell("acme", Sign("one", 1, 5))


async def test_a_poller_stands_in_the_ledger_while_it_polls_and_no_longer(database: Database) -> None:
    settings = ClientSettings(api_key="sk-nobody-0123456789", base_url="http://127.0.0.1:9/api/v3")
    poller = Poller("seedance_default", make_adapter("byteplus"), settings, open_board())
    rows: list[tuple[object, ...]] = []
    async with asyncio.timeout(PATIENCE):
        while not rows:
            await asyncio.sleep(0.05)
            rows = await asyncio.to_thread(database.all, "SELECT account, waiting FROM seedance_pollers")
    assert rows == [(account_of("byteplus", settings), 0)]
    await poller.close()
    assert database.all("SELECT * FROM seedance_pollers") == []
