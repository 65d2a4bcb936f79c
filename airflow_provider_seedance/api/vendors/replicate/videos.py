"""Replicate (replicate.com/docs): create, read and cancel all answer with the same object, the prediction."""

from __future__ import annotations

import math
import re
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from typing_extensions import override

from airflow_provider_seedance.api.errors import TransientApiError
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.steps import Call, Flow, Pause, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoError, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import (
    as_id,
    dig,
    positive_or_none,
    read_status,
    seed_or_none,
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
    speaks_of_moderation,
    text_of,
)
from airflow_provider_seedance.api.vendors.replicate.routes import ROUTES
from airflow_provider_seedance.api.vendors.video_adapter import (
    HistoryPage,
    HttpRequest,
    HttpResponse,
    MarkedPage,
    VendorAdapter,
    VideoPage,
)

_OUTSIDE_INPUT = ("webhook", "webhook_events_filter")
_SEED_MARK = "seed:"
_LARGEST_SEED = 2**31 - 1  # ours: no page names a range, and 31 bits fit every integer type
_PAUSE_BETWEEN_PAGES = 0.5
_ERROR_KEYS = frozenset(("title", "detail", "status", "invalid_fields", "type", "instance"))
_CODE = re.compile(r"\((E\d{3,5})\)\s*$")

_STATUSES = {
    "starting": VideoStatus.QUEUED,
    "processing": VideoStatus.RUNNING,
    "succeeded": VideoStatus.SUCCEEDED,
    "failed": VideoStatus.FAILED,
    "canceled": VideoStatus.CANCELLED,
    "aborted": VideoStatus.CANCELLED,  # before it started
}
_INPUT_NAMES = {
    "duration": "duration",
    "resolution": "resolution",
    "ratio": "aspect_ratio",
    "generate_audio": "generate_audio",
    "seed": "seed",
    "watermark": "watermark",
    "output_format": "output_format",
    "first_frame": "image",
    "last_frame": "last_frame_image",
    "reference_images": "reference_images",
    "reference_videos": "reference_videos",
    "reference_audios": "reference_audios",
}


