"""Fifty processes at once against one budget, some of them killed.

This is a program, since only a process without threads can fork safely. Its argument is the file that gets a byte for
each request that is sent.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from airflow_provider_seedance.api.budgets import Budgets
from airflow_provider_seedance.api.errors import BudgetExceededError
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.ledger.engine import LedgerDownError
from airflow_provider_seedance.ledger.table import LedgerTable
from airflow_provider_seedance.submissions.ledger_table import Expected, TableSubmissionStore, TaskTry
from airflow_provider_seedance.submissions.record import SubmissionRecord, new_attempt

CONN_ID = "seedance_ledger"
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


def run(sent: Path) -> None:
    a_store(0).read()  # imports, once for all, what a ledger needs
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


if __name__ == "__main__":
    run(Path(sys.argv[1]))
