"""E: acts that can't be torn, and words that are true: the ledger, cancelling, clearing, and what a retry will do."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.cancellation import after_cancel
from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceError,
    TransientApiError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.submissions import ledger_files
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.record import SubmissionRecord
from airflow_provider_seedance.submissions.store import LedgerSubmissionStore
from dev.task_life import AFTER_POST, BEFORE_POST, DeathError, Step, TaskState, Ti, work
from tests.pay_once.helpers import ARKS, CAN_LIST, NO_LIST, Attempts, asks, bills, conn_id
from tests.pay_once.test_limits import Fenced
from tests.support.requests import SENDS_ONCE
from tests.transfers.s3 import Bucket, bucket

from . import killed_write

ROOT = Path(__file__).parents[2]
UNKNOWN = "SubmissionUnknownError"
IDENTITY = ("dag", "create", "run", "-1")
INTENT = SubmissionRecord({"prompt": "1"}, 2, 1_790_000_000.0, "byteplus", "m", marker="airflow-1", attempt="a")
NOTED = replace(INTENT, video_id="cgt-1")

GOES_ON = "A retry goes on with this video and submits no other."
NOT_RETRIED = "It is not retried: its id is not on record"


def ledger(folder: Path) -> LedgerSubmissionStore:
    return LedgerSubmissionStore(ObjectStoragePath(f"file://{folder}"), IDENTITY)


# -- E1: a write that is cut off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_case_e1_a_kill_while_the_ledger_is_written_leaves_what_was_there(tmp_path: Path, moment: str) -> None:
    ledger(tmp_path).claim(INTENT, None)
    told = [str(tmp_path), json.dumps(NOTED.to_json()), json.dumps(IDENTITY), moment]
    done = subprocess.run([sys.executable, "-m", killed_write.__name__, *told], cwd=ROOT, timeout=170, check=False)
    assert done.returncode == -signal.SIGKILL
    assert ledger(tmp_path).read() == INTENT
    ledger(tmp_path).write(NOTED)
    assert ledger(tmp_path).read() == NOTED


def full(*args: Any, **kwargs: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_case_e1_a_full_disk_leaves_what_was_there_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    ledger(tmp_path).claim(INTENT, None)
    with monkeypatch.context() as patch:
        patch.setattr(os, moment, full)
        with pytest.raises(OSError, match="No space"):
            ledger(tmp_path).write(NOTED)
    assert ledger(tmp_path).read() == INTENT
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("moment", ["fsync", "link"])
def test_case_e1_an_intent_that_could_not_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, moment, full)
        if moment == "link":  # a mount without hard links is written in place, which needs room too
            patch.setattr(ledger_files, "_fill", full)
        with pytest.raises(OSError, match="No space"):
            ledger(tmp_path).claim(INTENT, None)
    assert ledger(tmp_path).claim(INTENT, None)


def test_case_e1_where_a_mount_has_no_hard_links_one_attempt_alone_makes_the_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*args: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert ledger(tmp_path).claim(INTENT, None)
    assert not ledger(tmp_path).claim(replace(INTENT, attempt="b"), None)
    assert ledger(tmp_path).read() == INTENT


# -- E2: two attempts at once ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _s3() -> Iterator[Bucket]:
    with bucket() as made:
        yield made


@pytest.fixture(params=["disk", "S3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a ledger may be."""
    if request.param == "disk":
        return f"file://{tmp_path}"
    pytest.importorskip("s3fs", reason="needs the Amazon provider's extra s3fs")
    s3: Bucket = request.getfixturevalue("_s3")
    s3.empty()
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.connection)
    return "s3://aws_default@clips/ledger"


