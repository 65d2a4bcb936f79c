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
    max_examples=400,
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

# Every key that any vendor's answers have, and the values that matter, so that wrong things land in the right places.
KEYS = st.sampled_from(
    """
    code msg message data task_id status model created_at updated_at completed_at progress result video_url image_url
    error_message error_msg reason request_id outcome media_urls url thumbnail_image_url error detail resources type
    role id content last_frame_url usage items total requests has_more
    """.split()  # noqa: SIM905  - a list of words is easier to read than a page of quotes
)
WORDS = st.sampled_from(
    [
        *"queued pending submitted processing running completed success succeeded failed error canceled".split(),  # noqa: SIM905
        *"cancelled expired created dispatched video image last_frame QuotaExceeded ModelNotOpen v-1".split(),  # noqa: SIM905
        *("0", "200", "20000", "20001", "20002", "-1", "insufficient balance", "moderation"),
        *("https://x.example/v.mp4", "http://x/v.mp4?X-Tos-Date=20261120T000000Z&X-Tos-Expires=9", "https://"),
        *("https://[x", "videos/v.mp4", "Backend error (400): real person", "Backend error (403)"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | WORDS
    | st.sampled_from([0, 200, 20000, 20001, 20002, -1, 400, 401, 402, 404, 429, 500, 1790000000, 253402300799])
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6),
    max_leaves=25,
)


def _envelopes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Answers that look right but for what is in them."""
    item = {
        **dict.fromkeys(("created_at", "updated_at", "completed_at", "progress", "usage", "error", "model"), inner),
        "status": WORDS | inner,
        "result": st.fixed_dictionaries(
            {}, optional={"video_url": WORDS | inner, "resources": st.lists(_resource(inner))}
        ),
        "outcome": st.fixed_dictionaries(
            {}, optional={"video_url": WORDS | inner, "media_urls": st.lists(_resource(inner)), "error": inner}
        ),
        "content": st.fixed_dictionaries({}, optional={"video_url": WORDS | inner, "last_frame_url": inner}),
        **{name: st.just("v-1") | inner for name in ("id", "task_id", "request_id")},
    }
    body = st.fixed_dictionaries({}, optional=item)
    return body | st.fixed_dictionaries(
        {"code": st.sampled_from([0, "0", 200, "20000", 20000]) | inner, "data": body},
        optional={"msg": inner, "message": inner},
    )


def _resource(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return inner | st.fixed_dictionaries({"url": WORDS | inner}, optional={"type": WORDS, "role": WORDS})


def _encode(value: Any) -> bytes:
    return json.dumps(value).encode()


BODIES = st.binary(max_size=60) | ANYTHING.map(_encode) | _envelopes(SCALARS | ANYTHING).map(_encode)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 301, 307, 400, 401, 402, 403, 404, 408, 409, 418, 422, 425, 429])
STATUSES |= st.sampled_from([500, 502, 503, 504]) | st.integers(200, 599)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "content-type"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40) | st.integers().map(str),
    max_size=2,
)
ANSWERS = st.builds(HttpResponse, STATUSES, HEADERS, BODIES, st.just(NOW))


def texts_in(value: Any) -> set[str]:
    """Every text and number in a JSON value, as texts."""
    if isinstance(value, dict):
        return set().union(*map(texts_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(texts_in, value)) if value else set()
    return {str(value).strip()}


def assert_sound(video: Video, vendor: str, response: HttpResponse) -> None:
    assert video.vendor == vendor
    assert 200 <= response.status_code < 300
    assert json.loads(json.dumps(video.to_dict())).keys() == Video.model_fields.keys() - {"undocumented_status"}
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
    @given(ANSWERS)
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
    @given(ANSWERS)
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
        assert response.json()["code"] not in (0, "0", 200, "200", 20000, "20000", -1, "-1"), error
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
    @given(ANSWERS, st.sampled_from(calls))
    def call(response: HttpResponse, parse: Callable[[HttpResponse], Any]) -> None:
        result = result_of(lambda: parse(response))
        assert isinstance(result, SeedanceError) or 200 <= response.status_code < 300

    call()
