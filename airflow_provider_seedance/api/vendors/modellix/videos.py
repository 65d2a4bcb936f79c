"""Modellix (docs.modellix.ai): the model is part of the path, and no list in the body may be empty."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.http.steps import Call, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import (
    as_id,
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
    speaks_of_moderation,
    text_of,
)
from airflow_provider_seedance.api.vendors.rules import RULED_FIELDS, Route
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse, VendorAdapter

_DOC = "docs.modellix.ai/bytedance/seedance-2-0"
_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_TEXT = RULED_FIELDS - {
    "first_frame",
    "last_frame",
    "reference_images",
    "reference_videos",
    "reference_audios",
    "watermark",
    "web_search",
}
_IMAGES = _TEXT | {"first_frame", "last_frame", "reference_images", "reference_audios"}
_MOST = {"reference_images": 9, "reference_audios": 3, "reference_videos": 3}


def _route(kind: str, *models: str, resolutions: tuple[str, ...]) -> Route:
    fields = {"t2v": _TEXT, "i2v": _IMAGES, "v2v": _IMAGES | {"reference_videos"}}[kind]
    return Route(
        title=f"{kind} {'/'.join(resolutions)}",
        models=models,
        source=f"{_DOC}-{kind}",
        fields=frozenset(fields),
        required=("reference_videos",) if kind == "v2v" else (),
        duration=(4, 15),
        resolutions=resolutions,
        ratios=_RATIOS,
        most=_MOST,
        excludes=((("reference_images",), ("first_frame", "last_frame")),),
        prompt_most=10000,
        seed=(-1, 4294967295),
        expires=(3600, 259200),
    )


_SMALL, _LARGE = ("480p", "720p"), ("480p", "720p", "1080p")
_ROUTES = (
    _route("t2v", "seedance-2.0-t2v", resolutions=(*_LARGE, "4k")),
    _route("i2v", "seedance-2.0-i2v", resolutions=_LARGE),
    _route("v2v", "seedance-2.0-v2v", resolutions=_LARGE),
    _route("t2v", "seedance-2.0-fast-t2v", "seedance-2.0-mini-t2v", resolutions=_SMALL),
    _route("i2v", "seedance-2.0-fast-i2v", "seedance-2.0-mini-i2v", resolutions=_SMALL),
    _route("v2v", "seedance-2.0-fast-v2v", "seedance-2.0-mini-v2v", resolutions=_SMALL),
)

# `success`, `pending`, `processing` and `failed` are documented; the vendor's own clients tolerate the others.
_STATUSES = {
    "pending": VideoStatus.QUEUED,
    "created": VideoStatus.QUEUED,
    "queued": VideoStatus.QUEUED,
    "processing": VideoStatus.RUNNING,
    "running": VideoStatus.RUNNING,
    "in_progress": VideoStatus.RUNNING,
    "success": VideoStatus.SUCCEEDED,
    "done": VideoStatus.SUCCEEDED,
    "completed": VideoStatus.SUCCEEDED,
    "succeeded": VideoStatus.SUCCEEDED,
    "failed": VideoStatus.FAILED,
    "error": VideoStatus.FAILED,
    "canceled": VideoStatus.CANCELLED,
    "cancelled": VideoStatus.CANCELLED,
}

_BALANCE_PATIENCE = 10.0
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_ENVELOPE = frozenset(("code", "message", "data", "error", "request_id"))

_BODY_NAMES = {
    "duration": "duration",
    "resolution": "resolution",
    "ratio": "ratio",
    "first_frame": "first_frame_image",
    "last_frame": "last_frame_image",
    "reference_images": "reference_images",
    "reference_videos": "video_urls",
    "reference_audios": "audio_urls",
    "seed": "seed",
    "generate_audio": "generate_audio",
    "camera_fixed": "camera_fixed",
    "return_last_frame": "return_last_frame",
    "execution_expires_after": "execution_expires_after",
}


class ModellixAdapter(VendorAdapter):
    """The adapter for Modellix. Its documents mention no list of tasks, no cancel and no idempotency key."""

    routes = _ROUTES
    fields = frozenset(_BODY_NAMES)
    billed_at = {"duration": ("duration",), "resolution": ("resolution",)}  # the model is in the path

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        body: dict[str, Any] = {"prompt": request.prompt}
        for ours, theirs in _BODY_NAMES.items():
            if request.is_set(ours):
                value = getattr(request, ours)
                body[theirs] = list(value) if isinstance(value, tuple) else value
        suffix = "/async" if self.settings["modellix_async_suffix"] else ""
        return HttpRequest("POST", f"/bytedance/{quote(request.model, safe='')}{suffix}", json=body | request.extra)

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        data = self._data(response)
        video_id = as_id(data.get("task_id"))
        if video_id is None:
            named = id_in(response, ("data", "task_id"))
            raise create_error(self.title, response, self._explain(response), prompt=request.prompt, video_id=named)
        return self._video(data, video_id, response).model_copy(update={"model": request.model})

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        """The URL in `get_result.url` is not called, since the key goes to the base URL only."""
        return HttpRequest("GET", f"/tasks/{quote(video_id, safe='')}")

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        data = self._data(response)
        told = as_id(data.get("task_id")) if "status" in data else None
        check_read(self.title, response, self._explain, told, video_id, not_found=self.retention_note)
        return self._video(data, video_id, response)

    @override
    def probe(self) -> Steps[str]:
        """Checks the key, as documented, then reads the balance as the vendor's own clients do; the latter may fail."""
        told = yield from super().probe()
        balance = HttpRequest("GET", "/team/balance")
        try:
            left = yield from Step(Call.READ, balance, self._balance, seconds=_BALANCE_PATIENCE)
        except SeedanceError:
            return told
        return told if left is None else f"{told.rstrip('.')}; balance: {left}."

    def _balance(self, response: HttpResponse) -> str | None:
        return clean(text_of(self._data(response).get("balance"))) or None

    @override
    def build_probe(self) -> HttpRequest:
        return HttpRequest("GET", "/apikey/validate")

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        valid = self._data(response).get("is_valid")
        if valid is not True:
            answer = self._explain(response)
            if valid is False:
                answer = ErrorAnswer(Meaning.AUTH, message="the key is not valid")
            raise read_error(self.title, response, answer)
        return "The key works."

    @override
    def build_model_info(self, model: str) -> HttpRequest:
        """Only a list of all models is documented; the answer is searched for this one."""
        return HttpRequest("GET", "/models")

    @override
    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        """The entry of the model. The fields of an entry are not documented, so any of them may hold the name."""
        envelope = response.json_object()
        data = envelope.get("data") if self._succeeded(response, envelope) else None
        for entry in _entries(data):
            if any(value == model or value == f"bytedance/{model}" for value in entry.values()):
                return entry
        answer = self._explain(response)
        if data is not None:
            answer = ErrorAnswer(Meaning.NOT_FOUND, message="the list of models does not have it")
        raise read_error(self.title, response, answer, not_found=f"{self.title} knows no model {model!r}.")

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """Modellix's errors have `code` and `message`, and few other keys; the code is the HTTP status."""
        envelope = response.json_object()
        code = envelope.get("code")
        is_status = type(code) is int and (200 <= response.status_code < 300 or code == response.status_code)
        return is_status and isinstance(envelope.get("message"), str) and envelope.keys() <= _ENVELOPE

    def _succeeded(self, response: HttpResponse, envelope: dict[str, Any]) -> bool:
        return 200 <= response.status_code < 300 and str(envelope.get("code", 0)) == "0"

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        envelope = response.json_object()
        data = envelope.get("data")
        return data if self._succeeded(response, envelope) and isinstance(data, dict) else {}

    def _explain(self, response: HttpResponse) -> ErrorAnswer:
        envelope = response.json_object()
        code = envelope.get("code")
        status = response.status_code
        if 200 <= status < 300 and isinstance(code, int):
            status = code  # documented as the same number; if they differ, the envelope counts
        message = text_of(envelope.get("message"))
        meaning = meaning_of_status(status)
        if meaning is Meaning.REJECTED and speaks_of_moderation(message):
            meaning = Meaning.MODERATION
        return ErrorAnswer(
            meaning, None if code is None else str(code), message, is_vendors=self.is_own_error(response)
        )

    def _video(self, data: dict[str, Any], video_id: str, response: HttpResponse) -> Video:
        status, undocumented = read_status(data.get("status", "pending"), _STATUSES)
        found = dig(data, "result", "resources")
        resources = [item for item in map(_resource, found) if item] if isinstance(found, list) else []
        url = _url_of(resources, kind="video")
        error = None
        if status is VideoStatus.FAILED:
            error = _failure(data, response.json_object())
        # No answer is documented to contain a time. Counted from this answer, the expiry is the latest possible one.
        latest = self.expiry(response.received_at) if url else None
        return Video(
            video_id=video_id,
            vendor=self.name,
            status=status,
            video_url=url,
            last_frame_url=_url_of(resources, role="last_frame") or _url_of(resources, kind="image"),
            url_expires_at=earliest(latest, signed_url_expiry(url)),
            error=error,
            undocumented_status=undocumented,
        )


