"""OpenRouter's own SDK, unchanged, takes the simulator for the real thing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from openrouter import OpenRouter, errors
from openrouter.components import FrameImage, FrameImageImageURL

from airflow_provider_seedance.simulator import Fault, Simulator

MODEL = "bytedance/seedance-2.0"


@pytest.fixture
def sdk(sim: Simulator) -> Iterator[OpenRouter]:
    with OpenRouter(api_key=sim.api_key, server_url=sim.base_url("openrouter")) as client:
        yield client


def test_the_sdk_creates_waits_and_has_the_result(sim: Simulator, sdk: OpenRouter) -> None:
    made = sdk.video_generation.generate(
        model=MODEL,
        prompt="day to night",
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
        generate_audio=True,
        seed=7,
        frame_images=[
            FrameImage(
                type="image_url",
                image_url=FrameImageImageURL(url="https://f.example/a.png"),
                frame_type="first_frame",
            )
        ],
    )
    assert ([bill.video_id for bill in sim.ledger], made.status) == ([made.id], "pending")
    sim.finish(made.id)
    done = sdk.video_generation.get_generation(job_id=made.id)
    assert (done.id, done.status) == (made.id, "completed")
    assert done.usage is not None
    assert done.usage.cost == 0.7
    assert done.urls
    assert httpx.head(done.urls[0], timeout=60).status_code == 200
    assert done.expires_at


def test_the_sdk_reads_the_list_of_models(sim: Simulator, sdk: OpenRouter) -> None:
    found = {model.id: model for model in sdk.video_generation.list_videos_models().data}
    assert found[MODEL].supported_durations == list(range(4, 16))


def test_the_sdk_reads_our_refusals(sim: Simulator, sdk: OpenRouter) -> None:
    with pytest.raises(errors.OpenRouterError) as refused:
        sdk.video_generation.generate(model=MODEL, prompt="a boat", duration=3)
    assert refused.value.status_code == 400
    sim.faults.add(Fault("no_balance"))
    with pytest.raises(errors.PaymentRequiredResponseError):
        sdk.video_generation.generate(model=MODEL, prompt="a boat")
    with pytest.raises(errors.NotFoundResponseError):
        sdk.video_generation.get_generation(job_id="gen-vid-0")
    assert sim.ledger == []


def test_the_sdk_reads_why_a_video_failed(sim: Simulator, sdk: OpenRouter) -> None:
    made = sdk.video_generation.generate(model=MODEL, prompt="a boat")
    sim.finish(made.id, "failed", None, "The provider failed")
    done = sdk.video_generation.get_generation(job_id=made.id)
    assert (done.status, done.error) == ("failed", "The provider failed")