class ReplicateAdapter(VendorAdapter):
    """The adapter for Replicate's official models, which need no version in the request."""

    routes = ROUTES
    fields = frozenset({*_INPUT_NAMES, "execution_expires_after"})
    billed_at = {"duration": ("input", "duration"), "resolution": ("input", "resolution")}  # the model is in the path

    @override
    def give_up_after(self, request: VideoRequest, seconds: float) -> VideoRequest:
        """Sets `execution_expires_after`, which is sent as the header `Cancel-After`, unless the user has set it."""
        if request.is_set("execution_expires_after"):
            return request
        return request.model_copy(update={"execution_expires_after": math.ceil(seconds)})

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """`extra` is merged into the input, except for the webhook fields, which go next to it.

        The header `Prefer: wait` is not used: an answer that the vendor delays is more easily lost.
        """
        given: dict[str, Any] = {"prompt": request.prompt} if request.prompt else {}
        for ours, theirs in _INPUT_NAMES.items():
            if request.is_set(ours):
                value = getattr(request, ours)
                given[theirs] = list(value) if isinstance(value, tuple) else value
        outside = {name: request.extra[name] for name in _OUTSIDE_INPUT if name in request.extra}
        given |= {name: value for name, value in request.extra.items() if name not in outside}
        seconds = request.execution_expires_after
        return HttpRequest(
            "POST",
            f"/models/{quote(request.model, safe='/')}/predictions",
            json={"input": given, **outside},
            headers={} if seconds is None else {"Cancel-After": f"{seconds}s"},
        )

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        data = self._data(response)
        told = data.get("id")
        video_id = created_id(self.title, response, self._explain, told, prompt=request.prompt)
        return self._video(data, video_id, request)

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        return HttpRequest("GET", f"/predictions/{quote(video_id, safe='')}")

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        data = self._data(response)
        told = as_id(data.get("id")) if "status" in data else None
        check_read(self.title, response, self._explain, told, video_id, not_found=self.retention_note)
        return self._video(data, video_id)

    @override
    def build_cancel(self, video_id: str) -> HttpRequest:
        """Stops a queued or running prediction; an ended one stays as it is, as documented."""
        return HttpRequest("POST", f"/predictions/{quote(video_id, safe='')}/cancel")

    @override
    def parse_cancel(self, response: HttpResponse, video_id: str) -> None:
        if as_id(self._data(response).get("id")) != video_id:
            raise read_error(self.title, response, self._explain(response), not_found=self.retention_note)

    # -- the list, and the search for a mark --------------------------------------------------------------------

    @override
    def draw_mark(self, request: VideoRequest) -> str | None:
        """The mark is a random seed, a documented input; that the list repeats it until the removal is inferred."""
        taken = request.is_set("seed") or "seed" in request.extra
        if not self.settings["replicate_draw_seed"] or taken:
            return None
        return f"{_SEED_MARK}{1 + secrets.randbelow(_LARGEST_SEED)}"

    @override
    def mark(self, request: VideoRequest, mark: str) -> VideoRequest:
        return request.model_copy(update={"seed": int(mark.removeprefix(_SEED_MARK))})

    @override
    def find(
        self, mark: str, model: str, *, number: int, limit: int, offset: int, since: datetime
    ) -> Steps[MarkedPage]:
        """Searches all pages of the list from `since` on.

        Removed inputs contain no mark, so later than an hour after the end an empty result proves nothing.
        """
        after = ("created_after", since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        cursor: tuple[tuple[str, str], ...] = ()
        for page in range(self.most_pages):
            if page:
                yield from Pause(_PAUSE_BETWEEN_PAGES)
            listing = HttpRequest("GET", "/predictions", params=(after, *cursor))
            videos, following = yield from Step(Call.READ, listing, self._page, most_bytes=MOST_OF_A_LIST)
            found = tuple(video for video in videos if video.mark == mark and video.model == model)
            if found or following is None:
                return MarkedPage(found, tuple(video.created_at for video in videos), has_more=False)
            cursor = (("cursor", following),)
        raise TransientApiError(f"{self.title} lists more videos than were read.", vendor=self.title)

    @override
    def read_list(self, name: str, *, since: datetime, after: str | None = None) -> Flow[HistoryPage]:
        """The list has predictions of all models; those without `seedance` in the model's name are left out."""
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        cursor = (("cursor", after),) if after else ()

        def parsed(response: HttpResponse) -> HistoryPage:
            videos, following = self._page(response)
            return HistoryPage(tuple(video for video in videos if "seedance" in (video.model or "")), following)

        listing = HttpRequest("GET", "/predictions", params=(("created_after", start), *cursor))
        return Step(Call.READ, listing, parsed, most_bytes=MOST_OF_A_LIST)

    @override
    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        """The list is paged by cursors and can't filter by model or status, so only its first page can be requested."""
        if model is not None or status is not None:
            raise self._unsupported("list videos by model or status")
        if offset:
            raise self._unsupported("list videos from an offset")
        return HttpRequest("GET", "/predictions")

    @override
    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        videos, cursor = self._page(response)
        return VideoPage(videos[:limit], has_more=cursor is not None or len(videos) > limit)

    def _page(self, response: HttpResponse) -> tuple[tuple[Video, ...], str | None]:
        """The videos of one page, and the cursor from the next page's URL, which itself is not called."""
        data = self._data(response)
        items = data.get("results")
        if not isinstance(items, list):
            raise read_error(self.title, response, self._explain(response))
        known = ((item, as_id(item.get("id"))) for item in items if isinstance(item, dict) and "status" in item)
        return tuple(self._video(item, video_id) for item, video_id in known if video_id), _cursor(data.get("next"))

    # -- other free calls ----------------------------------------------------------------------------------------

    @override
    def build_model_info(self, model: str) -> HttpRequest:
        return HttpRequest("GET", f"/models/{quote(model, safe='/')}")

    @override
    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        data = self._data(response)
        if not data:
            note = f"{self.title} knows no model {model!r}."
            raise read_error(self.title, response, self._explain(response), not_found=note)
        return data

    @override
    def build_probe(self) -> HttpRequest:
        return HttpRequest("GET", "/account")

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        if text_or_none(self._data(response).get("username")) is None:
            raise read_error(self.title, response, self._explain(response))
        return "The key works."

    # -- answers -------------------------------------------------------------------------------------------------

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """Replicate's errors have `title` and `detail` and few other keys; a rate limit (429) has only `detail`."""
        answer = response.json_object()
        detail = answer.get("detail")
        has_form = isinstance(answer.get("title"), str) or response.status_code == 429
        return has_form and isinstance(detail, str) and bool(detail) and answer.keys() <= _ERROR_KEYS

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        return response.json_object() if 200 <= response.status_code < 300 else {}

    def _explain(self, response: HttpResponse) -> ErrorAnswer:
        answer = response.json_object()
        code = text_of(answer.get("title")) or None
        message = text_of(answer.get("detail"))
        meaning = meaning_of_status(response.status_code)
        if meaning is Meaning.REJECTED and speaks_of_moderation(message):
            meaning = Meaning.MODERATION
        return ErrorAnswer(meaning, code, message, is_vendors=self.is_own_error(response))

    def _video(self, data: dict[str, Any], video_id: str, request: VideoRequest | None = None) -> Video:
        status, undocumented = read_status(data.get("status", "starting"), _STATUSES)
        output = data.get("output")
        url = text_or_none(output[0] if isinstance(output, list) and len(output) == 1 else output)
        completed_at = _moment(data.get("completed_at")) if status.is_terminal else None
        error = None
        if status is VideoStatus.FAILED:
            message = text_of(data.get("error"))
            code = _CODE.search(message)
            error = VideoError(code=code.group(1) if code else None, message=clean(message))
        seed = seed_or_none(dig(data, "input", "seed"))
        if seed is None and request is not None:
            seed = seed_or_none(request.seed)
        made = data.get("metrics") if status is VideoStatus.SUCCEEDED else None
        return Video(
            video_id=video_id,
            vendor=self.name,
            model=text_or_none(data.get("model")) or (request.model if request else None),
            status=status,
            video_url=url if status is VideoStatus.SUCCEEDED else None,
            url_expires_at=self.expiry(completed_at) if url else None,
            error=error,
            created_at=_moment(data.get("created_at")),
            completed_at=completed_at,
            seed=seed,
            mark=None if seed is None else f"{_SEED_MARK}{seed}",
            undocumented_status=undocumented,
            result_removed=self.retention_note if data.get("data_removed") is True else None,
            made_seconds=positive_or_none(dig(made, "video_output_duration_seconds")),
        )


def _cursor(address: object) -> str | None:
    if not isinstance(address, str):
        return None
    try:
        found = parse_qs(urlsplit(address).query).get("cursor")
    except ValueError:
        return None
    return found[0] if found else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
