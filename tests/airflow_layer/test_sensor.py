"""The sensor: one look before it gives its slot back, what it hands over, and what its ends mean to Airflow."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_seedance.api import jobs, video_jobs
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    SeedanceAuthError,
    SeedanceConfigError,
    SeedanceError,
    TransientApiError,
    VideoFailedError,
    VideoNotFoundError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from tests.any_airflow import AIRFLOW, AirflowRescheduleException

from .helpers import (
    SOON,
    assert_names,
    assert_no_secret,
    conn_id,
    event_of,
    open_sockets,
    polls,
    submit,
    submit_finished,
)

NOWHERE = "cgt-20261120000000-nosuc"

pytestmark = pytest.mark.usefixtures("no_backoff", "nothing_is_cancelled")


@pytest.fixture
def nothing_is_cancelled(sim: Simulator) -> Iterator[None]:
    """However a test ends: the sensor only watches, so it never sends a DELETE."""
    yield
    assert [request.path for request in sim.requests if request.method == "DELETE"] == []


def sensor_for(video: Any, vendor: str = "byteplus", **kwargs: Any) -> SeedanceVideoSensor:
    defaults: dict[str, Any] = {"task_id": "wait", "seedance_conn_id": conn_id(vendor), "poke_interval": SOON}
    defaults |= {"timeout": 60}  # so that a sensor which never ends fails its test
    return SeedanceVideoSensor(video_id=video, **defaults | kwargs)


def execute(sensor: SeedanceVideoSensor, context: dict[str, Any] | None = None) -> Any:
    return sensor.execute(context or {})  # type: ignore[arg-type]


def resume(sensor: SeedanceVideoSensor, event: Any) -> Any:
    """What the worker does when the trigger has fired."""
    return sensor.resume_execution("execute_complete", {"event": event}, {})


def opens(url: str) -> bool:
    return httpx.get(url).status_code == 200


def deferred(sensor: SeedanceVideoSensor) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        execute(sensor)
    return caught.value


# -- the first look --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_video_that_is_ready_is_returned_at_once(vendor: str, deferrable: bool, sim: Simulator) -> None:
    video_id = submit_finished(sim, vendor)
    result = execute(sensor_for(video_id, vendor, deferrable=deferrable))
    assert polls(sim) == 1
    assert (result["video_id"], result["vendor"], result["status"]) == (video_id, vendor, "succeeded")
    assert opens(result["video_url"])
    assert json.loads(json.dumps(result)) == result


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_video_that_is_not_ready_is_left_to_the_trigger_after_one_look(vendor: str, sim: Simulator) -> None:
    video_id = submit(vendor)
    before = time.time()
    handed_over = deferred(sensor_for(video_id, vendor, poke_interval=7, timeout=timedelta(minutes=5)))
    assert polls(sim) == 1
    assert handed_over.method_name == "execute_complete"
    trigger = handed_over.trigger
    assert isinstance(trigger, SeedanceVideoTrigger)
    _, kwargs = trigger.serialize()
    deadline = kwargs.pop("deadline")
    assert kwargs == {"seedance_conn_id": conn_id(vendor), "video_id": video_id, "poll_interval": 7.0}
    assert before + 300 <= deadline <= time.time() + 300


def test_airflow_s_own_time_out_comes_after_the_trigger_s_last_poll(sim: Simulator) -> None:
    handed_over = deferred(sensor_for(submit("byteplus"), poke_interval=7, timeout=300))
    assert handed_over.timeout is not None
    assert handed_over.timeout > timedelta(seconds=300 + 7)


def test_a_wait_with_no_time_left_still_reaches_the_trigger_which_says_so(sim: Simulator) -> None:
    handed_over = deferred(sensor_for(submit("byteplus"), timeout=0.001))
    assert handed_over.timeout is not None
    assert handed_over.timeout > timedelta(0)


@pytest.mark.parametrize("fault", ["http_500", "http_502_html", "torn_json", "reset_after", "http_429"])
def test_a_failed_first_look_is_left_to_the_trigger_too(fault: str, sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault(fault, on="poll", times=None))
    assert isinstance(deferred(sensor_for(video_id)).trigger, SeedanceVideoTrigger)


def test_a_video_that_is_not_known_yet_is_left_to_the_trigger_too(sim: Simulator) -> None:
    assert isinstance(deferred(sensor_for(NOWHERE)).trigger, SeedanceVideoTrigger)


def test_the_dict_of_the_create_operator_does_for_an_id(sim: Simulator) -> None:
    video_id = submit_finished(sim, "byteplus")
    assert execute(sensor_for({"video_id": video_id, "status": "queued"}))["video_id"] == video_id


@pytest.mark.parametrize("video", [None, "", {}, {"video_id": None}, {"video_id": ""}, ["vid"]])
@pytest.mark.parametrize("deferrable", [True, False])
def test_what_holds_no_id_is_refused_without_asking_anybody(video: Any, deferrable: bool, sim: Simulator) -> None:
    with pytest.raises(InvalidRequestError, match="video_id") as caught:
        execute(sensor_for(video, deferrable=deferrable))
    assert isinstance(caught.value, AirflowFailException)
    assert sim.requests == []


def test_the_sensor_s_words_can_be_templates_and_its_output_has_keys() -> None:
    assert set(SeedanceVideoSensor.template_fields) == {"video_id", "seedance_conn_id"}
    sensor = SeedanceVideoSensor(task_id="wait", video_id="{{ x }}")
    assert sensor.multiple_outputs
    assert (sensor.deferrable, sensor.poke_interval, sensor.timeout) == (True, 10.0, 3600.0)


# -- how it ends -----------------------------------------------------------------------------------------------------

ENDS: dict[str, tuple[type[BaseException], bool]] = {
    "failed": (VideoFailedError, False),
    "cancelled": (VideoFailedError, False),
    "expired": (VideoFailedError, False),
    "withheld": (VideoFailedError, False),
    "no url": (VideoUrlMissingError, True),
    "relative url": (VideoUrlMissingError, True),
    "wrong key": (SeedanceAuthError, False),
    "bad connection": (SeedanceConfigError, False),
    "unknown id": (VideoNotFoundError, False),
}
"""What goes wrong -> the exception, and whether a retry of the sensor makes sense."""


@pytest.fixture(params=list(ENDS))
def end(request: pytest.FixtureRequest) -> str:
    """A way in which a wait ends without a video."""
    return str(request.param)


def prepare(end: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A video that comes to this end; gives its id. The vendor is believed at once."""
    monkeypatch.setattr(jobs, "MOST_REFUSALS", 1)
    monkeypatch.setattr(video_jobs, "URL_PATIENCE", 0.0)
    if end == "unknown id":
        monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.0)
        return NOWHERE
    if end in ("no url", "relative url"):
        sim.faults.add(Fault(end.replace(" ", "_")))
    video_id = submit_finished(sim, "byteplus") if "url" in end else submit("byteplus")
    if end == "wrong key":
        sim.faults.add(Fault("auth", on="poll", times=None))
    elif end == "bad connection":
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", '{"conn_type": "seedance", "password": "sk"}')
    elif end == "withheld":
        sim.finish(video_id, "failed", "OutputVideoSensitiveContentDetected", "withheld")
    elif "url" not in end:
        sim.finish(video_id, end, "OutOfLuck", "see https://cdn.example/v?X-Tos-Signature=5ec4e7")  # type: ignore[arg-type]
    return video_id


