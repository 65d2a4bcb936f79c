"""A result that only the key opens: it goes to the vendor's own host, and with nothing that is redirected to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.api.errors import LandingError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.videos import RecordedRequest

from .server import FileServer

CONN_ID = "keyed"
ASKED = {"model": "bytedance/seedance-2.0", "prompt": "a paper boat", "duration": 4, "resolution": "480p"}


@pytest.fixture
def openrouter(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeedanceHook]:
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", sim.connection_json("openrouter"))
    hook = SeedanceHook(CONN_ID)
    yield hook
    hook.close()


def finished(sim: Simulator, hook: SeedanceHook) -> str:
    video_id = hook.create_video(ASKED).video_id
    sim.finish(video_id)
    return video_id


def fetched(sim: Simulator, part: str) -> list[RecordedRequest]:
    return [request for request in sim.requests if part in request.path]


def test_the_content_is_fetched_with_the_key_where_there_is_no_signed_url(
    sim: Simulator, openrouter: SeedanceHook, out: Path
) -> None:
    sim.faults.add(Fault("answer_variant", times=None, unsigned=True))
    landed = land_video(openrouter, finished(sim, openrouter), f"file://{out}/{{video_id}}.{{ext}}")
    assert landed["bytes"] > 1000
    [content] = fetched(sim, "/content")
    assert content.headers["authorization"] == f"Bearer {sim.api_key}"


def test_a_signed_url_is_taken_first_and_without_the_key(sim: Simulator, openrouter: SeedanceHook, out: Path) -> None:
    land_video(openrouter, finished(sim, openrouter), f"file://{out}/{{video_id}}.{{ext}}")
    assert fetched(sim, "/content") == []
    [file] = fetched(sim, "/media/")
    assert "authorization" not in file.headers


def test_the_key_does_not_go_along_with_a_redirect(sim: Simulator, openrouter: SeedanceHook, out: Path) -> None:
    sim.faults.add(Fault("answer_variant", times=None, unsigned=True, content_redirects=True))
    land_video(openrouter, finished(sim, openrouter), f"file://{out}/{{video_id}}.{{ext}}")
    [content], [file] = fetched(sim, "/content"), fetched(sim, "/media/")
    assert "authorization" in content.headers
    assert "authorization" not in file.headers


def test_a_url_on_another_host_never_gets_the_key(
    sim: Simulator, openrouter: SeedanceHook, host: FileServer, out: Path
) -> None:
    clip = {"video_id": finished(sim, openrouter), "vendor": "openrouter", "model": ASKED["model"]}
    land_video(openrouter, {**clip, "video_url": host.url()}, f"file://{out}/{{video_id}}.{{ext}}")
    assert host.asked
    assert all("authorization" not in asked.headers for asked in host.asked)


def test_another_vendors_connection_sends_no_key_for_it(
    sim: Simulator, openrouter: SeedanceHook, hook: SeedanceHook, out: Path, no_pause: None
) -> None:
    url = f"{sim.base_url('openrouter')}/videos/{finished(sim, openrouter)}/content?index=0"
    clip = {"vendor": "openrouter", "model": "m", "video_url": url}
    with pytest.raises(LandingError):
        land_video(hook, clip, f"file://{out}/x.{{ext}}")
    assert all("authorization" not in request.headers for request in fetched(sim, "/content"))
