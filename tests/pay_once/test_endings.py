"""How a wait ends, what the task then says, and what a retry may do."""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError
from airflow_provider_seedance.api.jobs import Decision, Outcome
from airflow_provider_seedance.api.outcomes import to_event
from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.compat.task_state import has_ended_for_good
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators import seedance
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.submissions.submission import Submission
from dev.task_life import AFTER_POST, DeathError, Ti
from tests.any_airflow import AIRFLOW, airflow_answers, airflow_says

from .helpers import ARKS, Attempts, asks, bills, context_of, create_operator, fails_for_good

FAIL = "__fail__"
TIMED_OUT = "Trigger timeout"
BROKE = "Trigger failure"

GOES_ON = "A retry goes on with this video and submits no other."
WOULD_PAY = "It is not retried"
NEW_VIDEO = "A retry submits a new video."
STILL_THERE = "A SeedanceVideoSensor on the video's id can still fetch it"

ASKS_FOR_STATES = pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2's task instances know their own state")


# -- errors after the submission ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "recorded", "retried", "sentence"),
    [
        (errors.TransientApiError, True, True, GOES_ON),
        (errors.TransientApiError, False, False, WOULD_PAY),
        (errors.NotSentError, True, True, GOES_ON),
        (errors.VideoTimeoutError, True, True, GOES_ON),
        (errors.VideoTimeoutError, False, False, WOULD_PAY),
        (errors.VideoFailedError, True, True, NEW_VIDEO),
        (errors.VideoFailedError, False, True, NEW_VIDEO),
        (errors.VideoUrlMissingError, True, True, GOES_ON),
        (errors.VideoUrlMissingError, False, False, WOULD_PAY),
        (errors.VideoUrlExpiredError, True, False, ""),
        (errors.VideoRejectedError, True, False, ""),
        (errors.VideoModerationError, True, False, ""),
        (errors.SeedanceAuthError, True, False, STILL_THERE),
        (errors.SeedanceQuotaError, True, False, STILL_THERE),
        (errors.VideoNotFoundError, True, False, STILL_THERE),
        (errors.SeedanceConfigError, True, False, STILL_THERE),
        (SeedanceError, False, False, STILL_THERE),
    ],
)
def test_an_error_after_the_submission_says_what_a_retry_does(
    kind: type[SeedanceError], recorded: bool, retried: bool, sentence: str
) -> None:
    told = Submission(None, is_kept=recorded).failed(kind("It went wrong."))
    assert isinstance(told, kind)
    assert isinstance(told, AirflowException)
    assert fails_for_good(told) is not retried
    assert str(told).startswith("It went wrong.")
    assert sentence in str(told)


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_no_error_after_the_submission_is_retried_without_a_record_but_for_a_failed_video(kind: type) -> None:
    if not issubclass(kind, SeedanceError):
        return
    retried = not fails_for_good(Submission(None, is_kept=False).failed(kind("no")))
    assert retried is (kind is errors.VideoFailedError)


# -- the trigger's event ---------------------------------------------------------------------------------------------


def event(video_id: str, error: SeedanceError | None) -> dict[str, Any]:
    outcome = Outcome.FAILED if error else Outcome.SUCCEEDED
    stored: dict[str, Any] = json.loads(json.dumps(to_event(video_id, Decision(outcome, error=error))))
    return stored


@pytest.mark.parametrize(
    ("error", "retried"),
    [
        (errors.VideoTimeoutError("not ready"), True),
        (errors.TransientApiError("down", status_code=500), True),
        (errors.VideoFailedError("broke"), True),
        (errors.VideoModerationError("withheld"), False),
        (errors.VideoUrlMissingError("no URL"), True),
        (errors.VideoRejectedError("breaks a rule"), False),
        (errors.SeedanceAuthError("key", status_code=401), False),
        (errors.VideoNotFoundError("gone", status_code=404), False),
    ],
)
def test_a_trigger_s_bad_news_comes_out_as_what_it_was(sim: Simulator, error: SeedanceError, retried: bool) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    result = task.resume("execute_complete", event=event(task.video_id, error))
    assert (result.error, result.retryable) == (type(error).__name__, retried)
    if isinstance(error, SeedanceApiError) and not retried and error.status_code:
        assert "can still fetch it" in result.message


