"""Whatever a vendor, a gateway or nobody at all sends: it can be handed on, it is bounded, and it ends."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_seedance.api import polling_client
from airflow_provider_seedance.api.client import ClientSettings, PollingClient, RetryPolicy, SeedanceClient
from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceApiError,
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.outcomes import read_event
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.tasks.results import hand_on
from airflow_provider_seedance.triggers.assets import SeedanceAssetTrigger, read_asset_event
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from dev.task_life import Ti
from tests.api.helpers import ONE_TRY, SIMPLE, open_client
from tests.pay_once.helpers import context_of
from tests.support.requests import ANSWERS

from .encoding import survives_as_xcom, survives_the_database, survives_the_triggerer
from .server import Asked, Script, Server, http

KEY = "sk-test-0123456789"
MODEL = "dreamina-seedance-2-0-fast-260128"
PATIENCE = 30.0

POISON = {
    "half of an emoji": "cut \ud83d",
    "the other half": "\udc00 cut",
    "a NUL": "cut \x00 off",
    "an escape sequence": "red \x1b[31malert\x1b[0m",
    "a carriage return": "nice\rtry",
    "lines": "one\ntwo\u2028three\x85four",
    "letters that turn the direction": "abc\u202etxt.exe\u2066",
    "what nobody sees": "a\u200bb\ufeffc\U000e0041",
    "too much": "x" * 2_000_000,
}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Defines the connection `seedance_case`, and gives its name."""

    def define(url: str, vendor: str = "byteplus", **extra: Any) -> str:
        fields = {"conn_type": "seedance", "host": url, "password": KEY, "extra": {"vendor": vendor, **extra}}
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_CASE", json.dumps(fields))
        return "seedance_case"

    return define


async def event_of(conn: str, video_id: str = "cgt-1", **kwargs: Any) -> dict[str, Any]:
    """What the trigger fires, after Airflow has taken it over."""
    trigger = SeedanceVideoTrigger(seedance_conn_id=conn, video_id=video_id, **{"poll_interval": 0.05, **kwargs})
    async with asyncio.timeout(PATIENCE):
        (event,) = [event async for event in trigger.run()]
    back: dict[str, Any] = survives_the_triggerer(event.payload)
    return back


def assert_fit(text: str) -> None:
    """It can stand in any log, database and exception."""
    assert text.isprintable(), ascii(text)
    assert len(text) <= 5000
    survives_the_database(text)


def failed(code: str, message: str) -> dict[str, Any]:
    return {"id": "cgt-1", "status": "failed", "error": {"code": code, "message": message}}


# -- A1, A2, A3: a failed video's reason -----------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["message", "code"])
@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_case_a1_a2_a3_a_poisoned_reason_reaches_airflow_as_a_text_that_it_can_encode(
    poison: str, place: str, connect: Callable[..., str]
) -> None:
    reason = {"code": "Oops", "message": "no luck"} | {place: poison}
    with Server.of(http(200, failed(**reason))) as vendor:
        event = await event_of(connect(vendor.url))
    assert event["error"]["kind"] == "VideoFailedError"
    assert_fit(event["error"]["message"])
    _, error = read_event(event)
    assert error is not None
    assert_fit(str(error))
    if len(poison) < 100:
        assert any(word in str(error) for word in ("cut", "alert", "nice", "one", "abc", "bc"))


async def test_case_a1_what_stands_before_and_behind_half_an_emoji_is_told(connect: Callable[..., str]) -> None:
    body = rb'{"id":"cgt-1","status":"failed","error":{"code":"X","message":"cut \ud83d here"}}'
    with Server.of(http(200, body)) as vendor:
        event = await event_of(connect(vendor.url))
    assert "X: cut \ufffd here." in event["error"]["message"]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [200, 400, 401, 404, 500])
