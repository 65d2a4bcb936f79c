"""Whatever comes over the wire - any status, any JSON, any bytes - ends as a video or as one of our exceptions.

And never as a success that is none, nor as a refusal where a video may have been paid for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from airflow_provider_seedance.api.errors import SeedanceError, SubmissionUnknownError
from airflow_provider_seedance.api.jobs import Outcome, Wait
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse, VendorAdapter
from airflow_provider_seedance.api.video_jobs import VIDEO
from tests.outside.answers import EXAMPLES, SUCCESS_WORDS, THOROUGH, answers_of, told_in
from tests.support.requests import ANSWERS, TAKES_IDS, id_of, own_id

from .helpers import SIMPLE

pytestmark = pytest.mark.timeout(max(900, EXAMPLES / 10))


def assert_sound(video: Video, vendor: str, response: HttpResponse) -> None:
    assert video.vendor == vendor
    assert 200 <= response.status_code < 300
    handed_on = {name for name, field in Video.model_fields.items() if not field.exclude}
    assert json.loads(json.dumps(video.to_dict())).keys() == handed_on
    if video.is_deliverable:
        told = told_in(response.body)
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
def test_any_answer_to_any_call_is_a_result_or_one_of_our_exceptions(vendor: str) -> None:
    """One answer for all calls: making it up costs far more than what is done with it."""
    adapter, video_id = make_adapter(vendor), id_of(vendor)
    request = VideoRequest(**SIMPLE[vendor])
    if vendor in TAKES_IDS:
        request = request.marked("v-1")

    @THOROUGH
    @given(answers_of(vendor))
    def answer(response: HttpResponse) -> None:
        assert_a_read_is_a_video_or_one_of_our_exceptions(adapter, video_id, response)
        assert_a_create_is_a_video_with_the_vendors_id_or_one_of_our_exceptions(adapter, request, response)
        assert_anything_else_is_a_result_or_one_of_our_exceptions(adapter, response)

    answer()


def assert_a_read_is_a_video_or_one_of_our_exceptions(
    adapter: VendorAdapter, video_id: str, response: HttpResponse
) -> None:
    waiting = Wait(VIDEO, video_id, interval=10, deadline=None, started=0)
    result = result_of(lambda: adapter.parse_get(response, video_id))
    if isinstance(result, SeedanceError):
        assert not result.may_be_billed
        assert waiting.missed(result, 0).outcome in (Outcome.WAIT, Outcome.FAILED)
        assert len(str(result)) < 2000
        return
    assert result.video_id == video_id
    assert_sound(result, adapter.name, response)
    assert (waiting.saw(result, 0).outcome is Outcome.SUCCEEDED) == result.is_deliverable


def assert_a_create_is_a_video_with_the_vendors_id_or_one_of_our_exceptions(
    adapter: VendorAdapter, request: VideoRequest, response: HttpResponse
) -> None:
    vendor = adapter.name
    result = result_of(lambda: adapter.parse_create(response, request))
    if isinstance(result, Video) and vendor in TAKES_IDS and "conflictTaskUUID" in told_in(response.body):
        assert result.video_id == request.mark  # the only id that was sent, and it had been accepted before
    elif isinstance(result, Video):
        assert response.status_code < 300
        assert {result.video_id, own_id(result.video_id)} & told_in(response.body)
        assert_sound(result, vendor, response)
    elif not isinstance(result, SubmissionUnknownError):
        assert_refused_in_the_vendors_own_words(result, vendor, response)


def assert_refused_in_the_vendors_own_words(error: SeedanceError, vendor: str, response: HttpResponse) -> None:
    """Nothing but the vendor's word proves that nothing was created; a server error, a redirect, silence don't."""
    if vendor == "gmicloud" and response.status_code == 500:
        assert re.search(rb"Backend error \((400|403)\)", response.body), error
    elif response.status_code < 400:
        assert ANSWERS[vendor].refuses_by(response.body), error
    else:
        assert response.status_code < 500, error
        assert response.status_code not in (408, 409, 425), error


def assert_anything_else_is_a_result_or_one_of_our_exceptions(adapter: VendorAdapter, response: HttpResponse) -> None:
    for result in (
        result_of(lambda: adapter.parse_probe(response)),
        result_of(lambda: adapter.parse_model_info(response, "m")),
        result_of(lambda: adapter.parse_list(response, limit=20, offset=0)),
        result_of(lambda: adapter.parse_get_many(response, ["v-1"])),
        result_of(lambda: adapter.parse_cancel(response, "v-1")),
    ):
        assert isinstance(result, SeedanceError) or 200 <= response.status_code < 300
