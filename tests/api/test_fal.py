"""fal: the endpoint by the media, an id that says where to ask, COMPLETED that is no success, the look-up by a mark."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_seedance.api.assets import MediaFile
from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceConfigError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoFailedError,
    VideoModerationError,
    VideoNotFoundError,
    VideoRejectedError,
)
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.messages import HttpRequest
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.validation import check_request, to_request
from airflow_provider_seedance.api.vendors import make_adapter, vendor_of_model
from airflow_provider_seedance.api.vendors.fal.ids import make_id, read_id
from airflow_provider_seedance.api.video_jobs import failure_of
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import ONE_TRY, PROMPT, OpenClient, answer

FAMILY = "bytedance/seedance-2.0"
IMAGE, CLIP, SOUND = "https://x.example/a.png", "https://x.example/a.mp4", "https://x.example/a.mp3"
REQUEST_ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"
VIDEO_ID = f"{FAMILY}/{REQUEST_ID}"
URLS = {
    "response_url": f"https://queue.fal.run/{FAMILY}/requests/{REQUEST_ID}",
    "status_url": f"https://queue.fal.run/{FAMILY}/requests/{REQUEST_ID}/status",
}
ADAPTER = make_adapter("fal")


def request(**fields: Any) -> VideoRequest:
    return to_request({"model": FAMILY, "prompt": PROMPT} | fields)


# -- what is sent ----------------------------------------------------------------------------------------------------

SENT: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({}, "text-to-video", {}),
    ({"duration": 5}, "text-to-video", {"duration": "5"}),
    ({"duration": -1}, "text-to-video", {"duration": "auto"}),
    ({"resolution": "4K"}, "text-to-video", {"resolution": "4k"}),
    ({"ratio": "9:16"}, "text-to-video", {"aspect_ratio": "9:16"}),
    ({"ratio": "adaptive"}, "text-to-video", {"aspect_ratio": "auto"}),
    ({"seed": 7}, "text-to-video", {"seed": 7}),
    ({"generate_audio": False}, "text-to-video", {"generate_audio": False}),
    ({"first_frame": IMAGE}, "image-to-video", {"image_url": IMAGE}),
    ({"first_frame": IMAGE, "last_frame": IMAGE}, "image-to-video", {"image_url": IMAGE, "end_image_url": IMAGE}),
    ({"reference_images": [IMAGE, IMAGE]}, "reference-to-video", {"image_urls": [IMAGE, IMAGE]}),
    ({"reference_videos": [CLIP]}, "reference-to-video", {"video_urls": [CLIP]}),
    (
        {"reference_images": [IMAGE], "reference_audios": [SOUND]},
        "reference-to-video",
        {"image_urls": [IMAGE], "audio_urls": [SOUND]},
    ),
    ({"extra": {"bitrate_mode": "high"}}, "text-to-video", {"bitrate_mode": "high"}),
]


@pytest.mark.parametrize(("fields", "kind", "body"), SENT, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("family", [FAMILY, f"{FAMILY}/fast", f"{FAMILY}/mini", "bytedance/seedance-2.5"])
def test_each_field_in_fal_s_words_at_the_endpoint_that_its_media_ask_for(
    sim: Simulator, connect: OpenClient, family: str, fields: dict[str, Any], kind: str, body: dict[str, Any]
) -> None:
    if fields.get("resolution") == "4K" and family != FAMILY:
        pytest.skip("not rendered by this family")
    video = connect("fal").create_video(request(model=family, **fields))
    (sent,) = sim.creates()
    assert (sent.method, sent.path, sent.json) == ("POST", f"/{family}/{kind}", {"prompt": PROMPT, **body})
    assert sent.headers["authorization"] == f"Key {sim.api_key}"
    sim.advance(100)
    assert connect("fal").get_video(video.video_id).status is VideoStatus.SUCCEEDED  # the runner found nothing wrong


def test_an_endpoint_that_is_named_whole_is_taken_as_it_is(sim: Simulator, connect: OpenClient) -> None:
    connect("fal").create_video(request(model=f"{FAMILY}/fast/text-to-video"))
    assert sim.creates()[0].path == f"/{FAMILY}/fast/text-to-video"
    draft = "bytedance/seedance-2.5/draft/complete"
    connect("fal").create_video({"model": draft, "extra": {"draft_id": "draft-1"}})
    assert (sim.creates()[1].path, sim.creates()[1].json) == (f"/{draft}", {"draft_id": "draft-1"})


@pytest.mark.parametrize("name", ["watermark", "camera_fixed", "return_last_frame", "web_search"])
def test_what_fal_has_no_word_for_is_refused_naming_who_has(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=rf"{name}: fal .* does not take it; vendors that do: \w"):
        check_request(request(**{name: True}), ADAPTER)


REFUSED = [
    ({"execution_expires_after": 3600}, "does not take it"),
    ({"duration": 3}, "takes 4 to 15 seconds, or -1"),
    ({"duration": 16}, "takes 4 to 15 seconds"),
    ({"model": "bytedance/seedance-2.5", "duration": 31}, "takes 4 to 30 seconds"),
    ({"model": f"{FAMILY}/fast", "resolution": "1080p"}, "takes 480p, 720p, not '1080p'"),
    ({"ratio": "9:21"}, "ratio: fal"),
    ({"first_frame": IMAGE, "reference_images": [IMAGE]}, "does not take them together"),
    ({"seed": 7, "reference_images": [IMAGE]}, "does not take it together"),
    ({"last_frame": IMAGE}, "only together with first_frame"),
    ({"reference_audios": [SOUND]}, "never takes them alone"),
    ({"reference_images": [IMAGE] * 10}, "takes at most 9, not 10"),
    (
        {"reference_images": [IMAGE] * 9, "reference_videos": [CLIP] * 2, "reference_audios": [SOUND] * 2},
        "takes at most 12 files together, not 13",
    ),
    ({"reference_images": ["asset://a"]}, "not asset://"),
    ({"model": f"{FAMILY}/text-to-video", "first_frame": IMAGE}, "does not take it; fal routes that do"),
    ({"model": f"{FAMILY}/image-to-video"}, "first_frame: .* needs it"),
    ({"prompt": ""}, "prompt: fal .* needs it"),
]


@pytest.mark.parametrize(("fields", "why"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_every_page_of_fal_forbids_is_refused_before_anything_is_sent(
    sim: Simulator, connect: OpenClient, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        connect("fal").create_video(request(**fields))
    assert sim.requests == []


def test_what_its_pages_contradict_each_other_about_is_sent_with_a_warning() -> None:
    (warning,) = check_request(request(model="bytedance/seedance-2.5", resolution="1080p"), ADAPTER)
    assert "no document says" in warning
    assert check_request(request(model="bytedance/seedance-2.5", reference_audios=[SOUND]), ADAPTER) == []


def test_only_whole_endpoints_are_names_that_no_other_seller_has() -> None:
    assert vendor_of_model(f"{FAMILY}/fast/text-to-video") == "fal"
    assert vendor_of_model(FAMILY) is None


def test_a_callback_goes_into_the_query_and_a_lifetime_into_a_header(sim: Simulator, connect: OpenClient) -> None:
    hook = "https://hooks.example/fal?mark=1&x=y"
    fal = connect("fal", options={"fal_file_seconds": "7200"})
    video = fal.create_video(request(extra={"fal_webhook": hook}))
    (sent,) = sim.creates()
    assert dict(sent.query) == {"fal_webhook": hook}
    assert sent.json == {"prompt": PROMPT}
    assert sent.headers["x-fal-object-lifecycle-preference"] == '{"expiration_duration_seconds": 7200}'
    sim.finish(video.video_id)
    expires = fal.get_video(video.video_id).url_expires_at
    assert expires is not None
    assert timedelta(seconds=7100) < expires - datetime.now(UTC) <= timedelta(seconds=7200)


def test_the_longest_queue_goes_into_the_query_and_is_refused_with_nothing_made(
    sim: Simulator, connect: OpenClient
) -> None:
    fal = connect("fal", retry=ONE_TRY)
    fal.create_video(request())
    with pytest.raises(SeedanceRateLimitError, match="Nothing was created"):
        fal.create_video(request(extra={"fal_max_queue_length": 0}))
    sent = sim.creates()[1]
    assert (dict(sent.query), sent.json) == ({"fal_max_queue_length": "0"}, {"prompt": PROMPT})
    assert len(sim.ledger) == 1


@pytest.mark.parametrize("seconds", [0, 8 * 86_400])
def test_a_final_is_made_from_a_draft_that_there_is_for_seven_days(
    sim: Simulator, connect: OpenClient, seconds: int
) -> None:
    fal, model = connect("fal"), "bytedance/seedance-2.5"
    draft = fal.create_video(request(model=model, draft=True))
    sim.finish(draft.video_id)
    draft_id = fal.get_video(draft.video_id).draft_id
    sim.advance(seconds)
    finals = [fal.create_video({"model": model, "draft_id": each}) for each in (draft_id, draft.video_id)]
    sim.advance(100)
    told = [fal.get_video(final.video_id).status for final in finals]
    assert told == [VideoStatus.FAILED if seconds else VideoStatus.SUCCEEDED, VideoStatus.FAILED]


@pytest.mark.parametrize("seconds", ["soon", "-1", "0", "1.5"])
def test_a_lifetime_that_is_no_number_is_refused_before_the_money(seconds: str) -> None:
    with pytest.raises(SeedanceConfigError, match="fal_file_seconds"):
        make_adapter("fal", {"fal_file_seconds": seconds})


@pytest.mark.parametrize(("duration", "billed"), [(5, 5), (-1, -1), (None, None)])
def test_the_price_is_judged_by_seconds_though_fal_s_are_texts(duration: int | None, billed: int | None) -> None:
    found = ADAPTER.billed(request(duration=duration, resolution="720p"))
    assert (found.model, found.duration, found.resolution, found.unclear) == (FAMILY, billed, "720p", None)


# -- the id ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "app"),
    [
        (f"https://queue.fal.run/bytedance/other/requests/{REQUEST_ID}", "bytedance/other"),
        (f"https://queue.falrun.com/bytedance/other/requests/{REQUEST_ID}", "bytedance/other"),
        (f"https://queue.fal.run.evil.example/bytedance/other/requests/{REQUEST_ID}", FAMILY),
        (f"https://u:p@queue.fal.run/bytedance/other/requests/{REQUEST_ID}", FAMILY),
        (f"http://queue.fal.run/bytedance/other/requests/{REQUEST_ID}", FAMILY),
        ("https://queue.fal.run/bytedance/other/requests/another", FAMILY),
        (f"https://queue.fal.run/../requests/{REQUEST_ID}", FAMILY),
        (f"https://queue.fal.run/a/b/c/requests/{REQUEST_ID}", FAMILY),
        ("https://[", FAMILY),
        (None, FAMILY),
        (7, FAMILY),
    ],
)
def test_an_address_in_the_answer_counts_only_on_the_queue_s_own_host(url: object, app: str) -> None:
    made = make_id(f"{FAMILY}/fast/text-to-video", REQUEST_ID, url)
    assert str(made) == f"{app}/{REQUEST_ID}"
    assert read_id(str(made)).path == f"/{app}/requests/{REQUEST_ID}"


@pytest.mark.parametrize(
    "video_id", ["v-1", REQUEST_ID, f"../x/{REQUEST_ID}", f"a/../{REQUEST_ID}", f"a/b/c/{REQUEST_ID}", f"{FAMILY}/ü"]
)
def test_an_id_that_is_none_of_fal_s_is_refused_before_anything_is_sent(
    sim: Simulator, connect: OpenClient, video_id: str
) -> None:
    fal = connect("fal")
    for call in (fal.get_video, fal.cancel_video):
        with pytest.raises(InvalidRequestError, match="owner/app/request"):
            call(video_id)
    assert sim.requests == []


@pytest.mark.parametrize("bad", ["a b", "a/b", "", "x" * 65, "../x"])
def test_a_request_id_that_can_be_none_leaves_the_create_in_doubt(bad: str) -> None:
    with pytest.raises(SubmissionUnknownError):
        ADAPTER.parse_create(answer({"request_id": bad, "status": "IN_QUEUE"}), request())


# -- what is answered ------------------------------------------------------------------------------------------------


def test_a_video_is_followed_to_the_result_which_is_a_second_call(sim: Simulator, connect: OpenClient) -> None:
    fal = connect("fal")
    made = fal.create_video(request(seed=7))
    assert (made.status, made.seed, made.video_id) == (VideoStatus.QUEUED, 7, sim.ledger[0].video_id)
    assert fal.get_video(made.video_id).status is VideoStatus.QUEUED
    sim.advance(10)
    assert fal.get_video(made.video_id).status is VideoStatus.RUNNING
    assert [r.call for r in sim.requests] == ["create", "poll", "poll"]
    sim.advance(60)
    done = fal.get_video(made.video_id)
    assert (done.status, done.seed, done.is_deliverable) == (VideoStatus.SUCCEEDED, 7, True)
    assert [r.call for r in sim.requests][3:] == ["poll", "result"]


@pytest.mark.parametrize("beside", [False, True], ids=["in the result", "in the status"])
@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("content_policy_violation", VideoStatus.FAILED, VideoModerationError),
        ("face_detection_error", VideoStatus.FAILED, VideoModerationError),
        ("bad_request", VideoStatus.FAILED, VideoRejectedError),
        ("file_too_large", VideoStatus.FAILED, VideoRejectedError),
        ("value_error", VideoStatus.FAILED, VideoRejectedError),
        ("unsupported_image_format", VideoStatus.FAILED, VideoRejectedError),
        ("file_download_error", VideoStatus.FAILED, VideoFailedError),
        ("runner_server_error", VideoStatus.FAILED, VideoFailedError),
        ("generation_timeout", VideoStatus.FAILED, VideoFailedError),
        ("downstream_service_unavailable", VideoStatus.FAILED, VideoFailedError),
    ],
)
def test_completed_is_no_success(
    sim: Simulator,
    connect: OpenClient,
    beside: bool,
    code: str,
    status: VideoStatus,
    kind: type[SeedanceApiError],
) -> None:
    if beside:
        sim.faults.add(Fault("answer_variant", "fal", times=None, error="status"))
    fal = connect("fal")
    video_id = fal.create_video(request()).video_id
    sim.finish(video_id, "failed", code, "prompt: no")
    seen = fal.get_video(video_id)
    assert (seen.status, seen.error.code if seen.error else None) == (status, code)
    assert "no" in str(seen.error)
    assert type(failure_of(seen)) is kind


def test_a_wrong_input_is_found_by_the_runner_and_the_reason_quotes_no_prompt(
    sim: Simulator, connect: OpenClient
) -> None:
    fal = connect("fal")
    video_id = fal.create_video(request(extra={"bitrate_mode": PROMPT})).video_id
    sim.advance(100)
    seen = fal.get_video(video_id)
    assert seen.status is VideoStatus.FAILED
    assert "bitrate_mode" in str(seen.error)
    assert PROMPT not in str(seen.error)


RESULTS: list[tuple[int, Any, dict[str, str], type[SeedanceApiError]]] = [
    (400, {"detail": "Request is still in progress"}, {}, TransientApiError),
    (400, {"detail": "Request is still in progress", "error_type": "bad_request"}, {}, TransientApiError),
    (500, {"detail": "Internal Server Error"}, {}, TransientApiError),
    (502, b"<html>nginx</html>", {}, TransientApiError),
    (504, b"", {"x-fal-error-type": "generation_timeout"}, TransientApiError),
    (422, {"title": "x"}, {}, TransientApiError),
    (200, {"seed": 1}, {}, TransientApiError),
    (200, [], {}, TransientApiError),
    (429, {"detail": "no", "error_type": "concurrent_requests_limit"}, {}, TransientApiError),
    (401, {"detail": "no"}, {}, SeedanceAuthError),
    (403, {"detail": "User is locked. Reason: Exhausted balance."}, {}, SeedanceQuotaError),
    (404, {"detail": "Request not found"}, {}, VideoNotFoundError),
]


@pytest.mark.parametrize(("status", "body", "headers", "kind"), RESULTS, ids=str)
def test_a_result_that_names_no_type_is_no_word_about_the_video(
    status: int, body: Any, headers: dict[str, str], kind: type[SeedanceApiError]
) -> None:
    with pytest.raises(SeedanceApiError) as caught:
        ADAPTER.parse_result(answer(body, status, **headers), VIDEO_ID)  # type: ignore[attr-defined]
    assert type(caught.value) is kind


@pytest.mark.parametrize("headers", [{}, {"x-fal-error-type": "runner_disconnected"}])
def test_a_result_s_type_stands_in_its_body_or_its_header(headers: dict[str, str]) -> None:
    body = {"detail": "gone"} if headers else {"detail": "gone", "error_type": "runner_disconnected"}
    seen: Video = ADAPTER.parse_result(answer(body, 503, **headers), VIDEO_ID)  # type: ignore[attr-defined]
    assert (seen.status, seen.error.code if seen.error else "") == (VideoStatus.FAILED, "runner_disconnected")


def test_an_error_of_the_result_call_is_no_failed_video_unless_the_list_says_so(
    sim: Simulator, connect: OpenClient
) -> None:
    """It may be about that call alone; a video that is taken for failed is submitted, and paid, again."""
    fal = connect("fal", retry=ONE_TRY)
    video_id = fal.create_video(request()).video_id
    sim.advance(100)
    sim.faults.add(Fault("http_500", "fal", on="result"))
    with pytest.raises(TransientApiError, match="read again"):
        fal.get_video(video_id)
    assert [r.call for r in sim.requests][-3:] == ["poll", "result", "list"]
    assert fal.get_video(video_id).status is VideoStatus.SUCCEEDED


@pytest.mark.parametrize("kind", ["auth", "http_500", "not_json"])
def test_a_list_that_cannot_be_read_confirms_no_failure(sim: Simulator, connect: OpenClient, kind: str) -> None:
    fal = connect("fal", retry=ONE_TRY)
    video_id = fal.create_video(request()).video_id
    sim.finish(video_id, "failed", "internal_error", "It broke.")
    sim.faults.add(Fault(kind, "fal", on="list"))
    with pytest.raises(TransientApiError):
        fal.get_video(video_id)
    assert fal.get_video(video_id).status is VideoStatus.FAILED


@pytest.mark.parametrize(
    ("code", "status"), [("client_cancelled", VideoStatus.CANCELLED), ("request_timeout", VideoStatus.EXPIRED)]
)
def test_an_end_that_stands_in_the_status_needs_no_second_call(code: str, status: VideoStatus) -> None:
    body = {"status": "COMPLETED", "request_id": REQUEST_ID, "error": "x", "error_type": code}
    assert ADAPTER.parse_get(answer(body), VIDEO_ID).status is status


CREATE_ERRORS: list[tuple[int, Any, type[SeedanceApiError]]] = [
    (401, {"detail": "No user found for Key ID and Secret"}, SeedanceAuthError),
    (403, {"detail": "User is locked. Reason: Exhausted balance. Top up."}, SeedanceQuotaError),
    (402, {"detail": "pay"}, SeedanceQuotaError),
    (404, {"detail": "Application not found"}, RequestRejectedError),
    (422, {"detail": [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]},
     SeedanceModerationError),
    (422, {"detail": [{"loc": ["body", "x"], "msg": "no", "type": "value_error"}]}, RequestRejectedError),
    (429, {"detail": "full", "error_type": "concurrent_requests_limit"}, SeedanceRateLimitError),
    (500, {"detail": "x", "error_type": "internal_server_error"}, SubmissionUnknownError),
    (504, {"detail": "x", "error_type": "request_timeout"}, SubmissionUnknownError),
    (409, {"detail": "x"}, SubmissionUnknownError),
    (200, {"detail": "x"}, SubmissionUnknownError),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind"), CREATE_ERRORS, ids=str)
def test_what_a_create_s_refusal_means(status: int, body: Any, kind: type[SeedanceApiError]) -> None:
    with pytest.raises(SeedanceApiError) as caught:
        ADAPTER.parse_create(answer(body, status), request())
    assert type(caught.value) is kind


def test_an_id_in_a_create_s_error_is_told_whole() -> None:
    body = {"status": "IN_QUEUE", "request_id": REQUEST_ID, **URLS}
    with pytest.raises(SubmissionUnknownError) as caught:
        ADAPTER.parse_create(answer(body, 504), request())
    assert caught.value.video_id == VIDEO_ID


# -- looked up -------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(sim: Simulator) -> Any:
    settings = ClientSettings(api_key=sim.api_key, base_url=sim.base_url("fal"), retry=ONE_TRY)
    with SeedanceClient(ADAPTER, settings, pause=lambda seconds: None) as made:
        yield made


YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize("fields", [{}, {"first_frame": IMAGE}, {"reference_images": [IMAGE]}], ids=str)
def test_a_submission_is_found_by_its_mark_wherever_its_media_sent_it(
    sim: Simulator, client: SeedanceClient, fields: dict[str, Any]
) -> None:
    mark = ADAPTER.draw_mark(request())
    assert mark is not None
    sim.faults.add(Fault("answer_variant", "fal", times=None, listed="ended"))
    client.create_video(request(**fields))  # the same, without a mark
    client.create_video(request(**fields, extra={"end_user_id": mark[:-1]}))
    own = client.create_video(ADAPTER.mark(request(**fields), mark))
    assert sim.creates()[2].json["end_user_id"] == mark
    # What has not ended isn't listed here, and that proves nothing.
    assert client.find_videos(mark, model=FAMILY, since=YESTERDAY) == []
    sim.advance(100)
    (found,) = client.find_videos(mark, model=FAMILY, since=YESTERDAY)
    assert (found.video_id, found.is_deliverable, found.mark) == (own.video_id, True, mark)


def test_a_submission_that_failed_is_found_as_what_the_queue_says(sim: Simulator, client: SeedanceClient) -> None:
    own = client.create_video(ADAPTER.mark(request(extra={"task": "x"}), "airflow-1"))
    sim.advance(100)
    (found,) = client.find_videos("airflow-1", model=FAMILY, since=YESTERDAY)
    assert (found.video_id, found.status) == (own.video_id, VideoStatus.FAILED)


def test_all_pages_of_the_list_are_read(sim: Simulator, client: SeedanceClient) -> None:
    own = client.create_video(ADAPTER.mark(request(), "airflow-1"))
    sim.advance(100)
    for _ in range(3):
        client.create_video(request())
        sim.advance(100)
    flow = ADAPTER.find("airflow-1", FAMILY, number=0, limit=2, offset=0, since=YESTERDAY)
    page = client._driver.run(flow)
    assert [video.video_id for video in page.videos] == [own.video_id]
    asked = [dict(r.query) for r in sim.requests if r.call == "list"]
    assert [query.get("cursor") for query in asked] == [None, "2"]
    assert asked[0]["endpoint_id"].split(",") == [f"{FAMILY}/{k}-to-video" for k in ("text", "image", "reference")]


def test_a_list_without_an_end_concludes_nothing(sim: Simulator, client: SeedanceClient) -> None:
    for _ in range(21):
        sim.finish(client.create_video(request()).video_id)
    with pytest.raises(TransientApiError, match="more videos than were read"):
        client._driver.run(ADAPTER.find("airflow-1", FAMILY, number=0, limit=1, offset=0, since=YESTERDAY))


def test_no_mark_is_drawn_where_the_user_or_the_connection_has_a_say() -> None:
    assert ADAPTER.draw_mark(request(extra={"end_user_id": "me"})) is None
    assert make_adapter("fal", {"mark_end_user_id": False}).draw_mark(request()) is None
    assert ADAPTER.draw_mark(request(model="bytedance/seedance-2.5/draft/complete")) is None
    assert ADAPTER.draw_mark(request()) != ADAPTER.draw_mark(request())


def test_the_list_can_only_be_read_from_its_beginning(client: SeedanceClient) -> None:
    for options in ({"offset": 5}, {"status": VideoStatus.QUEUED}):
        with pytest.raises(UnsupportedByVendorError):
            client.list_videos(**options)


# -- cancel, upload, other hosts -------------------------------------------------------------------------------------


def test_what_runs_is_asked_to_stop_and_what_came_of_it_is_told(sim: Simulator, client: SeedanceClient) -> None:
    queued, running, ended = (client.create_video(request()).video_id for _ in range(3))
    told = client.cancel_if_not_started(queued)
    assert (told.cancelled, told.sentence) == (True, f"fal cancelled video {queued} before it started.")
    sim.advance(10)
    sim.finish(ended)
    told = client.cancel_if_not_started(running)
    assert (told.cancelled, told.sentence) == (
        False,
        f"Video {running} is running, though fal accepted to cancel it; it may be billed.",
    )
    assert "has ended" in client.cancel_if_not_started(ended).sentence
    with pytest.raises(RequestRejectedError, match="ALREADY_COMPLETED"):
        client.cancel_video(ended)
    with pytest.raises(VideoNotFoundError, match="NOT_FOUND"):
        client.cancel_video(f"{FAMILY}/nobody")


def test_media_are_stored_without_the_key(sim: Simulator, client: SeedanceClient) -> None:
    stored = client.upload_asset({}, MediaFile("a.png", io.BytesIO(b"\x89PNG"), 4))
    (asset,) = sim.assets.values()
    assert (stored.asset, stored.kind, asset.size) == (asset.url, "image", 4)
    initiated, put = sim.requests
    assert (initiated.path, dict(initiated.query)) == ("/storage/upload/initiate", {"storage_type": "fal-cdn-v3"})
    assert initiated.json == {"file_name": "a.png", "content_type": "image/png"}
    assert (put.method, "authorization" in put.headers) == ("PUT", False)


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        (None, "https://api.fal.ai/v1/models"),
        ("https://queue.fal.run/", "https://api.fal.ai/v1/models"),
        ("https://gateway.example/fal", "https://gateway.example/fal/v1/models"),
    ],
)
def test_the_key_goes_to_fal_s_other_hosts_only_where_the_base_url_is_fal_s_own(
    base_url: str | None, address: str
) -> None:
    endpoint = Endpoint.of(ADAPTER, ClientSettings(api_key="k", base_url=base_url))
    assert endpoint.url_of(HttpRequest("GET", "/v1/models", origin="https://api.fal.ai")) == address
    assert endpoint.url_of(HttpRequest("GET", "/x")).startswith(base_url.rstrip("/") if base_url else "https://queue.")


def test_its_price_list_is_what_is_told_of_a_model(sim: Simulator, client: SeedanceClient) -> None:
    told = client.get_model_info(f"{FAMILY}/fast")
    assert {price["endpoint_id"] for price in told["prices"]} == {
        f"{FAMILY}/fast/{kind}-to-video" for kind in ("text", "image", "reference")
    }
    with pytest.raises(VideoNotFoundError, match="no price"):
        client.get_model_info("nobody/knows/it")
