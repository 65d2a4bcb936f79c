"""Runware: the client chooses the id, so a create whose answer is lost is sent again, and is billed once."""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_seedance.api.assets import MediaFile
from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SubmissionUnknownError,
    TransientApiError,
    UnsupportedByVendorError,
)
from airflow_provider_seedance.api.http.steps import Step
from airflow_provider_seedance.api.models import VideoRequest, VideoStatus
from airflow_provider_seedance.api.pricing import quantities_of
from airflow_provider_seedance.api.validation import check_request
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import ONE_TRY, PROMPT, OpenClient, answer

MODEL, NEWEST = "bytedance:seedance@2.0", "bytedance:seedance@2.5"
SIMPLE = {"model": MODEL, "prompt": PROMPT}
ID = "0b0a3b62-6d1c-4c0a-9f52-7b9a2a1f5d10"
PICTURE, CLIP, SOUND = "https://f.example/a.png", "https://f.example/b.mp4", "https://f.example/c.mp3"
FIXED = {
    "taskType": "videoInference",
    "taskUUID": ID,
    "positivePrompt": PROMPT,
    "deliveryMethod": "async",
    "outputType": "URL",
    "outputFormat": "MP4",
    "numberResults": 1,
    "includeCost": True,
}


@pytest.fixture
def runware(sim: Simulator) -> Iterator[SeedanceClient]:
    settings = ClientSettings(sim.api_key, sim.base_url("runware"), read_timeout=2.0, retry=ONE_TRY)
    with SeedanceClient(make_adapter("runware"), settings, pause=lambda seconds: None) as client:
        yield client


def body(**fields: Any) -> Any:
    request = VideoRequest(**{**SIMPLE, **fields}).marked(ID)
    adapter = make_adapter("runware")
    check_request(request, adapter)
    [task] = adapter.build_create(request).json or []
    return task


# -- the request, to the letter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {}),
        ({"model": NEWEST}, {"model": NEWEST}),
        ({"duration": 5}, {"duration": 5}),
        ({"model": NEWEST, "duration": 30}, {"model": NEWEST, "duration": 30}),
        ({"model": NEWEST, "duration": -1}, {"model": NEWEST, "duration": "auto"}),
        ({"resolution": "720p", "ratio": "16:9"}, {"width": 1280, "height": 720}),
        ({"resolution": "1080P", "ratio": "21:9"}, {"width": 2206, "height": 946}),
        ({"resolution": "480p", "ratio": "9:16"}, {"width": 496, "height": 864}),
        ({"resolution": "4k", "ratio": "16:9"}, {"width": 3840, "height": 2160}),
        (
            {"model": NEWEST, "resolution": "480p", "ratio": "9:16"},
            {"model": NEWEST, "width": 480, "height": 854},
        ),
        ({"resolution": "720p"}, {"resolution": "720p"}),
        ({"resolution": "720p", "ratio": "adaptive"}, {"resolution": "720p"}),
        ({"seed": 7}, {"seed": 7}),
        ({"generate_audio": False}, {"settings": {"audio": False}}),
        (
            {"first_frame": PICTURE, "last_frame": PICTURE, "resolution": "720p"},
            {
                "resolution": "720p",
                "inputs": {
                    "frameImages": [{"image": PICTURE, "frame": "first"}, {"image": PICTURE, "frame": "last"}],
                },
            },
        ),
        ({"reference_images": [PICTURE, ID]}, {"inputs": {"referenceImages": [PICTURE, ID]}}),
        (
            {"reference_videos": [CLIP], "reference_audios": [SOUND]},
            {"inputs": {"referenceVideos": [CLIP], "referenceAudios": [SOUND]}},
        ),
        ({"extra": {"ttl": 3600}}, {"ttl": 3600}),
        ({"extra": {"webhookURL": "https://h.example/?token=1"}}, {"webhookURL": "https://h.example/?token=1"}),
        (
            {"resolution": "4k", "ratio": "4:3", "extra": {"width": 3328, "height": 2496}},
            {"width": 3328, "height": 2496},
        ),
    ],
    ids=str,
)
def test_each_field_stands_where_runware_has_it(fields: dict[str, Any], sent: dict[str, Any]) -> None:
    assert body(**fields) == {"model": MODEL, **FIXED, **sent}