def _entries(data: object) -> list[dict[str, Any]]:
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), [])
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []


def _resource(item: object) -> dict[str, Any] | None:
    """A result as an object with its type.

    Documented are such objects; the vendor's own clients also accept plain URLs. A plain URL counts as the video unless
    it has the suffix of an image.
    """
    if not isinstance(item, str):
        return item if isinstance(item, dict) else None
    if not item.strip():
        return None
    path = item.partition("?")[0].partition("#")[0].lower()
    return {"type": "image" if path.endswith(_PICTURES) else "video", "url": item}


def _url_of(resources: list[dict[str, Any]], *, kind: str | None = None, role: str | None = None) -> str | None:
    for resource in resources:
        if (kind is None or resource.get("type") == kind) and (role is None or resource.get("role") == role):
            return text_or_none(resource.get("url"))
    return None


def _failure(data: dict[str, Any], envelope: dict[str, Any]) -> VideoError:
    """The reason for a failure. Its place is not documented, so several are searched in this order."""
    error = data.get("error")
    if isinstance(error, dict):
        return VideoError(code=text_of(error.get("code")) or None, message=clean(text_of(error.get("message"))))
    texts = (text_of(error), text_of(data.get("message")), text_of(envelope.get("message")))
    message = next((text for text in texts if text and text != "success"), "")
    return VideoError(message=clean(message))
