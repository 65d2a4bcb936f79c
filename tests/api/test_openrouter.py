"""OpenRouter: each field in its words, the cost with the answer, and the key for its own host alone."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import InvalidRequestError, UnsupportedByVendorError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.pricing import told_cost
from airflow_provider_seedance.api.validation import check_request
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import KEY, PROMPT, OpenClient, answer

MODEL = "bytedance/seedance-2.0"
SIMPLE = {"model": MODEL, "prompt": PROMPT}
ID = "gen-vid-1779523200-abcdefghijklmnopqrst"
PICTURE, CLIP, SOUND = "https://f.example/a.png", "https://f.example/b.mp4", "https://f.example/c.mp3"


def body(**fields: Any) -> Any:
    request = VideoRequest(**{**SIMPLE, **fields})
    adapter = make_adapter("openrouter")
    check_request(request, adapter)
    return adapter.build_create(request).json


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {}),
        ({"duration": 5}, {"duration": 5}),
        ({"resolution": "720P"}, {"resolution": "720p"}),
        ({"resolution": "4k"}, {"resolution": "4K"}),
        ({"ratio": "21:9"}, {"aspect_ratio": "21:9"}),
        ({"seed": 7}, {"seed": 7}),
        ({"generate_audio": False}, {"generate_audio": False}),
        (
            {"first_frame": PICTURE, "last_frame": PICTURE},
            {
                "frame_images": [
                    {"type": "image_url", "image_url": {"url": PICTURE}, "frame_type": "first_frame"},
                    {"type": "image_url", "image_url": {"url": PICTURE}, "frame_type": "last_frame"},
                ]
            },
        ),
        (
            {"reference_images": [PICTURE], "reference_videos": [CLIP], "reference_audios": [SOUND]},
            {
                "input_references": [
                    {"type": "image_url", "image_url": {"url": PICTURE}},
                    {"type": "video_url", "video_url": {"url": CLIP}},
                    {"type": "audio_url", "audio_url": {"url": SOUND}},
                ]
            },
        ),
        ({"extra": {"callback_url": "https://h.example"}}, {"callback_url": "https://h.example"}),
    ],
    ids=str,
)
def test_each_field_stands_where_openrouter_has_it(fields: dict[str, Any], sent: dict[str, Any]) -> None:
    assert body(**fields) == {"model": MODEL, "prompt": PROMPT, **sent}


def test_a_prompt_may_be_left_out_beside_a_picture() -> None:
    assert "prompt" not in body(prompt="", first_frame=PICTURE)


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
    with pytest.raises(InvalidRequestError, match=rf"^Nothing was sent. {name}: OpenRouter .*vendors that do: \w"):
        body(**field)


def test_frames_and_references_together_are_refused_since_references_would_be_ignored() -> None:
    with pytest.raises(InvalidRequestError, match="does not take them together with reference_images"):
        body(first_frame=PICTURE, reference_images=[PICTURE])


@pytest.mark.parametrize("fields", [{"duration": 16}, {"resolution": "2k"}, {"ratio": "adaptive"}], ids=str)
def test_a_limit_that_was_only_inferred_warns_and_passes(fields: dict[str, Any]) -> None:
    [warning] = check_request(VideoRequest(**{**SIMPLE, **fields}), make_adapter("openrouter"))
    assert "so it is sent as it is" in warning
    assert body(**fields)


def test_a_finished_video_comes_with_a_signed_url_its_end_and_its_cost(sim: Simulator, connect: OpenClient) -> None:
    client = connect("openrouter")
    video_id = client.create_video({**SIMPLE, "duration": 5}).video_id
    sim.finish(video_id)
    video = client.get_video(video_id)
    assert str(video.video_url).startswith(f"{sim.url}/media/")
    assert video.url_expires_at is not None
    assert video.usage == {"cost": 0.7, "is_byok": False, "currency": "USD"}
    cost = told_cost(video.usage)
    assert cost is not None
    assert (cost.number, cost.currency) == (0.7, "USD")


def test_without_a_signed_url_there_is_one_for_the_key(sim: Simulator, connect: OpenClient) -> None:
    sim.faults.add(Fault("answer_variant", times=None, unsigned=True, polling_url="absolute"))
    client = connect("openrouter")
    video_id = client.create_video(SIMPLE).video_id
    sim.finish(video_id)
    assert client.get_video(video_id).video_url == f"{sim.base_url('openrouter')}/videos/{video_id}/content?index=0"


def test_there_is_no_cancel_no_list_and_no_look_up(connect: OpenClient) -> None:
    client = connect("openrouter")
    with pytest.raises(UnsupportedByVendorError, match="no documented call to cancel"):
        client.cancel_video(ID)
    with pytest.raises(UnsupportedByVendorError, match="no documented call to list"):
        client.list_videos()
    assert make_adapter("openrouter").draw_mark(VideoRequest(**SIMPLE)) is None


def test_a_model_is_found_in_the_list(connect: OpenClient) -> None:
    assert connect("openrouter").get_model_info(MODEL)["supported_resolutions"] == ["480p", "720p", "1080p", "4K"]


def test_the_rest_of_a_limited_key_is_told() -> None:
    told = {"data": {"label": "x", "limit": 20, "limit_remaining": 7.7, "is_free_tier": False}}
    assert make_adapter("openrouter").parse_probe(answer(told)) == "The key works; 7.7 credits of its limit are left."


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://openrouter.ai/api/v1/videos/x/content?index=0", True),
        ("https://OPENROUTER.ai/api/v1/videos/x/content", True),
        ("https://openrouter.ai:443/api/v1/videos/x/content", False),
        ("https://openrouter.ai:444/api/v1/videos/x/content", False),
        ("http://openrouter.ai/api/v1/videos/x/content", False),
        ("https://openrouter.ai/api/v10/videos", False),
        ("https://openrouter.ai/other", False),
        ("https://openrouter.ai.evil.example/api/v1/videos/x", False),
        ("https://evil.example/api/v1/videos/x", False),
        ("https://openrouter.ai@evil.example/api/v1/videos/x", False),
        ("https://[x/api/v1/videos/x", False),
    ],
)
def test_the_key_goes_with_urls_of_its_own_api_alone(url: str, goes: bool) -> None:
    with SeedanceClient(make_adapter("openrouter"), ClientSettings(KEY)) as client:
        assert client.file_headers(url) == ({"Authorization": f"Bearer {KEY}"} if goes else {})


def test_no_other_vendor_s_key_goes_with_a_file() -> None:
    with SeedanceClient(make_adapter("byteplus"), ClientSettings(KEY)) as client:
        assert client.file_headers(f"{client.base_url}/videos/x") == {}