@pytest.mark.parametrize(
    "field",
    [
        {"watermark": False},
        {"camera_fixed": True},
        {"return_last_frame": True},
        {"web_search": True},
        {"execution_expires_after": 3600},
    ],
    ids=str,
)
def test_what_it_has_no_word_for_is_refused_with_those_who_have_one(field: dict[str, Any]) -> None:
    [name] = field
    with pytest.raises(
        InvalidRequestError, match=rf"^Nothing was sent. {name}: Runware .*vendors that do: \w"
    ) as error:
        body(**field)
    assert "observed in clients" in str(error.value)


def test_a_ratio_needs_a_resolution_since_both_make_the_size() -> None:
    with pytest.raises(InvalidRequestError, match=r"ratio: Runware .* takes it only together with resolution"):
        body(ratio="16:9")


def test_a_size_that_nobody_has_seen_is_not_made_up() -> None:
    with pytest.raises(UnsupportedByVendorError, match="for 4k with 4:3 nobody has told which"):
        body(resolution="4k", ratio="4:3")


@pytest.mark.parametrize(
    "fields",
    [
        {"duration": 16},
        {"model": f"{MODEL}-fast", "resolution": "1080p"},
        {"reference_images": [PICTURE] * 10},
        {"reference_images": [PICTURE], "first_frame": PICTURE},
    ],
    ids=str,
)
def test_a_limit_that_was_only_seen_warns_and_passes(fields: dict[str, Any]) -> None:
    [warning] = check_request(VideoRequest(**{**SIMPLE, **fields}), make_adapter("runware"))
    assert "that was seen, not documented, so it is sent as it is" in warning
    assert body(**fields)


def test_the_price_depends_on_the_size_in_pixels() -> None:
    adapter = make_adapter("runware")
    known = quantities_of(adapter.billed(VideoRequest(**SIMPLE, duration=5, resolution="1080p", ratio="21:9")))
    assert (known.model, known.seconds, known.resolution, known.unclear) == (MODEL, 5, "1080p", None)
    several = adapter.billed(VideoRequest(**SIMPLE, duration=5, extra={"numberResults": 2}))
    assert several.unclear == "'numberResults' may ask for several videos"


# -- a create, once -----------------------------------------------------------------------------------------------


LOST = [
    pytest.param("reset_before", {}, id="reset-before-anything"),
    pytest.param("reset_after", {}, id="reset-after-accepting"),
    pytest.param("timeout_after", {"seconds": 30}, id="read-timeout"),
    pytest.param("http_500", {}, id="500"),
    pytest.param("http_500_after", {}, id="500-after-accepting"),
    pytest.param("http_502_html", {}, id="html-502"),
    pytest.param("http_502_html_after", {}, id="html-502-after-accepting"),
    pytest.param("http_503", {}, id="503"),
    *(pytest.param("http_status_after", {"status": s}, id=f"{s}-after-accepting") for s in (408, 409, 425, 504)),
    pytest.param("http_status_after", {"status": 202}, id="202-without-a-body"),
    pytest.param("torn_json", {}, id="torn-json"),
    pytest.param("missing_id", {}, id="no-id"),
    pytest.param("not_json", {}, id="no-json"),
]


@pytest.mark.parametrize(("kind", "options"), LOST)
def test_a_create_without_an_answer_is_sent_again_under_its_id_and_billed_once(
    sim: Simulator, runware: SeedanceClient, kind: str, options: dict[str, Any]
) -> None:
    sim.faults.add(Fault(kind, **options))
    video = runware.create_video(SIMPLE)
    first, second = sim.creates()
    assert first.json == second.json
    assert [bill.video_id for bill in sim.ledger] == [video.video_id] == [first.json[0]["taskUUID"]]
    assert uuid.UUID(video.video_id).version == 4


