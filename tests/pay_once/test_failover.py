"""Fail-over: exactly one bill, at the right vendor, and none at the second one while the first is in doubt."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.submissions.submitter import Submitter
from dev.task_life import AFTER_POST, AFTER_RECORD, BEFORE_POST, DeathError, TaskLife, TaskState, Ti

from .helpers import ARKS, CAN_LIST, Attempts, asks, conn_id, context_of

PAIRS = [(first, VENDORS[number - 1]) for number, first in enumerate(VENDORS)]
"""Each vendor once as the first and once as the second."""

SENDS_AGAIN = tuple(name for name in VENDORS if BUILT_IN[name].create_is_repeatable)
"""Where a lost create is sent again under its own mark, and makes no second video."""

UNKNOWN = "SubmissionUnknownError"


def asks_both(first: str, second: str, **fields: Any) -> dict[str, Any]:
    both = {"model": "seedance-2.0", "fallback_conn_ids": [conn_id(second)], "room_patience": 0}
    return asks(first, **both, **fields)


def billed(sim: Simulator) -> list[str]:
    """The vendor of each bill."""
    return [bill.vendor for bill in sim.ledger]


def _down(sim: Simulator, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    connection = json.loads(sim.connection_json(vendor)) | {"host": f"http://127.0.0.1:{port}"}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", json.dumps(connection))


def _fault(kind: str, **options: Any) -> Callable[[Simulator, str, pytest.MonkeyPatch], None]:
    return lambda sim, vendor, monkeypatch: sim.faults.add(Fault(kind, vendor=vendor, times=None, **options))


REFUSALS_OF = {
    "not reachable": _down,
    "no room": _fault("http_429"),
    "no balance or quota": _fault("no_balance"),
    "key refused or model not open": _fault("auth"),
    "refused by moderation": _fault("moderation_submit"),
}
ALL_REFUSALS = [
    pytest.param(reason, *pair, id=f"{reason}-{'-'.join(pair)}") for reason in REFUSALS_OF for pair in PAIRS
]


@pytest.mark.parametrize(("reason", "first", "second"), ALL_REFUSALS)
def test_the_second_vendor_makes_what_the_first_refused_and_everything_follows_it(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch, reason: str, first: str, second: str
) -> None:
    REFUSALS_OF[reason](quick, first, monkeypatch)
    ended = TaskLife(asks_both(first, second, fail_over_on_moderation=True)).live()
    assert ended.delivered, ended
    assert (billed(quick), ended.attempts) == ([second], 1)
    assert ended.delivered["vendor"] == second
    assert ended.delivered["seedance_conn_id"] == conn_id(second)


@pytest.mark.parametrize(("reason", "first", "second"), ALL_REFUSALS)
def test_after_a_restart_the_retry_goes_on_where_the_video_is(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, reason: str, first: str, second: str
) -> None:
    REFUSALS_OF[reason](sim, first, monkeypatch)
    task = Attempts(asks_both(first, second, fail_over_on_moderation=True))
    with pytest.raises(DeathError):
        task.next(die=AFTER_RECORD)
    sim.faults.clear()
    seen = len(sim.creates())
    result = task.next()
    assert result.trigger
    assert result.trigger[1]["seedance_conn_id"] == conn_id(second)
    assert (billed(sim), len(sim.creates())) == ([second], seen)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_death_at_the_second_vendor_in_doubt_sends_nothing_to_the_first(
    sim: Simulator, first: str, second: str
) -> None:
    sim.faults.add(Fault("no_balance", vendor=first))
    task = Attempts(asks_both(first, second))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    result = task.next()
    assert billed(sim) == [second]
    assert len(sim.creates(first)) == 1
    is_found = second in (*CAN_LIST, *SENDS_AGAIN)
    assert (result.kind, result.error) == (("deferred", "") if is_found else ("failed", UNKNOWN))


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("place", [BEFORE_POST, AFTER_POST])
def test_a_death_at_the_first_vendor_in_doubt_sends_nothing_to_the_second(
    sim: Simulator, first: str, second: str, place: str
) -> None:
    task = Attempts(asks_both(first, second))
    with pytest.raises(DeathError):
        task.next(die=place)
    # Whatever it says now, a refused look-up is no refused create.
    sim.faults.add(Fault("auth", vendor=first, on="list", times=None))
    result = task.next()
    is_found = first in SENDS_AGAIN
    assert (result.kind, result.error) == (("deferred", "") if is_found else ("failed", UNKNOWN))
    assert sim.creates(second) == []
    assert billed(sim) == ([first] if is_found or place == AFTER_POST else [])


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_moderation_is_no_reason_unless_the_user_says_so(sim: Simulator, first: str, second: str) -> None:
    sim.faults.add(Fault("moderation_submit", vendor=first))
    result = Attempts(asks_both(first, second)).next()
    assert (result.error, result.retryable) == ("SeedanceModerationError", False)
    assert sim.creates(second) == []


@pytest.mark.parametrize("vendor", ARKS)
def test_a_model_that_is_not_open_is_asked_of_the_next(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("model_not_open", vendor=vendor))
    Attempts(asks_both(vendor, "modellix")).next()
    assert billed(sim) == ["modellix"]


@pytest.mark.parametrize("fault", ["auth", "no_balance", "http_500"])
def test_a_video_that_can_t_be_read_is_there_all_the_same(sim: Simulator, fault: str) -> None:
    task = Attempts(asks_both("byteplus", "modellix"))
    task.next()
    sim.faults.add(Fault(fault, vendor="byteplus", on="poll", times=None))
    result = task.next()
    assert result.kind == "failed"
    assert billed(sim) == ["byteplus"]
    assert sim.creates("modellix") == []


def test_after_a_submission_in_doubt_even_resubmit_stays_with_its_vendor(sim: Simulator) -> None:
    sim.faults.add(Fault("reset_after", vendor="modellix"))
    task = Attempts(asks_both("modellix", "byteplus", on_unknown_submission="resubmit"))
    assert task.next().error == UNKNOWN
    sim.faults.add(Fault("no_balance", vendor="modellix"))
    assert task.next().error == "SeedanceQuotaError"
    assert sim.creates("byteplus") == []


def test_a_record_that_can_t_be_taken_back_keeps_the_task_where_it_is(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.faults.add(Fault("no_balance", vendor="byteplus"))
    monkeypatch.setattr(Submitter, "_forget", lambda self, record: False)
    assert Attempts(asks_both("byteplus", "modellix")).next().error == "SeedanceQuotaError"
    assert sim.creates("modellix") == []


@pytest.mark.parametrize("ledger", [True, False])
def test_a_failed_video_s_successor_is_asked_of_its_vendor_first_and_then_of_the_ones_behind(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, ledger: bool
) -> None:
    if ledger:
        monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    asked = asks_both("byteplus", "volcengine") | {"fallback_conn_ids": [conn_id("volcengine"), conn_id("modellix")]}
    task = Attempts(asked)
    if ledger:
        task.state = None  # type: ignore[assignment]
    sim.faults.add(Fault("no_balance", vendor="byteplus"), Fault("fail", vendor="volcengine", on="create"))
    task.next()
    sim.advance(1000)
    sim.faults.add(Fault("no_balance", vendor="volcengine"))
    assert task.next().kind == "deferred"
    assert billed(sim) == ["volcengine", "modellix"]
    assert len(sim.creates("byteplus")) == 1, "a retry does not begin with the first vendor again"


def test_a_cleared_task_begins_with_the_first_vendor_and_cancels_at_the_second(sim: Simulator) -> None:
    task = Attempts(asks_both("byteplus", "volcengine"))
    sim.faults.add(Fault("no_balance", vendor="byteplus"))
    task.next()
    task.clear()
    assert task.next().kind == "deferred"
    assert [(bill.vendor, bill.refunded) for bill in sim.ledger] == [("volcengine", True), ("byteplus", False)]


# -- room ------------------------------------------------------------------------------------------------------------


def test_the_second_vendor_is_asked_only_when_the_first_had_no_room_for_that_long(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", vendor="byteplus", times=None))
    task = Attempts(asks_both("byteplus", "modellix") | {"room_patience": 3600})
    result = task.next()
    assert result.method == "execute_when_room"
    assert sim.creates("modellix") == []
    assert task.resume(result.method, event={"since": 1.0}).kind == "deferred"
    assert billed(sim) == ["modellix"]


def test_a_vendor_that_asks_for_a_longer_pause_is_not_waited_for_beyond_the_patience(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", vendor="byteplus", retry_after=900))
    result = Attempts(asks_both("byteplus", "modellix") | {"room_patience": 20}).next()
    assert result.trigger
    assert result.trigger[1]["until"] - result.trigger[1]["since"] <= 21


def test_if_nobody_has_room_the_task_waits_for_the_first_that_has(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", vendor="byteplus"), Fault("no_balance", vendor="modellix"))
    task = Attempts(asks_both("byteplus", "modellix"))
    result = task.next()
    assert result.method == "execute_when_room"
    assert task.resume(result.method, event={"since": 1.0}).kind == "deferred"
    assert billed(sim) == ["byteplus"]


def test_on_the_worker_the_patience_is_waited_out_too(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    sim.faults.add(Fault("http_429", vendor="byteplus", times=None))
    asked = asks_both("byteplus", "modellix", deferrable=False) | {"room_patience": 0.2, "wait_for_completion": False}
    assert Attempts(asked).next().value["vendor"] == "modellix"
    assert billed(sim) == ["modellix"]


# -- what is judged before -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"model": "seedance-2.0-mini"}, "GMI Cloud documents no equivalent"),
        ({"watermark": True}, "watermark"),
        ({"model": "dreamina-seedance-2-0-260128"}, "a name of BytePlus ModelArk's alone"),
    ],
)
def test_a_request_that_one_vendor_of_the_list_can_t_take_is_sent_to_none(
    sim: Simulator, fields: dict[str, Any], why: str
) -> None:
    others = {"model": [conn_id("gmicloud")], "watermark": [conn_id("modellix")]}
    name = next(iter(fields))
    result = Attempts(asks("byteplus", **{"model": "seedance-2.0"} | fields, fallback_conn_ids=others[name])).next()
    assert (result.error, result.retryable) == ("InvalidRequestError", False)
    assert why in result.message
    assert others[name][0] in result.message
    assert sim.requests == []


def test_a_fall_back_that_is_no_connection_is_noticed_before_the_money(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", json.dumps({"conn_type": "seedance", "password": "x"}))
    result = Attempts(asks("byteplus", model="seedance-2.0", fallback_conn_ids=["broken"])).next()
    assert result.error == "SeedanceConfigError"
    assert sim.requests == []


def test_a_broken_fall_back_keeps_nobody_from_a_paid_video(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    task = Attempts(asks_both("byteplus", "modellix"))
    task.next()
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id('modellix').upper()}", json.dumps({"conn_type": "seedance"}))
    assert task.next().kind == "deferred"
    assert billed(sim) == ["byteplus"]


@pytest.mark.parametrize("others", ["seedance_b", [""], [5], ["seedance_default"], ["b", "b"], {"a": 1}], ids=repr)
def test_what_is_no_list_of_connections_is_refused_when_the_dag_is_parsed(others: Any) -> None:
    if isinstance(others, dict):
        others = list(others.values())
    with pytest.raises(ValueError, match="fallback_conn_ids"):
        SeedanceCreateVideoOperator(task_id="t", model="seedance-2.0", prompt="x", fallback_conn_ids=others)


# -- what follows the video ------------------------------------------------------------------------------------------


def test_the_sensor_follows_the_dict_to_the_connection_that_has_the_video(quick: Simulator) -> None:
    from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

    quick.faults.add(Fault("no_balance", vendor="byteplus"))
    made = Attempts(asks_both("byteplus", "modellix", wait_for_completion=False)).next()
    quick.finish(made.value["video_id"])
    sensor = SeedanceVideoSensor(
        task_id="wait", video_id=made.value, seedance_conn_id=conn_id("byteplus"), deferrable=False, poke_interval=0.05
    )
    sensor._take_dict()
    found = sensor.poke({"ti": None})  # type: ignore[typeddict-item]
    assert found.xcom_value
    assert found.xcom_value["vendor"] == "modellix"
    assert found.xcom_value["seedance_conn_id"] == conn_id("modellix")


def test_a_killed_task_cancels_where_the_video_is(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_seedance.operators import seedance

    cancelled: list[tuple[str, str]] = []
    monkeypatch.setattr(
        seedance, "cancel_if_ended", lambda ti, video_id, conn_id, **_: cancelled.append((video_id, conn_id))
    )

    def killed(self: SeedanceHook, video_id: str, **_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SeedanceHook, "wait_for_video", killed)
    sim.faults.add(Fault("no_balance", vendor="byteplus"))
    task = SeedanceCreateVideoOperator(task_id="create", **asks_both("byteplus", "volcengine", deferrable=False))
    with pytest.raises(KeyboardInterrupt):
        task.execute(context_of(Ti(), TaskState()))
    task.on_kill()
    assert [told for _, told in cancelled] == [conn_id("volcengine")]
    assert [video_id for video_id, _ in cancelled] == [bill.video_id for bill in sim.ledger]


def test_the_record_says_where_the_video_is_and_an_older_one_is_of_the_first_connection(sim: Simulator) -> None:
    task = Attempts(asks_both("byteplus", "modellix"))
    task.next()
    assert task.record
    assert task.record["seedance_conn_id"] == conn_id("byteplus")
    task.state.set("seedance_submission", {k: v for k, v in task.record.items() if k != "seedance_conn_id"})
    assert task.next().kind == "deferred"
    assert billed(sim) == ["byteplus"]


# -- what is raised if nobody takes it -------------------------------------------------------------------------------


def test_if_a_retry_can_help_at_one_vendor_the_error_is_that_one_s(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry policy goes by the error's class, and fails the task at once if a key is refused."""
    _down(sim, "byteplus", monkeypatch)
    sim.faults.add(Fault("auth", vendor="modellix", times=None))
    result = Attempts(asks_both("byteplus", "modellix")).next()
    assert (result.error, result.retryable) == ("NotSentError", True)
    for told in ("not reachable", "key refused"):
        assert told in result.message


