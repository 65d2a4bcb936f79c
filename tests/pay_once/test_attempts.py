"""Two attempts of one task instance, and what was paid in the end."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import NotSentError
from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.simulator.vendors.ark.videos import Ark
from airflow_provider_seedance.submissions.store import KEY
from dev.task_life import (
    AFTER_POST,
    AFTER_RECORD,
    BEFORE_POST,
    BEFORE_XCOM,
    IN_EXECUTE_COMPLETE,
    DeathError,
    TaskLife,
    TaskState,
)
from tests.support.requests import CAN_CANCEL, SENDS_ONCE, TELLS_UNKNOWN_IDS, id_of

from .helpers import ARKS, CAN_LIST, NO_LIST, PROMPT, Attempts, asks, bills

UNKNOWN = "SubmissionUnknownError"


# -- where the first attempt dies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("place", [AFTER_RECORD, IN_EXECUTE_COMPLETE, BEFORE_XCOM])
def test_a_death_after_the_record_is_made_good_by_the_next_attempt(quick: Simulator, vendor: str, place: str) -> None:
    ended = TaskLife(asks(vendor), dies=place).live()
    assert ended.attempts == 2
    assert ended.delivered
    assert [ended.delivered["video_id"]] == bills(quick)
    assert ended.delivered["video_url"]


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_death_between_post_and_record_is_made_good_by_the_vendor_s_list(quick: Simulator, vendor: str) -> None:
    ended = TaskLife(asks(vendor), dies=AFTER_POST).live()
    assert ended.delivered
    assert [ended.delivered["video_id"]] == bills(quick)


@pytest.mark.parametrize("vendor", NO_LIST)
def test_a_death_between_post_and_record_is_a_person_s_decision_where_the_vendor_has_no_list(
    quick: Simulator, vendor: str
) -> None:
    ended = TaskLife(asks(vendor), dies=AFTER_POST).live()
    assert (ended.attempts, ended.error) == (2, UNKNOWN)
    assert len(bills(quick)) == 1
    for word in ("console", "UTC", asks(vendor)["model"], "SeedanceVideoSensor", "clear this task"):
        assert word in ended.message


@pytest.mark.parametrize("vendor", SENDS_ONCE)
def test_a_death_between_intent_and_post_costs_nothing_and_is_not_taken_for_sent_or_unsent(
    quick: Simulator, vendor: str
) -> None:
    ended = TaskLife(asks(vendor), dies=BEFORE_POST).live()
    assert ended.error == UNKNOWN
    assert quick.creates() == []


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("place", [BEFORE_POST, AFTER_POST])
def test_with_resubmit_the_attempt_after_a_death_delivers(quick: Simulator, vendor: str, place: str) -> None:
    ended = TaskLife(asks(vendor, on_unknown_submission="resubmit"), dies=place).live()
    assert ended.delivered
    # Where the list shows the first one, even "resubmit" pays once.
    twice = place == AFTER_POST and vendor in NO_LIST
    assert len(bills(quick)) == (2 if twice else 1)


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_waiting_a_retry_returns_the_same_video(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor, wait_for_completion=False))
    with pytest.raises(DeathError):
        task.next(die=BEFORE_XCOM)
    assert [task.next().value["video_id"]] == bills(sim)


# -- a create without an answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", NO_LIST)
def test_a_lost_answer_fails_for_good_where_nothing_can_be_looked_up(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor))
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, False)
    assert task.record
    assert task.record["video_id"] is None
    again = task.next()
    assert (again.error, again.retryable) == (UNKNOWN, False)
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", NO_LIST)
def test_a_lost_answer_is_submitted_again_by_the_next_attempt_if_the_user_said_so(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor, on_unknown_submission="resubmit"))
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, True)
    assert len(sim.creates()) == 1, "the attempt that was in doubt must not submit again itself"
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 2


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_lost_answer_is_found_in_the_list_in_the_same_attempt(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor))
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_look_up_that_fails_proves_nothing(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_before"), Fault("http_500", on="list", times=None))
    task = Attempts(asks(vendor))
    assert task.next().error == UNKNOWN
    assert task.next().error == UNKNOWN
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_list_that_shows_nothing_proves_nothing(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_before"))
    task = Attempts(asks(vendor))
    assert [task.next().error, task.next().error] == [UNKNOWN, UNKNOWN]
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_video_that_the_list_shows_late_is_found_by_a_retry(sim: Simulator, vendor: str) -> None:
    """An outage lasts longer than the look-ups of one attempt: the retry looks again, and submits nothing."""
    sim.faults.add(Fault("reset_after"), Fault("http_500", on="list", times=6))
    task = Attempts(asks(vendor))
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, True)
    assert "A retry" in result.message
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


def submit(vendor: str, **fields: Any) -> str:
    """Somebody else's video."""
    request = {k: v for k, v in asks(vendor).items() if k in ("model", "prompt", "duration")} | fields
    return SeedanceHook(f"seedance_{vendor}").create_video(request).video_id


