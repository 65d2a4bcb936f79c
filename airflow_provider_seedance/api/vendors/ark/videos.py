"""BytePlus ModelArk and Volcengine Ark: media go into `content[]` with roles; unknown fields are refused."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.ark.routes import FIELDS, FRAMES, ROUTES, TEXT_OPTIONAL_WITH
from airflow_provider_seedance.api.vendors.json_fields import (
    as_id,
    dig,
    earliest,
    positive_or_none,
    read_status,
    seed_or_none,
    signed_url_expiry,
    text_or_none,
)
from airflow_provider_seedance.api.vendors.refusals import (
    ErrorAnswer,
    Meaning,
    check_read,
    clean,
    created_id,
    meaning_of_status,
    read_error,
    text_of,
)
from airflow_provider_seedance.api.vendors.video_adapter import (
    HttpRequest,
    HttpResponse,
    MarkedPage,
    VendorAdapter,
    VideoPage,
    from_unix,
)

_TASKS = "/contents/generations/tasks"
_MARKED = "safety_identifier"

_STATUSES = {status.value: status for status in VideoStatus}

_MEANING_BY_CODE = {
    "AuthenticationError": Meaning.AUTH,
    "AccessDenied": Meaning.AUTH,
    "ModelNotOpen": Meaning.AUTH,
    "AccountOverdueError": Meaning.QUOTA,
    "OperationDenied.ServiceOverdue": Meaning.QUOTA,
    "InvalidSubscription": Meaning.QUOTA,
    # This code may come with HTTP 429, but waiting doesn't help.
    "SetLimitExceeded": Meaning.QUOTA,
    "ContentSecurityDetectionError": Meaning.NOT_NOW,
    "InvalidEndpointOrModel.NotFound": Meaning.REJECTED,
    "UnsupportedModel": Meaning.REJECTED,
}
_MODERATION_CODE = re.compile(
    r"(?:(?:Input|Output)(?:Text|Image|Video|Audio))?(?:SensitiveContent|Risk)Detect", re.IGNORECASE
)
# `QuotaExceeded` alone means too many queued tasks, which passes; with one of these texts, a used-up trial or plan.
_USED_UP = re.compile(r"free[ -]?trial|will reset at", re.IGNORECASE)
_REQUEST_ID = re.compile(r"Request id:\s*([\w-]+)", re.IGNORECASE)

_BODY_NAMES = {name: name for name in ("resolution", "ratio", "duration", "seed", "generate_audio", "watermark")} | {
    "return_last_frame": "return_last_frame",
    "camera_fixed": "camera_fixed",
    "execution_expires_after": "execution_expires_after",
    "task": "omni_reference_task_type",
    "draft": "draft",
    "output_format": "output_format",
}


class ArkAdapter(VendorAdapter):
    """The adapter for BytePlus and Volcengine, which differ only in name, address and model names."""

    routes = ROUTES
    fields = FIELDS
    text_optional_with = (*TEXT_OPTIONAL_WITH, "draft_id")
    page_size = 500
    marked_lists = 2

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """Other fields of the API, such as `callback_url`, `priority` and `safety_identifier`, go through `extra`."""
        body: dict[str, Any] = {"model": request.model, "content": _content(request)}
        body |= {theirs: getattr(request, ours) for ours, theirs in _BODY_NAMES.items() if request.is_set(ours)}
        if request.web_search:
            body["tools"] = [{"type": "web_search"}]
        return HttpRequest("POST", _TASKS, json=body | request.extra)

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        """The answer contains nothing but the id, so the video counts as queued."""
        told = self._data(response).get("id")
        video_id = created_id(self.title, response, self._explain, told, prompt=request.prompt)
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=request.model,
            status=VideoStatus.QUEUED,
            seed=seed_or_none(request.seed),
            draft_id=video_id if request.draft else None,
        )

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        return HttpRequest("GET", f"{_TASKS}/{quote(video_id, safe='')}")

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        data = self._data(response)
        told = as_id(data.get("id")) if "status" in data else None
        check_read(self.title, response, self._explain, told, video_id, not_found=self.retention_note)
        return self._video(data, video_id)

    @override
    def build_get_many(self, video_ids: Sequence[str]) -> HttpRequest:
        """One list request with a `filter.task_ids` for each id. Ark documents a limit of one list per second."""
        wanted = tuple(("filter.task_ids", video_id) for video_id in video_ids)
        return HttpRequest("GET", _TASKS, params=(("page_num", "1"), ("page_size", str(len(video_ids))), *wanted))

    @override
    def parse_get_many(self, response: HttpResponse, video_ids: Sequence[str]) -> list[Video]:
        wanted = set(video_ids)
        return [video for video in self._items(response) if video.video_id in wanted]

    @override
    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        """The list goes back 7 days. Ark counts pages, so `offset` must be a multiple of `limit`."""
        if not 1 <= limit <= self.page_size or offset < 0 or offset % limit:
            raise InvalidRequestError(
                f"Nothing was sent. limit, offset: {self.title} lists pages of 1 to {self.page_size} videos, "
                f"so offset must be a multiple of limit, not {offset} of {limit}."
            )
        params = [("page_num", str(offset // limit + 1)), ("page_size", str(limit))]
        if model is not None:
            params.append(("filter.model", model))
        if status is not None:
            params.append(("filter.status", status.value))
        return HttpRequest("GET", _TASKS, params=tuple(params))

    @override
    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        videos = tuple(self._items(response))
        total = self._data(response).get("total")
        return VideoPage(videos, has_more=isinstance(total, int) and offset + limit < total)

    @override
    def draw_mark(self, request: VideoRequest) -> str | None:
        """`safety_identifier` is a documented field of the create (at most 64 characters)."""
        if not self.settings["mark_safety_identifier"] or _MARKED in request.extra:
            return None
        return f"airflow-{uuid.uuid4().hex}"

    @override
    def mark(self, request: VideoRequest, mark: str) -> VideoRequest:
        return request.model_copy(update={"extra": {**request.extra, _MARKED: mark}})

    @override
    def lists(self, models: Sequence[str]) -> tuple[str, ...]:
        """See `build_find`."""
        return ("", "flex")

    @override
    def build_history(self, name: str, limit: int, offset: int) -> HttpRequest:
        return self.build_find("", number=self.lists(()).index(name), limit=limit, offset=offset)

    @override
    def build_find(self, model: str, *, number: int, limit: int, offset: int) -> HttpRequest:
        """List 0 has no filter, list 1 asks for the flex tier: Ark documents that a list without it omits flex tasks.

        `filter.model` isn't used, since it is documented to match an endpoint's id.
        """
        http = self.build_list(model=None, status=None, limit=limit, offset=offset)
        return http if number == 0 else replace(http, params=(*http.params, ("filter.service_tier", "flex")))

    @override
    def parse_find(self, response: HttpResponse, mark: str, *, limit: int, offset: int) -> MarkedPage:
        """The official SDK has `safety_identifier` as a field of the task, too."""
        videos = self._items(response)
        data = self._data(response)
        total = data.get("total")
        # Without a valid total, a full page is assumed to have a successor.
        has_more = offset + limit < total if type(total) is int else len(data.get("items") or []) >= limit
        found = tuple(video for video in videos if video.mark == mark)
        return MarkedPage(found, tuple(video.created_at for video in videos), has_more)

    @override
    def build_cancel(self, video_id: str) -> HttpRequest:
        """For an ended video this call erases the record, so the status must be read first."""
        return HttpRequest("DELETE", f"{_TASKS}/{quote(video_id, safe='')}")

    @override
    def parse_cancel(self, response: HttpResponse, video_id: str) -> None:
        if 200 <= response.status_code < 300 and (not response.body.strip() or response.json() == {}):
            return
        answer = self._explain(response)
        if response.status_code == 409:  # a running video can't be deleted; it goes on and is billed
            answer = replace(answer, meaning=Meaning.REJECTED)
        raise read_error(self.title, response, answer, not_found=self.retention_note)

    @override
    def build_probe(self) -> HttpRequest:
        return HttpRequest("GET", _TASKS, params=(("page_num", "1"), ("page_size", "1")))

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        self._items(response)
        total = self._data(response).get("total")
        if not isinstance(total, int):
            return "The key works."
        return f"The key works; {total} video{'' if total == 1 else 's'} in the last 7 days."

    def _items(self, response: HttpResponse) -> list[Video]:
        data = self._data(response)
        items = [] if data.get("total") == 0 else data.get("items")
        if not isinstance(items, list):
            raise read_error(self.title, response, self._explain(response))
        known = ((item, as_id(item.get("id"))) for item in items if isinstance(item, dict) and "status" in item)
        return [self._video(item, video_id) for item, video_id in known if video_id]

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """Ark's errors have the form `{"error": {"code", "message", ...}}`."""
        error = response.json_object().get("error")
        code, message = dig(error, "code"), dig(error, "message")
        return isinstance(code, str) and bool(code) and isinstance(message, str)

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        return response.json_object() if 200 <= response.status_code < 300 else {}

    def _explain(self, response: HttpResponse) -> ErrorAnswer:
        error = response.json_object().get("error")
        code = text_of(dig(error, "code")) or None
        message = text_of(dig(error, "message"))
        meaning = meaning_of_status(response.status_code)
        if meaning is not Meaning.UNCLEAR and code:
            meaning = _meaning_of(code, message) or meaning
        found = _REQUEST_ID.search(message)
        request_id = found.group(1) if found else None
        return ErrorAnswer(meaning, code, message, request_id, is_vendors=self.is_own_error(response))

    def _video(self, data: dict[str, Any], video_id: str) -> Video:
        status, undocumented = read_status(data.get("status"), _STATUSES)
        completed_at = from_unix(data.get("updated_at")) if status.is_terminal else None
        url = text_or_none(dig(data, "content", "video_url"))
        error = None
        if status is VideoStatus.FAILED:
            code = text_of(dig(data, "error", "code")) or None
            error = VideoError(code=code, message=clean(text_of(dig(data, "error", "message"))))
        usage, made = data.get("usage"), data if status is VideoStatus.SUCCEEDED else {}
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=text_or_none(data.get("model")),
            status=status,
            video_url=url,
            last_frame_url=text_or_none(dig(data, "content", "last_frame_url")),
            url_expires_at=earliest(self.expiry(completed_at), signed_url_expiry(url)) if url else None,
            error=error,
            usage=usage if isinstance(usage, dict) else None,
            created_at=from_unix(data.get("created_at")),
            completed_at=completed_at,
            seed=seed_or_none(data.get("seed")),
            draft_id=video_id if data.get("draft") is True else None,  # the final video is made from the draft's task
            mark=text_or_none(data.get(_MARKED)),
            undocumented_status=undocumented,
            # Fields of the task in the official SDK; with `duration=-1` the request doesn't tell the length.
            made_seconds=positive_or_none(made.get("duration")),
            made_resolution=text_or_none(made.get("resolution")),
        )


