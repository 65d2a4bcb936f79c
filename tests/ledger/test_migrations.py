from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.ledger import migrations
from airflow_provider_seedance.ledger.command import main
from airflow_provider_seedance.ledger.migrations import LATEST
from airflow_provider_seedance.ledger.table import LedgerTable

from .conftest import CONN_ID, Database


def test_one_command_makes_the_tables_and_makes_them_once(empty: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "--conn-id", CONN_ID]) == 0
    assert f"{LATEST} applied" in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    assert LedgerTable(CONN_ID).entries("x") == []
    assert empty.all("SELECT * FROM seedance_spend") == []


def test_a_ledger_of_an_earlier_release_keeps_its_rows_and_gets_what_is_new(
    empty: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrations, "_MIGRATIONS", {1: migrations._MIGRATIONS[1]})
    assert main(["migrate"]) == 0
    empty.all("UPDATE seedance_ledger_lock SET turns = 41")
    monkeypatch.undo()
    empty.lead_here()
    with pytest.raises(SeedanceConfigError, match="at version 1, this release needs"):
        LedgerTable(CONN_ID).entries("x")
    assert main(["migrate", "--conn-id", CONN_ID]) == 0
    assert empty.all("SELECT turns FROM seedance_ledger_lock") == [(41,)]
    assert empty.all("SELECT * FROM seedance_pollers") == []


def test_a_ledger_without_tables_names_the_command_that_makes_them(empty: Database) -> None:
    with pytest.raises(SeedanceConfigError, match=f"ledger migrate --conn-id {CONN_ID}"):
        LedgerTable(CONN_ID).entries("x")


def test_airflow_s_own_database_is_refused_unless_it_is_insisted_on(
    empty: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("dag_run", "task_instance"):
        empty.all(f"CREATE TABLE {name} (id INTEGER)")
    assert main(["migrate"]) == 1
    assert "Airflow's own database" in capsys.readouterr().err
    with pytest.raises(SeedanceConfigError):
        LedgerTable(CONN_ID).entries("x")
    assert main(["migrate", "--in-airflows-database"]) == 0


def test_a_connection_of_another_kind_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HTTP_ONLY", '{"conn_type": "no_database", "host": "h", "password": "hush"}')
    assert BaseHook.get_connection("http_only").host == "h"
    assert main(["migrate", "--conn-id", "http_only"]) == 1
    told = capsys.readouterr().err
    assert "'http_only'" in told
    assert "hush" not in told


def test_without_a_connection_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 1
    assert "--conn-id" in capsys.readouterr().err
