from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath, TaskDeferred

from airflow_provider_seedance.api.errors import SubmissionRecordError
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.submissions.ledger_files import LedgerFile
from airflow_provider_seedance.submissions.record import SubmissionRecord
from airflow_provider_seedance.submissions.store import (
    KEY,
    LedgerSubmissionStore,
    SubmissionStore,
    TaskStateSubmissionStore,
    open_store,
)
from dev.task_life import TaskState, Ti
from tests.transfers.s3 import Bucket, bucket

from .helpers import bills, context_of, create_operator

RECORD = SubmissionRecord({"prompt": "1"}, 2, 1_790_000_000.0, "byteplus", "m", marker="airflow-1")
IDENTITY = ("dag", "create", "run", "-1")

Keep = Callable[[tuple[str, ...]], SubmissionStore]
Spoil = Callable[[str], None]


@pytest.fixture(scope="module")
def _s3() -> Iterator[Bucket]:
    with bucket() as made:
        yield made


@pytest.fixture(params=["task state", "file", "s3"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Keep, Spoil]:
    """Opens a store as a new process would, and puts a raw text where its record is."""
    if request.param == "task state":
        states: dict[tuple[str, ...], TaskState] = {}

        def spoil_state(text: str) -> None:
            states[IDENTITY].kept[KEY] = text

        return lambda identity: TaskStateSubmissionStore(states.setdefault(identity, TaskState())), spoil_state
    folder = ObjectStoragePath(f"file://{tmp_path}/le dger")
    if request.param == "s3":
        pytest.importorskip("s3fs", reason="needs the Amazon provider's extra s3fs")
        s3: Bucket = request.getfixturevalue("_s3")
        s3.empty()
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.connection)
        folder = ObjectStoragePath("s3://aws_default@clips/le dger")

    def spoil_file(text: str) -> None:
        (path,) = list(folder.iterdir())
        path.write_text(text)

    return lambda identity: LedgerSubmissionStore(folder, identity), spoil_file


def test_a_store_has_nothing_at_first(keeping: tuple[Keep, Spoil]) -> None:
    keep, _ = keeping
    assert keep(IDENTITY).read() is None
    keep(IDENTITY).withdraw(RECORD)
    assert keep(IDENTITY).read() is None


def test_a_record_is_there_for_the_next_process_until_it_is_withdrawn(keeping: tuple[Keep, Spoil]) -> None:
    keep, _ = keeping
    assert keep(IDENTITY).claim(RECORD, None)
    assert keep(IDENTITY).read() == RECORD
    noted = replace(RECORD, video_id="v-1")
    keep(IDENTITY).write(noted)
    assert keep(IDENTITY).read() == noted
    keep(IDENTITY).withdraw(noted)
    assert keep(IDENTITY).read() is None


def test_a_record_in_the_place_of_another_stands_until_it_is_withdrawn(keeping: tuple[Keep, Spoil]) -> None:
    keep, _ = keeping
    old, new, newest = (replace(RECORD, attempt=word) for word in "abc")
    assert keep(IDENTITY).claim(old, None)
    assert keep(IDENTITY).claim(new, old)
    noted = replace(new, video_id="v-2")
    keep(IDENTITY).write(noted)
    assert keep(IDENTITY).read() == noted
    assert keep(IDENTITY).claim(newest, noted)
    assert keep(IDENTITY).read() == newest
    keep(IDENTITY).withdraw(newest)
    assert keep(IDENTITY).read() != newest


def test_a_claim_on_what_is_not_there_any_more_is_refused(keeping: tuple[Keep, Spoil]) -> None:
    keep, _ = keeping
    old, new, late = (replace(RECORD, attempt=word) for word in "abc")
    assert keep(IDENTITY).claim(old, None)
    assert not keep(IDENTITY).claim(late, None)
    assert keep(IDENTITY).claim(new, old)
    assert not keep(IDENTITY).claim(late, old)
    assert keep(IDENTITY).read() == new


def test_another_attempt_s_record_is_not_withdrawn(keeping: tuple[Keep, Spoil]) -> None:
    keep, _ = keeping
    old, new = (replace(RECORD, attempt=word) for word in "ab")
    keep(IDENTITY).claim(old, None)
    keep(IDENTITY).claim(new, old)
    keep(IDENTITY).withdraw(old)
    assert keep(IDENTITY).read() == new


@pytest.mark.parametrize("place", range(4))
def test_task_instances_do_not_see_each_other_s_records(keeping: tuple[Keep, Spoil], place: int) -> None:
    keep, _ = keeping
    keep(IDENTITY).claim(RECORD, None)
    other = [*IDENTITY]
    other[place] = "7"
    assert keep(tuple(other)).read() is None


