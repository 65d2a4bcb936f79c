"""Other Video's dialect: a queue per model, whose result is a second call."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.http.steps import Call, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import as_id, dig, read_status, signed_url_expiry, text_or_none
from airflow_provider_seedance.api.vendors.refusals import (
    ErrorAnswer,
    create_error,
    meaning_of_status,
    read_error,
    text_of,
)
from airflow_provider_seedance.api.vendors.rules import Route
from airflow_provider_seedance.api.vendors.video_adapter import (
    HttpRequest,
    HttpResponse,
    MarkedPage,
    VendorAdapter,
    VideoPage,
    from_unix,
)

# COMPLETED says that the queue is done with it, not that there is a video: the result tells.
_STATUSES = {
    "IN_QUEUE": VideoStatus.QUEUED,
    "IN_PROGRESS": VideoStatus.RUNNING,
    "COMPLETED": VideoStatus.RUNNING,
    "CANCELLED": VideoStatus.CANCELLED,
}


class OtherAdapter(VendorAdapter):
    """Other Video."""

    routes = (
        Route(
            title="Seedance 2",
            models=("other-seedance-2",),
            source="api.other.example/docs",
            fields=frozenset(("duration", "resolution", "ratio", "seed")),
            duration=(4, 15),
            resolutions=("480p", "720p"),
        ),
    )
    fields = frozenset(("duration", "resolution", "ratio", "seed"))

    # -- create: the mark is a header

    @override
    def draw_mark(self, request: VideoRequest) -> str | None:
        return f"airflow-{uuid.uuid4().hex}"

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        body: dict[str, Any] = {"prompt": request.prompt}
        body |= {name: getattr(request, name) for name in sorted(self.fields) if request.is_set(name)}
        headers = self._headers() | ({"X-Client-Mark": request.mark} if request.mark else {})
        return HttpRequest("POST", f"/{quote(request.model)}/requests", json=body | request.extra, headers=headers)

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        number = as_id(self._data(response).get("request_id"))
        if number is None:
            raise create_error(self.title, response, self._explain(response), prompt=request.prompt)
        return self._video(f"{request.model}/{number}", self._data(response))

    # -- read: what the queue says, and once it is done the result

    @override
    def read(self, video_id: str) -> Steps[Video]:
        state = yield from Step(Call.READ, self.build_get(video_id), self._data_of_read)
        if state.get("status") != "COMPLETED":
            return self._video(video_id, state)
        result = HttpRequest("GET", self._path(video_id), headers=self._headers())
        return (yield from Step(Call.READ, result, lambda response: self._result(response, video_id, state)))

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        return HttpRequest("GET", f"{self._path(video_id)}/status", headers=self._headers())

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        return self._video(video_id, self._data_of_read(response))

    def _result(self, response: HttpResponse, video_id: str, state: dict[str, Any]) -> Video:
        if response.status_code == 422 and self.is_own_error(response):
            error = VideoError(message=text_of(response.json_object()["detail"]))
            return self._video(video_id, state).model_copy(update={"status": VideoStatus.FAILED, "error": error})
        url = text_or_none(dig(self._data_of_read(response), "video", "url"))
        done = {"status": VideoStatus.SUCCEEDED, "video_url": url, "url_expires_at": signed_url_expiry(url)}
        return self._video(video_id, state).model_copy(update=done)

    # -- list, find, cancel, probe

    @override
    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        if model is not None or status is not None:
            raise self._unsupported("filter its list")
        params = (("limit", str(limit)), ("offset", str(offset)))
        return HttpRequest("GET", "/requests", params=params, headers=self._headers())

    @override
    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        items = self._data_of_read(response)["items"]
        return VideoPage(tuple(self._video(f"{i['model']}/{i['request_id']}", i) for i in items), len(items) >= limit)

    @override
    def build_find(self, model: str, *, number: int, limit: int, offset: int) -> HttpRequest:
        return self.build_list(model=None, status=None, limit=limit, offset=offset)

    @override
    def parse_find(self, response: HttpResponse, mark: str, *, limit: int, offset: int) -> MarkedPage:
        page = self.parse_list(response, limit=limit, offset=offset)
        found = tuple(video for video in page.videos if video.mark == mark)
        return MarkedPage(found, tuple(video.created_at for video in page.videos), page.has_more)

    @override
    def build_cancel(self, video_id: str) -> HttpRequest:
        return HttpRequest("PUT", f"{self._path(video_id)}/cancel", headers=self._headers())

    @override
    def parse_cancel(self, response: HttpResponse, video_id: str) -> None:
        self._data_of_read(response)

    @override
    def build_probe(self) -> HttpRequest:
        return self.build_list(model=None, status=None, limit=1, offset=0)

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        self._data_of_read(response)
        return "The key works."

    # -- its answers

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """`{"detail": "..."}`."""
        answer = response.json_object()
        return answer.keys() == {"detail"} and isinstance(answer["detail"], str)

    def _explain(self, response: HttpResponse) -> ErrorAnswer:
        message = text_of(response.json_object().get("detail"))
        meaning = meaning_of_status(response.status_code)
        return ErrorAnswer(meaning, message=message, is_vendors=self.is_own_error(response))

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        return response.json_object() if 200 <= response.status_code < 300 else {}

    def _data_of_read(self, response: HttpResponse) -> dict[str, Any]:
        data = self._data(response)
        if not data:
            raise read_error(self.title, response, self._explain(response), not_found=self.retention_note)
        return data

    def _headers(self) -> dict[str, str]:
        return {"X-Region": self.settings["other_region"]}

    def _path(self, video_id: str) -> str:
        model, _, number = video_id.rpartition("/")
        return f"/{quote(model)}/requests/{quote(number, safe='')}"

    def _video(self, video_id: str, data: dict[str, Any]) -> Video:
        status, undocumented = read_status(data.get("status"), _STATUSES)
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=video_id.rpartition("/")[0],
            status=status,
            created_at=from_unix(data.get("created_at")),
            mark=text_or_none(data.get("mark")),
            undocumented_status=undocumented,
        )