@pytest.mark.parametrize("odd", [None, {}, {"video_id": 7}, {"video_id": "v", "outcome": "odd"}, "boom"], ids=repr)
def test_an_event_that_cannot_be_read_is_retried_and_pays_nothing(sim: Simulator, odd: Any) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    result = task.resume("execute_complete", event=odd)
    assert (result.error, result.retryable) == ("TransientApiError", True)
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_good_news_is_followed_by_a_fresh_look(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    sim.finish(task.video_id)
    result = task.resume("execute_complete", event=event(task.video_id, None))
    assert result.kind == "done"
    assert result.value["video_id"] == task.video_id
    assert result.value["video_url"]


def test_good_news_about_a_video_that_has_none_to_give_is_not_taken_for_success(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", Pauses(reread=(0.01,)))
    sim.faults.add(Fault("no_url", on="poll"))
    sim.finish(task.video_id)
    result = task.resume("execute_complete", event=event(task.video_id, None))
    assert (result.error, result.retryable) == ("VideoUrlMissingError", True)
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 1


def test_a_failed_video_of_a_vendor_that_bills_it_is_retried_as_a_new_one_and_says_so(sim: Simulator) -> None:
    task = Attempts(asks("jimmyai"))
    task.next()
    sim.finish(task.video_id, "failed", "500", "it broke")
    result = task.resume("execute_complete", event=event(task.video_id, errors.VideoFailedError("broke")))
    assert result.retryable
    assert NEW_VIDEO in result.message


# -- Airflow itself ends the deferral --------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [TIMED_OUT, BROKE])
@pytest.mark.parametrize("vendor", VENDORS)
def test_if_airflow_ends_the_wait_the_retry_goes_on_with_the_video(sim: Simulator, vendor: str, reason: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    result = task.resume(FAIL, error=reason)
    assert (result.error, result.retryable) == ("VideoTimeoutError", True)
    for word in (reason, task.video_id, "not cancelled", "be billed", GOES_ON):
        assert word in result.message
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 1


def test_if_airflow_ends_the_wait_and_nothing_is_recorded_there_is_no_retry(sim: Simulator) -> None:
    with pytest.raises(errors.VideoTimeoutError) as raised:
        create_operator("byteplus").resume_execution(FAIL, {"error": TIMED_OUT}, context_of(Ti(), None))
    assert fails_for_good(raised.value)
    assert WOULD_PAY in str(raised.value)


def test_if_airflow_ends_the_wait_for_room_the_retry_submits(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429"))
    task = Attempts(asks("byteplus"))
    task.next()
    result = task.resume(FAIL, error=BROKE)
    assert (result.error, result.retryable) == ("TaskDeferralError", True)
    assert "billed" not in result.message
    assert task.next().kind == "deferred"
    assert len(bills(sim)) == 1


def test_if_airflow_ends_the_wait_of_a_video_whose_id_was_not_recorded_no_id_is_made_up(sim: Simulator) -> None:
    task = Attempts(asks("jimmyai"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    result = task.resume(FAIL, error=TIMED_OUT)
    assert "None" not in result.message
    assert "The video was not cancelled" in result.message
    assert GOES_ON not in result.message, "a retry can't find it at this vendor"


def test_other_errors_of_a_resumption_pass_as_they_are(sim: Simulator) -> None:
    with pytest.raises(AttributeError):
        create_operator("byteplus").resume_execution("no_such_method", {}, context_of(Ti(), None))


# -- deadlines -------------------------------------------------------------------------------------------------------


def deadline(task: Attempts) -> float:
    trigger = task.next().trigger
    assert trigger
    return float(trigger[1]["deadline"])


def test_the_deadline_counts_from_the_submission(sim: Simulator) -> None:
    assert deadline(Attempts(asks("byteplus", timeout=500.0))) == pytest.approx(time.time() + 500, abs=5)


def test_execution_timeout_shortens_the_deadline_because_airflow_does_not_keep_it_while_deferred(
    sim: Simulator,
) -> None:
    task = Attempts(asks("byteplus", timeout=500.0, execution_timeout=timedelta(seconds=100)))
    assert deadline(task) == pytest.approx(time.time() + 100, abs=5)


def test_a_longer_execution_timeout_changes_nothing(sim: Simulator) -> None:
    task = Attempts(asks("byteplus", timeout=500.0, execution_timeout=timedelta(hours=1)))
    assert deadline(task) == pytest.approx(time.time() + 500, abs=5)


def test_a_second_attempt_does_not_get_more_time_for_the_same_video(sim: Simulator) -> None:
    task = Attempts(asks("byteplus", timeout=500.0))
    first = deadline(task)
    assert deadline(task) == first


def test_a_new_video_gets_its_own_time(sim: Simulator) -> None:
    task = Attempts(asks("byteplus", timeout=500.0))
    first = deadline(task)
    sim.finish(task.video_id, "failed", "InternalServiceError", "it broke")
    assert deadline(task) > first


def test_a_video_that_is_ready_after_its_deadline_is_delivered_by_the_retry(sim: Simulator) -> None:
    task = Attempts(asks("byteplus", timeout=0.01))
    task.next()
    time.sleep(0.02)
    sim.finish(task.video_id)
    assert task.next().kind == "done"


# -- the user ends the task ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "ended"),
    [
        ("success", True),
        ("failed", True),
        ("skipped", True),
        ("upstream_failed", True),
        ("removed", True),
        ("deferred", False),
        ("running", False),
        ("restarting", False),
        ("up_for_retry", False),
        ("queued", False),
        ("scheduled", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("map_index", [-1, 0, 12])
@ASKS_FOR_STATES
def test_only_a_final_state_means_that_nobody_wants_the_video(
    monkeypatch: pytest.MonkeyPatch, state: str | None, ended: bool, map_index: int
) -> None:
    def states(**asked: Any) -> dict[str, dict[str, str | None]]:
        assert asked == {"dag_id": "dag", "task_ids": ["create"], "run_ids": ["run"], "map_index": map_index}
        key = "create" if map_index < 0 else f"create_{map_index}"
        # What a guess at the key would find: the task's other instances.
        others: dict[str, str | None] = dict.fromkeys((f"create_{index}" for index in range(15)), "success")
        others["create"] = "success"
        return {"run": others | {key: state}, "other run": {key: "success"}}

    airflow_answers(monkeypatch, states)
    assert has_ended_for_good(Ti(map_index=map_index)) is ended


@ASKS_FOR_STATES
@pytest.mark.parametrize("answer", [{}, {"run": {}}, {"run": None}, {"run": {"create_0": "failed"}}])
def test_a_task_that_airflow_does_not_know_has_not_ended(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    airflow_answers(monkeypatch, lambda **_: answer)
    assert has_ended_for_good(Ti()) is False


def kill_while_waiting(monkeypatch: pytest.MonkeyPatch, vendor: str, state: str | Exception, **fields: Any) -> str:
    """The worker gets its signal while the task waits in place; gives the video's id."""
    task = create_operator(vendor, deferrable=False, **fields)
    seen: list[str] = []

    def told() -> str:
        if isinstance(state, Exception):
            raise state
        return state

    def signalled(self: SeedanceHook, video_id: str, **_: Any) -> Any:
        seen.append(video_id)
        task.on_kill()
        raise DeathError

    airflow_says(monkeypatch, told)
    monkeypatch.setattr(SeedanceHook, "wait_for_video", signalled)
    with pytest.raises(DeathError):
        task.execute(context_of(Ti(), None))
    return seen[0]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the operator logs."""
    lines: list[str] = []

    class Log:
        def info(self, text: str, *args: Any) -> None:
            lines.append(text % args)

        warning = info

    monkeypatch.setattr(seedance.SeedanceCreateVideoOperator, "log", Log())
    return lines


@pytest.mark.parametrize("vendor", ARKS)
@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_queued_video_of_a_task_that_the_user_ended_is_cancelled(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, said: list[str], vendor: str, state: str
) -> None:
    video_id = kill_while_waiting(monkeypatch, vendor, state)
    assert sim.videos[video_id].status == "cancelled"
    assert bills(sim) == []
    assert f"cancelled video {video_id} before it started" in said[-1]


@pytest.mark.parametrize("state", ["restarting", "up_for_retry", "running", "deferred"])
def test_a_video_that_a_later_attempt_wants_is_not_cancelled(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, said: list[str], state: str
) -> None:
    video_id = kill_while_waiting(monkeypatch, "byteplus", state)
    assert sim.videos[video_id].status == "queued"
    assert said[-1] == f"Video {video_id} goes on: its task has not ended."


def test_a_state_that_cannot_be_read_cancels_nothing(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    video_id = kill_while_waiting(monkeypatch, "byteplus", ConnectionError("no supervisor"))
    assert sim.videos[video_id].status == "queued"
    assert "was not cancelled" in said[-1]
    assert "billed" in said[-1]


def test_with_cancel_on_kill_off_nothing_is_cancelled(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = kill_while_waiting(monkeypatch, "byteplus", "failed", cancel_on_kill=False)
    assert sim.videos[video_id].status == "queued"


@pytest.mark.parametrize("vendor", [name for name, vendor in BUILT_IN.items() if not vendor.can_cancel])
def test_where_a_vendor_cannot_cancel_the_log_says_so(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, said: list[str], vendor: str
) -> None:
    video_id = kill_while_waiting(monkeypatch, vendor, "failed")
    assert "no documented way to cancel" in said[-1]
    assert f"video {video_id} goes on and will be billed" in said[-1]


def test_a_signal_before_anything_was_submitted_does_nothing(sim: Simulator) -> None:
    create_operator("byteplus").on_kill()
    assert sim.requests == []


def test_cancelling_does_not_hold_the_worker_for_long(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(SeedanceCreateVideoOperator, "pauses", Pauses(cancel=0.2))
    sim.faults.add(Fault("slow", on="poll", seconds=60))
    started = time.monotonic()
    with caplog.at_level(logging.INFO):
        kill_while_waiting(monkeypatch, "byteplus", "failed")
    assert time.monotonic() - started < 50
