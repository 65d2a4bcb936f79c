"""Whatever comes over the wire - any status, any JSON, any bytes - ends as a video or as one of our exceptions.

And never as a success that is none, nor as a refusal where a video may have been paid for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import SeedanceError, SubmissionUnknownError
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.polling import Outcome, Wait
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.vendors.base import HttpResponse

from .bench import NOW, SIMPLE

EXAMPLES = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

SUCCESS_WORDS = {
    "jimmyai": {"completed", "success"},
    "gmicloud": {"success"},
    "modellix": {"success", "completed", "succeeded"},
    "byteplus": {"succeeded"},
    "volcengine": {"succeeded"},
}

URLS = st.sampled_from(
    [
        *("https://x.example/v.mp4", "http://x/v.mp4?X-Tos-Date=20261120T000000Z&X-Tos-Expires=9", "https://[x/v.mp4"),
        *("https://", "videos/v.mp4", "ftp://x/v.mp4", "https://x/v?X-Amz-Date=99991231T235959Z&X-Amz-Expires=9999"),
    ]
)
TIMES = st.sampled_from([1790000000, 253402300799, 10**30, 0])
CODES = st.sampled_from(
    [*[0, "20000"] * 8, "0", 200, 20000, "20001", 20002, -1, "-1", 400, 401, 402, 404, 429, 500, "31337"]
)
ERROR_WORDS = st.sampled_from(
    [
        *("Backend error (400): real person", "Backend error (403)", "Backend error (500)", "insufficient balance"),
        *("moderation", "QuotaExceeded", "ModelNotOpen", "InputTextSensitiveContentDetected", "not found", "x" * 999),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | URLS
    | TIMES
    | CODES
    | ERROR_WORDS
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def mostly(good: st.SearchStrategy[Any], other: st.SearchStrategy[Any] = JUNK) -> st.SearchStrategy[Any]:
    """Mostly the one, now and then the other; `|` would count each of their parts."""
    return st.integers(1, 12).flatmap(lambda thrown: other if thrown == 12 else good)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with these fields, mostly all of them, mostly holding what they should."""
    whole = {name: mostly(good) for name, good in fields.items()}
    return mostly(st.fixed_dictionaries(whole), st.fixed_dictionaries({}, optional=whole))


def answers_of(vendor: str) -> st.SearchStrategy[HttpResponse]:
    """Answers as this vendor could give them, with everything that could be wrong about them."""
    status = st.sampled_from(sorted(DOCUMENTED_WORDS[vendor])) | st.sampled_from(["pondering", "", "SUCCESS "])
    ids = st.sampled_from(["v-1", "v-1", "v-1", "v-2", "", True])
    error = ERROR_WORDS | shaped(code=ERROR_WORDS, message=ERROR_WORDS, status=st.just(400))
    times = dict.fromkeys(("created_at", "updated_at"), TIMES)
    if vendor == "jimmyai":
        result = shaped(video_url=URLS, image_url=URLS)
        data = shaped(
            task_id=ids, status=status, result=result, progress=st.integers(), completed_at=TIMES, error_message=error
        )
        body = shaped(code=CODES, msg=ERROR_WORDS, data=data) | data
    elif vendor == "gmicloud":
        media = st.lists(shaped(url=URLS), max_size=2)
        outcome = shaped(video_url=URLS) | shaped(media_urls=media, error=error)
        body = shaped(request_id=ids, status=status, outcome=outcome, **times) | shaped(error=error)
        body |= shaped(requests=st.lists(body, max_size=2), has_more=st.booleans()) | shaped(model_ids=st.lists(ids))
    elif vendor == "modellix":
        kinds = {"type": st.sampled_from(["video", "image"]), "role": st.just("last_frame")}
        result = shaped(resources=st.lists(shaped(url=URLS, **kinds), max_size=3))
        data = shaped(task_id=ids, status=status, result=result, error=error) | shaped(is_valid=st.booleans())
        body = shaped(code=CODES, message=ERROR_WORDS, data=data)
    else:
        content = shaped(video_url=URLS, last_frame_url=URLS)
        body = shaped(id=ids, status=status, content=content, error=error, usage=st.just({}), **times)
        body |= shaped(error=shaped(code=ERROR_WORDS, message=ERROR_WORDS))
        body |= shaped(total=st.integers(), items=st.lists(body, max_size=2))
    raw = mostly(body).map(lambda value: json.dumps(value).encode())
    return st.builds(HttpResponse, STATUSES, HEADERS, mostly(raw, st.binary(max_size=60)), st.just(NOW))