async def test_case_a1_a_poisoned_refusal_of_any_vendor_reaches_airflow(
    vendor: str, status: int, connect: Callable[..., str]
) -> None:
    said = "".join(text[:50] for text in POISON.values())
    nested = {"code": said, "message": said, "request_id": said}
    body = {"code": said, "msg": said, "message": said, "error": nested, "request_id": said, "detail": said}
    with Server.of(http(status, json.dumps(body))) as server:
        event = await event_of(connect(server.url, vendor), deadline=time.time() + 0.2)
    assert_fit(event["error"]["message"])
    for fact in event["error"]["facts"].values():
        if isinstance(fact, str):
            assert_fit(fact)


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_case_a1_an_undocumented_status_is_told_in_one_clean_line(
    poison: str, connect: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with Server.of(http(200, {"id": "cgt-1", "status": poison})) as vendor:
        await event_of(connect(vendor.url), deadline=time.time() + 0.2)
    for record in caplog.records:
        assert_fit(record.getMessage())


async def test_case_a1_a_poisoned_reason_of_an_asset_reaches_airflow(connect: Callable[..., str]) -> None:
    data = {"id": 7, "assetId": 7, "asset_id": "7", "status": "failed", "error_message": POISON["half of an emoji"]}
    with Server.of(http(200, {"code": 0, "data": data})) as vendor:
        trigger = SeedanceAssetTrigger(
            seedance_conn_id=connect(vendor.url, "jimmyai"),
            asset_id="7",
            library="sp",
            deadline=time.time() + 0.3,
            poll_interval=0.1,
        )
        async with asyncio.timeout(PATIENCE):
            (event,) = [event async for event in trigger.run()]
    _, error = read_asset_event(survives_the_triggerer(event.payload))
    assert error is not None
    assert_fit(str(error))


def test_case_a1_an_event_that_an_older_release_has_stored_is_still_read() -> None:
    facts = {"vendor": "byteplus", "code": "a\nb", "status_code": "500", "request_id": 7, "new": 1}
    error = {"kind": "TransientApiError", "message": "two\nlines \x1b[31m", "facts": facts}
    _, read = read_event({"video_id": "cgt-1", "outcome": "failed", "error": error, "more": 1})
    assert isinstance(read, TransientApiError)
    assert str(read) == "two lines "
    assert (read.code, read.status_code) == ("a b", None)


# -- A4: a refused create --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_case_a4_a_poisoned_refusal_is_one_post_and_a_reason_that_can_be_logged(
    poison: str, connect: Callable[..., str]
) -> None:
    from airflow.providers.common.compat.sdk import AirflowFailException

    body = {"error": {"code": "InvalidParameter", "message": f"bad {poison}"}}
    with Server.of(http(400, body)) as vendor:
        task = SeedanceCreateVideoOperator(
            task_id="create", seedance_conn_id=connect(vendor.url), model=MODEL, prompt="rain", deferrable=False
        )
        with pytest.raises(RequestRejectedError) as caught:
            task.execute(context_of(Ti(), None))
        assert vendor.count("POST") == 1
    assert isinstance(caught.value, AirflowFailException)
    assert "Nothing was created" in str(caught.value)
    assert "bad" in str(caught.value)
    assert_fit(str(caught.value))


def test_case_a4_whatever_an_exception_is_made_of_it_can_be_encoded() -> None:
    for poison in POISON.values():
        error = SeedanceApiError(poison, vendor=poison, code=poison, request_id=poison, status_code=10**30)
        for text in (str(error), *error.args, error.vendor, error.code, error.request_id):
            assert_fit(str(text))
        assert error.status_code is None
        assert_fit(str(SeedanceError(poison)))


# -- A5: what the vendor counted -------------------------------------------------------------------------------------


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


USAGES = {
    "beyond 64 bits": f'{{"completion_tokens": 1{"0" * 30}}}',
    "beyond all floats": f'{{"completion_tokens": 1{"0" * 400}}}',
    "beyond what Python reads": f'{{"completion_tokens": 1{"0" * 5000}}}',
    "a float at the end of all floats": '{"completion_tokens": 1e308}',
    "a float that PostgreSQL gives back as another number": '{"completion_tokens": 5.673548872204338e16}',
    "a float beyond": '{"completion_tokens": 1e999}',
    "no number": '{"completion_tokens": NaN}',
    "infinite": '{"completion_tokens": -Infinity}',
    "900 deep": nested(900),
    "20,000 deep": nested(20_000),
    "a NUL": '{"note\\u0000": "a\\u0000b"}',
    "half of an emoji": '{"note": "\\ud83d", "\\udc00": 1}',
    "a raw line break": '{"note": "a\nb"}',
    "many": json.dumps({f"n{number}": number for number in range(5000)}),
    "a list": "[1, 2]",
    "a text": '"many"',
}


