"""What every documented or observed answer means: the vendors' samples, typed from the dossier's section 9."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors import VENDORS, make_adapter
from airflow_provider_seedance.api.vendors.refusals import clean, retry_after
from tests.support.requests import ANSWERS, TAKES_IDS, TELLS_UNKNOWN_IDS, own_id

from .helpers import NOW, PROMPT, SIMPLE, answer

Body = dict[str, Any]

BORN = datetime.fromtimestamp(1790000000, UTC)
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"

IDS = {vendor: answers.video_id for vendor, answers in ANSWERS.items()}
GMI_ID, ARK_ID = IDS["gmicloud"], IDS["byteplus"]
jimmy, gmi, modellix, ark = (ANSWERS[vendor].shown for vendor in ("jimmyai", "gmicloud", "modellix", "byteplus"))
FAST = "dreamina-seedance-2-0-fast-260128"


def read(vendor: str, body: object, status: int = 200, **headers: str) -> Video:
    return make_adapter(vendor).parse_get(answer(body, status, **headers), IDS[vendor])


def create(vendor: str, body: object, status: int = 200, **headers: str) -> Video:
    request = VideoRequest(**SIMPLE[vendor])
    if vendor in TAKES_IDS:
        request = request.marked(IDS[vendor])
    return make_adapter(vendor).parse_create(answer(body, status, **headers), request)


JIMMY_DONE = {"video_url": "https://cdn.example/v/000001.mp4", "image_url": "https://cdn.example/v/000001.jpg"}
GMI_DONE = {"video_url": "https://storage.example/v/1.mp4", "thumbnail_image_url": "https://storage.example/v/1.jpg"}
MODELLIX_VIDEO = {"type": "video", "url": "https://cdn.example/m/1.mp4", "width": 1280, "height": 720, "format": "mp4"}
ARK_DONE = {"video_url": "https://tos.example/v.mp4?X-Tos-Expires=86400", "last_frame_url": "https://tos.example/f.png"}


# -- status words -------------------------------------------------------------------------------------------------

EVERY_WORD = [
    pytest.param(vendor, word, VideoStatus(status), id=f"{vendor}-{word}")
    for vendor, answers in ANSWERS.items()
    for status, listed in answers.words.items()
    for word in listed.split()
]


@pytest.mark.parametrize(("vendor", "word", "status"), EVERY_WORD)
def test_every_documented_or_observed_word_is_understood(vendor: str, word: str, status: VideoStatus) -> None:
    for spelled in (word, word.upper(), f" {word} "):
        video = read(vendor, ANSWERS[vendor].shown(spelled))
        assert (video.status, video.undocumented_status) == (status, None)
        assert (video.video_id, video.vendor) == (IDS[vendor], vendor)


@pytest.mark.parametrize("vendor", ["byteplus", "volcengine"])
@pytest.mark.parametrize(
    ("status", "says", "made"),
    [
        ("succeeded", {"duration": 8, "resolution": "1080p"}, (8, "1080p")),
        ("succeeded", {}, (None, None)),
        ("succeeded", {"duration": -1, "resolution": ""}, (None, None)),
        ("succeeded", {"duration": "8", "resolution": 720}, (None, None)),
        ("succeeded", {"duration": True, "resolution": None}, (None, None)),
        ("running", {"duration": 8, "resolution": "1080p"}, (None, None)),  # nothing is made yet
    ],
)
def test_the_first_parties_say_what_they_have_made(
    vendor: str, status: str, says: dict[str, Any], made: tuple[int | None, str | None]
) -> None:
    video = read(vendor, ANSWERS[vendor].shown(status) | says)
    assert (video.made_seconds, video.made_resolution) == made
    assert not {"made_seconds", "made_resolution"} & set(video.to_dict())


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("word", ["pondering", "", "expired_soon", "FAILED!", None, 7, ["succeeded"], {}])
def test_a_word_that_nobody_documented_means_wait_and_is_told(vendor: str, word: Any) -> None:
    video = read(vendor, ANSWERS[vendor].shown(word))
    assert video.status is VideoStatus.RUNNING
    assert video.undocumented_status == str(word)
    assert "undocumented_status" not in video.to_dict()


# -- whole samples ------------------------------------------------------------------------------------------------

RETENTION_JIMMY = timedelta(days=3)
DAY = timedelta(hours=24)
SIGNED_END = datetime(2026, 9, 21, 14, 1, tzinfo=UTC)


def video(vendor: str, status: str, **more: Any) -> Video:
    return Video(video_id=IDS[vendor], vendor=vendor, status=VideoStatus(status), **more)


J: Body = {"model": "seedance2.0-fast-i2v", "created_at": BORN}
G: Body = {"model": "seedance-2-0-fast-260128", "created_at": BORN}
A: Body = {"model": FAST, "created_at": BORN}
LATER = BORN + timedelta(seconds=180)
ENDED = BORN + timedelta(seconds=120)

SAMPLES = [
    pytest.param(
        "jimmyai",
        jimmy("processing", progress=42, completed_at=0, result={"video_url": "", "image_url": ""}, error_message=""),
        video("jimmyai", "running", progress=42, **J),
        id="jimmyai-processing",
    ),
    pytest.param(
        "jimmyai",
        jimmy("processing", progress=42, completed_at=None, result=None, error_message=None),
        video("jimmyai", "running", progress=42, **J),
        id="jimmyai-processing-with-nulls",
    ),
    pytest.param("jimmyai", jimmy("queued"), video("jimmyai", "queued", **J), id="jimmyai-queued-with-nothing-else"),
    pytest.param(
        "jimmyai",
        jimmy("completed", progress=100, completed_at=1790000180, result=JIMMY_DONE, error_message=""),
        video(
            *("jimmyai", "succeeded"),
            video_url=JIMMY_DONE["video_url"],
            thumbnail_url=JIMMY_DONE["image_url"],
            url_expires_at=LATER + RETENTION_JIMMY,
            completed_at=LATER,
            progress=100,
            **J,
        ),
        id="jimmyai-completed",
    ),
    pytest.param(
        "jimmyai",
        jimmy("failed", progress=0, completed_at=1790000180, error_message="PROVIDER_MODERATION_ERROR: TRADEMARK"),
        video(
            *("jimmyai", "failed"),
            error=VideoError(code="PROVIDER_MODERATION_ERROR", message="TRADEMARK"),
            completed_at=LATER,
            progress=0,
            **J,
        ),
        id="jimmyai-failed",
    ),
    pytest.param(
        "jimmyai",
        {
            "task_id": "vid_000001",
            "status": "completed",
            "progress": 100,
            "result": {"video_url": "https://cdn.example/v/000001.mp4"},
        },
        video("jimmyai", "succeeded", video_url="https://cdn.example/v/000001.mp4", progress=100),
        id="jimmyai-flat",
    ),
    pytest.param(
        "gmicloud",
        gmi("processing", org_id="org-1", payload={"prompt": PROMPT, "duration": 5}),
        video("gmicloud", "running", **G),
        id="gmicloud-processing",
    ),
    pytest.param(
        "gmicloud",
        gmi("success", payload={"prompt": PROMPT}, outcome=GMI_DONE),
        video(
            *("gmicloud", "succeeded"),
            video_url=GMI_DONE["video_url"],
            thumbnail_url=GMI_DONE["thumbnail_image_url"],
            completed_at=ENDED,
            **G,
        ),
        id="gmicloud-success",
    ),
    pytest.param(
        "gmicloud",
        {
            "request_id": GMI_ID,
            "model": "seedance-2-0-fast-260128",
            "status": "success",
            "outcome": {"media_urls": [{"url": "https://storage.example/v/1.mp4"}]},
        },
        video("gmicloud", "succeeded", video_url="https://storage.example/v/1.mp4", model=G["model"]),
        id="gmicloud-success-newer-outcome",
    ),
    *(
        pytest.param(
            "gmicloud",
            gmi("failed", **where),
            video("gmicloud", "failed", error=error, completed_at=ENDED, **G),
            id=f"gmicloud-failed-{name}",
        )
        for name, where, error in (
            ("text-at-the-top", {"error": "Failed to download media"}, VideoError(message="Failed to download media")),
            (
                "object-at-the-top",
                {"error": {"code": "x", "message": "refused", "status": 400}},
                VideoError(code="x", message="refused"),
            ),
            ("text-in-the-outcome", {"outcome": {"error": "no"}}, VideoError(message="no")),
            ("empty-at-the-top", {"error": {}, "outcome": {"error": "no"}}, VideoError(message="no")),
            (
                "object-in-the-outcome",
                {"outcome": {"error": {"code": "moderation", "message": "output refused", "status": 400}}},
                VideoError(code="moderation", message="output refused"),
            ),
            ("nowhere", {"outcome": None}, VideoError()),
        )
    ),
    pytest.param("modellix", modellix("processing"), video("modellix", "running"), id="modellix-processing"),
    pytest.param(
        "modellix",
        modellix(
            "success",
            result={
                "resources": [
                    MODELLIX_VIDEO,
                    {"type": "image", "url": "https://cdn.example/m/1.png", "role": "last_frame"},
                ]
            },
        ),
        video(
            *("modellix", "succeeded"),
            video_url="https://cdn.example/m/1.mp4",
            last_frame_url="https://cdn.example/m/1.png",
            url_expires_at=NOW + DAY,
        ),
        id="modellix-success",
    ),
    pytest.param(
        "modellix",
        modellix(
            "success", result={"resources": [{"type": "image", "url": "https://cdn.example/m/1.png"}, MODELLIX_VIDEO]}
        ),
        video(
            *("modellix", "succeeded"),
            video_url="https://cdn.example/m/1.mp4",
            last_frame_url="https://cdn.example/m/1.png",
            url_expires_at=NOW + DAY,
        ),
        id="modellix-success-image-first-and-without-a-role",
    ),
    pytest.param(
        "modellix",
        modellix("done", result={"resources": ["https://cdn.example/m/1.png?X=1", "https://cdn.example/m/1.mp4"]}),
        video(
            *("modellix", "succeeded"),
            video_url="https://cdn.example/m/1.mp4",
            last_frame_url="https://cdn.example/m/1.png?X=1",
            url_expires_at=NOW + DAY,
        ),
        id="modellix-success-plain-addresses",
    ),
    pytest.param(
        "modellix",
        modellix("done", result={"resources": [None, 7, "", "https://cdn.example/m/1?sig=a.png"]}),
        video(*("modellix", "succeeded"), video_url="https://cdn.example/m/1?sig=a.png", url_expires_at=NOW + DAY),
        id="modellix-success-a-plain-address-without-an-ending",
    ),
    *(
        pytest.param("modellix", body, video("modellix", "failed", error=error), id=f"modellix-failed-{name}")
        for name, body, error in (
            (
                "object",
                modellix("failed", error={"code": "OutputVideoSensitiveContentDetected", "message": "refused"}),
                VideoError(code="OutputVideoSensitiveContentDetected", message="refused"),
            ),
            ("text", modellix("failed", error="refused"), VideoError(message="refused")),
            ("message", modellix("failed", message="refused"), VideoError(message="refused")),
            ("envelope", modellix("failed") | {"message": "refused"}, VideoError(message="refused")),
            ("nowhere", modellix("failed"), VideoError()),
        )
    ),
    *(
        case
        for name in ("byteplus", "volcengine")
        for case in (
            pytest.param(
                name,
                ark("running", service_tier="default", execution_expires_after=172800, draft=False, priority=0),
                video(name, "running", **A),
                id=f"{name}-running",
            ),
            pytest.param(
                name,
                ark(
                    "succeeded",
                    content=ARK_DONE,
                    usage={"completion_tokens": 108900, "total_tokens": 108900},
                    seed=85067,
                    resolution="720p",
                    duration=5,
                    framespersecond=24,
                ),
                video(
                    *(name, "succeeded"),
                    video_url=ARK_DONE["video_url"],
                    last_frame_url=ARK_DONE["last_frame_url"],
                    url_expires_at=ENDED + DAY,
                    usage={"completion_tokens": 108900, "total_tokens": 108900},
                    completed_at=ENDED,
                    seed=85067,
                    made_seconds=5,
                    made_resolution="720p",
                    **A,
                ),
                id=f"{name}-succeeded",
            ),
            pytest.param(
                name,
                ark(
                    "failed",
                    error={
                        "code": "OutputAudioSensitiveContentDetected",
                        "message": "The output audio may contain sensitive information. Request id: 02179",
                    },
                ),
                video(
                    *(name, "failed"),
                    error=VideoError(
                        code="OutputAudioSensitiveContentDetected",
                        message="The output audio may contain sensitive information. Request id: 02179",
                    ),
                    completed_at=ENDED,
                    **A,
                ),
                id=f"{name}-failed",
            ),
            pytest.param(name, ark("expired"), video(name, "expired", completed_at=ENDED, **A), id=f"{name}-expired"),
            pytest.param(
                name,
                {"id": ARK_ID, "status": "succeeded", "content": None},
                video(name, "succeeded"),
                id=f"{name}-succeeded-after-24-hours",
            ),
        )
    ),
]


@pytest.mark.parametrize(("vendor", "body", "expected"), SAMPLES)
def test_a_sample_of_the_documents_is_read_whole(vendor: str, body: Body, expected: Video) -> None:
    assert read(vendor, body) == expected
    assert read(vendor, body).is_deliverable == bool(expected.video_url)


@pytest.mark.parametrize("word", ["success", "completed"])
@pytest.mark.parametrize("code", [0, "0", 200, "200", 20000, "20000"])
def test_jimmy_ai_succeeds_with_each_code_that_was_ever_shown(code: Any, word: str) -> None:
    done = jimmy(word, result=JIMMY_DONE) | {"code": code}
    assert read("jimmyai", done).is_deliverable
    assert create("jimmyai", jimmy("queued") | {"code": code}).video_id == "vid_000001"


@pytest.mark.parametrize("name", ["error_message", "error_msg", "reason"])
def test_jimmy_ai_says_why_under_each_name_that_its_pages_use(name: str) -> None:
    seen = read("jimmyai", jimmy("failed", **{"error_message": "", name: "s3 upload failed"}))
    assert seen.error == VideoError(message="s3 upload failed")


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ("PROVIDER_MODERATION_ERROR: TRADEMARK", "PROVIDER_MODERATION_ERROR", "TRADEMARK"),
        ("PROVIDER_MODERATION_ERROR", "PROVIDER_MODERATION_ERROR", ""),
        ("Read timed out", None, "Read timed out"),
        ("s3 upload failed", None, "s3 upload failed"),
        ("connection reset by peer", None, "connection reset by peer"),
        ("video_reference 1: DURATION_TOO_LONG", None, "video_reference 1: DURATION_TOO_LONG"),
        ("", None, ""),
    ],
)
def test_jimmy_ais_observed_reasons_are_split_into_code_and_message(said: str, code: str | None, message: str) -> None:
    assert read("jimmyai", jimmy("failed", error_message=said)).error == VideoError(code=code, message=message)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("X-Tos-Date=20260921T140000Z&X-Tos-Expires=60", SIGNED_END, id="tos"),
        pytest.param("X-Amz-Date=20260921T140000Z&X-Amz-Expires=60", SIGNED_END, id="aws"),
        pytest.param("X-Goog-Date=20260921T140000Z&X-Goog-Expires=60", SIGNED_END, id="g"),
        pytest.param("X-Tos-Date=20990921T140000Z&X-Tos-Expires=60", ENDED + DAY, id="longer-than-the-retention"),
        pytest.param("X-Tos-Expires=60", ENDED + DAY, id="no-date"),
        pytest.param("X-Tos-Date=yesterday&X-Tos-Expires=60", ENDED + DAY, id="no-time"),
        pytest.param("X-Tos-Date=20260921T140000Z&X-Tos-Expires=1" + "0" * 30, ENDED + DAY, id="never"),
    ],
)
def test_a_url_that_says_when_it_ends_is_believed_if_that_is_sooner(query: str, expected: datetime) -> None:
    seen = read("byteplus", ark("succeeded", content={"video_url": f"https://tos.example/v.mp4?{query}"}))
    assert seen.url_expires_at == expected


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "url",
    ["videos/1.mp4", "/videos/1.mp4", "", "  ", None, 7, "ftp://x/1.mp4", "https://", "asset://1", ["https://x/1"]],
)
def test_a_success_without_an_http_url_is_not_deliverable(vendor: str, url: Any) -> None:
    if vendor == "replicate" and isinstance(url, list):
        pytest.skip("a list of one address is taken for the address")
    seen = read(vendor, ANSWERS[vendor].shown(ANSWERS[vendor].word_of_success, url))
    assert seen.status is VideoStatus.SUCCEEDED
    assert not seen.is_deliverable


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_url_before_the_success_is_not_deliverable(vendor: str) -> None:
    shown = ANSWERS[vendor].shown(ANSWERS[vendor].word_of_work, "https://cdn.example/1.mp4")
    assert not read(vendor, shown).is_deliverable


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_answer_for_another_video_is_not_believed(vendor: str) -> None:
    body = ANSWERS[vendor].shown("failed")
    with pytest.raises(TransientApiError, match=r"another video than other-id|nothing of task other-id"):
        make_adapter(vendor).parse_get(answer(body), "other-id")


@pytest.mark.parametrize("value", [0, -5, None, "1790000000", True, 1e300, 10**30, [], float("nan")])
def test_a_time_that_is_none_is_left_out(value: Any) -> None:
    assert read("byteplus", ark("succeeded", created_at=value, updated_at=value)).created_at is None
    assert read("byteplus", ark("succeeded", created_at=value, updated_at=value)).completed_at is None
    assert read("jimmyai", jimmy("completed", created_at=value, completed_at=value)).completed_at is None


def test_a_time_at_the_end_of_time_does_not_hide_the_video() -> None:
    seen = read("byteplus", ark("succeeded", updated_at=253402300000, content=ARK_DONE))
    assert seen.is_deliverable


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (42, 42), (99.9, 99), (250, 100), (-3, 0), (None, None), ("42", None), (True, None), (float("inf"), 100)],
)
def test_progress_is_a_percentage_or_nothing(value: Any, expected: int | None) -> None:
    assert read("jimmyai", jimmy("processing", progress=value)).progress == expected


def test_half_a_character_does_not_hide_the_id_of_a_paid_video() -> None:
    # JSON can carry lone surrogates; the id is what was paid for.
    body = b'{"request_id": "r-1", "model": "\\ud800", "status": "queued"}'
    assert make_adapter("gmicloud").parse_create(answer(body), VideoRequest(**SIMPLE["gmicloud"])).video_id == "r-1"


# -- creates ------------------------------------------------------------------------------------------------------

ACCEPTED = [
    pytest.param(vendor, body, id=f"{vendor}-{number}")
    for vendor, answers in ANSWERS.items()
    for number, body in enumerate(answers.accepted)
]


@pytest.mark.parametrize(("vendor", "body"), ACCEPTED)
def test_an_accepted_create_gives_the_id(vendor: str, body: Body) -> None:
    seen = create(vendor, body)
    assert (seen.video_id, seen.vendor, seen.model) == (IDS[vendor], vendor, SIMPLE[vendor]["model"])
    assert seen.status in (VideoStatus.QUEUED, VideoStatus.RUNNING)


@pytest.mark.parametrize("said", ["https://x.example/v.mp4", "none", "{{ id }}", "..", "two words", "a" * 300])
@pytest.mark.parametrize(("vendor", "body"), [case for case in ACCEPTED if case.values[0] not in TAKES_IDS])
def test_a_create_whose_answer_holds_no_id_that_a_task_could_be_given_is_in_doubt(
    vendor: str, body: Body, said: str
) -> None:
    own = own_id(IDS[vendor])
    with pytest.raises(SubmissionUnknownError):
        create(vendor, json.loads(json.dumps(body).replace(own, said)))


def test_an_id_may_be_a_number() -> None:
    assert create("gmicloud", {"request_id": 17}).video_id == "17"


# -- errors -------------------------------------------------------------------------------------------------------


# vendor, HTTP status, body, exception of a create, exception of a read
ERRORS = [
    *(
        pytest.param(vendor, *error, id=f"{vendor}-{name}")
        for vendor, answers in ANSWERS.items()
        for name, error in answers.errors.items()
    ),
    *(
        pytest.param(vendor, 200, body, SubmissionUnknownError, TransientApiError, id=f"{vendor}-{name}")
        for vendor in VENDORS
        for name, body in (
            ("nothing", b""),
            ("null", None),
            ("list", [{"id": "x", "request_id": "x", "status": "queued"}]),
            ("text", "queued"),
            ("torn", b'{"id": "x", "request_id": "x", "data": {"task'),
            ("empty", {}),
            ("empty-id", {"id": "", "request_id": "", "code": 0, "data": {"task_id": ""}}),
            ("truth-for-an-id", {"id": True, "request_id": True, "code": 0, "data": {"task_id": True}}),
            ("deep", b"[" * 100_000),
            ("bytes", b"\xff\xfe\x00\xd8"),
        )
    ),
]


@pytest.mark.parametrize(("vendor", "status", "body", "on_create", "on_read"), ERRORS)
def test_an_error_answer_is_told_by_what_can_be_done_about_it(
    vendor: str, status: int, body: object, on_create: type[SeedanceApiError], on_read: type[SeedanceApiError]
) -> None:
    with pytest.raises(SeedanceApiError) as caught:
        create(vendor, body, status)
    assert type(caught.value) is on_create
    with pytest.raises(SeedanceApiError) as caught:
        read(vendor, body, status)
    assert type(caught.value) is on_read
    assert caught.value.status_code == status
    assert f"{make_adapter(vendor).title}" in str(caught.value)
    assert f" answered HTTP {status}" in str(caught.value)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [405, 413, 415, 422])
def test_405_and_415_refuse_and_the_request_id_is_quoted(status: int, vendor: str) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        create(vendor, ANSWERS[vendor].refusal(status, "not this way"), status)
    assert "not this way" in str(caught.value)
    assert "Nothing was created. Correct the request" in str(caught.value)
    if not ANSWERS[vendor].quotes_request_id:
        assert caught.value.request_id is None
        assert "request id" not in str(caught.value)
    else:
        assert caught.value.request_id == "0217"
        assert "(request id 0217)" in str(caught.value)


@pytest.mark.parametrize("vendor", ["gmicloud", "modellix"])
@pytest.mark.parametrize("status", [401, 403])
def test_get_model_info_tells_a_refused_key(status: int, vendor: str) -> None:
    with pytest.raises(SeedanceAuthError, match="Check the API key") as caught:
        make_adapter(vendor).parse_model_info(answer(ANSWERS[vendor].refusal(status, "no"), status), "seedance-2.0-t2v")
    assert "knows no model" not in str(caught.value)


ODD_ITEMS: list[Any] = [None, "x", 7, [], {}, {"request_id": True}, {"request_id": None, "payload": {}}, {"payload": 7}]


@pytest.mark.parametrize("odd", ODD_ITEMS, ids=str)
def test_an_odd_item_in_the_list_does_not_hide_the_others(odd: Any) -> None:
    adapter, request = make_adapter("gmicloud"), VideoRequest(**SIMPLE["gmicloud"])
    mark = adapter.draw_mark(request)
    assert mark
    payload = (adapter.build_create(adapter.mark(request, mark)).json or {})["payload"]
    requests = [odd, gmi("queued", payload=payload), odd]
    page = adapter.parse_find(answer({"requests": requests, "has_more": False}), mark, limit=100, offset=0)
    assert [found.video_id for found in page.videos] == [GMI_ID]


@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
def test_an_unknown_id_is_told_with_the_vendors_retention(vendor: str) -> None:
    with pytest.raises(VideoNotFoundError) as caught:
        read(vendor, ANSWERS[vendor].unknown_id, 404)
    assert make_adapter(vendor).retention_note in str(caught.value)


# -- the helpers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"retry-after": "5"}, 5.0, id="seconds"),
        pytest.param({"retry-after": " 2.5 "}, 2.5, id="parts-of-seconds"),
        pytest.param({"retry-after": "0"}, 0.0, id="now"),
        pytest.param({"retry-after": "-3"}, 0.0, id="in-the-past"),
        pytest.param({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, 30.0, id="date"),
        pytest.param({"retry-after": "Fri, 20 Nov 2026 12:00:30 -0000"}, 30.0, id="date-without-a-zone"),
        pytest.param({"retry-after": "Fri, 20 Nov 2026 13:00:30 +0100"}, 30.0, id="date-elsewhere"),
        pytest.param({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, 0.0, id="past-date"),
        pytest.param({"retry-after": "soon"}, None, id="word"),
        pytest.param({"retry-after": ""}, None, id="empty"),
        pytest.param({"retry-after": "inf"}, None, id="for-ever"),
        pytest.param({"retry-after": "nan"}, None, id="not-a-number"),
        pytest.param({"retry-after": "1e999"}, None, id="beyond-numbers"),
        pytest.param({"retry-after": "Fri, 99 Foo 2026 99:99:99 GMT"}, None, id="no-date"),
        pytest.param({"x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 60.0, id="reset"),
        pytest.param({"x-ratelimit-reset": str(int(NOW.timestamp()) - 60)}, 0.0, id="past-reset"),
        pytest.param({"x-ratelimit-reset": "soon"}, None, id="reset-word"),
        pytest.param({"x-ratelimit-reset": "9" * 400}, None, id="reset-beyond-numbers"),
        pytest.param({"x-ratelimit-reset": "9" * 5000}, None, id="reset-beyond-digits"),
        pytest.param(
            {"retry-after": "5", "x-ratelimit-reset": str(int(NOW.timestamp()) + 60)}, 5.0, id="retry-after-wins"
        ),
    ],
)
def test_the_wait_that_a_vendor_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_an_error_carries_the_wait() -> None:
    with pytest.raises(SeedanceRateLimitError) as caught:
        create("modellix", {"code": 429, "message": "x"}, 429, X_RateLimit_Reset="x")
    assert caught.value.retry_after is None
    with pytest.raises(SeedanceRateLimitError) as caught:
        create("modellix", {"code": 429, "message": "x"}, 429, retry_after="5")
    assert caught.value.retry_after == 5


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        pytest.param("all  is\n\twell ", "all is well", id="one-line"),
        pytest.param("see https://x.ex/a.mp4?X-Sig=s&b=1 ok", "see https://x.ex/a.mp4?(left out) ok", id="sig"),
        pytest.param("see 'http://x/a?b=1' and", "see 'http://x/a?(left out)' and", id="quoted"),
        pytest.param("see https://x.example/a.mp4", "see https://x.example/a.mp4", id="plain-url"),
        pytest.param("got data:image/png;base64,iVBORw0KGgo= here", "got data:(left out) here", id="data"),
        pytest.param("got data:image/png;charset=utf-8;base64,iV here", "got data:(left out) here", id="data-charset"),
        pytest.param("got data:audio/mpeg;base64,ab-_+/= here", "got data:(left out) here", id="data-url-safe"),
        pytest.param("x" * 400, "x" * 300 + "…", id="long"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_vendors_text_is_made_fit_for_logs(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
