"""Whose word it is: only the vendor's own answers end a wait, and only they say that nothing was created."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_seedance.api import jobs, video_jobs
from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    GatewayRefusedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    UploadUnknownError,
    VideoFailedError,
    VideoNotFoundError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.api.outcomes import read_event
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from dev.task_life import TaskState, Ti
from tests.api.helpers import ONE_TRY, SIMPLE, Stub
from tests.assets.helpers import Attempts, watch
from tests.support.pauses import shorten_pauses
from tests.support.requests import ANSWERS, SAMPLES, SENDS_ONCE, TELLS_UNKNOWN_IDS, id_of

pytestmark = pytest.mark.usefixtures("airflow_db")

SOON = 0.01
REREADS = (SOON, SOON, SOON)
NO_CONTEXT = cast("Any", {"ti": None})

NGINX = "<html>\r\n<head><title>{0} No</title></head>\r\n<body><center><h1>{0} No</h1></center></body>\r\n</html>\r\n"
STRANGERS: dict[str, tuple[str, str]] = {
    "nginx": (NGINX, "text/html"),
    "a firewall": ("<!DOCTYPE html><html lang=en><title>Attention required</title><p>Ray ID: 7</html>", "text/html"),
    "a page without a type": ("\n <HTML><body>no</body></HTML>", "application/octet-stream"),
    "text": ("no healthy upstream", "text/plain"),
    "nothing": ("", "text/plain"),
    "XML": ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "application/xml"),
    "another API": ('{"title": "Forbidden", "status": 403, "type": "about:blank"}', "application/problem+json"),
    "Spring": ('{"timestamp": 1, "status": 404, "error": "Not Found", "path": "/v"}', "application/json"),
    "a list": ('["no"]', "application/json"),
    "torn JSON": ('{"error": {"code": "X", "mess', "application/json"),
}
"""What something between us and the vendor answers."""

REFUSALS = (400, 401, 402, 403, 404, 405)


@pytest.fixture(scope="session")
def _still() -> Any:
    # Standing still but for `finish`: what a test sees doesn't depend on how fast it runs.
    with Simulator(speed=0.001) as simulator:
        yield simulator


@pytest.fixture
def sim(_still: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    _still.reset()
    for vendor in VENDORS:
        connection = _still.connection_json(vendor, polls_per_second=1000, lists_per_second=1000)
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", connection)
    shorten_pauses(monkeypatch)
    for waits in (SeedanceCreateVideoOperator, SeedanceVideoSensor):
        monkeypatch.setattr(waits, "pauses", Pauses(reread=REREADS))
    return _still


def stranger(who: str, status: int, **where: Any) -> Fault:
    body, content_type = STRANGERS[who]
    return Fault(
        "http_status", status=status, body=body.replace("{0}", str(status)), content_type=content_type, **where
    )


def submit(vendor: str, **fields: Any) -> str:
    hook = SeedanceHook(f"seedance_{vendor}")
    try:
        return hook.create_video(SIMPLE[vendor] | fields).video_id
    finally:
        hook.close()


def trigger_for(vendor: str, video_id: str, **kwargs: Any) -> SeedanceVideoTrigger:
    defaults: dict[str, Any] = {"poll_interval": SOON, "deadline": time.time() + 60}
    return SeedanceVideoTrigger(seedance_conn_id=f"seedance_{vendor}", video_id=video_id, **defaults | kwargs)


async def event_of(trigger: SeedanceVideoTrigger) -> dict[str, Any]:
    (event,) = [event async for event in trigger.run()]
    payload: dict[str, Any] = json.loads(json.dumps(event.payload))
    return payload


def events(*triggers: SeedanceVideoTrigger) -> list[dict[str, Any]]:
    async def together() -> list[dict[str, Any]]:
        return await asyncio.gather(*map(event_of, triggers))

    return asyncio.run(together())


def error_of(event: dict[str, Any]) -> Any:
    return read_event(event)[1]


def sensor_for(vendor: str, video_id: str, **kwargs: Any) -> SeedanceVideoSensor:
    defaults: dict[str, Any] = {"task_id": "wait", "poke_interval": SOON, "timeout": 60}
    return SeedanceVideoSensor(video_id=video_id, seedance_conn_id=f"seedance_{vendor}", **defaults | kwargs)


@contextmanager
def answering(
    vendor: str, status: int, body: object, content_type: str = "application/json"
) -> Iterator[tuple[SeedanceClient, Stub]]:
    """A client whose every call is answered so."""
    with (
        Stub(status, body, {"content-type": content_type}) as stub,
        SeedanceClient(
            make_adapter(vendor), ClientSettings(api_key="sk-1234567890", base_url=stub.url, retry=ONE_TRY)
        ) as client,
    ):
        yield client, stub


def is_final(error: BaseException) -> bool:
    """Whether Airflow leaves the task's retries alone."""
    return isinstance(error, AirflowFailException)


