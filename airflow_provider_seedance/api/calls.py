"""The calls of the clients as flows of steps, written once and carried out by the sync and the async client."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar

from airflow_provider_seedance.api.assets import (
    AssetUpload,
    Library,
    MediaAsset,
    MediaFile,
    check_file,
    check_url,
    kind_of,
    path_of,
    to_upload,
)
from airflow_provider_seedance.api.cancellation import Cancellation, after_cancel, before_cancel, cannot_cancel
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
)
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.messages import HttpResponse
from airflow_provider_seedance.api.http.reading import MAY_BE_BILLED
from airflow_provider_seedance.api.http.scrubbing import Scrubber
from airflow_provider_seedance.api.http.steps import Call, Flow, Pause, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.api.stated_rules import STATED
from airflow_provider_seedance.api.validation import check_request, for_vendor, to_request
from airflow_provider_seedance.api.vendors import make_asset_adapter
from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter
from airflow_provider_seedance.api.vendors.video_adapter import HistoryPage, VendorAdapter, VideoPage
from airflow_provider_seedance.api.video_ids import check_video_id

T = TypeVar("T")

log = logging.getLogger(__name__)

PAUSE_BETWEEN_PAGES = 1.1
"""Seconds. Ark documents a limit of one list request per second."""


class Calls:
    """The flows for one vendor. Each is documented at the method of `SeedanceClient` that has its name.

    :param adapter: the vendor's adapter.
    :param key: the API key; it is removed from quoted parts of an answer.
    :param account: identifies the account; limits that a vendor states are cached by it.
    """

    def __init__(self, adapter: VendorAdapter, key: str, account: str) -> None:
        self._adapter = adapter
        self._key = key
        self._account = account

    def check_video(self, request: VideoRequest | Mapping[str, Any]) -> Steps[list[str]]:
        checked = for_vendor(to_request(request), self._adapter)
        warnings = check_request(checked, self._adapter)
        yield from STATED.ask(self._account, self._adapter)
        told = STATED.known(self._account)
        return warnings if told is None else check_request(checked, self._adapter, told)

    def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Steps[Video]:
        checked = for_vendor(to_request(request), self._adapter)
        for warning in check_request(checked, self._adapter, STATED.known(self._account)):
            log.warning(warning)
        call = Call.CREATE if wait_for_room else Call.CREATE_NOW
        accepted: list[Any] = []

        def prepared(step: Step[Any]) -> Step[Any]:
            scrub = step.scrub or Scrubber(self._key, checked.prompt, step.request.json)
            if not step.call.is_create:
                return replace(step, scrub=scrub)
            if accepted:
                raise RuntimeError("a second step of one create that can be billed")

            def parse(response: HttpResponse) -> Any:
                result = step.parse(response)
                accepted.append(result)
                return result

            return replace(step, call=call, parse=parse, scrub=scrub)

        try:
            return (yield from _changed(self._adapter.create(checked), prepared))
        except SubmissionUnknownError:
            raise
        except Exception as error:
            if not accepted:
                raise
            # The vendor has accepted the request: no later failure may look as if nothing was created.
            why = str(error) if isinstance(error, SeedanceError) else type(error).__name__
            title = self._adapter.title
            told = f"{title} accepted the request, but a later step of the call failed: {why.rstrip('.')}. "
            video_id = accepted[0].video_id if isinstance(accepted[0], Video) else None
            raise SubmissionUnknownError(told + MAY_BE_BILLED, vendor=title, video_id=video_id) from None

    def quote_video(self, request: VideoRequest | Mapping[str, Any]) -> Steps[Cost]:
        checked = for_vendor(to_request(request), self._adapter)
        check_request(checked, self._adapter)

        def prepared(step: Step[Any]) -> Step[Any]:
            return replace(step, scrub=step.scrub or Scrubber(self._key, checked.prompt, step.request.json))

        return (yield from _changed(self._adapter.quote(checked), prepared))

    def get_video(self, video_id: str) -> Flow[Video]:
        return self._adapter.read(check_video_id(video_id))

    def get_many(self, video_ids: Sequence[str]) -> Flow[list[Video]]:
        http = self._adapter.build_get_many(video_ids)
        return _read_list(Step(Call.READ, http, lambda response: self._adapter.parse_get_many(response, video_ids)))

    def get_videos(self, video_ids: Sequence[str]) -> Steps[list[Video]]:
        video_ids = [check_video_id(video_id) for video_id in video_ids]
        found: dict[str, Video] = {}
        for batch in self._batches(video_ids):
            videos = yield from self.get_many(batch)
            found |= {video.video_id: video for video in videos}
        for video_id in video_ids:
            if video_id not in found:
                found[video_id] = yield from self._adapter.read(video_id)
        return [found[video_id] for video_id in video_ids]

    def cancel_video(self, video_id: str) -> Flow[None]:
        return self._adapter.cancel(check_video_id(video_id) if self._adapter.can_cancel else video_id)

    def cancel_if_not_started(self, video_id: str) -> Steps[Cancellation]:
        video_id, title = check_video_id(video_id), self._adapter.title
        if not self._adapter.can_cancel:
            return cannot_cancel(video_id, title)
        video = yield from self._adapter.read(video_id)
        no = before_cancel(video, title, can_stop=self._adapter.can_stop)
        if no is not None:
            return no
        refusal: SeedanceError | None = None
        try:
            yield from self._adapter.cancel(video_id)
        except SeedanceError as error:
            refusal = error
        seen: Video | SeedanceError
        try:
            seen = yield from self._adapter.read(video_id)
        except SeedanceError as error:
            seen = error
        return after_cancel(video_id, title, refusal, seen, was_running=video.status is VideoStatus.RUNNING)

    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> Flow[VideoPage]:
        http = self._adapter.build_list(model=model, status=status, limit=limit, offset=offset)
        return _read_list(Step(Call.READ, http, lambda r: self._adapter.parse_list(r, limit=limit, offset=offset)))

    def read_list(self, name: str, *, since: datetime, after: str | None = None) -> Flow[HistoryPage]:
        return self._adapter.read_list(name, since=since, after=after)

    def find_videos(self, mark: str, *, model: str, since: datetime) -> Steps[list[Video]]:
        for number in range(self._adapter.marked_lists):
            if number:
                yield from Pause(PAUSE_BETWEEN_PAGES)
            found = yield from self._find_in_list(number, mark, model, since)
            if found:
                return found
        return []

    def get_model_info(self, model: str) -> Flow[dict[str, Any]]:
        http = self._adapter.build_model_info(model)
        return _read_list(Step(Call.READ, http, lambda response: self._adapter.parse_model_info(response, model)))

    def upload_asset(
        self,
        upload: AssetUpload | Mapping[str, Any],
        file: MediaFile | None = None,
        *,
        on_file: Callable[[MediaAsset], None] | None = None,
    ) -> Steps[MediaAsset]:
        upload = to_upload(upload)
        assets = make_asset_adapter(self._adapter)
        library = assets.library(upload.library)
        if library.takes == "body":
            return (yield from self._register(assets, upload, library))
        source = file.name if file else upload.url or ""
        kind = upload.kind or kind_of(source)
        name = upload.name or path_of(source).rpartition("/")[2] or "reference"
        if library.takes == "url" and file is None:
            check_url(upload, kind, library, assets.title)
        elif file is None:
            raise InvalidRequestError(f"Nothing was sent. {assets.title}'s {library.name} library takes a file.")
        else:
            check_file(file, kind, library if library.takes == "file" else assets.library(None), assets.title)
            ticket = (yield from assets.ticket(file)) if assets.needs_ticket else None
            stored = yield from assets.store(file, ticket)
            stored = stored.model_copy(update={"kind": kind})
            if library.takes == "file":
                return stored
            if on_file is not None:
                on_file(stored)
            upload = upload.model_copy(update={"url": stored.url})
        upload = upload.model_copy(update={"kind": kind, "name": name})
        return (yield from self._register(assets, upload, library))

    def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> Flow[MediaAsset]:
        assets = make_asset_adapter(self._adapter)
        return assets.read(asset_id, assets.library(library), query or {})

    def probe(self) -> Flow[str]:
        return self._adapter.probe()

    def _find_in_list(self, number: int, mark: str, model: str, since: datetime) -> Steps[list[Video]]:
        created: list[datetime | None] = []
        title, size = self._adapter.title, self._adapter.page_size
        for page_number in range(self._adapter.most_pages):
            if page_number:
                yield from Pause(PAUSE_BETWEEN_PAGES)
            page = yield from self._adapter.find(
                mark, model, number=number, limit=size, offset=page_number * size, since=since
            )
            found = [video for video in page.videos if video.created_at is None or video.created_at >= since]
            created += page.created
            if found or not page.has_more or is_past(created, since):
                return found
        raise TransientApiError(f"{title} lists more videos than were read.", vendor=title)

    def _register(self, assets: AssetAdapter, upload: AssetUpload, library: Library) -> Steps[MediaAsset]:
        def prepared(step: Step[Any]) -> Step[Any]:
            return replace(step, scrub=step.scrub or Scrubber(self._key, sent=step.request.json))

        return (yield from _changed(assets.register(upload, library), prepared))

    def _batches(self, video_ids: Sequence[str]) -> list[Sequence[str]]:
        """The ids in groups of one request each; empty if the vendor has no batch call, or if there is only one id."""
        size = self._adapter.most_ids_per_request
        if size < 2 or len(video_ids) < 2:
            return []
        return [video_ids[start : start + size] for start in range(0, len(video_ids), size)]


def _changed(flow: Flow[T], change: Callable[[Step[Any]], Step[Any]]) -> Steps[T]:
    """Runs a flow and changes each of its steps before the step is sent."""
    steps = iter(flow)
    try:
        step = next(steps)
        while True:
            try:
                result = yield change(step) if isinstance(step, Step) else step
            except SeedanceError as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as done:
        value: T = done.value
        return value


def _read_list(step: Step[T]) -> Step[T]:
    """Allows a step the longer answer of a list."""
    return replace(step, most_bytes=MOST_OF_A_LIST)


def is_past(created: Sequence[datetime | None], since: datetime) -> bool:
    """Whether a list was read far enough: it is sorted newest first, and its last video is older than `since`.

    No vendor promises an order, so it is checked. If a time is missing, the answer is no.

    :param created: the acceptance times of the videos read so far, in the list's order; `None` for an unknown one.
    :param since: the earliest time at which the wanted video can have been accepted.
    """
    known = [moment for moment in created if moment is not None]
    if not known or len(known) < len(created):
        return False
    return known[-1] < since and all(newer >= older for newer, older in pairwise(known))
