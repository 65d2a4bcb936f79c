"""Another Video: the dialect of Other Video, without a list, with ids that the client chooses, and polls of many."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.descriptor import PollRates
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse
from tests.support.othervendor import DESCRIPTOR as OTHER
from tests.support.othervendor.videos import OtherAdapter

DESCRIPTOR = replace(
    OTHER,
    name="again",
    title="Another Video",
    videos=f"{__name__}:AnotherAdapter",
    models=("another-seedance-*",),
    can_list=False,
    batch_size=50,
    rates=PollRates(get_per_second=10, list_per_second=100),
    create_is_repeatable=True,
)


class AnotherAdapter(OtherAdapter):
    """The mark is the number in the video's id; a second create with it is a conflict."""

    @override
    def draw_mark(self, request: VideoRequest) -> str | None:
        return str(uuid.uuid4())

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        if response.status_code == 409 and self.is_own_error(response) and request.mark:
            video_id = f"{request.model}/{request.mark}"
            return Video(video_id=video_id, vendor=self.name, model=request.model, status=VideoStatus.QUEUED)
        return super().parse_create(response, request)

    @override
    def build_get_many(self, video_ids: Sequence[str]) -> HttpRequest:
        return HttpRequest(
            "POST", "/status", json=[{"id": video_id} for video_id in video_ids], headers=self._headers()
        )

    @override
    def parse_get_many(self, response: HttpResponse, video_ids: Sequence[str]) -> list[Video]:
        seen = [(item["id"], self._video(item["id"], item), item.get("url")) for item in response.json()]
        done = {"status": VideoStatus.SUCCEEDED}
        videos = [video.model_copy(update=done | {"video_url": url}) if url else video for _, video, url in seen]
        return [video for video in videos if video.video_id in video_ids]