async def event_at(end: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the trigger tells about such an end."""
    video_id = prepare(end, sim, monkeypatch)
    trigger = SeedanceVideoTrigger(seedance_conn_id=conn_id("byteplus"), video_id=video_id, poll_interval=SOON)
    return await event_of(trigger)


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_end_without_a_video_fails_the_first_look(
    end: str, deferrable: bool, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, retried = ENDS[end]
    with pytest.raises(kind) as caught:
        execute(sensor_for(prepare(end, sim, monkeypatch), deferrable=deferrable))
    assert isinstance(caught.value, AirflowFailException) is not retried
    assert_no_secret(str(caught.value))


async def test_an_end_without_a_video_fails_the_resumed_task_in_the_same_way(
    end: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, retried = ENDS[end]
    event = await event_at(end, sim, monkeypatch)
    with pytest.raises(kind) as caught:
        resume(sensor_for("whatever"), event)
    assert isinstance(caught.value, AirflowException)
    assert isinstance(caught.value, AirflowFailException) is not retried
    assert_no_secret(str(caught.value))


SKIPS = pytest.mark.parametrize("skip", [{"soft_fail": True}, {"never_fail": True}], ids=lambda skip: next(iter(skip)))
SKIPS_RESUMED = pytest.mark.parametrize(
    "skip",
    [
        pytest.param({"soft_fail": True}, id="soft_fail"),
        pytest.param(
            {"never_fail": True},
            id="never_fail",
            marks=pytest.mark.skipif(AIRFLOW < (3, 1), reason="Airflow 3.1+ heeds never_fail after a deferral"),
        ),
    ],
)


@SKIPS
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_first_look_at_such_an_end_is_skipped_if_asked_to(
    skip: dict[str, Any], end: str, deferrable: bool, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = prepare(end, sim, monkeypatch)
    with pytest.raises(AirflowSkipException, match=next(iter(skip))) as caught:
        execute(sensor_for(video_id, deferrable=deferrable, **skip))
    assert isinstance(caught.value.__cause__, SeedanceError)


@SKIPS_RESUMED
async def test_a_resumed_task_is_skipped_if_asked_to(
    skip: dict[str, Any], end: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await event_at(end, sim, monkeypatch)
    with pytest.raises(AirflowSkipException) as caught:
        resume(sensor_for("whatever", **skip), event)
    assert isinstance(caught.value.__cause__, SeedanceError)


@SKIPS
def test_a_vendor_that_fails_all_the_time_is_skipped_without_a_trigger_too(
    skip: dict[str, Any], sim: Simulator
) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=None))
    with pytest.raises(AirflowSkipException):
        execute(sensor_for(video_id, deferrable=False, **skip))


def test_a_vendor_that_fails_all_the_time_is_worth_a_retry(sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=None))
    with pytest.raises(TransientApiError) as caught:
        execute(sensor_for(video_id, deferrable=False))
    assert isinstance(caught.value, AirflowException)
    assert not isinstance(caught.value, AirflowFailException)


def test_a_failed_look_can_be_ignored_by_silent_fail(sim: Simulator) -> None:
    video_id = submit_finished(sim, "byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=3 * jobs.MOST_FAILURES))
    assert execute(sensor_for(video_id, deferrable=False, silent_fail=True))["video_id"] == video_id


@SKIPS
def test_an_undefined_connection_is_skipped_only_if_asked_to(skip: dict[str, Any], sim: Simulator) -> None:
    with pytest.raises(AirflowException, match="never_defined"):
        execute(sensor_for("v", seedance_conn_id="never_defined"))
    with pytest.raises(AirflowSkipException):
        execute(sensor_for("v", seedance_conn_id="never_defined", **skip))


def test_an_unknown_id_says_how_long_the_vendor_remembers(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(VideoNotFoundError) as caught:
        execute(sensor_for(prepare("unknown id", sim, monkeypatch)))
    assert_names(str(caught.value), ["BytePlus", "7 days"])


def test_a_failure_tells_the_vendor_s_code_and_words(sim: Simulator) -> None:
    video_id = submit("gmicloud")
    sim.finish(video_id, "failed", "backend", "the cat sat on the cable")
    with pytest.raises(VideoFailedError) as caught:
        execute(sensor_for(video_id, "gmicloud"))
    assert_names(str(caught.value), [video_id, "the cat sat on the cable"])


# -- resuming --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_resumed_task_reads_the_video_again_so_that_its_url_is_fresh(vendor: str, sim: Simulator) -> None:
    video_id = submit_finished(sim, vendor)
    trigger = SeedanceVideoTrigger(seedance_conn_id=conn_id(vendor), video_id=video_id, poll_interval=SOON)
    event = await event_of(trigger)
    assert_no_secret(json.dumps(event), "http")
    before = polls(sim)
    sim.advance(1800)
    result = resume(sensor_for("whatever", vendor), event)
    assert polls(sim) == before + 1
    assert opens(result["video_url"])
    assert result["url_expires_at"] is None or datetime.fromisoformat(result["url_expires_at"]).tzinfo


async def test_a_task_that_resumes_after_the_url_s_life_fails_instead_of_handing_on_a_dead_one(sim: Simulator) -> None:
    video_id = submit_finished(sim, "byteplus")
    trigger = SeedanceVideoTrigger(seedance_conn_id=conn_id("byteplus"), video_id=video_id, poll_interval=SOON)
    event = await event_of(trigger)
    sim.advance(25 * 3600)
    with pytest.raises(VideoFailedError, match="without a URL"):
        resume(sensor_for("whatever"), event)


def time_is_up(video_id: str) -> Any:
    """The event of a trigger whose deadline has passed."""
    error = jobs.Wait(video_jobs.VIDEO, video_id, interval=1, deadline=0, started=0).missed(TransientApiError("x"), 1)
    from airflow_provider_seedance.api.outcomes import to_event

    return to_event(video_id, error)


def test_the_trigger_s_deadline_is_a_sensor_timeout(sim: Simulator) -> None:
    with pytest.raises(AirflowSensorTimeout, match="not ready in time") as caught:
        resume(sensor_for("v"), time_is_up("v"))
    assert_names(str(caught.value), ["Video v ", "not cancelled", "billed"])


@SKIPS_RESUMED
def test_the_trigger_s_deadline_is_skipped_if_asked_to(skip: dict[str, Any], sim: Simulator) -> None:
    with pytest.raises(AirflowSkipException):
        resume(sensor_for("v", **skip), time_is_up("v"))


def airflow_gave_up(sensor: SeedanceVideoSensor) -> Any:
    """What the worker does when Airflow's own time-out of the deferral was faster."""
    reason = {"error": "Trigger timeout"}
    return sensor.resume_execution("__fail__", reason, {})


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2 fails the task with a TaskDeferralError")
def test_airflow_s_own_time_out_is_a_sensor_timeout(sim: Simulator) -> None:
    with pytest.raises(AirflowSensorTimeout) as caught:
        airflow_gave_up(sensor_for("v"))
    assert type(caught.value.__cause__).__name__ == "TaskDeferralTimeout"


@pytest.mark.skipif(AIRFLOW[:2] == (3, 0), reason="Airflow 3.0 skips everything softly but its own time-out")
@SKIPS_RESUMED
def test_airflow_s_own_time_out_is_skipped_if_asked_to(skip: dict[str, Any], sim: Simulator) -> None:
    with pytest.raises(AirflowSkipException):
        airflow_gave_up(sensor_for("v", **skip))


GARBAGE: list[Any] = [
    None,
    "succeeded",
    {},
    [],
    {"video_id": 7, "outcome": "succeeded"},
    {"video_id": "v"},
    {"video_id": "v", "outcome": "pondering"},
    {"video_id": "v", "outcome": "failed"},
    {"video_id": "v", "outcome": "failed", "error": None},
    {"video_id": "v", "outcome": "failed", "error": "no"},
    {"video_id": "v", "outcome": "failed", "error": {}},
    {"video_id": "v", "outcome": "failed", "error": {"kind": "VideoFailedError"}},
    {"video_id": "v", "outcome": "failed", "error": {"kind": "VideoFailedError", "message": "m", "facts": None}},
    {"video_id": "v", "outcome": "failed", "error": {"kind": "VideoFailedError", "message": "m", "facts": {"x": 1}}},
    {"video_id": "v", "outcome": "failed", "error": {"kind": "FromTheFuture", "message": "m", "facts": {}}},
    {"video_id": "v", "outcome": "failed", "error": {"kind": "annotations", "message": "m", "facts": {}}},
    {"video_id": "v", "outcome": "failed", "error": {"kind": None, "message": None, "facts": []}},
    {"status": "success", "message": "of another trigger"},
]


@pytest.mark.parametrize("event", GARBAGE, ids=repr)
def test_an_event_that_cannot_be_read_is_an_error_and_never_a_video(event: Any, sim: Simulator) -> None:
    with pytest.raises(AirflowException) as caught:
        resume(sensor_for("v"), event)
    assert isinstance(caught.value, SeedanceError)
    assert "None" not in str(caught.value).replace("NoneType", "")
    assert sim.requests == []
    with pytest.raises(AirflowSkipException):
        resume(sensor_for("v", soft_fail=True), event)


def test_an_event_of_an_error_from_the_future_keeps_its_message(sim: Simulator) -> None:
    error = {"kind": "FromTheFuture", "message": "what it says", "facts": {"code": "c", "new": 1}}
    with pytest.raises(SeedanceError, match="what it says"):
        resume(sensor_for("v"), {"video_id": "v", "outcome": "failed", "error": error})


# -- without a trigger -----------------------------------------------------------------------------------------------


def test_without_a_trigger_it_looks_until_the_video_is_there(sim: Simulator) -> None:
    sim.faults.add(Fault("unknown_status", polls=3))
    video_id = submit_finished(sim, "byteplus")
    result = execute(sensor_for(video_id, deferrable=False))
    assert result["status"] == "succeeded"
    assert polls(sim) == 4


def test_without_a_trigger_the_time_out_is_a_sensor_timeout(sim: Simulator) -> None:
    with pytest.raises(AirflowSensorTimeout):
        execute(sensor_for(submit("byteplus"), deferrable=False, timeout=0.05))
    with pytest.raises(AirflowSkipException):
        execute(sensor_for(submit("byteplus"), deferrable=False, timeout=0.05, soft_fail=True))


def test_looking_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    # Held, as a failing task's traceback would: no garbage collector closes what the sensor forgets.
    held: list[object] = []
    monkeypatch.setattr(SeedanceHook, "__del__", lambda hook: held.append(hook), raising=False)
    with Simulator(speed=0.001) as own:
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", own.connection_json("byteplus"))
        with pytest.raises(AirflowSensorTimeout):
            execute(sensor_for(submit("byteplus"), deferrable=False, timeout=0.5))
        assert polls(own) > 1
        assert open_sockets(own) == 0
        deferred(sensor_for(submit("byteplus")))
        assert open_sockets(own) == 0


KNOWS_RESCHEDULES = pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2 reads reschedules from its database")


def first_look_was(seconds_ago: float | None) -> dict[str, Any]:
    """The context of a task that was rescheduled, or of one that begins."""
    moment = None if seconds_ago is None else datetime.now(tz=UTC) - timedelta(seconds=seconds_ago)
    return {"ti": SimpleNamespace(get_first_reschedule_date=lambda context: moment, xcom_push=lambda **_: None)}


@KNOWS_RESCHEDULES
def test_in_reschedule_mode_it_gives_its_slot_back_between_looks(sim: Simulator) -> None:
    video_id = submit("byteplus")
    mode: dict[str, Any] = {"deferrable": False, "mode": "reschedule", "poke_interval": 90}
    before = datetime.now(tz=UTC)
    with pytest.raises(AirflowRescheduleException) as caught:
        execute(sensor_for(video_id, **mode), first_look_was(None))
    assert caught.value.reschedule_date >= before + timedelta(seconds=89)
    sim.finish(video_id)
    assert execute(sensor_for(video_id, **mode), first_look_was(90))["video_id"] == video_id


@KNOWS_RESCHEDULES
@SKIPS
def test_in_reschedule_mode_giving_the_slot_back_is_no_failure_to_skip(skip: dict[str, Any], sim: Simulator) -> None:
    sensor = sensor_for(submit("byteplus"), deferrable=False, mode="reschedule", **skip)
    with pytest.raises(AirflowRescheduleException):
        execute(sensor, first_look_was(None))


@KNOWS_RESCHEDULES
def test_in_reschedule_mode_an_unknown_id_is_given_up_after_the_grace_too(sim: Simulator) -> None:
    mode: dict[str, Any] = {"deferrable": False, "mode": "reschedule"}
    with pytest.raises(AirflowRescheduleException):
        execute(sensor_for(NOWHERE, **mode), first_look_was(None))
    with pytest.raises(VideoNotFoundError):
        execute(sensor_for(NOWHERE, **mode), first_look_was(jobs.NOT_FOUND_GRACE + 1))


def test_deferring_wins_over_reschedule_mode(sim: Simulator) -> None:
    assert deferred(sensor_for(submit("byteplus"), mode="reschedule"))
