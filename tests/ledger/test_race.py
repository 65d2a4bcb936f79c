"""Fifty processes at once against one budget, some of them killed: what is sent never costs more than it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_seedance.api.budgets import limits_of
from airflow_provider_seedance.api.errors import BudgetExceededError
from airflow_provider_seedance.ledger.table import RESERVED_FOR, LedgerTable

from . import race
from .conftest import CONN_ID, Database
from .race import BUDGET, EXPECTED, ONE_DOLLAR, a_record, a_store

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)  # a busy machine may take minutes for fifty processes
def test_fifty_processes_never_overrun_a_budget_and_reserve_nothing_for_ever(
    database: Database, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.touch()
    subprocess.run([sys.executable, "-m", race.__name__, sent], cwd=ROOT, check=True, timeout=500)
    (limit,) = limits_of(EXPECTED.budgets, ONE_DOLLAR, conn_id="account", dag_id="dag", run_id="run", day="any")
    table = LedgerTable(CONN_ID)
    paid = len(sent.read_bytes())
    assert paid <= table.spent(limit) // 1_000_000 <= BUDGET

    # Whoever comes after them can still spend what is left, to the last cent, and no more.
    for index in range(1_000, 1_000 + BUDGET + 1):
        try:
            store, record = a_store(index), a_record()
            assert store.claim(record, store.read())
            store.write(replace(record, video_id=f"v-{index}"))
        except BudgetExceededError:
            break
    assert table.spent(limit) == BUDGET * 1_000_000

    # A day later what is in doubt is free again.
    noted = database.all("SELECT COUNT(*) FROM seedance_submissions WHERE withdrawn = 0 AND video_id IS NOT NULL")[0][0]
    database.all(f"UPDATE seedance_submissions SET intended_at = intended_at - {RESERVED_FOR + 60}")
    assert table.spent(limit) == int(str(noted)) * 1_000_000
    assert paid > 0