@pytest.mark.parametrize("kind", ["http_500", "reset_after", "torn_json"])
def test_a_create_that_never_gets_an_answer_ends_in_doubt_and_names_its_id(
    sim: Simulator, runware: SeedanceClient, kind: str
) -> None:
    # What the first try made, the second one is told as a conflict; so all answers have to be lost.
    sim.faults.add(Fault(kind, times=1), Fault("reset_before", times=None, skip=kind != "http_500"))
    with pytest.raises(SubmissionUnknownError, match="may exist and be billed; under this id") as caught:
        runware.create_video(SIMPLE)
    assert caught.value.video_id == sim.creates()[0].json[0]["taskUUID"]
    assert len({request.body for request in sim.creates()}) == 1
    assert len(sim.ledger) == (kind != "http_500")
    assert PROMPT not in str(caught.value)


@pytest.mark.parametrize("kind", ["no_balance", "auth", "moderation_submit", "http_429"])
def test_a_refusal_of_the_second_try_says_nothing_of_the_first(
    sim: Simulator, runware: SeedanceClient, kind: str
) -> None:
    sim.faults.add(Fault("reset_after"), Fault(kind, times=None, skip=1))
    with pytest.raises(SubmissionUnknownError) as caught:
        runware.create_video(SIMPLE)
    assert caught.value.video_id == sim.ledger[0].video_id
    assert "Nothing was created" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "error"), [("no_balance", SeedanceQuotaError), ("moderation_submit", SeedanceModerationError)]
)
@pytest.mark.parametrize("style", [{}, {"errors_in_200": True}], ids=str)
def test_a_refusal_of_the_first_try_is_believed_also_with_http_200(
    sim: Simulator, runware: SeedanceClient, kind: str, error: type[Exception], style: dict[str, Any]
) -> None:
    sim.faults.add(Fault(kind), Fault("answer_variant", times=None, **style))
    with pytest.raises(error, match="Nothing was created"):
        runware.create_video(SIMPLE)
    assert len(sim.creates()) == 1
    assert sim.ledger == []