def test_a_later_vendor_that_is_too_dear_does_not_end_the_wait_for_room_at_the_first(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _priced(sim, monkeypatch, byteplus=1, modellix=100)
    sim.faults.add(Fault("http_429", vendor="byteplus"))
    task = Attempts(asks_both("byteplus", "modellix", max_cost=50))
    result = task.next()
    assert result.method == "execute_when_room"
    assert task.resume(result.method, event={"since": 1.0}).kind == "deferred"
    assert billed(sim) == ["byteplus"]


def test_a_later_vendor_that_is_too_dear_leaves_the_retry_to_the_first(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _priced(sim, monkeypatch, byteplus=1, modellix=100)
    sim.faults.add(Fault("stranger_page", vendor="byteplus", status=403))
    result = Attempts(asks_both("byteplus", "modellix", max_cost=50)).next()
    assert (result.error, result.retryable) == ("GatewayRefusedError", True)
    assert "modellix (seedance_modellix): too dear" in result.message
    assert billed(sim) == []


@pytest.mark.parametrize("refusal", ["no_balance", "auth"])
def test_a_later_vendor_that_is_too_dear_is_the_error_if_no_retry_helps_at_the_first(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    _priced(sim, monkeypatch, byteplus=1, modellix=100)
    sim.faults.add(Fault(refusal, vendor="byteplus"))
    result = Attempts(asks_both("byteplus", "modellix", max_cost=50)).next()
    assert (result.error, result.retryable) == ("MaxCostError", False)


def _priced(sim: Simulator, monkeypatch: pytest.MonkeyPatch, **of_a_video: int) -> None:
    """Prices per video, by vendor."""
    for vendor, amount in of_a_video.items():
        prices = {"*": {"currency": "USD", "per_video": amount}}
        connection = sim.connection_json(vendor, prices=prices)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", connection)