def _meaning_of(code: str, message: str) -> Meaning | None:
    """The meaning of an Ark error code; `None` if it adds nothing to the HTTP status."""
    if _MODERATION_CODE.match(code):
        return Meaning.MODERATION
    if code == "QuotaExceeded":
        return Meaning.QUOTA if _USED_UP.search(message) else Meaning.RATE_LIMIT
    if code.endswith("QuotaExceeded"):  # with a prefix: the quota of an account or a plan
        return Meaning.QUOTA
    return _MEANING_BY_CODE.get(code)


def _content(request: VideoRequest) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = [{"type": "text", "text": request.prompt}] if request.prompt else []
    if request.draft_id:
        content.append({"type": "draft_task", "draft_task": {"id": request.draft_id}})
    for role in FRAMES:
        url = getattr(request, role)
        if url:
            content.append(_media("image_url", url, role))
    content += [_media("image_url", url, "reference_image") for url in request.reference_images]
    content += [_media("video_url", url, "reference_video") for url in request.reference_videos]
    content += [_media("audio_url", url, "reference_audio") for url in request.reference_audios]
    return content


def _media(kind: str, url: str, role: str) -> dict[str, Any]:
    """A content item. Its role is a sibling of the URL object, not a part of it."""
    return {"type": kind, kind: {"url": url}, "role": role}
