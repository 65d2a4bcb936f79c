# ruff: noqa: F811 - fixtures are imported by their names
"""B6: a file host's "no" is not the end of a URL that still lives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    LandingInterruptedError,
    SeedanceError,
    TransientApiError,
    VideoNotFoundError,
    VideoNotReadyError,
    VideoUrlExpiredError,
)
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.download import PATIENCE
from airflow_provider_seedance.landing.lander import land_video
from tests.transfers.conftest import (  # noqa: F401
    _no_proxy,
    _vendor,
    files_in,
    hook,
    host,
    made,
    no_pause,
    out,
    sim,
)
from tests.transfers.server import FileServer, says

pytestmark = pytest.mark.usefixtures("no_pause")

Make = Callable[..., dict[str, Any]]
REFUSALS = [400, 401, 403, 404, 410]
PAGE = b"<html><head><title>403 Forbidden</title></head><body>nginx</body></html>"


def in_three_days() -> str:
    return (datetime.now(UTC) + timedelta(days=3)).isoformat()


@pytest.mark.parametrize("expires", [None, in_three_days()], ids=["nobody says when", "in three days"])
@pytest.mark.parametrize("status", REFUSALS)
def test_case_b6_a_refusal_in_passing_of_a_url_that_lives_is_an_interruption(
    hook: SeedanceHook, host: FileServer, out: Path, status: int, expires: str | None
) -> None:
    host.answers = [says(status, PAGE, content_type="text/html")] * 3
    clip = {"video_url": host.url("/clip.mp4"), "url_expires_at": expires}
    land_video(hook, clip, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content
    assert len(host.asked) == 4


@pytest.mark.parametrize("expires", [None, in_three_days()], ids=["nobody says when", "in three days"])
@pytest.mark.parametrize("status", REFUSALS)
def test_case_b6_a_refusal_that_stays_can_be_retried_and_is_not_called_expired(
    hook: SeedanceHook, host: FileServer, out: Path, status: int, expires: str | None
) -> None:
    host.always = says(status)
    clip = {"video_url": host.url("/clip.mp4"), "url_expires_at": expires}
    with pytest.raises(
        LandingInterruptedError, match=rf"HTTP {status}.*give `video_id`.*{PATIENCE} failures"
    ) as caught:
        land_video(hook, clip, f"file://{out}/a.mp4")
    said = str(caught.value)
    assert caught.value.retryable
    assert "expired" not in said
    assert (expires[:16] if expires else "is not known") in said
    assert len(host.asked) == PATIENCE
    assert files_in(out.parent) == []


def test_case_b6_a_fresh_url_is_asked_at_once(hook: SeedanceHook, made: Make, host: FileServer, out: Path) -> None:
    host.always = says(403)
    clip = made() | {"video_url": host.url("/clip.mp4"), "url_expires_at": in_three_days()}
    land_video(hook, clip, f"file://{out}/a.mp4")
    assert len(host.asked) == 1
    assert (out / "a.mp4").stat().st_size > 0


def test_case_b6_a_host_that_refuses_fresh_urls_as_well_is_given_up_but_can_be_retried(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor signs anew at each read; also test gap 6."""
    host.always = says(403)
    video, reads = hook.get_video(made()["video_id"]), 0

    def another(video_id: str) -> Any:
        nonlocal reads
        reads += 1
        return video.model_copy(update={"video_url": host.url(f"/clip.mp4?sig={reads}")})

    monkeypatch.setattr(hook, "get_video", another)
    clip = video.to_dict() | {"video_url": host.url("/clip.mp4?sig=0")}
    with pytest.raises(LandingInterruptedError, match=r"refuses fresh URLs as well \(HTTP 403\).*6 failures") as caught:
        land_video(hook, clip, f"file://{out}/a.mp4")
    assert caught.value.retryable
    assert "sig=" not in str(caught.value)
    assert [asked.path for asked in host.asked] == [f"/clip.mp4?sig={number}" for number in range(PATIENCE)]


@pytest.mark.parametrize(
    "fault", [TransientApiError("busy"), VideoNotReadyError("running"), SeedanceError("odd")], ids=lambda e: str(e)
)
def test_case_b6_a_vendor_that_cannot_tell_now_is_no_proof_either(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch, fault: SeedanceError
) -> None:
    host.answers = [says(404)] * 4
    clip = made() | {"video_url": host.url("/clip.mp4"), "url_expires_at": in_three_days()}

    def no_answer(video_id: str) -> Any:
        raise fault

    monkeypatch.setattr(hook, "get_video", no_answer)
    land_video(hook, clip, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content


def test_case_b6_one_not_found_of_the_vendor_is_not_believed_and_several_are(
    hook: SeedanceHook, made: Make, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = made() | {"video_url": host.url("/clip.mp4"), "url_expires_at": in_three_days()}

    def unknown(video_id: str) -> Any:
        raise VideoNotFoundError("no such task")

    monkeypatch.setattr(hook, "get_video", unknown)
    host.answers = [says(403)]
    land_video(hook, clip, f"file://{out}/a.mp4")
    host.always = says(403)
    with pytest.raises(VideoUrlExpiredError, match="can't be renewed: no such task") as caught:
        land_video(hook, clip, f"file://{out}/b.mp4")
    assert not caught.value.retryable
    assert len(host.asked) == 2 + 3


@pytest.mark.parametrize(
    "said",
    [
        datetime.now(UTC) - timedelta(hours=1),
        (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None),
    ],
    ids=["datetime", "text", "Z", "without a zone"],
)
def test_case_b6_expired_is_said_only_when_it_is(hook: SeedanceHook, host: FileServer, out: Path, said: Any) -> None:
    host.always = says(403)
    clip = {"video_url": host.url("/clip.mp4"), "url_expires_at": said}
    with pytest.raises(VideoUrlExpiredError, match=r"It expired at 20\d\d-.*give `video_id`") as caught:
        land_video(hook, clip, f"file://{out}/a.mp4")
    assert not caught.value.retryable
    assert len(host.asked) == 1


@pytest.mark.parametrize("said", ["soon", 17, {"at": 1}, "", "9999-12-31T23:59:59-12:00"])
def test_case_b6_an_expiry_that_nobody_understands_is_none(
    hook: SeedanceHook, host: FileServer, out: Path, said: Any
) -> None:
    host.answers = [says(403)]
    land_video(hook, {"video_url": host.url("/clip.mp4"), "url_expires_at": said}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content


def test_case_b6_a_clock_that_is_some_minutes_ahead_expires_nothing(
    hook: SeedanceHook, host: FileServer, out: Path
) -> None:
    host.answers = [says(403)]
    clip = {"video_url": host.url("/clip.mp4"), "url_expires_at": datetime.now(UTC) - timedelta(minutes=3)}
    land_video(hook, clip, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content


def test_case_b6_a_video_that_has_succeeded_but_has_no_url_yet_is_not_over(
    hook: SeedanceHook, made: Make, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = hook.get_video(made()["video_id"])
    assert video.status is VideoStatus.SUCCEEDED
    monkeypatch.setattr(hook, "get_video", lambda video_id: video.model_copy(update={"video_url": None}))
    with pytest.raises(VideoNotReadyError, match="gives no URL") as caught:
        land_video(hook, video.video_id, f"file://{out}/")
    assert caught.value.retryable