# -- B1: a stranger's answer to a read -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", list(STRANGERS))
@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b1_a_proxys_page_is_a_missed_poll_and_not_the_vendors_word(vendor: str, who: str, sim: Simulator) -> None:
    video_id = submit(vendor)
    for status in REFUSALS:
        fault = stranger(who, status, on="poll", vendor=vendor)
        sim.faults.add(fault)
        hook = SeedanceHook(f"seedance_{vendor}")
        try:
            assert not hook.get_video(video_id).status.is_terminal
        finally:
            hook.close()
        assert fault.fired == 1


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b1_the_wait_goes_on_after_one_page_and_delivers(vendor: str, status: int, sim: Simulator) -> None:
    video_id = submit(vendor)
    sim.finish(video_id)
    fault = stranger("nginx", status, on="poll", vendor=vendor)
    sim.faults.add(fault)
    (event,) = events(trigger_for(vendor, video_id))
    assert fault.fired == 1
    assert (event["outcome"], event["error"]) == ("succeeded", None)


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("vendor", ["byteplus", "volcengine"])
def test_case_b1_a_page_in_place_of_a_list_is_a_missed_poll_of_all_of_them(
    vendor: str, status: int, sim: Simulator
) -> None:
    ids = [submit(vendor) for _ in range(3)]
    for video_id in ids:
        sim.finish(video_id)
    fault = stranger("nginx", status, on="list", vendor=vendor)
    sim.faults.add(fault)
    outcomes = [event["outcome"] for event in events(*(trigger_for(vendor, video_id) for video_id in ids))]
    assert outcomes == ["succeeded"] * 3


@pytest.mark.parametrize("mode", ["poke", "reschedule", "deferrable"])
def test_case_b1_the_sensors_own_look_misses_a_page_too(mode: str, sim: Simulator) -> None:
    video_id = submit("gmicloud")
    how: dict[str, Any] = {"deferrable": True} if mode == "deferrable" else {"deferrable": False, "mode": mode}
    sensor = sensor_for("gmicloud", video_id, **how)
    sim.faults.add(stranger("nginx", 403, on="poll"))
    assert not sensor.poke(NO_CONTEXT)
    sim.finish(video_id)
    assert sensor.poke(NO_CONTEXT)


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b1_the_log_says_who_answered_and_with_what(vendor: str, sim: Simulator) -> None:
    video_id = submit(vendor)
    sim.faults.add(stranger("nginx", 403, on="poll", times=None))
    (event,) = events(trigger_for(vendor, video_id))
    error = error_of(event)
    assert type(error) is TransientApiError
    title = make_adapter(vendor).title
    assert f"Something in front of {title} answered HTTP 403 with a web page: 403 No." in str(error)
    assert "API key" not in str(error)


SUCCESSES = {who: body for who, (body, _) in STRANGERS.items() if body} | {
    "a health check": '{"status": "failed"}',
    "an odd envelope": '{"code": 0, "message": "", "msg": "", "data": {"status": "failed", "error": "x"}}',
}


@pytest.mark.parametrize("who", list(SUCCESSES))
def test_case_b1_a_success_of_somebody_elses_says_nothing_either(who: str) -> None:
    """A login page, a health check: HTTP 200, and no word about the video."""
    for vendor in VENDORS:
        with answering(vendor, 200, SUCCESSES[who].encode()) as (client, _), pytest.raises(TransientApiError):
            client.get_video(id_of(vendor))


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b1_a_page_at_the_connection_test_is_told_as_one(vendor: str, sim: Simulator) -> None:
    sim.faults.add(stranger("nginx", 403, on="auth_probe"))
    works, told = SeedanceHook(f"seedance_{vendor}").test_connection()
    assert not works
    assert "Something in front of" in told
    assert "check the API key" not in told.lower()


