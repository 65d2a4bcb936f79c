"""Replicate: the input's words, a deadline of the server's, an hour to fetch, a look-up by the seed that was drawn."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_seedance.api.assets import MediaFile
from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoModerationError,
    VideoUrlExpiredError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.api.jobs import Outcome, Wait
from airflow_provider_seedance.api.models import VideoRequest, VideoStatus
from airflow_provider_seedance.api.validation import check_request, to_request
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.video_jobs import VIDEO, failure_of
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import ONE_TRY, PROMPT, OpenClient, answer

MODEL, NEWER = "bytedance/seedance-2.0", "bytedance/seedance-2.5"
IMAGE, CLIP, SOUND = "https://x.example/a.png", "https://x.example/a.mp4", "https://x.example/a.mp3"
ADAPTER = make_adapter("replicate")
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def request(**fields: Any) -> VideoRequest:
    return to_request({"model": MODEL, "prompt": PROMPT} | fields)


@pytest.fixture
def client(sim: Simulator) -> Any:
    settings = ClientSettings(api_key=sim.api_key, base_url=sim.base_url("replicate"), retry=ONE_TRY)
    with SeedanceClient(ADAPTER, settings, pause=lambda seconds: None) as made:
        yield made


SENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"duration": 5}, {"duration": 5}),
    ({"duration": -1}, {"duration": -1}),
    ({"resolution": "720P"}, {"resolution": "720p"}),
    ({"ratio": "adaptive"}, {"aspect_ratio": "adaptive"}),
    ({"seed": 7}, {"seed": 7}),
    ({"generate_audio": False}, {"generate_audio": False}),
    ({"first_frame": IMAGE, "last_frame": IMAGE}, {"image": IMAGE, "last_frame_image": IMAGE}),
    ({"reference_images": [IMAGE]}, {"reference_images": [IMAGE]}),
    (
        {"reference_videos": [CLIP], "reference_audios": [SOUND]},
        {"reference_videos": [CLIP], "reference_audios": [SOUND]},
    ),
]


@pytest.mark.parametrize(("fields", "given"), SENT, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("model", [MODEL, f"{MODEL}-fast", NEWER])
def test_each_field_in_replicate_s_words(
    sim: Simulator, client: SeedanceClient, model: str, fields: dict[str, Any], given: dict[str, Any]
) -> None:
    client.create_video(request(model=model, **fields))
    (sent,) = sim.creates()
    assert (sent.path, sent.json) == (f"/v1/models/{model}/predictions", {"input": {"prompt": PROMPT, **given}})
    assert "cancel-after" not in sent.headers
    assert "prefer" not in sent.headers


def test_a_deadline_is_the_server_s_and_a_webhook_stands_beside_the_input(
    sim: Simulator, client: SeedanceClient
) -> None:
    hook = {"webhook": "https://hooks.example/x?mark=1", "webhook_events_filter": ["completed"]}
    video = client.create_video(request(execution_expires_after=30, extra=hook))
    (sent,) = sim.creates()
    assert sent.headers["cancel-after"] == "30s"
    assert sent.json == {"input": {"prompt": PROMPT}, **hook}
    sim.advance(31)
    assert client.get_video(video.video_id).status is VideoStatus.CANCELLED


@pytest.mark.parametrize("name", ["watermark", "camera_fixed", "return_last_frame", "web_search"])
def test_what_replicate_has_no_word_for_is_refused_naming_who_has(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=rf"{name}: Replicate .* does not take it; .* that do: \w"):
        check_request(request(**{name: True}), ADAPTER)


REFUSED = [
    ({"duration": 16}, "takes 1 to 15 seconds, or -1"),
    ({"model": f"{MODEL}-fast", "resolution": "1080p"}, "takes 480p, 720p"),
    ({"execution_expires_after": 4}, "execution_expires_after"),
    ({"first_frame": IMAGE, "reference_images": [IMAGE]}, "does not take them together"),
    ({"last_frame": IMAGE}, "only together with first_frame"),
    ({"reference_audios": [SOUND]}, "never takes them alone"),
    ({"reference_images": [IMAGE] * 10}, "takes at most 9"),
    ({"prompt": ""}, "prompt: Replicate .* needs it"),
]


@pytest.mark.parametrize(("fields", "why"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_its_pages_forbid_is_refused_before_anything_is_sent(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequestError, match=why):
        check_request(request(**fields), ADAPTER)


@pytest.mark.parametrize("fields", [{"duration": 31}, {"resolution": "1080p"}], ids=str)
def test_what_others_read_of_2_5_warns_only(fields: dict[str, Any]) -> None:
    assert len(check_request(request(model=NEWER, **fields), ADAPTER)) == 1


@pytest.mark.parametrize("model", [MODEL, f"{MODEL}-fast"])
def test_a_ratio_that_was_seen_once_is_sent_with_a_warning(sim: Simulator, client: SeedanceClient, model: str) -> None:
    (warning,) = check_request(request(model=model, ratio="9:21"), ADAPTER)
    assert "no document says" in warning
    client.create_video(request(model=model, ratio="9:21"))
    assert sim.creates()[0].json["input"]["aspect_ratio"] == "9:21"


def test_a_length_that_its_page_allows_may_still_fail_when_the_prediction_runs(
    sim: Simulator, client: SeedanceClient
) -> None:
    video_id = client.create_video(request(duration=2)).video_id
    sim.advance(100)
    assert client.get_video(video_id).status is VideoStatus.FAILED


def test_an_hour_after_its_end_a_video_has_no_url_any_more(sim: Simulator, client: SeedanceClient) -> None:
    video_id = client.create_video(request()).video_id
    sim.finish(video_id)
    seen = client.get_video(video_id)
    assert seen.is_deliverable
    assert seen.completed_at is not None
    assert seen.url_expires_at == seen.completed_at + timedelta(hours=1)
    sim.advance(3601)
    seen = client.get_video(video_id)
    assert (seen.status, seen.video_url) == (VideoStatus.SUCCEEDED, None)
    assert "one hour after their end" in ADAPTER.retention_note


def test_an_output_may_be_a_list_of_one(sim: Simulator, connect: OpenClient) -> None:
    sim.faults.add(Fault("answer_variant", "replicate", times=None, output="list", created=202))
    replicate = connect("replicate")
    video_id = replicate.create_video(request()).video_id
    sim.finish(video_id)
    assert replicate.get_video(video_id).is_deliverable


def test_what_moderation_withholds_is_told_as_that(sim: Simulator, client: SeedanceClient) -> None:
    sim.faults.add(Fault("moderation_output", "replicate"))
    video_id = client.create_video(request()).video_id
    sim.advance(100)
    seen = client.get_video(video_id)
    assert seen.error is not None
    assert seen.error.code == "E005"
    assert isinstance(failure_of(seen), VideoModerationError)


def test_a_submission_is_found_by_its_seed_until_its_input_is_removed(sim: Simulator, client: SeedanceClient) -> None:
    mark = ADAPTER.draw_mark(request())
    assert mark is not None
    marked = ADAPTER.mark(request(), mark)
    assert marked.seed == int(mark.removeprefix("seed:"))
    client.create_video(request())
    own = client.create_video(marked)
    client.create_video(request(model=f"{MODEL}-fast", seed=marked.seed))  # another model's is another's
    (found,) = client.find_videos(mark, model=MODEL, since=YESTERDAY)
    assert (found.video_id, found.seed) == (own.video_id, marked.seed)
    sim.finish(own.video_id)
    sim.advance(3601)
    assert client.find_videos(mark, model=MODEL, since=YESTERDAY) == []


def test_the_list_is_read_page_by_page_since_the_submission(sim: Simulator, client: SeedanceClient) -> None:
    own = client.create_video(request(seed=7))
    for _ in range(101):
        client.create_video(request(seed=8))
    (found,) = client.find_videos("seed:7", model=MODEL, since=YESTERDAY)
    assert found.video_id == own.video_id
    first, second = (dict(r.query) for r in sim.requests if r.call == "list")
    assert first.keys() == {"created_after"}
    assert second == {**first, "cursor": "100"}


def test_no_seed_is_drawn_where_the_user_or_the_connection_has_a_say() -> None:
    assert ADAPTER.draw_mark(request(seed=1)) is None
    assert ADAPTER.draw_mark(request(extra={"seed": 1})) is None
    assert make_adapter("replicate", {"replicate_draw_seed": False}).draw_mark(request()) is None


def test_a_cancel_stops_what_runs_and_leaves_what_has_ended(sim: Simulator, client: SeedanceClient) -> None:
    running, ended = (client.create_video(request()).video_id for _ in range(2))
    sim.advance(10)
    sim.finish(ended)
    told = client.cancel_if_not_started(running)
    assert told.cancelled
    assert "which was running" in told.sentence
    assert "has ended" in client.cancel_if_not_started(ended).sentence
    assert client.get_video(ended).is_deliverable


def test_a_file_becomes_an_address_for_an_input(sim: Simulator, client: SeedanceClient) -> None:
    stored = client.upload_asset({}, MediaFile("a.png", io.BytesIO(b"\x89PNG"), 4))
    (asset,) = sim.assets.values()
    assert (stored.asset, stored.asset_id, stored.kind, asset.size) == (asset.url, asset.id, "image", 4)


def test_lists_have_no_filters(client: SeedanceClient) -> None:
    for options in ({"offset": 1}, {"model": MODEL}, {"status": VideoStatus.QUEUED}):
        with pytest.raises(UnsupportedByVendorError):
            client.list_videos(**options)


def test_a_bare_text_is_nobody_s_word() -> None:
    with pytest.raises(TransientApiError):
        ADAPTER.parse_get(answer({"detail": "Not Found"}, 404), "gm3q")


# -- what is gone ------------------------------------------------------------------------------------------------------


def decision(client: SeedanceClient, video_id: str) -> Any:
    wait = Wait(VIDEO, video_id, interval=10.0, deadline=None, started=1000.0)
    return wait.saw(client.get_video(video_id), 1000.0)


def test_outputs_that_are_removed_are_not_waited_for(sim: Simulator, client: SeedanceClient) -> None:
    video_id = client.create_video(request()).video_id
    sim.finish(video_id)
    sim.advance(3601)
    told = decision(client, video_id)
    assert (told.outcome, type(told.error)) == (Outcome.FAILED, VideoUrlExpiredError)
    assert "land the video in the task that creates it" in str(told.error)
    assert not told.error.retryable


@pytest.mark.parametrize("seconds", [0, 3590])
def test_an_output_that_is_only_missing_is_waited_for(sim: Simulator, client: SeedanceClient, seconds: int) -> None:
    sim.faults.add(Fault("no_url"))
    video_id = client.create_video(request()).video_id
    sim.finish(video_id)
    sim.advance(seconds)
    assert decision(client, video_id).outcome is Outcome.WAIT
    error = failure_of(client.get_video(video_id))
    assert isinstance(error, VideoUrlMissingError)
    assert not isinstance(error, VideoUrlExpiredError)