@pytest.mark.parametrize("usage", USAGES.values(), ids=USAGES)
async def test_case_a5_a_paid_video_is_delivered_whatever_was_counted(
    usage: str, connect: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    told = {"id": "cgt-1", "status": "succeeded", "content": {"video_url": "https://files.example/v.mp4"}}
    body = f'{json.dumps(told)[:-1]}, "usage": {usage}}}'
    with Server.of(http(200, body)) as vendor:
        conn = connect(vendor.url)
        event = await event_of(conn)
        assert (event["outcome"], event["error"]) == ("succeeded", None)
        hook = SeedanceHook(conn)
        video = await asyncio.to_thread(hook.get_video, "cgt-1")
        hook.close()
    caplog.clear()
    fields = {"model": MODEL, "prompt": "rain", "duration": 5}
    value = hand_on(context_of(Ti(), None), video, hook=hook, fields=fields)
    survives_as_xcom(value)
    assert value["video_url"] == "https://files.example/v.mp4"
    assert value["tokens"] is None


async def test_case_a5_what_is_sound_of_the_usage_is_kept_and_the_rest_is_dropped_with_one_warning(
    connect: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    more = {"deep": 1.5, "inf": float("inf")}
    usage = {"completion_tokens": 108900, "odd": 10**30, "more": more, "list": [1, 10**30]}
    body = {"id": "cgt-1", "status": "succeeded", "content": {"video_url": "https://f.example/v"}, "usage": usage}
    with Server.of(http(200, body)) as vendor:
        hook = SeedanceHook(connect(vendor.url))
        caplog.set_level(logging.WARNING)
        video = await asyncio.to_thread(hook.get_video, "cgt-1")
        hook.close()
    assert video.usage == {"completion_tokens": 108900, "more": {"deep": 1.5}, "list": [1]}
    assert [record for record in caplog.records if "usage" in record.getMessage()][1:] == []
    assert "usage" in caplog.text


@pytest.mark.parametrize("number", [10**30, 10**400, 1e308, float("inf"), float("nan"), -(10**30)])
@pytest.mark.parametrize("vendor", VENDORS)
def test_case_a5_no_number_of_a_vendor_breaks_a_videos_dict(vendor: str, number: float) -> None:
    fields = ("progress", "duration", "created_at", "updated_at", "completed_at", "seed", "framespersecond", "total")
    numbers = dict.fromkeys(fields, number)
    shown = ANSWERS[vendor].shown(
        ANSWERS[vendor].word_of_success, "https://files.example/v.mp4", usage=numbers, **numbers
    )
    with Server.of(http(200, json.dumps(shown))) as server, open_client("sync", vendor, server.url) as client:
        video = client.get_video(ANSWERS[vendor].video_id)
    assert video.is_deliverable
    survives_as_xcom(video.to_dict())


@pytest.mark.parametrize("field", ["video_url", "last_frame_url", "thumbnail_url"])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "videos/v.mp4",
        "//host/v.mp4",
        "https://",
        "https:///v.mp4",
        "https://files.example/\n.mp4",
        "https://files.example/\ud83d",
        "https://files.example/\u202e.mp4",
        f"https://files.example/{'x' * 9000}",
    ],
    ids=range(11),
)
def test_case_a5_only_addresses_of_the_web_are_handed_on_as_media(field: str, url: str) -> None:
    video = Video(video_id="v", vendor="byteplus", status=VideoStatus.SUCCEEDED, **{field: url})
    assert getattr(video, field) is None
    assert not video.is_deliverable
    survives_as_xcom(video.to_dict())


