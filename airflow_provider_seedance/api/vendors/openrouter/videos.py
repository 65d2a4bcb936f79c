"""OpenRouter (openrouter.ai): jobs without a list; a failure is a text of the provider that makes the video."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.http.fields import is_http_url
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.json_values import is_sound_number
from airflow_provider_seedance.api.http.steps import Call, Step
from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import (
    as_id,
    dig,
    earliest,
    read_status,
    signed_url_expiry,
    text_or_none,
)
from airflow_provider_seedance.api.vendors.openrouter.model_list import entries_in, stated_route
from airflow_provider_seedance.api.vendors.refusals import (
    ErrorAnswer,
    Meaning,
    check_read,
    clean,
    created_id,
    meaning_of_status,
    read_error,
    speaks_of_moderation,
    text_of,
)
from airflow_provider_seedance.api.vendors.rules import Route
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse, VendorAdapter, from_unix

_VIDEOS = "/videos"
_SOURCE = "the OpenAPI of OpenRouter; limits inferred from those of ByteDance, since its model list was not read"

_FIELDS = frozenset(
    {
        *("first_frame", "last_frame", "reference_images", "reference_videos", "reference_audios"),
        *("duration", "resolution", "ratio", "seed", "generate_audio"),
    }
)
_REFERENCES = ("reference_images", "reference_videos", "reference_audios")
_TEXT_OPTIONAL_WITH = ("first_frame", "last_frame", "reference_images", "reference_videos")
_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")


def _route(title: str, model: str, resolutions: tuple[str, ...], longest: int) -> Route:
    return Route(
        title=title,
        models=(model,),
        source=_SOURCE,
        fields=_FIELDS,
        duration=(4, longest) if longest else None,
        resolutions=resolutions,
        ratios=_RATIOS,
        # Documented: if both are given, the frames win. The references would be ignored, and the video billed anyway.
        excludes=((("first_frame", "last_frame"), _REFERENCES),),
        text_optional_with=_TEXT_OPTIONAL_WITH,
        observed=frozenset({"duration", "resolution", "ratio"}),
    )


_SMALL, _FULL = ("480p", "720p"), ("480p", "720p", "1080p")
_ROUTES = (
    _route("Seedance 2.0", "bytedance/seedance-2.0", (*_FULL, "4k"), 15),
    _route("Seedance 2.0 fast", "bytedance/seedance-2.0-fast", _SMALL, 15),
    _route("Seedance 2.5", "bytedance/seedance-2.5", _FULL, 30),
)

_STATUSES = {
    "pending": VideoStatus.QUEUED,
    "in_progress": VideoStatus.RUNNING,
    "completed": VideoStatus.SUCCEEDED,
    "failed": VideoStatus.FAILED,
    "cancelled": VideoStatus.CANCELLED,
    "expired": VideoStatus.EXPIRED,
}
_BODY_NAMES = {"duration": "duration", "ratio": "aspect_ratio", "seed": "seed", "generate_audio": "generate_audio"}
_PARTS = {"reference_images": "image_url", "reference_videos": "video_url", "reference_audios": "audio_url"}


class OpenRouterAdapter(VendorAdapter):
    """The adapter for OpenRouter. A create whose answer was lost can't be found: there is no list and no mark."""

    routes = _ROUTES
    fields = _FIELDS
    text_optional_with = _TEXT_OPTIONAL_WITH

    @override
    def ask_rules(self) -> Step[Any] | None:
        """Reads the list of models, which is free."""

        def entries(response: HttpResponse) -> dict[str, Any]:
            return dict(entries_in(self._listed(response)))

        return Step(Call.READ, self.build_model_info(""), entries, most_bytes=MOST_OF_A_LIST)

    @override
    def stated_route(self, request: VideoRequest, told: Any) -> Route | None:
        entry = told.get(request.model)
        inferred = self.route_of(request.model) or _route("", request.model, (), 0)
        return None if entry is None else stated_route(request, entry, inferred)

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """Other fields of the API, such as `callback_url`, `provider` and `size`, go through `extra`."""
        body: dict[str, Any] = {"model": request.model}
        if request.prompt:
            body["prompt"] = request.prompt
        if request.resolution is not None:
            body["resolution"] = request.resolution.replace("k", "K")  # the API writes `720p`, but `4K`
        body |= {theirs: getattr(request, ours) for ours, theirs in _BODY_NAMES.items() if request.is_set(ours)}
        frames = [
            _part("image_url", url, role) for role in ("first_frame", "last_frame") if (url := getattr(request, role))
        ]
        if frames:
            body["frame_images"] = frames
        references = [_part(kind, url) for name, kind in _PARTS.items() for url in getattr(request, name)]
        if references:
            body["input_references"] = references
        return HttpRequest("POST", _VIDEOS, json=body | request.extra)

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        data = self._data(response)
        told = data.get("id")
        video_id = created_id(self.title, response, self._explain, told, prompt=request.prompt)
        # An answer without a status says only that the job was accepted.
        shown = data if "status" in data else {**data, "status": "pending"}
        return self._video(shown, video_id).model_copy(update={"model": request.model})

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        """The `polling_url` in the answer is not called, since the key goes to the base URL only."""
        return HttpRequest("GET", f"{_VIDEOS}/{quote(video_id, safe='')}")

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        data = self._data(response)
        told = as_id(data.get("id")) if "status" in data else None
        check_read(self.title, response, self._explain, told, video_id, not_found=self.retention_note)
        return self._video(data, video_id)

    @override
    def build_probe(self) -> HttpRequest:
        return HttpRequest("GET", "/key")

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        data = self._data(response).get("data")
        if not isinstance(data, dict) or not {"label", "usage", "limit"} & data.keys():
            raise read_error(self.title, response, self._explain(response))
        left = data.get("limit_remaining")
        is_number = isinstance(left, int | float) and not isinstance(left, bool) and is_sound_number(left)
        return f"The key works; {left:.6g} credits of its limit are left." if is_number else "The key works."

    @override
    def build_model_info(self, model: str) -> HttpRequest:
        """There is only a list of all models; the answer is searched for this one."""
        return HttpRequest("GET", f"{_VIDEOS}/models")

    @override
    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        found = entries_in(self._listed(response)).get(model)
        if found is None:
            answer = ErrorAnswer(Meaning.NOT_FOUND, message="the list of models does not have it")
            raise read_error(self.title, response, answer, not_found=f"{self.title} knows no model {model!r}.")
        return dict(found)

    def _listed(self, response: HttpResponse) -> list[Any]:
        entries = self._data(response).get("data")
        if not isinstance(entries, list):
            raise read_error(self.title, response, self._explain(response), not_found="Check the base URL.")
        return entries

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """OpenRouter's errors have the form `{"error": {"code", "message", ...}}`; the code is the HTTP status."""
        error = response.json_object().get("error")
        code, message = dig(error, "code"), dig(error, "message")
        return type(code) is int and code == response.status_code and isinstance(message, str)

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        return response.json_object() if 200 <= response.status_code < 300 else {}

    def _explain(self, response: HttpResponse) -> ErrorAnswer:
        error = response.json_object().get("error")
        code, message = dig(error, "code"), text_of(dig(error, "message"))
        meaning = meaning_of_status(response.status_code)
        has_reasons = bool(dig(error, "metadata", "reasons"))
        if response.status_code in (400, 403) and (has_reasons or speaks_of_moderation(message)):
            meaning = Meaning.MODERATION
        return ErrorAnswer(meaning, text_of(code) or None, message, is_vendors=self.is_own_error(response))

    def _video(self, data: dict[str, Any], video_id: str) -> Video:
        status, undocumented = read_status(data.get("status"), _STATUSES)
        url = _url_of(data)
        error = data.get("error")
        reason = text_of(dig(error, "message")) if isinstance(error, dict) else text_of(error)
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=text_or_none(data.get("model")),
            status=status,
            video_url=url,
            url_expires_at=earliest(from_unix(data.get("expires_at")), signed_url_expiry(url)) if url else None,
            error=VideoError(message=clean(reason)) if status is VideoStatus.FAILED else None,
            usage=_usage(data),
            undocumented_status=undocumented,
        )


def _part(kind: str, url: str, frame: str | None = None) -> dict[str, Any]:
    part: dict[str, Any] = {"type": kind, kind: {"url": url}}
    return part | {"frame_type": frame} if frame else part


def _url_of(data: dict[str, Any]) -> str | None:
    """The signed URL, which needs no key, if there is one; otherwise the URL that needs the key."""
    lists = [data.get(name) for name in ("urls", "unsigned_urls")]
    found = [text_or_none(url) for urls in lists if isinstance(urls, list) for url in urls]
    return next((url for url in found if is_http_url(url)), next(iter(found), None))


def _usage(data: dict[str, Any]) -> dict[str, Any] | None:
    """The usage of the answer, with the currency of its cost: US dollars, as in the vendor's own client."""
    usage = data.get("usage")
    if not isinstance(usage, dict):
        return None
    return {**usage, "currency": "USD"} if usage.get("cost") is not None else usage
