"""GMI Cloud (docs.gmicloud.ai): a request queue that takes `{model, payload}`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import (
    as_id,
    dig,
    id_in,
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
    create_error,
    meaning_of_status,
    read_error,
    speaks_of_balance,
    speaks_of_moderation,
    text_of,
)
from airflow_provider_seedance.api.vendors.rules import RULED_FIELDS, Route
from airflow_provider_seedance.api.vendors.video_adapter import (
    HttpRequest,
    HttpResponse,
    MarkedPage,
    VendorAdapter,
    VideoPage,
    from_unix,
)

_DOC = "docs.gmicloud.ai/inference-engine/api-reference/video-api-reference"
_WEB = ("https://", "http://")
_RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")
_FIELDS = RULED_FIELDS - {"camera_fixed", "return_last_frame", "execution_expires_after"}

# GMI Cloud documents no counts and no exclusions, so the vendor decides about them. It documents 1080p for the fast
# model, too, which ByteDance doesn't. `asset://ID` among the reference images becomes one of `reference_asset_ids`.
_ROUTES = (
    Route(
        title="Seedance 2.0",
        models=("seedance-2-0-260128", "seedance-2-0-fast-260128"),
        source=_DOC,
        fields=_FIELDS,
        duration=(4, 15),
        resolutions=("480p", "720p", "1080p"),
        ratios=_RATIOS,
        seed=(0, 4294967295),
        seen={"duration": (-1,), "resolution": ("4k",)},
        media={
            "first_frame": _WEB,
            "last_frame": _WEB,
            "reference_images": (*_WEB, "asset://"),
            "reference_videos": _WEB,
            "reference_audios": _WEB,
        },
    ),
)

_STATUSES = {
    "created": VideoStatus.QUEUED,
    "queued": VideoStatus.QUEUED,
    "dispatched": VideoStatus.RUNNING,
    "processing": VideoStatus.RUNNING,
    "success": VideoStatus.SUCCEEDED,
    "failed": VideoStatus.FAILED,
    "cancelled": VideoStatus.CANCELLED,
    "canceled": VideoStatus.CANCELLED,
}

# Observed at submit: a refusal by the backend comes as HTTP 500 with this text and the backend's own status, and
# nothing is created. The backend's 403 was observed for a frame that was no plain string.
_BACKEND = re.compile(r"backend error \((\d{3})\)", re.IGNORECASE)
_BACKEND_MEANINGS = {403: Meaning.REJECTED}
_ERROR_FIELDS = frozenset(("error", "message", "detail", "request_id", "code"))

_PAYLOAD_FIELDS = (
    "duration",
    "resolution",
    "ratio",
    "seed",
    "watermark",
    "generate_audio",
    "web_search",
    "first_frame",
    "last_frame",
    "reference_videos",
    "reference_audios",
)
_ASSET_SCHEME = "asset://"
_SEED_MARK = "seed:"


class GMICloudAdapter(VendorAdapter):
    """The adapter for GMI Cloud. Requests can be listed and models described; no cancel is documented."""

    routes = _ROUTES
    fields = frozenset((*_PAYLOAD_FIELDS, "reference_images"))
    billed_at = {"model": ("model",), "duration": ("payload", "duration"), "resolution": ("payload", "resolution")}

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """`extra` is merged into the payload."""
        payload: dict[str, Any] = {"prompt": request.prompt}
        for name in _PAYLOAD_FIELDS:
            if request.is_set(name):
                value = getattr(request, name)
                payload[name] = list(value) if isinstance(value, tuple) else value
        images = [url for url in request.reference_images if not url.startswith(_ASSET_SCHEME)]
        assets = [url.removeprefix(_ASSET_SCHEME) for url in request.reference_images if url.startswith(_ASSET_SCHEME)]
        if images:
            payload["reference_images"] = images
        if assets:
            payload["reference_asset_ids"] = assets
        body = {"model": request.model, "payload": payload | request.extra}
        return HttpRequest("POST", "/requests", json=body, headers=self._headers())

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        data = self._data(response)
        video_id = as_id(data.get("request_id"))
        if video_id is None:
            named = id_in(response, ("request_id",))
            answer = self._explain(response, submitted=True)
            raise create_error(self.title, response, answer, prompt=request.prompt, video_id=named)
        return self._video(data, video_id, request)

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        return HttpRequest("GET", f"/requests/{quote(video_id, safe='')}", headers=self._headers())

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        data = self._data(response)
        note = f"{self.retention_note} Ids made in its web console can't be read by id either."
        told = as_id(data.get("request_id")) if "status" in data else None
        check_read(self.title, response, self._explain, told, video_id, not_found=note)
        return self._video(data, video_id)

    @override
    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        """Lists one model's requests: as observed, the list needs a model. It can't filter by status."""
        if model is None:
            raise self._unsupported("list videos without naming a model")
        if status is not None:
            raise self._unsupported("list videos by status")
        params = (("model_id", model), ("limit", str(limit)), ("offset", str(offset)))
        return HttpRequest("GET", "/requests", params=params, headers=self._headers())

    @override
    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        data = self._data(response)
        items = data.get("requests")
        if not isinstance(items, list):
            raise read_error(self.title, response, self._explain(response))
        known = ((item, as_id(item.get("request_id"))) for item in items if isinstance(item, dict))
        videos = tuple(self._video(item, video_id) for item, video_id in known if video_id)
        return VideoPage(videos, has_more=bool(data.get("has_more")))

    @override
    def draw_mark(self, request: VideoRequest) -> str | None:
        """The mark is a random seed, a documented field; the list was observed to repeat the payload with it."""
        route = self.route_of(request.model)
        taken = request.is_set("seed") or "seed" in request.extra
        if not self.settings["draw_seed"] or taken or route is None or route.seed is None:
            return None
        lowest, highest = route.seed
        # 0 is left out, since it means "random" in some APIs; no document says so for this one.
        return f"{_SEED_MARK}{max(lowest, 1) + secrets.randbelow(highest - max(lowest, 1) + 1)}"

    @override
    def mark(self, request: VideoRequest, mark: str) -> VideoRequest:
        return request.model_copy(update={"seed": int(mark.removeprefix(_SEED_MARK))})

    @override
    def lists(self, models: Sequence[str]) -> tuple[str, ...]:
        """A list for each model: those that are passed, the connection's and the vendor's own."""
        own = (name for name in self.descriptor.families.values() if isinstance(name, str))
        return tuple(dict.fromkeys((*models, *self.models.values(), *own)))

    @override
    def build_find(self, model: str, *, number: int, limit: int, offset: int) -> HttpRequest:
        return self.build_list(model=model, status=None, limit=limit, offset=offset)

    @override
    def parse_find(self, response: HttpResponse, mark: str, *, limit: int, offset: int) -> MarkedPage:
        page = self.parse_list(response, limit=limit, offset=offset)
        found = tuple(video for video in page.videos if video.mark == mark)
        told = self._data(response).get("has_more")
        has_more = told if isinstance(told, bool) else len(page.videos) >= limit
        return MarkedPage(found, tuple(video.created_at for video in page.videos), has_more)

    @override
    def build_model_info(self, model: str) -> HttpRequest:
        return HttpRequest("GET", f"/models/{quote(model, safe='')}", headers=self._headers())

    @override
    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        data = self._data(response)
        if not data:
            note = f"{self.title} knows no model {model!r}."
            raise read_error(self.title, response, self._explain(response), not_found=note)
        return data

    @override
    def build_probe(self) -> HttpRequest:
        return HttpRequest("GET", "/models", headers=self._headers())

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        models = self._data(response).get("model_ids")
        if not isinstance(models, list):
            raise read_error(self.title, response, self._explain(response))
        return f"The key works; {len(models)} models are open to it."

    def _headers(self) -> dict[str, str]:
        organization = self.settings["gmicloud_organization_id"]
        return {"X-Organization-ID": organization} if organization else {}

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        return response.json_object() if 200 <= response.status_code < 300 else {}

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """Observed: an error has `error`, `message` or `detail`, and few other keys."""
        answer = response.json_object()
        error = _error_in(answer)
        _, message = _said(error)
        return bool(error and message) and (answer.keys() <= _ERROR_FIELDS or _BACKEND.search(message) is not None)

    def _explain(self, response: HttpResponse, *, submitted: bool = False) -> ErrorAnswer:
        """An error answer in our vocabulary.

        :param submitted: whether it answers a submit: only there an error of the backend was observed to be a refusal.
        """
        answer = response.json_object()
        code, message = _said(_error_in(answer))
        meaning = meaning_of_status(response.status_code)
        backend = _BACKEND.search(message)
        if submitted and response.status_code == 500 and backend:
            status = int(backend.group(1))
            meaning = _BACKEND_MEANINGS.get(status, meaning_of_status(status))
        if meaning in (Meaning.REJECTED, Meaning.AUTH):
            if speaks_of_balance(message):
                meaning = Meaning.QUOTA
            elif speaks_of_moderation(message):
                meaning = Meaning.MODERATION
        request_id = as_id(answer.get("request_id"))
        return ErrorAnswer(meaning, code, message, request_id, is_vendors=self.is_own_error(response))

    def _video(self, data: dict[str, Any], video_id: str, request: VideoRequest | None = None) -> Video:
        status, undocumented = read_status(data.get("status", "queued"), _STATUSES)
        payload = {"seed": request.seed, **request.extra} if request else data.get("payload")
        seed = seed_or_none(dig(payload, "seed"))
        outcome = data.get("outcome")
        url = text_or_none(dig(outcome, "video_url")) or _first_media_url(outcome)
        error = None
        if status is VideoStatus.FAILED:
            code, message = _said(data.get("error") or dig(outcome, "error"))
            error = VideoError(code=code, message=clean(message))
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=text_or_none(data.get("model")) or (request.model if request else None),
            status=status,
            video_url=url,
            thumbnail_url=text_or_none(dig(outcome, "thumbnail_image_url")),
            url_expires_at=signed_url_expiry(url),
            error=error,
            created_at=from_unix(data.get("created_at")),
            # No field holds the time of the end; the last update of an ended request is closest to it.
            completed_at=from_unix(data.get("updated_at")) if status.is_terminal else None,
            seed=seed,
            mark=None if seed is None else f"{_SEED_MARK}{seed}",
            undocumented_status=undocumented,
        )


def _first_media_url(outcome: object) -> str | None:
    """The URL in the newer form of the outcome, as observed: `media_urls: [{"url": ...}]`."""
    media = dig(outcome, "media_urls")
    return text_or_none(dig(media[0], "url")) if isinstance(media, list) and media else None


def _error_in(answer: dict[str, Any]) -> object:
    return answer.get("error") or answer.get("message") or answer.get("detail")


def _said(error: object) -> tuple[str | None, str]:
    """Code and message of an error. Two forms were observed: a text, and `{code, message, status}`."""
    if isinstance(error, dict):
        return text_of(error.get("code")) or None, text_of(error.get("message"))
    return None, text_of(error)
