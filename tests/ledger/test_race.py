"""Fifty processes at once against one budget, some of them killed: what is sent never costs more than it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from airflow_provider_seedance.api.budgets import Budgets, limits_of
from airflow_provider_seedance.api.errors import BudgetExceededError
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.ledger.engine import LedgerDownError
from airflow_provider_seedance.ledger.table import RESERVED_FOR, LedgerTable
from airflow_provider_seedance.submissions.ledger_table import Expected, TableSubmissionStore, TaskTry
from airflow_provider_seedance.submissions.record import SubmissionRecord, new_attempt

from .conftest import CONN_ID, Database

PROCESSES = 50
TASKS_EACH = 2
BUDGET = 30
ONE_DOLLAR = Cost(Decimal(1), "USD", "a test")
EXPECTED = Expected("account", ONE_DOLLAR, Budgets(per_dag_run={"USD": Decimal(BUDGET)}))


def a_record() -> SubmissionRecord:
    return SubmissionRecord({"prompt": "1"}, 0, time.time(), "byteplus", "m", attempt=new_attempt())


def a_store(index: int) -> TableSubmissionStore:
    store = TableSubmissionStore(LedgerTable(CONN_ID), TaskTry("dag", "create", "run", index, 1))
    store.expect(EXPECTED)
    return store


def buy(index: int, sent: Path, chance: random.Random) -> None:
    """A task: its intent, then what stands for the request, then its end, which may be the process's own."""
    store, record = a_store(index), a_record()
    if not store.claim(record, store.read()):
        return
    fate = chance.random()
    if fate < 0.2:
        store.withdraw(record)  # the vendor refuses it: nothing was sent that costs anything
        return
    if fate < 0.3:
        os.kill(os.getpid(), signal.SIGKILL)  # between intent and request
    with sent.open("ab", buffering=0) as file:
        file.write(b"x")
    if fate < 0.4:
        os.kill(os.getpid(), signal.SIGKILL)  # before the id is noted
    store.write(replace(record, video_id=f"v-{index}"))


def work(number: int, gate: tuple[int, int], sent: Path) -> None:
    chance = random.Random(number)
    reading, writing = gate
    os.close(writing)
    os.read(reading, 1)  # until nobody has the other end any more: unlike a barrier it can't be broken by a kill
    for task in range(TASKS_EACH):
        with suppress(BudgetExceededError, LedgerDownError):
            buy(number * TASKS_EACH + task, sent, chance)


@pytest.mark.timeout(600)  # a busy machine may take minutes for fifty processes
def test_fifty_processes_never_overrun_a_budget_and_reserve_nothing_for_ever(
    database: Database, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.touch()
    fork = multiprocessing.get_context("fork")
    gate = os.pipe()
    processes = [fork.Process(target=work, args=(number, gate, sent)) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    chance = random.Random(7)
    try:
        os.close(gate[1])
        for victim in chance.sample(processes, 10):
            time.sleep(chance.random() * 0.1)
            victim.kill()
        for process in processes:
            process.join(240)
            assert process.exitcode is not None, "it hangs"
    finally:
        for process in processes:
            process.kill()
        os.close(gate[0])
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