@pytest.mark.parametrize("status", [200, 202, 403, 404, 409, 502])
@pytest.mark.parametrize("who", ["nginx", "text", "another API"])
def test_case_b1_a_page_in_answer_to_a_cancel_leaves_it_open(who: str, status: int, sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(stranger(who, status, on="cancel"))
    cancellation = SeedanceHook("seedance_byteplus").cancel_if_not_started(video_id)
    assert not cancellation.cancelled
    assert f"Whether BytePlus ModelArk cancelled video {video_id} is not known" in cancellation.sentence


# -- B1: a stranger's answer to a create -----------------------------------------------------------------------------

UNKNOWN = (SubmissionUnknownError, True)
ON_THE_WAY = (GatewayRefusedError, False)
CREATES = {
    **dict.fromkeys((400, 401, 402, 403, 404, 405, 407, 411, 413, 414, 415, 421, 422, 431, 451), ON_THE_WAY),
    429: (SeedanceRateLimitError, False),
    # Whoever answers so may have passed the request on.
    **dict.fromkeys((200, 202, 204, 408, 409, 418, 425, 444, 460, 499, 500, 502, 503, 504, 520, 524), UNKNOWN),
}


@pytest.mark.parametrize("number", range(len(CREATES)), ids=map(str, CREATES))
def test_case_b1_a_create_is_refused_on_the_way_or_unknown_and_told_as_such(number: int) -> None:
    """All statuses of all strangers at all vendors are in tests/api/test_strangers.py, without a network."""
    status, (kind, may_be_billed) = list(CREATES.items())[number]
    vendor, who = SENDS_ONCE[number % len(SENDS_ONCE)], list(STRANGERS)[number % len(STRANGERS)]
    raw, content_type = STRANGERS[who]
    body = b"" if status == 204 else raw.encode()
    with (
        answering(vendor, status, body, content_type) as (client, stub),
        pytest.raises(SeedanceApiError) as caught,
    ):
        client.create_video(SIMPLE[vendor])
    assert type(caught.value) is kind
    assert caught.value.may_be_billed is may_be_billed
    assert len(stub.seen) == 1
    told = str(caught.value)
    assert f"answered HTTP {status}" in told
    assert "in front of" in told
    assert ("othing was created" in told) is not may_be_billed
    assert ("may exist and be billed" in told) is may_be_billed


def test_case_b1_a_retry_after_a_refusal_on_the_way_creates_the_one_video(sim: Simulator) -> None:
    state, ti = TaskState(), Ti(max_tries=2)
    sim.faults.add(stranger("nginx", 403, on="create"))
    with pytest.raises(GatewayRefusedError) as caught:
        operator().execute(cast("Any", {"ti": ti, "task_state_store": state}))
    assert not is_final(caught.value)
    assert sim.ledger == []
    with pytest.raises(TaskDeferred):
        operator().execute(cast("Any", {"ti": ti, "task_state_store": state}))
    assert len(sim.ledger) == 1


def operator(vendor: str = "jimmyai", **fields: Any) -> SeedanceCreateVideoOperator:
    how: dict[str, Any] = {"wait_for_completion": True, "poll_interval": SOON, "task_id": "create"}
    return SeedanceCreateVideoOperator(seedance_conn_id=f"seedance_{vendor}", **SIMPLE[vendor] | how | fields)


# -- B2 and B9: texts are no status -----------------------------------------------------------------------------------

TEXTS = [
    "upstream host not found, try later",
    "task not found",
    "任务不存在",
    "the payment is overdue",
    "insufficient balance",
    "moderation",
    "敏感",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("code", ["500", 404, "31337", -1])
def test_case_b2_a_code_that_nobody_documented_is_a_missed_poll_whatever_its_text(code: Any, text: str) -> None:
    with (
        answering("jimmyai", 200, {"code": code, "msg": text, "data": None}) as (client, _),
        pytest.raises(TransientApiError, match="Asking again later is safe"),
    ):
        client.get_video("vid_1")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("code", ["500", 404, "31337", -1])
def test_case_b9_a_create_with_a_code_that_nobody_documented_is_unknown_whatever_its_text(code: Any, text: str) -> None:
    with (
        answering("jimmyai", 200, {"code": code, "msg": text, "data": None}) as (client, _),
        pytest.raises(SubmissionUnknownError) as caught,
    ):
        client.create_video(SIMPLE["jimmyai"])
    assert text in str(caught.value)
    assert "Nothing was created" not in str(caught.value)


def test_case_b9_the_intent_of_such_a_create_is_kept_and_no_other_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    state, ti = TaskState(), Ti(max_tries=2)
    with Stub(200, {"code": "31337", "msg": "host not found", "data": None}) as stub:
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_JIMMYAI", connection_to(stub.url, "jimmyai"))
        for _ in range(2):
            with pytest.raises(SubmissionUnknownError):
                operator().execute(cast("Any", {"ti": ti, "task_state_store": state}))
    assert [method for method, _, _ in stub.seen] == ["POST"]


def connection_to(url: str, vendor: str) -> str:
    return json.dumps({"conn_type": "seedance", "host": url, "password": "sk-1234567890", "extra": {"vendor": vendor}})


# -- B3: the vendor's own no ------------------------------------------------------------------------------------------

OWN = [(404, VideoNotFoundError), (401, SeedanceAuthError), (403, SeedanceAuthError)]


def own_no(vendor: str, status: int, **where: Any) -> Fault:
    body = json.dumps(ANSWERS[vendor].says_no(status))
    return Fault("http_status", status=status, body=body, content_type="application/json", vendor=vendor, **where)


@pytest.mark.parametrize(("status", "kind"), OWN)
@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
def test_case_b3_the_vendors_own_no_ends_a_wait_only_after_several_in_a_row(
    vendor: str, status: int, kind: type[SeedanceApiError], sim: Simulator
) -> None:
    video_id = submit(vendor)
    flapping = [own_no(vendor, status, on="poll", times=jobs.MOST_REFUSALS - 1, skip=skip) for skip in (1, 2, 3)]
    sim.faults.add(*flapping)

    async def course() -> dict[str, Any]:
        waiting = asyncio.ensure_future(event_of(trigger_for(vendor, video_id)))
        while not all(fault.fired == fault.times for fault in flapping):
            assert not waiting.done()
            await asyncio.sleep(SOON)
        sim.finish(video_id)
        return await waiting

    event = asyncio.run(course())
    assert (event["outcome"], event["error"]) == ("succeeded", None)


@pytest.mark.parametrize(("status", "kind"), OWN)
@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
def test_case_b3_what_the_vendor_says_again_and_again_is_believed(
    vendor: str, status: int, kind: type[SeedanceApiError], sim: Simulator
) -> None:
    video_id = submit(vendor)
    sim.faults.add(own_no(vendor, status, on="poll", times=None, skip=1))
    (event,) = events(trigger_for(vendor, video_id))
    assert type(error_of(event)) is kind
    assert sim.counts[vendor, "poll"] == 1 + jobs.MOST_REFUSALS


def test_case_b3_a_sensor_that_forgets_between_pokes_makes_sure_within_one(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = submit("byteplus")
    again = own_no("byteplus", 401, on="poll", times=jobs.MOST_REFUSALS - 1)
    sim.faults.add(again)
    assert not sensor_for("byteplus", video_id, deferrable=False, mode="reschedule").poke(NO_CONTEXT)
    sim.faults.add(own_no("byteplus", 401, on="poll", times=None))
    with pytest.raises(SeedanceAuthError) as caught:
        sensor_for("byteplus", video_id, deferrable=False, mode="reschedule").poke(NO_CONTEXT)
    assert is_final(caught.value)


# -- B4: a success without its URL ------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b4_a_url_that_comes_one_poll_late_is_waited_for(vendor: str, sim: Simulator) -> None:
    video_id = submit(vendor)
    sim.faults.add(Fault("late_url", on="poll", polls=3))
    sim.finish(video_id)
    (event,) = events(trigger_for(vendor, video_id))
    assert (event["outcome"], event["error"]) == ("succeeded", None)
    result = sensor_for(vendor, video_id).execute_complete(NO_CONTEXT, event)
    assert result["video_url"]


def test_case_b4_a_url_that_never_comes_is_given_up_after_a_while_and_a_retry_looks_again(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_jobs, "URL_PATIENCE", 0.3)
    state, ti = TaskState(), Ti(max_tries=2)
    context = cast("Any", {"ti": ti, "task_state_store": state})
    sim.faults.add(Fault("no_url"))
    with pytest.raises(TaskDeferred) as deferred:
        operator().execute(context)
    (bill,) = sim.ledger
    sim.finish(bill.video_id)
    (event,) = events(cast("Any", deferred.value.trigger))
    with pytest.raises(VideoUrlMissingError) as caught:
        operator().execute_complete(context, event)
    assert not is_final(caught.value)
    assert "submits no other" in str(caught.value)
    with pytest.raises(TaskDeferred):
        operator().execute(context)
    assert len(sim.ledger) == 1


# -- B5: a success that is taken back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_b5_the_workers_own_read_that_says_running_is_repeated(vendor: str, sim: Simulator) -> None:
    video_id = submit(vendor)
    sim.faults.add(Fault("flapping_status", on="poll", polls=2))
    sim.finish(video_id)
    (event,) = events(trigger_for(vendor, video_id))
    result = sensor_for(vendor, video_id).execute_complete(NO_CONTEXT, event)
    assert (result["video_id"], result["status"]) == (video_id, "succeeded")


@pytest.mark.parametrize("odd", ["flap", "404", "403", "page"])
def test_case_b5_when_it_stays_so_the_wait_goes_back_to_the_triggerer(odd: str, sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.finish(video_id)
    (event,) = events(trigger_for("byteplus", video_id))
    faults = {
        "flap": Fault("flapping_status", on="poll", polls=3 + len(REREADS)),
        "404": own_no("byteplus", 404, on="poll", times=1 + len(REREADS)),
        "403": own_no("byteplus", 403, on="poll", times=jobs.MOST_REFUSALS - 1),
        "page": stranger("nginx", 403, on="poll", times=3),
    }
    sim.faults.add(faults[odd])
    sensor, task = sensor_for("byteplus", video_id), operator("byteplus")
    context = cast("Any", {"ti": Ti(max_tries=1), "task_state_store": TaskState()})
    for waiting in (sensor, task):
        for _ in range(3):
            try:
                result = cast("Any", waiting).execute_complete(context, event)
            except TaskDeferred as deferred:
                (event,) = events(cast("Any", deferred.trigger))
            else:
                break
        assert (result["video_id"], result["status"]) == (video_id, "succeeded")


@pytest.mark.parametrize("event_of_before", [True, False])
def test_case_b5_past_the_deadline_it_is_retried_and_no_other_video_is_made(
    event_of_before: bool, sim: Simulator
) -> None:
    """An event of the version before tells no deadline."""
    video_id = submit("byteplus")
    event: dict[str, Any] = {"video_id": video_id, "outcome": "succeeded", "error": None}
    if not event_of_before:
        event["deadline"] = time.time() - 1
    with pytest.raises(TransientApiError) as caught:
        sensor_for("byteplus", video_id).execute_complete(NO_CONTEXT, event)
    assert not is_final(caught.value)
    assert "new video" not in str(caught.value)
    with pytest.raises(TransientApiError) as caught:
        operator("byteplus").execute_complete(cast("Any", {"ti": Ti()}), event)
    assert is_final(caught.value)
    assert not isinstance(caught.value, VideoFailedError)
    assert "a retry could submit, and pay, again" in str(caught.value)


def test_case_b5_a_trigger_puts_up_with_a_status_that_flaps(sim: Simulator) -> None:
    """Success without a URL, running, success without a URL, success."""
    video_id = submit("byteplus")
    sim.faults.add(Fault("late_url", on="poll", polls=3), Fault("flapping_status", on="poll", polls=2))
    sim.finish(video_id)
    (event,) = events(trigger_for("byteplus", video_id))
    assert event["outcome"] == "succeeded"


# -- B8: an id in the body of a failed create -------------------------------------------------------------------------

WITH_ID = {vendor: sample.names_id for vendor, sample in SAMPLES.items() if sample.names_id}


@pytest.mark.parametrize("status", [408, 409, 499, 500, 502, 504])
@pytest.mark.parametrize("vendor", WITH_ID)
def test_case_b8_an_id_in_the_body_of_a_failed_create_is_kept_and_told(vendor: str, status: int) -> None:
    with answering(vendor, status, WITH_ID[vendor]) as (client, _), pytest.raises(SubmissionUnknownError) as caught:
        client.create_video(SIMPLE[vendor])
    assert caught.value.video_id == "cgt-9"
    assert "The answer names video cgt-9." in str(caught.value)


@pytest.mark.parametrize("vendor", WITH_ID)
def test_case_b8_an_id_in_an_answer_that_breaks_off_is_kept_too(vendor: str) -> None:
    whole = json.dumps(WITH_ID[vendor])
    with (
        answering(vendor, 200, whole[: whole.index("cgt-9") + 6].encode()) as (client, _),
        pytest.raises(SubmissionUnknownError) as caught,
    ):
        client.create_video(SIMPLE[vendor])
    assert caught.value.video_id == "cgt-9"


@pytest.mark.parametrize("vendor", WITH_ID)
@pytest.mark.parametrize("odd", ["", " ", "a b", "x" * 500, "a\nb", "\ud83d", None, True, {}, [], "../v", "<b>"])
def test_case_b8_what_can_be_no_id_is_not_taken_for_one(vendor: str, odd: Any) -> None:
    body = json.dumps(WITH_ID[vendor]).replace('"cgt-9"', json.dumps(odd))
    with answering(vendor, 504, body.encode()) as (client, _), pytest.raises(SubmissionUnknownError) as caught:
        client.create_video(SIMPLE[vendor])
    assert caught.value.video_id is None
    assert "names video" not in str(caught.value)


def test_case_b8_airflow_s_form_of_the_error_has_the_id_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with Stub(504, {"id": "cgt-9"}) as stub:
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", connection_to(stub.url, "byteplus"))
        with pytest.raises(SubmissionUnknownError) as caught:
            SeedanceHook("seedance_byteplus").create_video(SIMPLE["byteplus"])
    assert caught.value.video_id == "cgt-9"
    assert is_final(caught.value)


# -- reference media: the same mistakes -------------------------------------------------------------------------------

PICTURE = "https://files.example/horse.jpg"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_case_b1_a_page_is_a_missed_look_at_an_asset_too(status: int, sim: Simulator) -> None:
    task = Attempts("jimmyai", source=PICTURE, library="sp")
    deferral_ = task.deferred()
    (asset,) = sim.assets.values()
    sim.finish_asset(asset.id)
    sim.faults.add(stranger("nginx", status, on="asset", times=jobs.MOST_FAILURES - 1))
    assert task.resume(watch(deferral_))["status"] == "active"


@pytest.mark.parametrize("status", [401, 404])
def test_case_b3_the_vendors_own_no_to_an_asset_is_believed_after_several_in_a_row(
    status: int, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.0)
    task = Attempts("jimmyai", source=PICTURE, library="sp")
    deferral_ = task.deferred()
    (asset,) = sim.assets.values()
    sim.finish_asset(asset.id)
    sim.faults.add(own_no("jimmyai", status, on="asset", times=jobs.MOST_REFUSALS - 1))
    assert task.resume(watch(deferral_))["status"] == "active"
    sim.faults.add(own_no("jimmyai", status, on="asset", times=jobs.MOST_REFUSALS))
    kind = AssetNotFoundError if status == 404 else SeedanceAuthError
    with pytest.raises(kind):
        task.resume(watch(deferral_))


def test_case_b5_an_asset_that_the_worker_sees_as_processing_again_is_looked_at_again(sim: Simulator) -> None:
    task = Attempts("jimmyai", source=PICTURE, library="sp")
    deferral_ = task.deferred()
    (asset,) = sim.assets.values()
    sim.finish_asset(asset.id)
    event = watch(deferral_)
    asset.unknown_word, asset.unknown_reads = "Processing", 2
    assert task.resume(event)["status"] == "active"


@pytest.mark.parametrize(
    ("status", "kind"), [(403, GatewayRefusedError), (404, GatewayRefusedError), (502, UploadUnknownError)]
)
def test_case_b1_an_upload_is_refused_on_the_way_or_in_doubt_and_retried(
    status: int, kind: type[SeedanceApiError], sim: Simulator
) -> None:
    task = Attempts("jimmyai", source=PICTURE, library="sp")
    sim.faults.add(stranger("nginx", status, on="upload"))
    with pytest.raises(kind) as caught:
        task.deferred()
    assert not is_final(caught.value)
    assert ("Nothing was stored" in str(caught.value)) is (status != 502)
    task.deferred()


# -- B10 ---------------------------------------------------------------------------------------------------------------


def test_case_b10_the_error_of_a_503_says_what_the_vendor_answered() -> None:
    with (
        answering("gmicloud", 503, {"error": "service unavailable"}) as (client, _),
        pytest.raises(SubmissionUnknownError) as caught,
    ):
        client.create_video(SIMPLE["gmicloud"])
    assert "GMI Cloud answered HTTP 503: service unavailable." in str(caught.value)
    assert "died" not in str(caught.value)
