"""What becomes of a create when things go wrong: the right exception, and what the simulator's ledger then holds.

The judge is the ledger: how often a vendor would have charged, whatever the client believes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.api.client import Call, RetryPolicy
from airflow_provider_seedance.api.errors import (
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
)
from airflow_provider_seedance.api.vendors.refusals import retry_after
from airflow_provider_seedance.simulator import Fault, Simulator
from tests.support.requests import ANSWERS, SENDS_ONCE, id_of

from .helpers import KEY, ONE_TRY, PROMPT, SIMPLE, VENDORS, OpenClient, Stub, open_client

ARK = ("byteplus", "volcengine")
QUICK = RetryPolicy(attempts=3, patience=4)


def assert_says_what_to_do(error: SeedanceApiError, sim_key: str) -> None:
    text = f"{error!s} {error!r}"
    assert sim_key not in text
    assert KEY not in text
    assert PROMPT not in text
    if isinstance(error, SubmissionUnknownError):
        assert error.may_be_billed
        assert not error.retryable
        assert "may exist and be billed" in text
        assert "console" in text
    else:
        assert not error.may_be_billed
        assert "Nothing was" in text


# kind of fault, options, bills afterwards
UNKNOWN = [
    pytest.param("reset_before", {}, 0, id="reset-before-anything"),
    pytest.param("reset_after", {}, 1, id="reset-after-accepting"),
    pytest.param("timeout_after", {"seconds": 30}, 1, id="read-timeout"),
    pytest.param("http_500", {}, 0, id="500"),
    pytest.param("http_500_after", {}, 1, id="500-after-accepting"),
    pytest.param("http_502_html", {}, 0, id="html-502"),
    pytest.param("http_502_html_after", {}, 1, id="html-502-after-accepting"),
    pytest.param("http_503", {}, 0, id="503"),
    *(pytest.param("http_status_after", {"status": s}, 1, id=f"{s}-after-accepting") for s in (408, 409, 425, 504)),
    pytest.param("http_status_after", {"status": 202}, 1, id="202-without-a-body"),
    pytest.param("torn_json", {}, 1, id="torn-json"),
    pytest.param("missing_id", {}, 1, id="no-id"),
    pytest.param("not_json", {}, 1, id="no-json"),
]


@pytest.mark.parametrize("vendor", SENDS_ONCE)
@pytest.mark.parametrize(("kind", "options", "bills"), UNKNOWN)
def test_a_create_whose_outcome_is_unknown_is_never_sent_again(
    sim: Simulator, connect: OpenClient, vendor: str, kind: str, options: dict[str, Any], bills: int
) -> None:
    sim.faults.add(Fault(kind, vendor=vendor, times=None, **options))
    client = connect(vendor, read_timeout=0.3)
    with pytest.raises(SubmissionUnknownError) as caught:
        client.create_video(SIMPLE[vendor])
    assert len(sim.creates()) == 1
    assert len(sim.ledger) == bills
    assert_says_what_to_do(caught.value, sim.api_key)


def test_an_answer_that_is_only_slow_is_waited_for(sim: Simulator, connect: OpenClient) -> None:
    sim.faults.add(Fault("slow", seconds=0.5))
    video = connect("gmicloud", read_timeout=10).create_video(SIMPLE["gmicloud"])
    assert [bill.video_id for bill in sim.ledger] == [video.video_id]


@pytest.mark.parametrize("vendor", ["gmicloud", "byteplus"])
def test_a_429_with_retry_after_is_sent_again_after_that_long(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    sim.faults.add(Fault("http_429", retry_after=1))
    video = connect(vendor, retry=QUICK).create_video(SIMPLE[vendor])
    first, second = sim.creates(vendor)
    assert second.at - first.at >= 1
    assert [bill.video_id for bill in sim.ledger] == [video.video_id]


def test_a_429_without_retry_after_is_sent_again_after_a_back_off(sim: Simulator, connect: OpenClient) -> None:
    sim.faults.add(Fault("http_429"))
    connect("byteplus", retry=QUICK).create_video(SIMPLE["byteplus"])
    assert len(sim.creates()) == 2
    assert len(sim.ledger) == 1


def test_a_429_with_a_date_or_a_reset_time_is_understood(sim: Simulator, connect: OpenClient) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    sim.faults.add(Fault("http_429", retry_after=date), Fault("http_429", reset_after=40))
    client = connect("modellix", retry=QUICK)
    for _ in range(2):
        with pytest.raises(SeedanceRateLimitError) as caught:
            client.create_video(SIMPLE["modellix"])
        assert caught.value.retry_after is not None
        assert 20 < caught.value.retry_after <= 40
    assert len(sim.creates()) == 2  # 40 s are more than the patience: not even a second try


NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7.5"}, 7.5),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "Thu, 26 Nov 2026 08:00:40 GMT"}, 40),
        ({"retry-after": "Thu, 26 Nov 2026 07:00:00 GMT"}, 0),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 40)}, 40),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) - 40)}, 0),
        *(({"retry-after": value}, None) for value in ("", "soon", "nan", "inf", "1e300", "9" * 400)),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": f"Fri, 31 Dec {'9' * 20} 23:59:59 GMT"}, None),
        pytest.param({"x-ratelimit-reset": f"{int(NOW.timestamp()) + 40}000"}, None, id="reset-in-milliseconds"),
        pytest.param({"x-ratelimit-reset": "40"}, None, id="reset-in-seconds-from-now"),
    ],
)
def test_a_pause_that_a_vendor_asks_for_is_sound_or_none(headers: dict[str, str], seconds: float | None) -> None:
    """A nonsensical one would lie beyond each deadline, and so end tasks that only had to wait for room."""
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("vendor", "options", "policy", "posts"),
    [
        *(pytest.param(v, {"retry_after": 3600}, QUICK, 1, id=f"{v}-longer-than-the-patience") for v in VENDORS),
        *(pytest.param(v, {}, ONE_TRY, 1, id=f"{v}-no-more-tries") for v in VENDORS),
        pytest.param("jimmyai", {}, RetryPolicy(attempts=2, patience=4), 2, id="jimmyai-tries-used-up"),
    ],
)
def test_a_lasting_429_ends_as_a_rate_limit_with_nothing_billed(
    sim: Simulator, connect: OpenClient, vendor: str, options: dict[str, Any], policy: RetryPolicy, posts: int
) -> None:
    sim.faults.add(Fault("http_429", times=None, **options))
    with pytest.raises(SeedanceRateLimitError) as caught:
        connect(vendor, retry=policy).create_video(SIMPLE[vendor])
    assert len(sim.creates()) == posts
    assert sim.ledger == []
    assert caught.value.retryable
    assert caught.value.retry_after == options.get("retry_after")
    assert_says_what_to_do(caught.value, sim.api_key)


TRANSIENT_429 = (
    "RateLimitExceeded.EndpointRPMExceeded",
    "ModelAccountRpmRateLimitExceeded",
    "ServerOverloaded",
    "RequestBurstTooFast",
    "ModelLoadingError",
    "InflightBatchsizeExceeded",
)


@pytest.mark.parametrize("form", ["sync"])
@pytest.mark.parametrize("code", TRANSIENT_429)
def test_arks_passing_429s_are_rate_limits(sim: Simulator, connect: OpenClient, code: str) -> None:
    sim.faults.add(Fault("http_429", code=code))
    with pytest.raises(SeedanceRateLimitError) as caught:
        connect("byteplus", retry=ONE_TRY).create_video(SIMPLE["byteplus"])
    assert caught.value.code == code


@pytest.mark.parametrize("vendor", ARK)
@pytest.mark.parametrize("code", ["AccountQuotaExceeded", "SetLimitExceeded"])
def test_arks_429s_that_no_waiting_clears_are_not_repeated(
    sim: Simulator, connect: OpenClient, vendor: str, code: str
) -> None:
    sim.faults.add(Fault("http_429", code=code, retry_after=1, times=None))
    with pytest.raises(SeedanceQuotaError) as caught:
        connect(vendor, retry=QUICK).create_video(SIMPLE[vendor])
    assert len(sim.creates()) == 1
    assert sim.ledger == []
    assert caught.value.code == code
    assert not caught.value.retryable
    assert_says_what_to_do(caught.value, sim.api_key)


# Explicit refusals: vendor, fault, options, exception, HTTP status, the vendor's code, words of the message.
REFUSALS = [
    *(
        pytest.param(vendor, "auth", {}, SeedanceAuthError, status, code, "API key", id=f"{vendor}-key")
        for vendor, status, code in (
            ("jimmyai", 200, "20001"),
            ("gmicloud", 401, None),
            ("modellix", 401, "401"),
            ("byteplus", 401, "AuthenticationError"),
            ("volcengine", 401, "AuthenticationError"),
        )
    ),
    *(
        pytest.param(vendor, "no_balance", {}, SeedanceQuotaError, status, code, "Top up", id=f"{vendor}-balance")
        for vendor, status, code in (
            ("jimmyai", 200, "20002"),
            ("gmicloud", 402, None),
            ("modellix", 402, "402"),
            ("byteplus", 403, "AccountOverdueError"),
            ("volcengine", 403, "AccountOverdueError"),
        )
    ),
    *(
        pytest.param(
            vendor, "moderation_submit", {}, SeedanceModerationError, status, code, "prompt", id=f"{vendor}-mod"
        )
        for vendor, status, code in (
            ("jimmyai", 200, "20002"),
            ("gmicloud", 500, None),
            ("modellix", 400, "400"),
            ("byteplus", 400, "InputTextSensitiveContentDetected"),
            ("volcengine", 400, "InputTextSensitiveContentDetected"),
        )
    ),
    *(
        pytest.param("byteplus", "moderation_submit", {"code": c}, SeedanceModerationError, 400, c, "prompt", id=c)
        for c in (
            "InputImageSensitiveContentDetected.PrivacyInformation",
            "InputImageSensitiveContentDetected.PolicyViolation",
            "InputVideoSensitiveContentDetected",
            "InputAudioSensitiveContentDetected",
            "InputTextRiskDetection",
        )
    ),
    *(
        pytest.param(vendor, "model_not_open", {}, SeedanceAuthError, 404, "ModelNotOpen", "open", id=f"{vendor}-open")
        for vendor in ARK
    ),
    pytest.param(
        *("jimmyai", "answer_variant", {"http_errors": True}, SeedanceAuthError, 401, "20001", "API key"),
        id="jimmyai-key-with-http-status",
    ),
]


@pytest.mark.parametrize(("vendor", "kind", "options", "error", "status", "code", "words"), REFUSALS)
def test_a_refusal_is_told_by_its_kind_and_never_repeated(
    sim: Simulator,
    connect: OpenClient,
    vendor: str,
    kind: str,
    options: dict[str, Any],
    error: type[SeedanceApiError],
    status: int,
    code: str | None,
    words: str,
) -> None:
    sim.faults.add(Fault(kind, times=None, **options))
    if kind == "answer_variant":
        sim.faults.add(Fault("auth"))
    with pytest.raises(error) as caught:
        connect(vendor, retry=QUICK).create_video(SIMPLE[vendor])
    assert type(caught.value) is error
    assert len(sim.creates()) == 1
    assert sim.ledger == []
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert words in str(caught.value)
    assert not caught.value.retryable
    assert_says_what_to_do(caught.value, sim.api_key)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrong_key_is_an_auth_error(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    with pytest.raises(SeedanceAuthError) as caught:
        connect(vendor, key=KEY).create_video(SIMPLE[vendor])
    assert sim.ledger == []
    assert_says_what_to_do(caught.value, sim.api_key)


@pytest.mark.parametrize(
    ("vendor", "fields"),
    [
        pytest.param("jimmyai", {"model": "seedance9.0-fast"}, id="jimmyai-unknown-model"),
        pytest.param("gmicloud", {"model": "seedance-2-0-FAST"}, id="gmicloud-unknown-model"),
        pytest.param("modellix", {"model": "seedance-9"}, id="modellix-unknown-model"),
        pytest.param("byteplus", {"model": "doubao-seedance-2-0-260128"}, id="byteplus-model-of-the-sister"),
        pytest.param("jimmyai", {"extra": {"duration": 99}}, id="jimmyai-parameter"),
        pytest.param("gmicloud", {"extra": {"duration": 99}}, id="gmicloud-parameter"),
        pytest.param("gmicloud", {"extra": {"first_frame": ["https://a.example/a.jpg"]}}, id="gmicloud-backend-403"),
        pytest.param("modellix", {"extra": {"reference_images": []}}, id="modellix-empty-list"),
        pytest.param("volcengine", {"extra": {"frames": 48}}, id="volcengine-parameter"),
    ],
)
def test_what_the_vendor_finds_wrong_is_a_rejection(
    sim: Simulator, connect: OpenClient, vendor: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        connect(vendor).create_video(SIMPLE[vendor] | fields)
    assert len(sim.creates()) == 1
    assert sim.ledger == []
    assert_says_what_to_do(caught.value, sim.api_key)


def test_a_rejection_quotes_the_vendors_words_and_request_id(sim: Simulator, connect: OpenClient) -> None:
    with pytest.raises(RequestRejectedError, match="The parameter `frames` specified in the request is not valid") as e:
        connect("byteplus").create_video({**SIMPLE["byteplus"], "extra": {"frames": 48}})
    assert e.value.request_id is not None
    assert e.value.request_id in str(e.value)
    assert (e.value.vendor, e.value.code) == ("BytePlus ModelArk", "InvalidParameter")


# -- nothing was sent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_refused_connection_is_told_apart_from_an_unknown_outcome(
    sim: Simulator, connect: OpenClient, vendor: str
) -> None:
    client = connect(vendor, retry=ONE_TRY)
    with sim.refuse_connections(), pytest.raises(NotSentError) as caught:
        client.create_video(SIMPLE[vendor])
    assert sim.requests == []
    assert sim.ledger == []
    assert caught.value.retryable
    assert_says_what_to_do(caught.value, sim.api_key)


def test_a_server_that_comes_back_between_tries_is_paid_once(sim: Simulator, connect: OpenClient) -> None:
    client = connect("jimmyai", retry=RetryPolicy(attempts=5, patience=20))
    with _closed_for(sim, 0.5):
        video = client.create_video(SIMPLE["jimmyai"])
    assert len(sim.creates()) == 1
    assert [bill.video_id for bill in sim.ledger] == [video.video_id]


@contextmanager
def _closed_for(sim: Simulator, seconds: float) -> Iterator[None]:
    closed, opened = threading.Event(), threading.Event()

    def refuse() -> None:
        with sim.refuse_connections():
            closed.set()
            opened.wait(seconds)

    thread = threading.Thread(target=refuse)
    thread.start()
    assert closed.wait(10)
    try:
        yield
    finally:
        opened.set()
        thread.join()


def test_a_host_that_does_not_exist_is_not_sent(form: str) -> None:
    with open_client(form, "jimmyai", "http://nowhere.invalid", retry=ONE_TRY) as client, pytest.raises(NotSentError):
        client.create_video(SIMPLE["jimmyai"])


# -- redirects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", SENDS_ONCE)
@pytest.mark.parametrize("status", [301, 303, 308])
def test_a_redirect_is_never_followed_with_the_key(form: str, vendor: str, status: int) -> None:
    # 303 is what a server may say that has done what it was asked for.
    of_create = SubmissionUnknownError if status == 303 else RequestRejectedError
    with (
        Stub(200, {"id": "stolen"}) as elsewhere,
        Stub(status, b"", {"Location": f"{elsewhere.url}/x"}) as door,
        open_client(form, vendor, door.url, retry=ONE_TRY) as client,
    ):
        with pytest.raises(of_create, match=str(status)):
            client.create_video(SIMPLE[vendor])
        with pytest.raises(TransientApiError, match=str(status)):
            client.get_video(id_of(vendor))
        assert elsewhere.seen == []
        assert [method for method, _, _ in door.seen] == ["POST", "GET"]


# -- secrets ------------------------------------------------------------------------------------------------------

LONG = "a very long prompt " * 40
ODD = "two  spaces,\na new line and https://files.example/a.jpg?token=secret"


@pytest.mark.parametrize("prompt", [PROMPT, LONG.strip(), ODD], ids=["short", "long", "odd"])
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [400, 200])
def test_a_prompt_that_the_vendor_echoes_stays_out_of_the_message(
    form: str, vendor: str, status: int, prompt: str
) -> None:
    said = f"bad words in '{prompt}' found"
    own, anybodys = ANSWERS[vendor].refusal(400, said), {"error": {"code": "InvalidParameter", "message": said}}
    own.pop("request_id", None)  # with HTTP 200 it would be the id of a video
    for body in (own, anybodys):
        with Stub(status, body) as stub, open_client(form, vendor, stub.url) as client:
            with pytest.raises(SeedanceApiError) as caught:
                client.create_video({**SIMPLE[vendor], "prompt": prompt})
            text = str(caught.value)
            assert "bad words in '" in text
            assert "secret" not in text
            assert " ".join(prompt.split())[:20] not in text


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_short_prompt_does_not_eat_the_vendors_words(form: str, vendor: str) -> None:
    body = {"code": 400, "msg": "a bad day", "message": "a bad day", "error": {"code": "X", "message": "a bad day"}}
    with (
        Stub(400, body) as stub,
        open_client(form, vendor, stub.url) as client,
        pytest.raises(SeedanceApiError, match="a bad day"),
    ):
        client.create_video({**SIMPLE[vendor], "prompt": "a"})


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_that_the_vendor_echoes_stays_out_of_the_message(form: str, vendor: str) -> None:
    said = f"invalid key {KEY}"
    body = ANSWERS[vendor].refusal(401, said)
    with Stub(401, body) as stub, open_client(form, vendor, stub.url, retry=ONE_TRY) as client:
        for call in (
            lambda: client.create_video(SIMPLE[vendor]),
            lambda: client.get_video(id_of(vendor)),
            client.probe,
        ):
            with pytest.raises(SeedanceAuthError, match="invalid key") as caught:
                call()
            assert KEY not in str(caught.value)


# -- the policy itself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "create", "read", "cancel"),
    [
        pytest.param(NotSentError("x"), True, True, True, id="nothing-sent"),
        pytest.param(SeedanceRateLimitError("x"), True, False, False, id="rate-limit-of-a-create"),
        pytest.param(TransientApiError("x"), False, True, False, id="transient"),
        pytest.param(SubmissionUnknownError("x"), False, False, False, id="unknown-submission"),
        pytest.param(SeedanceAuthError("x"), False, False, False, id="auth"),
        pytest.param(SeedanceQuotaError("x"), False, False, False, id="quota"),
        pytest.param(SeedanceModerationError("x"), False, False, False, id="moderation"),
        pytest.param(RequestRejectedError("x"), False, False, False, id="rejected"),
        pytest.param(KeyboardInterrupt(), False, False, False, id="ctrl-c"),
        pytest.param(httpx.ReadTimeout("x"), False, False, False, id="anything-raw"),
    ],
)
def test_a_call_is_repeated_only_where_it_cannot_cost(
    error: BaseException, create: bool, read: bool, cancel: bool
) -> None:
    policy = RetryPolicy()
    assert [policy.may_repeat(call, error) for call in (Call.CREATE, Call.READ, Call.CANCEL)] == [create, read, cancel]
