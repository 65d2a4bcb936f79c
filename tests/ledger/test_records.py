from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import SubmissionRecordError
from airflow_provider_seedance.ledger.table import LedgerTable
from airflow_provider_seedance.submissions.ledger_table import TableSubmissionStore, TaskTry
from airflow_provider_seedance.submissions.record import SubmissionRecord
from airflow_provider_seedance.submissions.store import KEY, TaskStateSubmissionStore
from dev.task_life import TaskState, Ti

from .conftest import CONN_ID, Database

RECORD = SubmissionRecord({"prompt": "1"}, 2, 1_790_000_000.0, "byteplus", "m", marker="airflow-1", attempt="a" * 32)


def keep(state: TaskState | None = None, **task: Any) -> TableSubmissionStore:
    """The store as a new process opens it."""
    copy = TaskStateSubmissionStore(state) if state is not None else None
    return TableSubmissionStore(LedgerTable(CONN_ID), TaskTry.of({"ti": Ti(**task)}), copy=copy)


def test_a_record_is_there_for_the_next_process_until_it_is_withdrawn(database: Database) -> None:
    assert keep().read() is None
    assert keep().claim(RECORD, None)
    assert keep().read() == RECORD
    noted = replace(RECORD, video_id="v-1")
    keep().write(noted)
    assert keep().read() == noted
    keep().withdraw(RECORD)
    assert keep().read() == noted, "something has been noted since"
    keep().withdraw(noted)
    assert keep().read() is None


def test_a_claim_on_what_is_not_there_any_more_is_refused(database: Database) -> None:
    old, new, late = (replace(RECORD, attempt=word * 32) for word in "abc")
    assert keep().claim(old, None)
    assert not keep().claim(late, None)
    assert keep().claim(new, old)
    assert not keep().claim(late, old)
    assert keep().read() == new
    keep().withdraw(old)
    assert keep().read() == new


@pytest.mark.parametrize("other", [{"dag_id": "7"}, {"task_id": "7"}, {"run_id": "7"}, {"map_index": 7}])
def test_task_instances_do_not_see_each_other_s_records(database: Database, other: dict[str, Any]) -> None:
    keep().claim(RECORD, None)
    assert keep(**other).read() is None
    assert keep(try_number=9).read() == RECORD


def test_of_many_attempts_at_once_one_is_first(database: Database) -> None:
    won, begin = [], threading.Barrier(8)

    def attempt(number: int) -> None:
        store, record = keep(), replace(RECORD, attempt=f"{number:032}")
        assert store.read() is None
        begin.wait(60)
        if store.claim(record, None):
            won.append(record)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(won) == 1
    assert keep().read() == won[0]


@pytest.mark.parametrize("text", ["[]", "{}", "{", "", "null"], ids=repr)
def test_a_record_of_another_shape_raises(database: Database, text: str) -> None:
    keep().claim(RECORD, None)
    database.all(f"UPDATE seedance_submissions SET record = '{text}'")
    with pytest.raises(SubmissionRecordError):
        keep().read()


def test_the_ledger_heals_what_the_state_store_has_lost(database: Database) -> None:
    state, noted = TaskState(), replace(RECORD, video_id="v-1")
    store = keep(state)
    assert store.claim(RECORD, None)
    store.write(noted)
    assert state.kept[KEY]
    state.kept.clear()
    reader = keep(state)
    assert reader.read() == noted
    assert not reader.dies_with_run, "it may be of an earlier run of that name"
    store.write(noted)
    reader.read()
    assert reader.dies_with_run


def test_the_state_store_completes_what_the_ledger_has_missed(database: Database) -> None:
    state, noted = TaskState(), replace(RECORD, video_id="v-1")
    keep(state).claim(RECORD, None)
    TaskStateSubmissionStore(state).write(noted)
    assert keep(state).read() == noted


def test_what_was_submitted_before_there_was_a_ledger_counts(database: Database) -> None:
    state, old = TaskState(), replace(RECORD, video_id="v-1", attempt=None)
    TaskStateSubmissionStore(state).write(old)
    assert keep(state).read() == old
    assert not keep(state).claim(RECORD, None)
    assert keep(state).claim(RECORD, old)
    assert keep(state).read() == RECORD


def test_of_two_attempts_the_ledger_s_later_one_counts_whatever_the_state_store_holds(database: Database) -> None:
    state, new = TaskState(), replace(RECORD, attempt="b" * 32)
    keep().claim(RECORD, None)
    keep().claim(new, RECORD)
    TaskStateSubmissionStore(state).write(RECORD)
    assert keep(state).read() == new


def test_a_withdrawn_intent_does_not_come_back_from_the_state_store(database: Database) -> None:
    state = TaskState()
    keep().claim(RECORD, None)
    keep().withdraw(RECORD)
    TaskStateSubmissionStore(state).write(RECORD)
    assert keep(state).read() is None


def test_the_row_says_who_where_and_what_and_holds_no_prompt(database: Database) -> None:
    keep(map_index=3, try_number=2).claim(RECORD, None)
    columns = "dag_id, task_id, run_id, map_index, try_number, vendor, model, mark, day, video_id, delivered"
    assert database.all(f"SELECT {columns} FROM seedance_submissions") == [
        ("dag", "create", "run", 3, 2, "byteplus", "m", "airflow-1", "2026-09-21", None, 0)
    ]