DOCUMENTED_WORDS = {
    "jimmyai": {"queued", "processing", "completed", "success", "failed", "cancelled"},
    "gmicloud": {"created", "queued", "processing", "success", "failed", "cancelled"},
    "modellix": {"pending", "processing", "success", "completed", "failed"},
    "byteplus": {"queued", "running", "succeeded", "failed", "cancelled", "expired"},
    "volcengine": {"queued", "running", "succeeded", "failed", "cancelled", "expired"},
}
STATUSES = st.sampled_from(
    [*[200] * 30, *[429, 500] * 6, 201, 301, 307, 400, 401, 402, 403, 404, 408, 409, 418, 422, 425, 502, 503, 504, 599]
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset"]),
    st.sampled_from(["5", "9" * 400, "9" * 5000, "nan", "Fri, 20 Nov 2026 12:00:30 GMT", "Fri, 99 Foo"])
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    max_size=2,
)


def texts_in(value: Any) -> set[str]:
    """Every text and number in a JSON value, as texts."""
    if isinstance(value, dict):
        return set().union(*map(texts_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(texts_in, value)) if value else set()
    return set() if isinstance(value, bool) else {str(value).strip()}


def assert_sound(video: Video, vendor: str, response: HttpResponse) -> None:
    assert video.vendor == vendor
    assert 200 <= response.status_code < 300
    handed_on = {name for name, field in Video.model_fields.items() if not field.exclude}
    assert json.loads(json.dumps(video.to_dict())).keys() == handed_on
    if video.is_deliverable:
        told = texts_in(response.json())
        assert {word.casefold() for word in told} & SUCCESS_WORDS[vendor]
        assert video.status is VideoStatus.SUCCEEDED
        assert re.match(r"https?://[^/]", str(video.video_url))
        assert video.video_url in told


def result_of(call: Callable[[], Any]) -> Any:
    """What a call returns or which of our exceptions it raises; any other exception is a defect."""
    try:
        return call()
    except SeedanceError as error:
        return error


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_answer_to_a_read_is_a_video_or_one_of_our_exceptions(vendor: str) -> None:
    adapter = make_adapter(vendor)

    @EXAMPLES
    @given(answers_of(vendor))
    def read(response: HttpResponse) -> None:
        waiting = Wait("v-1", interval=10, deadline=None, started=0)
        result = result_of(lambda: adapter.parse_get(response, "v-1"))
        if isinstance(result, SeedanceError):
            assert not result.may_be_billed
            assert waiting.missed(result, 0).outcome in (Outcome.WAIT, Outcome.FAILED)
            assert len(str(result)) < 2000
            return
        assert result.video_id == "v-1"
        assert_sound(result, vendor, response)
        assert (waiting.saw(result, 0).outcome is Outcome.SUCCEEDED) == result.is_deliverable

    read()


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_answer_to_a_create_is_a_video_with_the_vendors_id_or_one_of_our_exceptions(vendor: str) -> None:
    adapter, request = make_adapter(vendor), VideoRequest(**SIMPLE[vendor])

    @EXAMPLES
    @given(answers_of(vendor))
    def create(response: HttpResponse) -> None:
        result = result_of(lambda: adapter.parse_create(response, request))
        if isinstance(result, Video):
            assert result.video_id in texts_in(response.json())
            assert_sound(result, vendor, response)
        elif not isinstance(result, SubmissionUnknownError):
            assert_refused_in_the_vendors_own_words(result, vendor, response)

    create()


def assert_refused_in_the_vendors_own_words(error: SeedanceError, vendor: str, response: HttpResponse) -> None:
    """Nothing but the vendor's word proves that nothing was created; a server error, a redirect, silence don't."""
    if vendor == "gmicloud" and response.status_code == 500:
        assert re.search(rb"Backend error \((400|403)\)", response.body), error
    elif response.status_code < 400:
        assert vendor in ("jimmyai", "modellix"), error
        assert str(response.json()["code"]) not in ("0", "200", "20000", "-1"), error
    else:
        assert response.status_code < 500, error
        assert response.status_code not in (408, 409, 425), error


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_answer_to_anything_else_is_a_result_or_one_of_our_exceptions(vendor: str) -> None:
    adapter = make_adapter(vendor)
    calls: list[Callable[[HttpResponse], Any]] = [
        adapter.parse_probe,
        lambda response: adapter.parse_model_info(response, "m"),
        lambda response: adapter.parse_list(response, limit=20, offset=0),
        lambda response: adapter.parse_get_many(response, ["v-1"]),
        lambda response: adapter.parse_cancel(response, "v-1"),
    ]

    @EXAMPLES
    @given(answers_of(vendor), st.sampled_from(calls))
    def call(response: HttpResponse, parse: Callable[[HttpResponse], Any]) -> None:
        result = result_of(lambda: parse(response))
        assert isinstance(result, SeedanceError) or 200 <= response.status_code < 300

    call()
