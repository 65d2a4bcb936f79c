"""A read that fails is no word about the video: a video taken for failed would be submitted, and paid, again."""

from __future__ import annotations

from contextlib import suppress

import pytest

from airflow_provider_seedance.api.errors import TransientApiError
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from tests.support.requests import BY_ID

from .helpers import ONE_TRY, SIMPLE, OpenClient

PASSING = (
    *("http_429", "http_500", "http_503", "http_502_html", "reset_before"),
    *("http_500_after", "http_502_html_after", "reset_after", "torn_json", "not_json", "missing_id"),
)
READS = (
    *((vendor, "poll") for vendor in VENDORS),
    *((vendor, "list") for vendor in (*BY_ID, "fal")),
    *((vendor, "result") for vendor in ("fal", "runware")),
)
ENDS = (VideoStatus.FAILED, VideoStatus.CANCELLED, VideoStatus.EXPIRED)


@pytest.mark.parametrize(("vendor", "call"), READS)
def test_a_read_that_fails_never_ends_a_video_that_is_there(
    sim: Simulator, connect: OpenClient, vendor: str, call: str
) -> None:
    client = connect(vendor, retry=ONE_TRY)
    video_id = client.create_video(SIMPLE[vendor]).video_id
    sim.finish(video_id, "succeeded")
    for kind in PASSING:
        sim.faults.clear()
        sim.faults.add(Fault(kind, vendor, on=call, times=None))
        seen: list[Video] = []
        with suppress(TransientApiError):
            seen.append(client.get_video(video_id))
        with suppress(TransientApiError):
            seen += client.get_videos([video_id])
        assert not [video for video in seen if video.status in ENDS], kind
    sim.faults.clear()
    assert client.get_video(video_id).status is VideoStatus.SUCCEEDED
