"""Another Video: the dialect of Other Video, without a list, and with ids that the client chooses."""

from __future__ import annotations

import uuid
from dataclasses import replace

from typing_extensions import override

from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse
from tests.support.othervendor import DESCRIPTOR as OTHER
from tests.support.othervendor.videos import OtherAdapter

DESCRIPTOR = replace(
    OTHER,
    name="again",
    title="Another Video",
    videos=f"{__name__}:AnotherAdapter",
    models=("another-seedance-*",),
    can_list=False,
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