# -- A6: too much of it ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def bomb() -> bytes:
    """300 MB of nothing, in less than 300 KB."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b'{"a":"' if n == 0 else b" " * 1_000_000) for n in range(300))
    return packed + packer.flush()


class Polling:
    """The client of the triggerer behind the face of the others."""

    def __init__(self, vendor: str, url: str, **settings: Any) -> None:
        self._adapter, self._settings = make_adapter(vendor), ClientSettings(api_key=KEY, base_url=url, **settings)

    def get_video(self, video_id: str) -> Video:
        async def get() -> Video:
            client = PollingClient(self._adapter, self._settings)
            try:
                return await client.get_video(video_id)
            finally:
                await client.aclose()

        return asyncio.run(get())


def reads_by(form: str, vendor: str, url: str, **settings: Any) -> Callable[[], Any]:
    """A read of one video by the client of this form, which tries once."""
    if form == "poll":
        return lambda: Polling(vendor, url, **settings).get_video("cgt-1")

    def read() -> Any:
        with open_client(form, vendor, url, retry=ONE_TRY, **settings) as client:
            return client.get_video("cgt-1")

    return read


FORMS = ("sync", "async", "poll")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("header", [{"content-encoding": "gzip"}, {"content-encoding": "GZIP, deflate"}, {}])
def test_case_a6_a_bomb_is_refused_at_the_bound_and_is_a_missed_poll(
    form: str, header: dict[str, str], bomb: bytes
) -> None:
    with Server.of(http(200, bomb, header)) as vendor:
        read = reads_by(form, "byteplus", vendor.url)
        tracemalloc.start()
        with pytest.raises(TransientApiError, match="larger than 2 MB"):
            read()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40_000_000


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [None, "99999999999", "9" * 4000])
def test_case_a6_an_endless_body_is_refused_at_the_bound(form: str, length: str | None) -> None:
    def script(_: Asked) -> Script:
        told = f"content-length: {length}\r\n" if length else ""
        yield f"HTTP/1.1 200 OK\r\n{told}connection: close\r\n\r\n".encode()
        while True:
            yield b" " * 65536

    with Server(script) as vendor, pytest.raises(TransientApiError):
        reads_by(form, "byteplus", vendor.url)()


@pytest.mark.parametrize("form", ["sync", "async"])
def test_case_a6_a_create_that_is_answered_by_a_bomb_is_unknown_and_never_sent_again(form: str, bomb: bytes) -> None:
    with Server.of(http(200, bomb, {"content-encoding": "gzip"})) as vendor:
        with open_client(form, "byteplus", vendor.url) as client, pytest.raises(SubmissionUnknownError, match="2 MB"):
            client.create_video(SIMPLE["byteplus"])
        assert vendor.count("POST") == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("", gzip.compress),
        ("gzip", lambda raw: gzip.compress(raw[:20]) + gzip.compress(raw[20:])),
        ("deflate", zlib.compress),
        ("deflate", lambda raw: zlib.compress(raw)[2:-4]),
        ("gzip", lambda raw: raw),
        ("deflate", lambda raw: raw),
        ("aws-chunked", lambda raw: raw),
        ("identity", lambda raw: raw),
    ],
)
def test_case_a6_the_bytes_decide_how_an_answer_is_read(
    form: str, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    raw = json.dumps({"id": "cgt-1", "status": "running", "model": MODEL}).encode()
    headers = {"content-encoding": encoding} if encoding else {}
    with Server.of(http(200, pack(raw), headers)) as vendor:
        assert reads_by(form, "byteplus", vendor.url)().model == MODEL


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x1f\x8bnonsense" * 9, id="nonsense"),
        pytest.param(gzip.compress(b"{}" * 999)[:-30], id="cut"),
        pytest.param(b"\x1f", id="one-byte"),
        pytest.param(b"\x00" * 99, id="zeros"),
    ],
)
def test_case_a6_what_cannot_be_unpacked_is_a_missed_poll(form: str, body: bytes) -> None:
    with Server.of(http(200, body, {"content-encoding": "gzip"})) as vendor, pytest.raises(TransientApiError):
        reads_by(form, "byteplus", vendor.url)()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("[" * 100_000, id="arrays"),
        pytest.param('{"a":' * 100_000, id="objects"),
        pytest.param("[" * 1_900_000, id="many-arrays"),
        pytest.param("9" * 100_000, id="digits"),
        pytest.param('"' + "x" * 999, id="an-open-text"),
    ],
)
def test_case_a6_what_is_nested_without_end_is_a_missed_poll(body: str) -> None:
    with Server.of(http(200, body)) as vendor, pytest.raises(TransientApiError):
        reads_by("sync", "byteplus", vendor.url)()


# -- A7: no end of it ------------------------------------------------------------------------------------------------


def drip(start: bytes, piece: bytes) -> Callable[[Asked], Script]:
    def script(_: Asked) -> Iterator[bytes | float]:
        yield start
        while True:
            yield 0.05
            yield piece

    return script


DRIPS = {
    "a header": drip(b"HTTP/1.1 200 OK\r\nx-a: ", b"a"),
    "headers": drip(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
    "first words": drip(b"HTTP/1.1 200 ", b"O"),
    "a body": drip(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": drip(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "more answers to come": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "nothing": drip(b"", b""),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
def test_case_a7_an_answer_that_drips_for_ever_ends_at_the_calls_deadline(
    form: str, script: Callable[[Asked], Script]
) -> None:
    with Server(script) as vendor:
        read = reads_by(form, "byteplus", vendor.url, connect_timeout=0.5, read_timeout=0.5)
        started = time.monotonic()
        with pytest.raises(TransientApiError, match=r"within 1 s|no answer in time|closed|no HTTP"):
            read()
    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize("form", ["sync", "async"])
@pytest.mark.parametrize("name", ["a header", "a body"])
def test_case_a7_a_create_whose_answer_drips_is_unknown_and_never_sent_again(form: str, name: str) -> None:
    with Server(DRIPS[name]) as vendor:
        with (
            open_client(form, "byteplus", vendor.url, connect_timeout=0.5, read_timeout=0.5) as client,
            pytest.raises(SubmissionUnknownError, match="within 1 s"),
        ):
            client.create_video(SIMPLE["byteplus"])
        assert vendor.count("POST") == 1


def waits(stuck: str) -> Callable[[Asked], Script]:
    """Answers for all videos but those whose id begins so."""

    def script(asked: Asked) -> Iterator[bytes | float]:
        video_id = asked.target.rpartition("/")[2]
        while video_id.startswith(stuck):
            yield 0.2
        yield http(200, {"code": 0, "data": {"task_id": video_id, "status": "processing"}})

    return script


async def test_case_a7_a_wait_ends_in_time_while_its_poll_hangs(connect: Callable[..., str]) -> None:
    with Server(waits("stuck")) as vendor:
        conn = connect(vendor.url, "jimmyai")
        started = time.monotonic()
        event = await event_of(conn, "stuck-1", deadline=time.time() + 3)
    assert event["error"]["kind"] == "VideoTimeoutError"
    assert time.monotonic() - started < PATIENCE  # it used to be 48


async def test_case_a7_polls_that_hang_take_nobodys_place(
    connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling_client, "POLL_TIMEOUT", 120.0)  # none is given up while the test looks
    with Server(waits("stuck")) as vendor:
        conn = connect(vendor.url, "jimmyai", polls_per_second=200)
        ids = [f"stuck-{number}" for number in range(40)] + [f"well-{number}" for number in range(20)]
        triggers = [SeedanceVideoTrigger(seedance_conn_id=conn, video_id=name, poll_interval=0.5) for name in ids]

        async def run(trigger: SeedanceVideoTrigger) -> None:
            async for _ in trigger.run():
                pass

        def asked(name: str) -> int:
            return sum(one.target.endswith(f"/{name}") for one in vendor.asked)

        tasks = [asyncio.create_task(run(trigger)) for trigger in triggers[:40]]
        async with asyncio.timeout(90):
            while sum(asked(name) for name in ids[:40]) < 16:  # noqa: ASYNC110 - another thread counts
                await asyncio.sleep(0.05)
            tasks += [asyncio.create_task(run(trigger)) for trigger in triggers[40:]]
            while min(asked(name) for name in ids[40:]) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        hanging = [asked(name) for name in ids[:40]]
        for task in tasks:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE)
    assert max(hanging) == 1  # they hung all the time


def test_case_a7_a_wait_in_the_worker_ends_in_time_while_its_poll_hangs(connect: Callable[..., str]) -> None:
    from airflow_provider_seedance.api.errors import VideoTimeoutError

    with Server(waits("stuck")) as vendor:
        hook = SeedanceHook(connect(vendor.url, "jimmyai"))
        started = time.monotonic()
        with pytest.raises(VideoTimeoutError):
            hook.wait_for_video("stuck-1", poll_interval=0.1, timeout=1)
        hook.close()
    assert time.monotonic() - started < PATIENCE


def test_case_a7_reading_is_still_repeated_when_an_answer_was_missed() -> None:
    answers = iter([http(200, "{"), http(502, "no"), http(200, {"id": "cgt-1", "status": "running"})])
    with (
        Server(lambda _: iter([next(answers)])) as vendor,
        SeedanceClient(
            make_adapter("byteplus"),
            ClientSettings(api_key=KEY, base_url=vendor.url, retry=RetryPolicy(attempts=3)),
            pause=lambda seconds: None,
        ) as client,
    ):
        assert client.get_video("cgt-1").status is VideoStatus.RUNNING