@pytest.mark.parametrize(
    "text", ["[]", "{}", '"x"', "7", "null", json.dumps(RECORD.to_json() | {"version": 9})], ids=repr
)
def test_a_record_of_another_shape_raises(keeping: tuple[Keep, Spoil], text: str) -> None:
    keep, spoil = keeping
    keep(IDENTITY).claim(RECORD, None)
    spoil(text)
    with pytest.raises(SubmissionRecordError):
        keep(IDENTITY).read()


@pytest.mark.parametrize("text", ["", "{", json.dumps(RECORD.to_json())[:40], "<html>"], ids=repr)
def test_a_torn_ledger_file_raises(tmp_path: Path, text: str) -> None:
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}"), IDENTITY)
    store.claim(RECORD, None)
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    with pytest.raises(SubmissionRecordError):
        store.read()


def test_a_ledger_file_that_is_not_even_text_raises(tmp_path: Path) -> None:
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}"), IDENTITY)
    store.claim(RECORD, None)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SubmissionRecordError):
        store.read()


def test_a_ledger_that_does_not_keep_what_is_written_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}"), IDENTITY)
    store.claim(RECORD, None)
    monkeypatch.setattr(LedgerFile, "write", lambda self, content: None)
    with pytest.raises(SubmissionRecordError, match="did not keep"):
        store.write(replace(RECORD, video_id="v-1"))


def test_a_ledger_whose_file_is_gone_raises(tmp_path: Path) -> None:
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}"), IDENTITY)
    with pytest.raises(SubmissionRecordError, match="has lost"):
        store.write(RECORD)


def test_a_ledger_s_file_names_tell_nothing_and_fit_every_storage(tmp_path: Path) -> None:
    LedgerSubmissionStore(
        ObjectStoragePath(f"file://{tmp_path}"), ("d/../a", "t", "manual__2026-11-20T00:00+00:00", "3")
    ).claim(RECORD, None)
    (file,) = tmp_path.iterdir()
    assert file.stem.isalnum()
    assert len(file.name) == 64 + len(".json")


def test_the_task_state_store_is_taken_where_airflow_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    store = open_store(context_of(Ti(), TaskState()))
    assert isinstance(store, TaskStateSubmissionStore)


def test_the_ledger_of_the_configuration_is_taken_below_airflow_3_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    first = open_store(context_of(Ti(try_number=1, map_index=3), None))
    second = open_store(context_of(Ti(try_number=2, map_index=3), None))
    other = open_store(context_of(Ti(try_number=2, map_index=4), None))
    assert first
    assert second
    assert other
    first.claim(RECORD, None)
    assert second.read() == RECORD
    assert other.read() is None


def test_after_an_upgrade_to_airflow_3_3_the_ledger_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    before, state = open_store(context_of(Ti(), None)), TaskState()
    assert before
    before.claim(RECORD, None)
    after = open_store(context_of(Ti(try_number=2), state))
    assert after
    assert after.read() == RECORD
    noted = replace(RECORD, video_id="v-2")
    after.write(noted)
    assert (after.read(), before.read()) == (noted, RECORD)


def test_without_any_store_one_warning_says_what_is_not_protected(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert open_store(context_of(Ti(), None)) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    for word in ("ledger_path", "retries=0", "pays, again", "3.3"):
        assert word in record.getMessage()


def test_a_store_that_cannot_be_read_is_not_taken_for_an_empty_one() -> None:
    class Down(TaskState):
        def get(self, key: str, default: Any = None) -> Any:
            raise ConnectionError("API server is down")

    with pytest.raises(ConnectionError):
        TaskStateSubmissionStore(Down()).read()


@pytest.mark.parametrize("act", ["read", "claim", "write"])
def test_a_local_ledger_whose_place_is_not_there_is_not_made_and_not_taken_for_an_empty_one(
    tmp_path: Path, act: str
) -> None:
    """A worker on which the mount is missing."""
    mount = tmp_path / "mount"
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{mount}/airflow/ledger"), IDENTITY)
    calls: dict[str, Callable[[], Any]] = {
        "read": store.read,
        "claim": lambda: store.claim(RECORD, None),
        "write": lambda: store.write(RECORD),
    }
    with pytest.raises(OSError, match="Is it mounted"):
        calls[act]()
    assert not mount.exists()


def test_a_retry_on_a_worker_without_the_ledgers_mount_submits_nothing(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mount = tmp_path / "mount" / "airflow"
    mount.mkdir(parents=True)
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{mount}/ledger")
    task = create_operator("byteplus", retries=2)
    with pytest.raises(TaskDeferred):
        task.execute(context_of(Ti(1), None))
    mount.rename(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="Is it mounted"):
        create_operator("byteplus", retries=2).execute(context_of(Ti(2), None))
    assert len(sim.creates()) == 1
    (tmp_path / "elsewhere").rename(mount)
    with pytest.raises(TaskDeferred):
        create_operator("byteplus", retries=2).execute(context_of(Ti(3), None))
    assert len(bills(sim)) == 1