def test_gmi_cloud_is_looked_up_by_a_seed_that_only_this_submission_has(sim: Simulator) -> None:
    submit("gmicloud")
    submit("gmicloud", seed=7)
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks("gmicloud", extra={"note": ""}))
    assert task.next().kind == "deferred"
    assert task.record
    assert sim.videos[task.video_id].request["payload"]["seed"] == task.record["seed"]
    assert task.video_id == sim.ledger[-1].video_id


@pytest.mark.parametrize("own", [{"seed": 7}, {"seed": 0}, {"extra": {"seed": 7}}])
def test_the_user_s_own_seed_on_gmi_cloud_is_left_as_it_is_and_recognises_nothing(
    sim: Simulator, own: dict[str, Any]
) -> None:
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks("gmicloud", **own))
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, False)
    (create,) = sim.creates()
    assert create.json["payload"]["seed"] == own.get("seed", 7)
    assert task.next().error == UNKNOWN
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", ARKS)
def test_siblings_with_the_same_prompt_are_not_mixed_up_on_ark(sim: Simulator, vendor: str) -> None:
    """Three mapped tasks, all answers lost: each finds its own by the mark that it sent."""
    sim.faults.add(Fault("reset_after", times=None))
    siblings = [Attempts(asks(vendor)) for _ in range(3)]
    for sibling in siblings:
        with pytest.raises(DeathError):
            sibling.next(die=AFTER_POST)
    sim.faults.clear()
    for sibling in siblings:
        assert sibling.next().kind == "deferred"
    assert [sibling.video_id for sibling in siblings] == bills(sim)


@pytest.mark.parametrize("vendor", ARKS)
def test_a_sibling_s_video_is_not_taken_for_one_that_never_arrived(sim: Simulator, vendor: str) -> None:
    lucky, unlucky = Attempts(asks(vendor)), Attempts(asks(vendor))
    assert lucky.next().kind == "deferred"
    sim.faults.add(Fault("reset_before"))
    assert unlucky.next().error == UNKNOWN
    assert unlucky.record
    assert unlucky.record["video_id"] is None


@pytest.fixture
def no_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    """An Ark that takes the `safety_identifier` but doesn't repeat it."""
    original = Ark.shown

    def shown(self: Ark, video: Any, call: Any) -> dict[str, Any]:
        return {name: value for name, value in original(self, video, call).items() if name != "safety_identifier"}

    monkeypatch.setattr(Ark, "shown", shown)


@pytest.mark.usefixtures("no_echo")
@pytest.mark.parametrize("vendor", ARKS)
def test_where_ark_repeats_no_mark_nothing_is_taken_for_the_submission(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor))
    assert task.next().error == UNKNOWN
    assert task.next().error == UNKNOWN
    assert len(sim.creates()) == 1