@pytest.mark.parametrize("style", [{}, {"errors_in_200": True}, {"bare": True}], ids=str)
def test_an_id_that_was_used_is_the_video_that_was_made_with_it(
    sim: Simulator, runware: SeedanceClient, style: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sim.faults.add(Fault("answer_variant", times=None, **style))
    own = {**SIMPLE, "extra": {"taskUUID": ID}}
    assert [runware.create_video(own).video_id for _ in range(2)] == [ID, ID]
    assert len(sim.ledger) == 1
    assert f"Runware has task {ID} already" in caplog.text


def test_an_answer_that_takes_and_refuses_a_task_at_once_proves_nothing() -> None:
    task = {"taskType": "videoInference", "taskUUID": ID}
    both = {"data": [task], "errors": [{"code": "invalidModel", "message": "no", "taskUUID": ID}]}
    request = VideoRequest(**SIMPLE).marked(ID)
    with pytest.raises(SubmissionUnknownError):
        make_adapter("runware").parse_create(answer(both), request)
    others = {"data": [task], "errors": [{"code": "invalidModel", "message": "no", "taskUUID": "another"}]}
    assert make_adapter("runware").parse_create(answer(others), request).video_id == ID


# -- reading ------------------------------------------------------------------------------------------------------


def test_a_finished_video_comes_with_its_url_cost_and_seed(sim: Simulator, connect: OpenClient) -> None:
    client = connect("runware")
    video_id = client.create_video({**SIMPLE, "duration": 5, "seed": 7}).video_id
    assert client.get_video(video_id).status is VideoStatus.RUNNING
    sim.finish(video_id)
    video = client.get_video(video_id)
    assert video.is_deliverable
    assert (video.seed, video.usage) == (7, {"cost": 1.152, "currency": "USD"})
    assert video.url_expires_at is None  # no document gives a figure


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_a_failed_video_says_why(sim: Simulator, connect: OpenClient, status: Any) -> None:
    client = connect("runware")
    video_id = client.create_video(SIMPLE).video_id
    sim.finish(video_id, status, "timeoutProvider", "no answer in time")
    video = client.get_video(video_id)
    assert video.status is VideoStatus.FAILED
    assert str(video.error) == "timeoutProvider: no answer in time"


def test_what_is_not_told_is_asked_for_by_its_details(sim: Simulator, connect: OpenClient) -> None:
    with pytest.raises(TransientApiError, match="no proof that it isn't there"):
        connect("runware").get_video(ID)
    assert [request.call for request in sim.requests][:2] == ["poll", "result"]


def test_many_are_read_in_one_request_and_a_failed_one_spoils_nothing(sim: Simulator, connect: OpenClient) -> None:
    client = connect("runware")
    ids = [client.create_video(SIMPLE).video_id for _ in range(3)]
    sim.finish(ids[0])
    sim.finish(ids[1], "failed", "providerError", "no")
    videos = client.get_videos(ids)
    assert [video.video_id for video in videos] == ids
    assert [video.status.value for video in videos] == ["succeeded", "failed", "running"]
    assert [request.call for request in sim.requests if request.call != "create"] == ["list"]


def test_there_is_no_cancel_and_no_list(connect: OpenClient) -> None:
    client = connect("runware")
    with pytest.raises(UnsupportedByVendorError, match="no documented call to cancel"):
        client.cancel_video(ID)
    with pytest.raises(UnsupportedByVendorError, match="no documented call to list"):
        client.list_videos()


def test_the_probe_is_a_free_search(sim: Simulator, connect: OpenClient) -> None:
    assert connect("runware").probe() == "The key works; the search finds 4 Seedance models."
    assert connect("runware").get_model_info(NEWEST)["air"] == NEWEST
    assert sim.ledger == []


def test_a_file_is_stored_and_used_by_its_uuid(sim: Simulator, runware: SeedanceClient) -> None:
    content = b"\x89PNG\r\n\x1a\n" + b"0" * 100
    asset = runware.upload_asset({}, MediaFile("a.png", io.BytesIO(content), len(content)))
    [stored] = sim.assets.values()
    assert (asset.asset, asset.kind, stored.size) == (stored.id, "image", len(content))
    video = runware.create_video({**SIMPLE, "first_frame": asset.asset, "resolution": "720p"})
    assert video.video_id == sim.ledger[0].video_id


# -- the price, before --------------------------------------------------------------------------------------------


def test_a_dry_run_tells_the_price_and_makes_nothing(sim: Simulator, runware: SeedanceClient) -> None:
    cost = runware.quote_video({**SIMPLE, "duration": 5, "resolution": "1080p", "ratio": "16:9"})
    assert (cost.number, cost.currency, cost.reason) == (3.07, "USD", "Runware's dry run")
    assert sim.ledger == []
    assert sim.requests[0].headers["x-runware-dry-run"] == "1"


def test_a_dry_run_that_was_taken_for_a_create_is_told() -> None:
    adapter, request = make_adapter("runware"), VideoRequest(**SIMPLE)
    [step] = list(adapter.quote(request))
    assert isinstance(step, Step)
    [task] = step.request.json or []
    taken = {"data": [{"taskType": "videoInference", "taskUUID": task["taskUUID"], "status": "processing"}]}
    with pytest.raises(SubmissionUnknownError, match="as if the task had been taken"):
        step.parse(answer(taken))
    silent = {"data": [{"taskType": "videoInference", "taskUUID": task["taskUUID"]}]}
    assert str(step.parse(answer(silent))) == "unknown (Runware's dry run names no price)"
