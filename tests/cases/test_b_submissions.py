"""B, the submission's side: a storage that fails is not empty, an id is never thrown away, what happened is told."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.api.errors import SubmissionUnknownError
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.submissions import ledger_files
from airflow_provider_seedance.submissions.store import LedgerSubmissionStore, open_store
from dev.task_life import Step, Ti, work
from tests.pay_once.helpers import ARKS, CAN_LIST, Attempts, asks, bills, context_of
from tests.support.requests import SENDS_ONCE

UNKNOWN = "SubmissionUnknownError"


# -- B7: a storage that can't tell -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        OSError(errno.EIO, "Input/output error"),
        OSError(errno.ESTALE, "Stale file handle"),
        PermissionError(errno.EACCES, "Permission denied"),
        NotADirectoryError(errno.ENOTDIR, "Not a directory"),
        TimeoutError("the storage does not answer"),
    ],
    ids=lambda trouble: type(trouble).__name__ + str(getattr(trouble, "errno", "")),
)
@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b7_a_ledger_that_cannot_be_read_is_not_taken_for_an_empty_one(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str, trouble: OSError
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    step = Step(asks(vendor, wait_for_completion=False), Ti(1))
    first = work(step, None).value["video_id"]

    def broken(self: Path) -> bytes:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", broken)
        result = work(step, None)
    assert (result.kind, result.error) == ("failed", type(trouble).__name__)
    assert result.retryable
    assert work(step, None).value["video_id"] == first
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("trouble", [PermissionError("403"), OSError(errno.EIO, "SlowDown"), ConnectionError("reset")])
def test_case_b7_an_object_storage_s_refusal_is_not_taken_for_an_empty_ledger(trouble: Exception) -> None:
    class Refusing:
        protocol = "s3"

        def cat_file(self, key: str) -> bytes:
            raise trouble

        def exists(self, key: str) -> bool:
            return False

    file = ledger_files.LedgerFile(ObjectStoragePath("file:///tmp/never.json"))
    file.__dict__.update(_local=None, _fs=Refusing())
    with pytest.raises(type(trouble)):
        file.read()


def test_case_b7_a_file_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}/not_yet"), ("d", "t", "r", "-1"))
    assert store.read() is None


def test_case_b7_a_ledger_that_is_down_at_the_end_of_a_wait_does_not_cost_the_video(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    step = Step(asks("byteplus"), Ti(1))
    deferred = work(step, None)
    assert deferred.trigger
    video_id = deferred.trigger[1]["video_id"]
    quick.finish(video_id)
    store = open_store(context_of(Ti(1), None))
    assert store

    def broken(self: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", broken)
    event = {"video_id": video_id, "outcome": "succeeded", "error": None}
    done = work(Step(asks("byteplus"), Ti(1), "execute_complete", {"event": event}), None)
    assert done.value["video_id"] == video_id


def test_case_b7_a_ledger_that_cannot_even_be_opened_costs_no_delivered_video(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = work(Step(asks("byteplus"), Ti(1)), None)
    assert submitted.trigger
    video_id = submitted.trigger[1]["video_id"]
    quick.finish(video_id)
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", "nowhere://bucket/ledger")
    event = {"video_id": video_id, "outcome": "succeeded", "error": None}
    done = work(Step(asks("byteplus"), Ti(1), "execute_complete", {"event": event}), None)
    assert done.value["video_id"] == video_id
    assert work(Step(asks("byteplus"), Ti(1)), None).kind == "failed"
    assert len(quick.creates()) == 1


# -- B8: an id in an answer that was no acceptance -------------------------------------------------------------------


def gateway() -> Fault:
    """The vendor takes the create, and a gateway makes a 504 of its answer."""
    return Fault("id_in_error")


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b8_an_id_in_a_failed_create_s_body_is_looked_at_and_kept(sim: Simulator, vendor: str) -> None:
    sim.faults.add(gateway())
    task = Attempts(asks(vendor))
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", [vendor for vendor in SENDS_ONCE if make_adapter(vendor).read_tells_mark])
@pytest.mark.parametrize("unknown", ["fail", "resubmit"])
def test_case_b8_an_id_that_nobody_knows_yet_is_recorded_told_and_looked_at_by_the_next_attempt(
    sim: Simulator, vendor: str, unknown: str
) -> None:
    sim.faults.add(gateway(), Fault("http_500", on="poll", times=6), Fault("http_500", on="list", times=6))
    task = Attempts(asks(vendor, on_unknown_submission=unknown))
    result = task.next()
    (video_id,) = sim.videos
    assert (result.error, result.retryable) == (UNKNOWN, True)
    assert result.message.count(video_id) == 1
    assert task.record
    assert (task.record["possible_id"], task.record["video_id"]) == (video_id, None)
    assert task.next().kind == "deferred"
    assert [task.video_id] == [video_id] == bills(sim)


@pytest.mark.parametrize("vendor", ARKS)
def test_case_b8_clearing_in_doubt_cancels_the_video_whose_id_the_answer_held(sim: Simulator, vendor: str) -> None:
    own = {"extra": {"safety_identifier": "user-7"}}  # so there is no mark, and the id is all there is
    sim.faults.add(gateway(), Fault("http_500", on="poll", times=6))
    task = Attempts(asks(vendor, **own))
    assert task.next().error == UNKNOWN
    (old,) = sim.videos
    task.clear()
    assert task.next().kind == "deferred"
    assert sim.videos[old].status == "cancelled"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b8_an_id_that_is_no_video_s_is_not_taken_for_one(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    def answered(self: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        raise SubmissionUnknownError("The gateway answered HTTP 504.", status_code=504, video_id="trace-1")

    monkeypatch.setattr(SeedanceHook, "create_video", answered)
    task = Attempts(asks(vendor))
    for _ in range(2):
        result = task.next()
        assert result.error == UNKNOWN
        assert "trace-1" in result.message
    assert bills(sim) == []


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_b8_an_id_of_a_video_with_another_mark_is_not_taken(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    """A gateway that mixes answers up: the vendor itself tells whose video it is."""
    other = Attempts(asks(vendor))
    other.next()

    def answered(self: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        raise SubmissionUnknownError("The gateway answered HTTP 504.", status_code=504, video_id=other.video_id)

    monkeypatch.setattr(SeedanceHook, "create_video", answered)
    task = Attempts(asks(vendor))
    assert [task.next().error, task.next().error] == [UNKNOWN, UNKNOWN]
    assert task.record
    assert task.record["video_id"] is None


# -- B10: what really happened ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", SENDS_ONCE)
def test_case_b10_later_attempts_tell_what_the_first_one_was_told(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("http_503", vendor, message="the queue is being moved"))
    task = Attempts(asks(vendor))
    first = task.next()
    assert first.error == UNKNOWN
    assert "503" in first.message
    for _ in range(2):
        later = task.next()
        assert later.error == UNKNOWN
        assert "503" in later.message
        assert "died" not in later.message
    assert len(sim.creates()) == 1


def test_case_b10_of_an_attempt_that_died_nothing_else_is_said(sim: Simulator) -> None:
    from dev.task_life import AFTER_POST, DeathError

    task = Attempts(asks("jimmyai"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    assert "An earlier attempt died" in task.next().message


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_b10_a_cause_is_kept_in_bounds_and_in_one_line(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    def answered(self: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        raise SubmissionUnknownError("It broke.\n\ud83d " + "x" * 100_000)

    monkeypatch.setattr(SeedanceHook, "create_video", answered)
    task = Attempts(asks(vendor))
    task.next()
    assert task.record
    cause = task.record["cause"]
    assert cause.startswith("It broke.")
    assert len(cause) <= 501
    cause.encode()
    assert "\n" not in cause
