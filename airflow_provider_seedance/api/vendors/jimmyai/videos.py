"""Jimmy AI (docs.jimmyai.cn): many routes behind one endpoint; an error may come in the envelope with HTTP 200."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.jimmyai.routes import ROUTES, SEEDANCE_25
from airflow_provider_seedance.api.vendors.json_fields import (
    as_id,
    as_progress,
    dig,
    earliest,
    id_in,
    read_status,
    signed_url_expiry,
    text_or_none,
)
from airflow_provider_seedance.api.vendors.refusals import (
    ErrorAnswer,
    Meaning,
    check_read,
    clean,
    create_error,
    meaning_of_status,
    read_error,
    speaks_of_balance,
    speaks_of_moderation,
    text_of,
)
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse, VendorAdapter, from_unix

_CREATE_PATH = "/api/open-api/v1/seedance/videos"
_CREATE_PATH_25 = "/api/open-api/v1/seedance25/videos"

_STATUSES = {
    "queued": VideoStatus.QUEUED,
    "pending": VideoStatus.QUEUED,
    "submitted": VideoStatus.QUEUED,
    "processing": VideoStatus.RUNNING,
    "completed": VideoStatus.SUCCEEDED,
    "success": VideoStatus.SUCCEEDED,
    "failed": VideoStatus.FAILED,
    "canceled": VideoStatus.CANCELLED,
    "cancelled": VideoStatus.CANCELLED,
}

# The prose shows the integer 0, the OpenAPI example the string '20000'; a third-party client also accepts 200.
_OK_CODES = ("0", "200", "20000")
_BAD_REQUEST = "20002"
_MEANING_BY_CODE = {"20001": Meaning.AUTH, _BAD_REQUEST: Meaning.REJECTED, "-1": Meaning.UNCLEAR}
_NO_SUCH_MODEL = "配置不存在"
"""The FAQ's text for a model that is unknown: the only text of a refusal that is known word for word."""

_BODY_NAMES = {
    "duration": "duration",
    "resolution": "resolution",
    "ratio": "ratio",
    "reference_images": "images",
    "first_frame": "first_image",
    "last_frame": "last_image",
    "reference_videos": "reference_videos",
    "reference_audios": "reference_audios",
    "generate_audio": "generate_audio",
}
_DEFAULT_DURATION = 5  # the API requires the field, and every page of the reference names 5 as its default