def test_the_mark_on_ark_is_short_and_says_nothing_of_the_task(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    (create,) = sim.creates()
    mark = create.json["safety_identifier"]
    assert task.record
    assert mark == task.record["marker"]
    assert len(mark) <= 64
    assert "create" not in mark


def test_the_user_s_own_safety_identifier_is_left_as_it_is(sim: Simulator) -> None:
    Attempts(asks("byteplus", extra={"safety_identifier": "user-7"})).next()
    assert sim.creates()[0].json["safety_identifier"] == "user-7"
    assert BUILT_IN["byteplus"].can_list


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_video_whose_answer_was_lost_is_found_though_the_request_has_changed_and_is_not_delivered_for_it(
    sim: Simulator, vendor: str
) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    result = task.next(prompt="another prompt")
    assert (result.error, result.retryable) == ("RequestChangedError", False)
    assert [task.video_id] == bills(sim)
    assert task.video_id in result.message
    assert task.next().kind == "deferred"


# -- explicit refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("moderation_submit", "SeedanceModerationError"),
        ("auth", "SeedanceAuthError"),
        ("no_balance", "SeedanceQuotaError"),
    ],
)
def test_an_explicit_refusal_fails_for_good_and_leaves_no_doubt_behind(
    sim: Simulator, vendor: str, kind: str, error: str
) -> None:
    sim.faults.add(Fault(kind))
    task = Attempts(asks(vendor))
    result = task.next()
    assert (result.error, result.retryable) == (error, False)
    assert task.record is None
    assert task.next().kind == "deferred"
    assert len(bills(sim)) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_cannot_be_reached_leaves_no_doubt_behind(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    with sim.refuse_connections():
        result = task.next()
    assert (result.error, result.retryable) == ("NotSentError", True)
    assert task.record is None


def test_bad_input_is_refused_before_anything_is_written_or_sent(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    result = task.next(prompt="{{ '' }}", duration="{{ x }}")
    assert (result.error, result.retryable) == ("InvalidRequestError", False)
    assert (task.record, sim.creates()) == (None, [])


def test_a_refusal_is_told_even_if_the_record_cannot_be_taken_back(
    sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    class NoDelete(TaskState):
        def delete(self, key: str) -> None:
            raise ConnectionError("API server is down")

    sim.faults.add(Fault("moderation_submit"))
    with caplog.at_level(logging.WARNING):
        result = Attempts(asks("jimmyai"), state=NoDelete()).next()
    assert result.error == "SeedanceModerationError"
    assert "record" in caplog.text


def test_taking_a_record_back_is_tried_more_than_once(sim: Simulator) -> None:
    class Hiccup(TaskState):
        failures = 1

        def delete(self, key: str) -> None:
            if self.failures:
                self.failures -= 1
                raise ConnectionError("API server restarts")
            super().delete(key)

    task = Attempts(asks("jimmyai"), state=Hiccup())
    with sim.refuse_connections():
        assert task.next().error == "NotSentError"
    assert task.record is None
    assert task.next().kind == "deferred"


# -- a store that fails ----------------------------------------------------------------------------------------------


class FailingState(TaskState):
    """Fails at its n-th writes, before or after it has kept the value."""

    def __init__(self, *failing: int, kept: bool = False) -> None:
        super().__init__()
        self.failing, self.kept_first, self.writes = failing, kept, 0

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self.writes += 1
        if self.writes in self.failing:
            if self.kept_first:
                super().set(key, value)
            raise ConnectionError("API server is down")
        super().set(key, value)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept, but its answer lost"])
def test_if_the_intent_cannot_be_written_nothing_is_sent_and_the_next_attempt_submits(
    sim: Simulator, vendor: str, kept: bool
) -> None:
    task = Attempts(asks(vendor), state=FailingState(1, kept=kept))
    result = task.next()
    assert (result.error, result.retryable) == ("ConnectionError", True)
    assert sim.creates() == []
    assert task.next().kind == "deferred"
    assert len(bills(sim)) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_hiccup_while_the_id_is_written_is_got_over(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor), state=FailingState(2, 3))
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", VENDORS)
def test_if_the_id_cannot_be_written_the_video_is_delivered_all_the_same_and_the_log_has_the_id(
    quick: Simulator, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    life = TaskLife(asks(vendor))
    life.state = FailingState(*range(2, 99))
    with caplog.at_level(logging.ERROR):
        ended = life.live()
    assert ended.delivered
    assert ended.attempts == 1
    (video_id,) = bills(quick)
    assert video_id in caplog.text


def test_a_record_that_cannot_be_read_sends_nothing(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.state.kept[KEY] = '{"video_id": "cgt-1"}'
    result = task.next()
    assert (result.error, result.retryable) == ("SubmissionRecordError", False)
    assert sim.requests == []


# -- a later attempt -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_retry_goes_on_with_the_video_and_keeps_its_deadline(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor, timeout=500.0))
    first = task.next().trigger
    assert first
    task.ti.start_date = datetime.fromtimestamp(datetime.now(tz=UTC).timestamp() + 300, tz=UTC)
    second = task.next().trigger
    assert second
    assert first[1]["video_id"] == second[1]["video_id"] == bills(sim)[0]
    assert first[1]["deadline"] == second[1]["deadline"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_finished_video_is_taken_by_the_retry_with_a_fresh_url(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    sim.finish(task.video_id)
    result = task.next()
    assert result.kind == "done"
    assert result.value["video_url"]
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_failed_video_is_bought_anew_by_the_retry(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    sim.finish(task.video_id, "failed", error_code="InternalError", error_message="it broke")
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 2
    assert task.video_id == sim.ledger[1].video_id


@pytest.mark.parametrize("vendor", ["byteplus", "gmicloud"])
def test_a_video_that_moderation_withheld_is_not_bought_anew_because_a_worker_died(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    sim.faults.add(Fault("moderation_output", on="poll"))
    task.next()
    sim.finish(task.video_id, "failed", "OutputVideoSensitiveContentDetected", "output refused by content moderation")
    result = task.next()
    assert (result.error, result.retryable) == ("VideoModerationError", False)
    assert len(sim.creates()) == 1


def test_a_changed_request_is_refused_by_name_and_nothing_is_sent(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    before = len(sim.requests)
    result = task.next(prompt="another one", ratio="1:1")
    assert (result.error, result.retryable) == ("RequestChangedError", False)
    assert "prompt, ratio" in result.message
    assert task.video_id in result.message
    assert "another one" not in result.message
    assert PROMPT not in result.message
    assert len(sim.requests) == before


@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
def test_a_video_that_the_vendor_does_not_know_any_more_fails_the_retry_for_good(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    assert task.record
    task.state.set(
        KEY, task.record | {"video_id": id_of(vendor, "cgt-gone"), "intended_at": task.record["intended_at"] - 60}
    )
    result = task.next()
    assert (result.error, result.retryable) == ("VideoNotFoundError", False)
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
def test_a_video_just_submitted_that_the_vendor_does_not_know_yet_is_waited_for(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    assert task.record
    task.state.set(KEY, task.record | {"video_id": id_of(vendor, "cgt-new")})
    result = task.next()
    assert result.trigger
    assert result.trigger[1]["video_id"] == id_of(vendor, "cgt-new")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_is_down_at_the_reattachment_is_retried(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    sim.faults.add(Fault("http_500", on="poll", times=3))
    result = task.next()
    assert (result.error, result.retryable) == ("TransientApiError", True)
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 1


# -- a cleared task --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARKS)
def test_clearing_cancels_a_queued_video_on_ark_and_starts_over(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    old = task.video_id
    task.clear()
    assert task.next().kind == "deferred"
    assert sim.videos[old].status == "cancelled"
    assert [task.video_id] == bills(sim)
    assert task.video_id != old


@pytest.mark.parametrize("vendor", ARKS)
def test_clearing_leaves_a_running_video_alone(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    old = task.video_id
    sim.videos[old].queue_seconds = 0.0
    task.clear()
    assert task.next().kind == "deferred"
    assert sim.videos[old].status == "running"
    assert len(bills(sim)) == 2
    assert [request for request in sim.requests if request.call == "cancel"] == []


@pytest.mark.parametrize("vendor", ARKS)
def test_clearing_does_not_erase_the_record_of_a_finished_video(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    task.next()
    old = task.video_id
    sim.finish(old)
    task.clear()
    task.next()
    assert not sim.videos[old].deleted
    assert task.video_id != old


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in CAN_CANCEL])
def test_clearing_says_so_where_the_old_video_cannot_be_cancelled(
    sim: Simulator, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    old = task.video_id
    task.clear()
    with caplog.at_level(logging.INFO):
        assert task.next().kind == "deferred"
    assert f"video {old} goes on and will be billed" in caplog.text
    assert len(bills(sim)) == 2


def test_clearing_ends_a_doubt_and_says_so(sim: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    task = Attempts(asks("jimmyai"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    task.clear()
    with caplog.at_level(logging.WARNING):
        assert task.next().kind == "deferred"
    assert "in doubt" in caplog.text
    assert len(bills(sim)) == 2


def test_clearing_goes_on_if_the_old_video_cannot_even_be_read(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    task.clear()
    sim.faults.add(Fault("http_500", on="poll", times=3))
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 2


def test_clearing_takes_a_changed_request(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    task.clear()
    assert task.next(prompt="another one").kind == "deferred"


def test_clearing_after_the_connection_went_to_another_vendor_does_not_blame_that_one(
    sim: Simulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    old = task.video_id
    task.clear()
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", sim.connection_json("gmicloud"))
    with caplog.at_level(logging.INFO):
        task.next(model=asks("gmicloud")["model"])
    assert f"Video {old}" in caplog.text
    assert "GMI Cloud has no documented way" not in caplog.text
    assert "byteplus" in caplog.text


def test_clearing_after_the_task_got_another_connection_cancels_by_the_one_that_has_the_video(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    task.clear()
    task.next(seedance_conn_id="seedance_gmicloud", model=asks("gmicloud")["model"])
    assert [(bill.vendor, bill.refunded) for bill in sim.ledger] == [("byteplus", True), ("gmicloud", False)]


def test_a_retry_of_a_cleared_task_goes_on_with_the_new_video(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    task.clear()
    task.next()
    new = task.video_id
    task.next()
    assert task.video_id == new
    assert len(sim.creates()) == 2


def test_what_is_certainly_unsent_is_no_doubt_for_airflow_either() -> None:
    assert NotSentError.retryable
    assert not NotSentError.may_be_billed


def test_a_worker_thought_dead_does_not_erase_what_its_successor_noted(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt hangs in its POST, the second one submits; then the first one is refused."""
    sim.faults.add(Fault("http_429"))
    task = Attempts(asks("jimmyai", on_unknown_submission="resubmit"))
    create = SeedanceHook.create_video
    overtaken: list[str] = []

    def hanging(self: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        if not overtaken:
            overtaken.append("now")
            sim.faults.clear()
            assert task.next().kind == "deferred"
            sim.faults.add(Fault("http_429"))
        return create(self, *args, **kwargs)

    monkeypatch.setattr(SeedanceHook, "create_video", hanging)
    task.next()
    assert [task.video_id] == bills(sim)
