"""fal (docs.fal.ai): a queue that checks the input only in the run, and says COMPLETED for every ended run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from airflow_provider_seedance.api.errors import SeedanceConfigError, SeedanceError, TransientApiError
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.steps import Call, Flow, Pause, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors.billed import Billed
from airflow_provider_seedance.api.vendors.descriptor import VendorDescriptor
from airflow_provider_seedance.api.vendors.fal.errors import end_of, ended, explain, is_about_the_run, is_own_error
from airflow_provider_seedance.api.vendors.fal.ids import make_id, read_id
from airflow_provider_seedance.api.vendors.fal.listing import (
    MARKED,
    PLATFORM,
    build_listing,
    confirm_failure,
    parse_items,
)
from airflow_provider_seedance.api.vendors.fal.routes import DRAFT, ENDPOINTS, FIELDS, ROUTES, endpoint_of, endpoints_of
from airflow_provider_seedance.api.vendors.json_fields import as_id, dig, id_in, read_status, seed_or_none, text_or_none
from airflow_provider_seedance.api.vendors.refusals import Meaning, check_read, create_error, read_error, text_of
from airflow_provider_seedance.api.vendors.video_adapter import (
    HistoryPage,
    HttpRequest,
    HttpResponse,
    MarkedPage,
    VendorAdapter,
    VideoPage,
)

_IN_QUERY = ("fal_webhook", "fal_max_queue_length")
_LIFETIME = "X-Fal-Object-Lifecycle-Preference"
_PAUSE_BETWEEN_PAGES = 1.0

_STATUSES = {
    "in_queue": VideoStatus.QUEUED,
    "in_progress": VideoStatus.RUNNING,
    "completed": VideoStatus.SUCCEEDED,  # means only that the run ended; its result says how
}
_BODY_NAMES = {
    "resolution": "resolution",
    "ratio": "aspect_ratio",
    "generate_audio": "generate_audio",
    "seed": "seed",
    "first_frame": "image_url",
    "last_frame": "end_image_url",
    "reference_images": "image_urls",
    "reference_videos": "video_urls",
    "reference_audios": "audio_urls",
    "draft": "draft",
    "draft_id": "draft_id",
}
_TASKS = {"reference": "reference", "edit": "editing", "extend": "extension"}


class FalAdapter(VendorAdapter):
    """The adapter for fal. Create, read and cancel go to the queue, lists and prices to the platform API."""

    routes = ROUTES
    fields = FIELDS
    billed_at = {"duration": ("duration",), "resolution": ("resolution",)}  # the model is in the path
    text_optional_with = ("draft_id", "extra")
    read_tells_mark = False

    def __init__(self, descriptor: VendorDescriptor, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(descriptor, settings)
        self._lifetime = _seconds(self.settings["fal_file_seconds"])
        if self._lifetime is not None:
            self.retention = timedelta(seconds=self._lifetime)

    # -- create --------------------------------------------------------------------------------------------------

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """Two fields of `extra` become query parameters, as documented; everything else goes into the body."""
        body: dict[str, Any] = {"prompt": request.prompt} if request.prompt else {}
        for ours, theirs in _BODY_NAMES.items():
            if request.is_set(ours):
                value = getattr(request, ours)
                body[theirs] = list(value) if isinstance(value, tuple) else value
        if request.task is not None:
            body["task"] = _TASKS[request.task]
        if body.get("aspect_ratio") == "adaptive":
            body["aspect_ratio"] = "auto"
        if request.duration is not None:
            body["duration"] = "auto" if request.duration == -1 else str(request.duration)
        if request.mark:
            body[MARKED] = request.mark
        extra = dict(request.extra)
        query = tuple((name, str(value)) for name in _IN_QUERY if (value := extra.pop(name, None)) not in (None, ""))
        headers = {}
        if self._lifetime is not None:
            headers[_LIFETIME] = f'{{"expiration_duration_seconds": {self._lifetime}}}'
        return HttpRequest(
            "POST",
            f"/{quote(endpoint_of(request), safe='/')}",
            params=query,
            json=body | extra,
            headers=headers,
        )

    @override
    def billed(self, request: VideoRequest) -> Billed:
        """Converts fal's durations, which are texts, to numbers."""
        found = super().billed(request)
        text = found.duration
        if text == "auto":
            return replace(found, duration=-1)
        return replace(found, duration=int(text)) if isinstance(text, str) and text.isdecimal() else found

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        endpoint, data = endpoint_of(request), self._data(response)
        told = as_id(data.get("request_id"))
        made = make_id(endpoint, told, data.get("response_url")) if told else None
        if made is None:
            named = id_in(response, ("request_id",))
            hint = make_id(endpoint, named) if named else None
            raise create_error(
                self.title,
                response,
                explain(response, response.headers.get("x-fal-request-id")),
                prompt=request.prompt,
                video_id=str(hint) if hint else None,
            )
        status, undocumented = read_status(data.get("status", "IN_QUEUE"), _STATUSES)
        return Video(
            video_id=str(made),
            vendor=self.name,
            model=request.model,
            # A run that has ended already counts as running here: only its result says how it ended.
            status=status if status is VideoStatus.QUEUED else VideoStatus.RUNNING,
            seed=seed_or_none(request.seed),
            undocumented_status=undocumented,
        )

    # -- read ----------------------------------------------------------------------------------------------------

    @override
    def read(self, video_id: str) -> Steps[Video]:
        """Reads the status and, if the run has ended, its result; a failure only counts if it is certain."""
        status = self.build_get(video_id)
        seen = yield from Step(Call.READ, status, lambda response: self.parse_get(response, video_id))
        if seen.status is not VideoStatus.SUCCEEDED:
            return seen
        result = HttpRequest("GET", read_id(video_id).path)
        seen, is_certain = yield from Step(
            Call.READ, result, lambda response: (self.parse_result(response, video_id), is_about_the_run(response))
        )
        if not is_certain:
            yield from confirm_failure(video_id, self.title, self.name)
        return seen

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        """The URL is made from the id; the URLs in fal's answers are not called."""
        return HttpRequest("GET", f"{read_id(video_id).path}/status")

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        """Reads a status. `succeeded` means here only that the run has ended; its result has to be read."""
        data = self._data(response)
        told = as_id(data.get("request_id")) if "status" in data else None
        check_read(
            self.title,
            response,
            explain,
            told,
            video_id,
            not_found=self.retention_note,
            own_id=video_id.rpartition("/")[2],
        )
        status, undocumented = read_status(data.get("status"), _STATUSES)
        error = None
        code, message = text_of(data.get("error_type")) or None, text_of(data.get("error"))
        if status is VideoStatus.SUCCEEDED and (code or message):
            status, error = ended(code, message)
        return Video(video_id=video_id, vendor=self.name, status=status, error=error, undocumented_status=undocumented)

    def parse_result(self, response: HttpResponse, video_id: str) -> Video:
        """The output of an ended run, or the reason why it has none (`is_about_the_run` says whether that is certain).

        :raises TransientApiError: the answer holds neither.
        """
        data = self._data(response)
        if "video" in data:
            url = text_or_none(dig(data, "video", "url"))
            return Video(
                video_id=video_id,
                vendor=self.name,
                status=VideoStatus.SUCCEEDED,
                video_url=url,
                # No answer contains a time. Counted from this answer, the expiry is the latest possible one.
                url_expires_at=self.expiry(response.received_at) if url else None,
                seed=seed_or_none(data.get("seed")),
                draft_id=text_or_none(data.get("draft_id")),
            )
        found = end_of(response)
        if found is None:
            answer = explain(response)
            if answer.meaning is Meaning.REJECTED:
                # The result was read too early, as observed. In any case the status showed that the request exists.
                answer = replace(answer, meaning=Meaning.UNCLEAR)
            raise read_error(self.title, response, answer, not_found=self.retention_note)
        status, error = found
        return Video(video_id=video_id, vendor=self.name, status=status, error=error)

    # -- cancel --------------------------------------------------------------------------------------------------

    @override
    def build_cancel(self, video_id: str) -> HttpRequest:
        """Removes a queued run. A running one is only asked to stop and may still finish, as documented."""
        return HttpRequest("PUT", f"{read_id(video_id).path}/cancel")

    @override
    def parse_cancel(self, response: HttpResponse, video_id: str) -> None:
        word = response.json_object().get("status")
        if word == "CANCELLATION_REQUESTED" and 200 <= response.status_code < 300:
            return
        answer = explain(response)
        if word in ("ALREADY_COMPLETED", "NOT_FOUND"):
            meaning = Meaning.NOT_FOUND if word == "NOT_FOUND" else Meaning.REJECTED
            answer = replace(answer, meaning=meaning, code=word, is_vendors=True)
        raise read_error(self.title, response, answer, not_found=self.retention_note)

    # -- lists, and the search for a mark ------------------------------------------------------------------------

    @override
    def draw_mark(self, request: VideoRequest) -> str | None:
        """The mark is `end_user_id`, a documented input; that the list repeats it is inferred."""
        # Whether the endpoint that finishes a draft has an `end_user_id` isn't known.
        takes_mark = endpoint_of(request) != DRAFT
        if not self.settings["mark_end_user_id"] or MARKED in request.extra or not takes_mark:
            return None
        return f"airflow-{uuid.uuid4().hex}"

    @override
    def find(
        self, mark: str, model: str, *, number: int, limit: int, offset: int, since: datetime
    ) -> Steps[MarkedPage]:
        """Searches all pages of the request list, which is paged by cursors.

        It isn't known whether the list shows unfinished requests, so an empty result proves nothing.
        """
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = (("expand", "payloads"), ("limit", str(limit)), ("start", start))
        cursor: tuple[tuple[str, str], ...] = ()
        for page in range(self.most_pages):
            if page:
                yield from Pause(_PAUSE_BETWEEN_PAGES)
            listing = build_listing(endpoints_of(model), *asked, *cursor)
            videos, after = yield from Step(Call.READ, listing, self._parse_items, most_bytes=MOST_OF_A_LIST)
            found = []
            for video in videos:
                if video.mark == mark:
                    seen = yield from self._as_it_stands(video)
                    found.append(seen.model_copy(update={"mark": mark, "created_at": video.created_at}))
            if found or after is None:
                return MarkedPage(tuple(found), tuple(video.created_at for video in videos), has_more=False)
            cursor = (("cursor", after),)
        raise TransientApiError(f"{self.title} lists more videos than were read.", vendor=self.title)

    @override
    def read_list(self, name: str, *, since: datetime, after: str | None = None) -> Flow[HistoryPage]:
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        cursor = (("cursor", after),) if after else ()
        asked = (("expand", "payloads"), ("limit", str(self.page_size)), ("start", start), *cursor)

        def parsed(response: HttpResponse) -> HistoryPage:
            return HistoryPage(*self._parse_items(response))

        return Step(Call.READ, build_listing(ENDPOINTS, *asked), parsed, most_bytes=MOST_OF_A_LIST)

    def _as_it_stands(self, listed: Video) -> Steps[Video]:
        """Reads a listed video from the queue. If the read fails, the video still counts as found, and as running."""
        try:
            return (yield from self.read(listed.video_id))
        except SeedanceError:
            return listed.model_copy(update={"status": VideoStatus.RUNNING})

    @override
    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        """The list is paged by cursors, so only its first page can be requested."""
        if status is not None:
            raise self._unsupported("list videos by status")
        if offset:
            raise self._unsupported("list videos from an offset")
        return build_listing(ENDPOINTS if model is None else endpoints_of(model), ("limit", str(limit)))

    @override
    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        videos, cursor = self._parse_items(response)
        return VideoPage(videos, has_more=cursor is not None)

    def _parse_items(self, response: HttpResponse) -> tuple[tuple[Video, ...], str | None]:
        return parse_items(response, self.title, self.name)

    # -- other free calls ----------------------------------------------------------------------------------------

    @override
    def build_model_info(self, model: str) -> HttpRequest:
        """The description of a model is its entry in fal's price list."""
        params = (("endpoint_id", ",".join(endpoints_of(model))),)
        return HttpRequest("GET", "/v1/models/pricing", params=params, origin=PLATFORM)

    @override
    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        data = self._data(response)
        if not data.get("prices"):
            note = f"{self.title} has no price for {model!r}."
            raise read_error(self.title, response, explain(response), not_found=note)
        return data

    @override
    def build_probe(self) -> HttpRequest:
        """Lists the account's own requests, which need a key (inferred); the list of models might not."""
        return build_listing(ENDPOINTS[:1], ("limit", "1"))

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        self._parse_items(response)
        return "The key works."

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        return is_own_error(response)

    def _data(self, response: HttpResponse) -> dict[str, Any]:
        return response.json_object() if 200 <= response.status_code < 300 else {}


def _seconds(value: object) -> int | None:
    text = "" if value is None else str(value).strip()
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 10**9:
        raise SeedanceConfigError("The setting `fal_file_seconds` must be a whole number of seconds. Nothing was sent.")
    return int(text)