class JimmyAIAdapter(VendorAdapter):
    """The adapter for Jimmy AI. Its documents mention no list, no cancel and no idempotency key."""

    routes = ROUTES
    fields = frozenset(_BODY_NAMES)

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        body: dict[str, Any] = {"model": request.model, "prompt": request.prompt, "duration": _DEFAULT_DURATION}
        for ours, theirs in _BODY_NAMES.items():
            if request.is_set(ours):
                value = getattr(request, ours)
                body[theirs] = list(value) if isinstance(value, tuple) else value
        if request.ratio and request.ratio.lower() == "adaptive":
            body["ratio"] = "Adaptive"  # documented with a capital A
        path = _CREATE_PATH_25 if SEEDANCE_25.has(request.model) else _CREATE_PATH
        return HttpRequest("POST", path, json=body | request.extra)

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        data = self._data(response)
        video_id = as_id(data.get("task_id")) if data is not None else None
        if video_id is None or data is None:
            named = id_in(response, ("data", "task_id"), ("task_id",))
            answer = self._explain(response)
            if answer.meaning is Meaning.UNCLEAR and _is_success(response) and answer.message.strip() == _NO_SUCH_MODEL:
                answer = replace(answer, meaning=Meaning.NOT_FOUND)
            raise create_error(self.title, response, answer, prompt=request.prompt, video_id=named)
        return self._video(data, video_id, model=request.model)

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        return HttpRequest("GET", f"/api/open-api/v1/videos/{quote(video_id, safe='')}")

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        data = self._data(response) or {}
        told = as_id(data.get("task_id")) if "status" in data else None
        check_read(self.title, response, self._explain_read, told, video_id, not_found=self.retention_note)
        return self._video(data, video_id)

    @override
    def build_probe(self) -> HttpRequest:
        return HttpRequest("GET", "/api/open-api/v1/key/balance")

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        data = self._data(response)
        if data is None or "available_quota" not in data:
            raise read_error(self.title, response, self._explain(response))
        if data.get("unlimited"):
            return "The key works; its quota is unlimited."
        return f"The key works; available quota: {clean(text_of(data.get('available_quota')))}."

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """Jimmy AI's errors have the form `{"code", "msg", "data"}`."""
        envelope = response.json_object()
        return _code_of(envelope) is not None and isinstance(envelope.get("msg"), str)

    def _data(self, response: HttpResponse) -> dict[str, Any] | None:
        """The payload of a successful answer; `None` for any other answer."""
        if not _is_success(response):
            return None
        envelope = response.json_object()
        code = envelope.get("code")
        if code is not None and str(code) not in _OK_CODES:
            return None
        # An older version of the query page shows the object without the envelope.
        data = envelope.get("data", envelope)
        return data if isinstance(data, dict) and data else None

    def _explain(self, response: HttpResponse) -> ErrorAnswer:
        envelope = response.json_object()
        code, message = _code_of(envelope), text_of(envelope.get("msg"))
        meaning = meaning_of_status(response.status_code)
        # With a status that doesn't tell whether the vendor has begun (408, 5xx ...), no envelope proves a refusal.
        if code is not None and (_is_success(response) or meaning is not Meaning.UNCLEAR):
            # An undocumented code adds nothing to the HTTP status, whatever its text.
            meaning = _MEANING_BY_CODE.get(code, meaning)
        if meaning is Meaning.REJECTED:
            # One code stands for all refusals of a request; its text only tells them apart.
            if speaks_of_balance(message):
                meaning = Meaning.QUOTA
            elif speaks_of_moderation(message):
                meaning = Meaning.MODERATION
        return ErrorAnswer(meaning, code, message, is_vendors=self.is_own_error(response))

    def _explain_read(self, response: HttpResponse) -> ErrorAnswer:
        """An error answer to a read. A bad request then means an unknown id, since a read contains nothing else."""
        answer = self._explain(response)
        if answer.code == _BAD_REQUEST and answer.meaning is not Meaning.UNCLEAR:
            return replace(answer, meaning=Meaning.NOT_FOUND)
        return answer

    def _video(self, data: dict[str, Any], video_id: str, model: str | None = None) -> Video:
        status, undocumented = read_status(data.get("status", "queued"), _STATUSES)
        completed_at = from_unix(data.get("completed_at")) if status.is_terminal else None
        url = text_or_none(dig(data, "result", "video_url"))
        error = None
        if status is VideoStatus.FAILED:
            reasons = (text_of(data.get(key)) for key in ("error_message", "error_msg", "reason"))
            error = _failure(clean(next((reason for reason in reasons if reason), "")))
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=text_or_none(data.get("model")) or model,
            status=status,
            video_url=url,
            thumbnail_url=text_or_none(dig(data, "result", "image_url")),
            url_expires_at=earliest(self.expiry(completed_at), signed_url_expiry(url)) if url else None,
            progress=as_progress(data.get("progress")),
            error=error,
            created_at=from_unix(data.get("created_at")),
            completed_at=completed_at,
            undocumented_status=undocumented,
        )


def _is_success(response: HttpResponse) -> bool:
    return 200 <= response.status_code < 300


def _code_of(envelope: dict[str, Any]) -> str | None:
    """The envelope's code as a text, whether it is a text or a number."""
    code = envelope.get("code")
    return str(code) if isinstance(code, str | int) and not isinstance(code, bool) and code != "" else None


def _failure(message: str) -> VideoError:
    """Splits a reason such as `PROVIDER_MODERATION_ERROR: TRADEMARK`, as observed, into code and message."""
    code, separator, rest = message.partition(": ")
    if separator and code.isupper() and code.replace("_", "").isalpha():
        return VideoError(code=code, message=rest)
    return VideoError(code=message, message="") if message.isupper() and "_" in message else VideoError(message=message)