@pytest.mark.parametrize("before", [None, NOTED], ids=["first", "in the place of another"])
def test_case_e2_of_many_attempts_at_once_one_is_first(folder: str, before: SubmissionRecord | None) -> None:
    def store() -> LedgerSubmissionStore:
        return LedgerSubmissionStore(ObjectStoragePath(folder), IDENTITY)

    if before:
        store().claim(INTENT, None)
        store().write(before)
    intents = [replace(INTENT, attempt=f"attempt {number}") for number in range(8)]
    start, first = threading.Barrier(len(intents)), list[SubmissionRecord]()

    def attempt(intent: SubmissionRecord) -> None:
        mine = store()
        assert mine.read() == before
        start.wait(60)
        if mine.claim(intent, before):
            first.append(intent)

    threads = [threading.Thread(target=attempt, args=(intent,)) for intent in intents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [store().read()] == first


def test_case_e2_an_answer_that_was_lost_makes_nobody_second_to_himself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storages' libraries ask again by themselves, and are told that the object is there: it is their own."""
    whole = ledger_files.LedgerFile._create

    def twice(self: ledger_files.LedgerFile, content: bytes) -> None:
        whole(self, content)
        whole(self, content)

    monkeypatch.setattr(ledger_files.LedgerFile, "_create", twice)
    assert ledger(tmp_path).claim(INTENT, None)


class NoConditions:
    """A storage behind a library that knows "only if it is not there", which it does not know itself."""

    protocol = "s3"

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def pipe_file(self, key: str, value: bytes, mode: str = "overwrite") -> None:
        if mode == "create":
            raise OSError(errno.ENOSYS, "A header you provided implies functionality that is not implemented")
        self.kept[key] = value

    def cat_file(self, key: str) -> bytes:
        if key not in self.kept:
            raise FileNotFoundError(key)
        return self.kept[key]


class NoCall(NoConditions):
    """A storage behind a library without such a call."""

    def pipe_file(self, key: str, value: bytes) -> None:  # type: ignore[override]
        self.kept[key] = value


@pytest.mark.parametrize("storage", [NoConditions, NoCall])
def test_case_e2_a_storage_without_conditions_is_looked_at_first(tmp_path: Path, storage: type[NoConditions]) -> None:
    fs = storage()

    def file() -> ledger_files.LedgerFile:
        made = ledger_files.LedgerFile(ObjectStoragePath(f"file://{tmp_path}/a.json"))
        made.__dict__.update(_fs=fs, _local=None)
        return made

    assert file().create(b"one")
    assert not file().create(b"another")
    assert file().read() == b"one"


def test_case_e2_an_id_that_comes_while_somebody_takes_the_place_is_not_lost(tmp_path: Path) -> None:
    """The first attempt was thought dead, and its answer comes between the other's look and its claim."""
    first, second = ledger(tmp_path), ledger(tmp_path)
    first.claim(INTENT, None)
    entries = list(second._entries())
    first.write(NOTED)
    second._entries = lambda: iter(entries)  # type: ignore[method-assign]
    assert not second.claim(replace(INTENT, attempt="b"), INTENT)
    assert ledger(tmp_path).read() == NOTED


def test_case_e2_an_id_that_comes_after_somebody_took_the_place_does_not_take_it_back(tmp_path: Path) -> None:
    newer = replace(INTENT, attempt="b")
    ledger(tmp_path).claim(INTENT, None)
    ledger(tmp_path).claim(newer, INTENT)
    ledger(tmp_path).write(NOTED)
    assert ledger(tmp_path).read() == newer
    assert any("cgt-1" in path.read_text() for path in tmp_path.iterdir())


def interleaved(monkeypatch: pytest.MonkeyPatch, store: type, other: Callable[[], Any], when: int = 1) -> list[Any]:
    """Lets a second attempt live between the first one's look into the store and its claim."""
    claim, done = store.claim, list[Any]()  # type: ignore[attr-defined]

    def late(self: Any, record: Any, before: Any) -> bool:
        if not done:
            done.append(None)
            done[0] = other()
        taken: bool = claim(self, record, before)
        return taken

    monkeypatch.setattr(store, "claim", late)
    return done


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("unknown", ["fail", "resubmit"])
def test_case_e2_the_slower_of_two_attempts_goes_on_with_the_faster_one_s_video(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str, unknown: str
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    step = Step(asks(vendor, wait_for_completion=False, on_unknown_submission=unknown), Ti(2))
    done = interleaved(monkeypatch, LedgerSubmissionStore, lambda: work(replace(step, ti=Ti(1)), None))
    slower = work(step, None)
    assert slower.kind == "done", slower.message
    assert slower.value["video_id"] == done[0].value["video_id"]
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", SENDS_ONCE)
@pytest.mark.parametrize("unknown", ["fail", "resubmit"])
def test_case_e2_the_slower_of_two_attempts_says_unknown_while_the_faster_one_has_no_answer_yet(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str, unknown: str
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    step = Step(asks(vendor, on_unknown_submission=unknown), Ti(2))

    def in_its_post() -> None:
        with pytest.raises(DeathError):
            work(replace(step, ti=Ti(1), die=BEFORE_POST), None)

    interleaved(monkeypatch, LedgerSubmissionStore, in_its_post)
    slower = work(step, None)
    assert slower.error == UNKNOWN
    assert sim.creates() == []


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e2_two_attempts_after_a_clear_make_one_new_video(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, vendor: str
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    step = Step(asks(vendor, wait_for_completion=False), Ti(1))
    old = work(step, None).value["video_id"]
    cleared = replace(step, ti=Ti(2, max_tries=3))
    done = interleaved(monkeypatch, LedgerSubmissionStore, lambda: work(cleared, None))
    slower = work(replace(step, ti=Ti(3, max_tries=3)), None)
    assert slower.value["video_id"] == done[0].value["video_id"] != old
    assert len(sim.creates()) == 2


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_e2_in_airflow_s_store_the_attempt_that_was_replaced_cannot_write(sim: Simulator, vendor: str) -> None:
    """Airflow gives each try an id of its own, and its store refuses what an old one writes."""
    shared = TaskState()
    old = Fenced(shared)
    whole = old.set

    def too_late(key: str, value: Any, **kwargs: Any) -> None:
        old.closed = True
        assert work(Step(asks(vendor), Ti(2)), Fenced(shared)).kind == "deferred"
        whole(key, value, **kwargs)

    old.set = too_late  # type: ignore[method-assign]
    assert work(Step(asks(vendor), Ti(1)), old).error == "RuntimeError"
    assert len(bills(sim)) == 1


def test_case_e2_in_airflow_s_store_too_an_attempt_reads_back_whose_intent_is_there(sim: Simulator) -> None:
    state = TaskState()
    whole = state.set

    def overwritten(key: str, value: Any, **kwargs: Any) -> None:
        whole(key, value, **kwargs)
        state.set = whole  # type: ignore[method-assign]
        whole(key, value | {"attempt": "another"})

    state.set = overwritten  # type: ignore[method-assign]
    result = work(Step(asks("jimmyai", on_unknown_submission="resubmit"), Ti(1)), state)
    assert result.error == UNKNOWN
    assert sim.creates() == []


# -- E3: a cancel that came too late ---------------------------------------------------------------------------------


@pytest.fixture(params=["sync", "async"])
def cancel(request: pytest.FixtureRequest) -> Callable[[str, str], Any]:
    """Cancels as the operator does, or as its trigger does."""
    import asyncio

    def run(vendor: str, video_id: str) -> Any:
        hook = SeedanceHook(conn_id(vendor))
        if request.param == "sync":
            return hook.cancel_if_not_started(video_id)
        return asyncio.run(hook.acancel_if_not_started(video_id))

    return run


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Something happens between the look at the video and the cancel."""
    from airflow_provider_seedance.simulator.vendors.ark.videos import Ark

    whole = Ark.cancel

    def late(self: Ark, call: Any) -> Any:
        happens()
        return whole(self, call)

    monkeypatch.setattr(Ark, "cancel", late)


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e3_a_video_that_ended_before_the_cancel_came_is_not_called_cancelled(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, cancel: Callable[[str, str], Any], vendor: str
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    meanwhile(monkeypatch, lambda: sim.finish(task.video_id))
    told = cancel(vendor, task.video_id)
    assert not told.cancelled
    assert "cancelled video" not in told.sentence
    assert task.video_id in told.sentence
    for words in ("has no record", "may be billed"):
        assert words in told.sentence


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e3_a_video_that_started_before_the_cancel_came_is_told_as_going_on(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, cancel: Callable[[str, str], Any], vendor: str
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    meanwhile(monkeypatch, lambda: setattr(sim.videos[task.video_id], "queue_seconds", 0.0))
    told = cancel(vendor, task.video_id)
    assert not told.cancelled
    assert "did not cancel" in told.sentence
    assert "may be billed" in told.sentence


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e3_a_queued_video_is_shown_as_cancelled_before_it_is_called_so(
    sim: Simulator, cancel: Callable[[str, str], Any], vendor: str
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    told = cancel(vendor, task.video_id)
    assert told.cancelled
    assert told.sentence.endswith(f"cancelled video {task.video_id} before it started.")


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e3_a_cancel_whose_answer_was_lost_is_told_by_what_the_vendor_shows(
    sim: Simulator, cancel: Callable[[str, str], Any], vendor: str
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    sim.faults.add(Fault("reset_after", on="cancel", times=None))
    assert cancel(vendor, task.video_id).cancelled


def shown(status: VideoStatus) -> Video:
    return Video(video_id="cgt-1", vendor="byteplus", status=status)


@pytest.mark.parametrize(
    ("refusal", "seen", "cancelled", "words"),
    [
        (None, shown(VideoStatus.CANCELLED), True, "cancelled video cgt-1 before it started"),
        (TransientApiError("Lost."), shown(VideoStatus.CANCELLED), True, "cancelled video cgt-1 before it started"),
        (None, shown(VideoStatus.RUNNING), False, "is running, though"),
        (None, shown(VideoStatus.QUEUED), False, "is queued, though"),
        (None, shown(VideoStatus.SUCCEEDED), False, "is succeeded, though"),
        (None, VideoNotFoundError("Gone."), False, "has no record"),
        (None, TransientApiError("Down."), False, "isn't known. Down."),
        (
            RequestRejectedError("It runs."),
            shown(VideoStatus.RUNNING),
            False,
            "did not cancel video cgt-1; it may be billed. It runs.",
        ),
        (TransientApiError("Lost."), shown(VideoStatus.RUNNING), False, "did not cancel video cgt-1"),
        (
            TransientApiError("Lost."),
            TransientApiError("Down."),
            False,
            "Whether Ark cancelled video cgt-1 is not known",
        ),
    ],
)
def test_case_e3_what_is_said_of_a_cancel_is_what_is_known(
    refusal: SeedanceError | None, seen: Video | SeedanceError, cancelled: bool, words: str
) -> None:
    told = after_cancel("cgt-1", "Ark", refusal, seen)
    assert told.cancelled is cancelled
    assert words in told.sentence


# -- E5: cleared while it is in doubt whether something was submitted ------------------------------------------------


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e5_clearing_in_doubt_finds_the_queued_video_and_cancels_it(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    (old,) = sim.videos
    task.clear()
    assert task.next(prompt="another one").kind == "deferred"
    assert sim.videos[old].status == "cancelled"
    assert bills(sim) == [task.video_id]


@pytest.mark.parametrize("vendor", ARKS)
def test_case_e5_clearing_in_doubt_leaves_a_running_video_alone_and_says_so(
    sim: Simulator, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    (old,) = sim.videos
    sim.videos[old].queue_seconds = 0.0
    task.clear()
    with caplog.at_level(logging.INFO):
        assert task.next().kind == "deferred"
    assert f"Video {old} is running already" in caplog.text
    assert len(bills(sim)) == 2


def test_case_e5_clearing_in_doubt_says_which_video_goes_on_where_there_is_no_cancel(
    sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    task = Attempts(asks("gmicloud"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    (old,) = sim.videos
    task.clear()
    with caplog.at_level(logging.INFO):
        assert task.next().kind == "deferred"
    assert f"video {old} goes on" in caplog.text


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_e5_a_list_that_cannot_be_read_does_not_keep_the_user_from_a_new_video(
    sim: Simulator, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    task.clear()
    sim.faults.add(Fault("http_500", on="list", times=3))
    with caplog.at_level(logging.WARNING):
        assert task.next().kind == "deferred"
    assert "in doubt" in caplog.text


# -- E6: the mark is looked for, whatever else has changed -----------------------------------------------------------


@pytest.mark.parametrize("vendor", CAN_LIST)
@pytest.mark.parametrize(
    "change", [{"prompt": "another one"}, {"duration": 6}, {"on_unknown_submission": "fail"}], ids=str
)
def test_case_e6_with_resubmit_a_changed_request_does_not_pay_twice(
    sim: Simulator, vendor: str, change: dict[str, Any]
) -> None:
    task = Attempts(asks(vendor, on_unknown_submission="resubmit"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    task.next(**change)
    assert [task.video_id] == bills(sim)


def test_case_e6_another_model_in_the_dag_hides_nothing(sim: Simulator) -> None:
    task = Attempts(asks("gmicloud", on_unknown_submission="resubmit"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    assert task.next(model="seedance-2-0-260128").error == "RequestChangedError"
    assert [task.video_id] == bills(sim)


# -- E7: what a retry will do, as it is ------------------------------------------------------------------------------


class Forgetful(TaskState):
    """Takes intents, but no ids, until it is mended."""

    mended = False

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if value.get("video_id") and not self.mended:
            raise ConnectionError("API server is down")
        super().set(key, value)


class Deaf(TaskState):
    """Says that it has kept the id, and has not."""

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if not value.get("video_id"):
            super().set(key, value)


TIMED_OUT = {"kind": "VideoTimeoutError", "message": "It was not ready.", "facts": {}}


@pytest.mark.parametrize("state", [Forgetful, Deaf])
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("unknown", ["fail", "resubmit"])
def test_case_e7_a_wait_whose_id_is_not_on_record_promises_no_retry_that_goes_on(
    sim: Simulator, vendor: str, unknown: str, state: type[TaskState]
) -> None:
    task = Attempts(asks(vendor, on_unknown_submission=unknown), state=state())
    result = task.next()
    assert result.trigger
    video_id = result.trigger[1]["video_id"]
    result = task.resume("execute_complete", event={"video_id": video_id, "outcome": "failed", "error": TIMED_OUT})
    assert (result.error, result.retryable) == ("VideoTimeoutError", False)
    assert NOT_RETRIED in result.message
    assert GOES_ON not in result.message


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_e7_the_end_of_the_wait_puts_the_id_on_record(sim: Simulator, vendor: str) -> None:
    state = Forgetful()
    task = Attempts(asks(vendor, on_unknown_submission="resubmit"), state=state)
    result = task.next()
    assert result.trigger
    video_id = result.trigger[1]["video_id"]
    state.mended = True
    result = task.resume("execute_complete", event={"video_id": video_id, "outcome": "failed", "error": TIMED_OUT})
    assert (result.error, result.retryable) == ("VideoTimeoutError", True)
    assert GOES_ON in result.message
    assert task.video_id == video_id
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 1


def test_case_e7_the_end_of_the_wait_overwrites_nobody_else_s_id(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    kept = task.video_id
    result = task.resume("execute_complete", event={"video_id": "cgt-other", "outcome": "failed", "error": TIMED_OUT})
    assert not result.retryable
    assert task.video_id == kept


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_e7_on_a_worker_too_a_wait_knows_whether_its_id_is_kept(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    def give_up(*args: Any, **kwargs: Any) -> Any:
        raise errors.VideoTimeoutError("It was not ready.")

    monkeypatch.setattr(SeedanceHook, "wait_for_video", give_up)
    kept = Attempts(asks(vendor, deferrable=False)).next()
    assert (kept.retryable, GOES_ON in kept.message) == (True, True)
    lost = Attempts(asks(vendor, deferrable=False), state=Forgetful()).next()
    assert (lost.retryable, NOT_RETRIED in lost.message) == (False, True)


def test_without_a_record_a_storage_that_fails_ends_the_task_for_good_and_buys_nothing(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.tasks import landing

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError("the bucket refuses")

    monkeypatch.setattr(landing, "land_video", broken)
    operator = asks("byteplus", deferrable=False, output_path="file:///tmp/never/{video_id}.mp4")
    without = work(Step(operator, Ti(1)), None)
    assert (without.error, without.retryable) == ("LandingError", False)
    assert "The storage failed (PermissionError)" in without.message
    kept = work(Step(operator, Ti(1)), TaskState())
    assert (kept.error, kept.retryable) == ("LandingInterruptedError", True)
    assert "The storage failed (PermissionError)" in kept.message
    assert all("was made, and is billed" in told.message for told in (without, kept))
    assert GOES_ON in kept.message
    assert len(quick.creates()) == 2


# -- what the tests of 2026-11-21 would not have noticed -------------------------------------------------------------


class Spoiling(TaskState):
    """Fails after it has kept something that is no record."""

    failures = 1

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if self.failures:
            self.failures -= 1
            super().set(key, {"torn": True})
            raise ConnectionError("API server is down")
        super().set(key, value)


def test_a_record_that_cannot_be_read_any_more_is_taken_back_as_well(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"), state=Spoiling())
    assert task.next().error == "ConnectionError"
    assert task.record is None
    assert task.next().kind == "deferred"
    assert len(bills(sim)) == 1


@pytest.mark.parametrize("vendor", SENDS_ONCE)
@pytest.mark.parametrize("unknown", ["fail", "resubmit"])
@pytest.mark.parametrize("later", [False, True], ids=["at once", "in the next attempt"])
def test_a_doubt_says_what_a_retry_will_do_for_each_vendor_and_setting(
    sim: Simulator, vendor: str, unknown: str, later: bool
) -> None:
    sim.faults.add(Fault("reset_before"))
    task = Attempts(asks(vendor, on_unknown_submission=unknown))
    result = task.next()
    if later:
        result = task.next(on_unknown_submission="fail")
        unknown = "fail"
    says = {
        (True, "fail"): "A retry looks for it again, and submits nothing.",
        (True, "resubmit"): "A retry looks for it again, and if it does not find it, submits it again",
        (False, "fail"): "There is no retry.",
        (False, "resubmit"): "A retry submits it again, as on_unknown_submission says.",
    }
    found = vendor in CAN_LIST
    told = [text for text in says.values() if text in result.message]
    assert told == [says[found, unknown]]
    assert result.retryable is (found or unknown == "resubmit")


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_before_each_look_up_it_waits(sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str) -> None:
    waited: list[tuple[float, int]] = []

    def sleep(seconds: float) -> None:
        waited.append((seconds, sum(request.call == "list" for request in sim.requests)))

    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", Pauses(look_up=(3.0, 7.0), sleep=sleep))
    sim.faults.add(Fault("reset_before"))
    assert Attempts(asks(vendor)).next().error == UNKNOWN
    per_look = 2 if vendor in ARKS else 1
    assert waited == [(3.0, 0), (7.0, per_look)]


@pytest.mark.parametrize("vendor", CAN_LIST)
@pytest.mark.parametrize("minutes", [-700, -9, 9, 700])
def test_the_window_of_the_look_up_has_room_at_both_ends(sim: Simulator, vendor: str, minutes: int) -> None:
    """A create may hang for minutes before the vendor takes it, and clocks differ."""
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    next(iter(sim.videos.values())).created_at += 60 * minutes
    assert task.next().kind == "deferred"


@pytest.mark.parametrize("vendor", NO_LIST)
def test_the_record_of_a_delivered_video_says_so(quick: Simulator, vendor: str) -> None:
    from dev.task_life import TaskLife

    life = TaskLife(asks(vendor))
    life.live()
    assert life.state
    (text,) = life.state.kept.values()
    assert json.loads(text)["delivered"] is True


def test_a_store_that_fails_at_the_end_fails_no_delivered_video(quick: Simulator) -> None:
    from dev.task_life import TaskLife

    class Tired(TaskState):
        def set(self, key: str, value: Any, *, retention: Any = None) -> None:
            if value.get("delivered"):
                raise ConnectionError("API server is down")
            super().set(key, value)

    life = TaskLife(asks("byteplus"))
    life.state = Tired()
    ended = life.live()
    assert ended.delivered
    assert ended.attempts == 1
