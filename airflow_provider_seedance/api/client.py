"""A sync and an async client over one retry policy and the adapters, and a third that only polls."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, BinaryIO, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import AsyncRetrying, Retrying

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.addresses import leads_inside
from airflow_provider_seedance.api.assets import (
    AssetUpload,
    MediaAsset,
    MediaFile,
    UploadRequest,
    check_file,
    check_url,
    kind_of,
    path_of,
    to_upload,
)
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceConfigError,
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
    UploadUnknownError,
)
from airflow_provider_seedance.api.http import httpx_transport
from airflow_provider_seedance.api.http.aiohttp_transport import PollingTransport
from airflow_provider_seedance.api.http.base_url import hint_at_base_url, redirected
from airflow_provider_seedance.api.http.failures import reason_of
from airflow_provider_seedance.api.http.intake import (
    ACCEPT_ENCODING,
    MOST_OF_A_LIST,
    MOST_OF_ONE,
    SLOWEST_UPLOAD,
    Answer,
    Limits,
)
from airflow_provider_seedance.api.http.network import proxy_for
from airflow_provider_seedance.api.http.retries import Call as Call
from airflow_provider_seedance.api.http.retries import RetryPolicy as RetryPolicy
from airflow_provider_seedance.api.http.scrubbing import Scrubber
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.scrubbed import scrubbed, scrubbed_error
from airflow_provider_seedance.api.validation import check_request, to_request
from airflow_provider_seedance.api.vendors import make_asset_adapter
from airflow_provider_seedance.api.vendors.asset_adapter import Ticket
from airflow_provider_seedance.api.vendors.video_adapter import (
    HttpRequest,
    HttpResponse,
    MarkedPage,
    PollRates,
    VendorAdapter,
    VideoPage,
)
from airflow_provider_seedance.api.video_ids import check_video_id

T = TypeVar("T")

log = logging.getLogger(__name__)

POLL_TIMEOUT = 15.0
"""Seconds that a poll of a waiting video may take, whatever trickles: unlike a create it is simply asked again."""

HUNG = 3.0
"""Seconds that any answer may take. A poll that lasts longer hangs: nobody waits for it beyond the own deadline."""

_MOST_PAGES = 20
_PAUSE_BETWEEN_PAGES = 1.1  # Ark allows one LIST a second


@dataclass(slots=True)
class _Exchange(Generic[T]):
    """One call: what to send and how to read the answer.

    :param scrub: takes secrets out of what is quoted of the answer.
    :param most_bytes: of the answer.
    :param seconds: that it may take; default: by the client's settings.
    """

    call: Call
    request: HttpRequest
    parse: Callable[[HttpResponse], T]
    scrub: Scrubber | None = None
    most_bytes: int = MOST_OF_ONE
    seconds: float | None = None


@dataclass(frozen=True)
class ClientSettings:
    """Whom to talk to, and how patiently.

    :param api_key: sent as a bearer token, to the base URL only.
    :param base_url: whole, with its path; default: the vendor's own.
    :param connect_timeout: seconds for a connection.
    :param read_timeout: seconds without a byte of an answer; long, because a create cut off here stays in doubt.
    :param retry: see `RetryPolicy`.
    :param rates: how often waiting videos are asked for; default: the vendor's published limits.
    :param allow_private_hosts: whether reference media may be uploaded to private addresses that the vendor names.
    """

    api_key: str
    base_url: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    rates: PollRates | None = None
    allow_private_hosts: bool = False


_UNKNOWN: tuple[type[SeedanceApiError], str] = (
    SubmissionUnknownError,
    "The request was sent, so a video may exist and be billed. "
    "It is not sent again: look in the vendor's console before you run it again.",
)
_WITHOUT_ANSWER: dict[Call, tuple[type[SeedanceApiError], str]] = {
    Call.CREATE: _UNKNOWN,
    Call.CREATE_NOW: _UNKNOWN,
    Call.UPLOAD: (UploadUnknownError, "Something was sent, so it may be stored. A retry sends it again."),
}
"""What it means that a call, once sent, was not answered; for the others it is a missed look."""


class _ClientBase:
    """What the sync and the async client share: everything but the waiting."""

    nothing_sent: ClassVar[tuple[type[Exception], ...]] = httpx_transport.NOTHING_SENT

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        key = settings.api_key.strip()
        if not key or not key.isascii() or not key.isprintable():
            raise SeedanceConfigError(f"The API key for {adapter.title} is missing or holds characters no key has.")
        self.adapter = adapter
        self.settings = settings
        base_url = (settings.base_url or adapter.default_base_url).rstrip("/")
        if not base_url.startswith(("https://", "http://")):
            raise SeedanceConfigError(f"The base URL for {adapter.title} must begin with https:// or http://.")
        self.base_url = base_url
        try:
            self._host = urlsplit(base_url).netloc.rpartition("@")[2]
            self._proxy = proxy_for(base_url)
        except ValueError:
            raise SeedanceConfigError(f"The base URL for {adapter.title} is not a URL.") from None
        self._key = key
        self._scrub = Scrubber(key)
        self._headers = {
            "Authorization": f"{adapter.descriptor.auth_scheme} {key}",
            "User-Agent": f"airflow-provider-seedance/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        self._options: dict[str, Any] = {
            "headers": self._headers,
            "timeout": httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
        }

    def _create(self, request: VideoRequest | Mapping[str, Any], wait_for_room: bool) -> _Exchange[Video]:
        checked = to_request(request)
        for warning in check_request(checked, self.adapter):
            log.warning(warning)
        http = self.adapter.build_create(checked)
        call = Call.CREATE if wait_for_room else Call.CREATE_NOW
        scrub = Scrubber(self._key, checked.prompt, http.json)
        return _Exchange(call, http, lambda response: self.adapter.parse_create(response, checked), scrub)

    def _get(self, video_id: str) -> _Exchange[Video]:
        video_id = check_video_id(video_id)
        http = self.adapter.build_get(video_id)
        return _Exchange(Call.READ, http, lambda response: self.adapter.parse_get(response, video_id))

    def _get_many(self, video_ids: Sequence[str]) -> _Exchange[list[Video]]:
        http = self.adapter.build_get_many(video_ids)
        return self._list_of(http, lambda response: self.adapter.parse_get_many(response, video_ids))

    def _cancel(self, video_id: str) -> _Exchange[None]:
        if self.adapter.can_cancel:
            video_id = check_video_id(video_id)
        http = self.adapter.build_cancel(video_id)
        return _Exchange(Call.CANCEL, http, lambda response: self.adapter.parse_cancel(response, video_id))

    def _list(self, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> _Exchange[VideoPage]:
        http = self.adapter.build_list(model=model, status=status, limit=limit, offset=offset)
        return self._list_of(http, lambda response: self.adapter.parse_list(response, limit=limit, offset=offset))

    def _find(self, mark: str, model: str, number: int, limit: int, offset: int) -> _Exchange[MarkedPage]:
        http = self.adapter.build_find(model, number=number, limit=limit, offset=offset)
        return self._list_of(http, lambda r: self.adapter.parse_find(r, mark, limit=limit, offset=offset))

    def _model_info(self, model: str) -> _Exchange[dict[str, Any]]:
        http = self.adapter.build_model_info(model)
        return self._list_of(http, lambda response: self.adapter.parse_model_info(response, model))

    def _ticket(self, file: MediaFile) -> _Exchange[Ticket]:
        assets = make_asset_adapter(self.adapter)
        return _Exchange(Call.READ, assets.build_ticket(file), assets.parse_ticket)

    def _store(self, file: MediaFile, ticket: Ticket | None) -> _Exchange[MediaAsset]:
        assets = make_asset_adapter(self.adapter)
        http = assets.build_file(file, ticket)
        # A signed URL may lead anywhere, but not out of TLS.
        if http.url is not None and not http.url.startswith(("https://", f"{self.base_url.partition('://')[0]}://")):
            raise UploadUnknownError(f"{assets.title} gave an upload URL that is not https://. Nothing was sent there.")
        if http.url is not None and not self._may_be_sent_to(http.url):
            raise UploadUnknownError(
                f"{assets.title} gave an upload URL with a private address. Nothing was sent there. "
                "If that is meant, set `allow_private_hosts` in the connection's extra."
            )
        return _Exchange(Call.UPLOAD, http, lambda response: assets.parse_file(response, file, ticket))

    def _may_be_sent_to(self, url: str) -> bool:
        """A signed URL comes from outside; only the host of the base URL is the user's own choice."""
        own = urlsplit(url).hostname == urlsplit(self.base_url).hostname
        return own or self.settings.allow_private_hosts or not leads_inside(url)

    def _register(self, upload: AssetUpload) -> _Exchange[MediaAsset]:
        assets = make_asset_adapter(self.adapter)
        library = assets.library(upload.library)
        http = assets.build_register(upload, library)
        scrub = Scrubber(self._key, sent=http.json)
        return _Exchange(Call.UPLOAD, http, lambda response: assets.parse_register(response, upload, library), scrub)

    def _get_asset(self, asset_id: str, library: str | None, query: Mapping[str, str] | None) -> _Exchange[MediaAsset]:
        assets = make_asset_adapter(self.adapter)
        found = assets.library(library)
        http = assets.build_get(asset_id, found, query or {})
        return _Exchange(Call.READ, http, lambda response: assets.parse_get(response, asset_id, found))

    def _probe(self) -> _Exchange[str]:
        return self._list_of(self.adapter.build_probe(), self.adapter.parse_probe)

    def _list_of(self, http: HttpRequest, parse: Callable[[HttpResponse], T]) -> _Exchange[T]:
        """A read whose answer may be long."""
        return _Exchange(Call.READ, http, parse, most_bytes=MOST_OF_A_LIST)

    def _batches(self, video_ids: Sequence[str]) -> list[Sequence[str]]:
        """Groups that are worth one request; empty where the vendor answers for one video at a time."""
        size = self.adapter.most_ids_per_request
        if size < 2 or len(video_ids) < 2:
            return []
        return [video_ids[start : start + size] for start in range(0, len(video_ids), size)]

    def _encode(self, client: httpx.Client | httpx.AsyncClient, exchange: _Exchange[T]) -> httpx.Request:
        http = exchange.request
        if isinstance(http, UploadRequest) and http.file is not None:
            return self._encode_file(client, http, http.file)
        try:
            return client.build_request(
                http.method,
                self.base_url + http.path,
                params=list(http.params) or None,
                json=None if http.json is None else dict(http.json),
                headers=dict(http.headers),
            )
        except (TypeError, ValueError) as error:
            # The values stay out of the message: they may be a prompt.
            raise InvalidRequestError(f"Nothing was sent. The request can't be written as JSON ({error}).") from None
        except httpx.InvalidURL:
            raise SeedanceConfigError(f"The base URL for {self.adapter.title} is not a URL.") from None

    def _encode_file(
        self, client: httpx.Client | httpx.AsyncClient, http: UploadRequest, file: MediaFile
    ) -> httpx.Request:
        """Reads the file in blocks while it is sent, from its beginning at each try."""
        file.content.seek(0)
        if http.form_field is not None:
            form = {http.form_field: (file.name, file.content, file.content_type)}
            return client.build_request(http.method, self.base_url + http.path, files=form, headers=dict(http.headers))
        headers = {**http.headers, "Content-Length": str(file.size)}
        request = client.build_request(
            http.method, http.url or self.base_url + http.path, content=_blocks(file.content), headers=headers
        )
        if http.url is not None:
            del request.headers["Authorization"]  # the key is for the vendor alone
        return request

    def _limits(self, exchange: _Exchange[T], sent: int) -> Limits:
        """What the call may take.

        :param sent: bytes of the request's body.
        """
        usual = self.settings.connect_timeout + self.settings.read_timeout + sent / SLOWEST_UPLOAD
        return Limits(exchange.seconds or usual, exchange.most_bytes)

    def _read(self, exchange: _Exchange[T], answer: Answer) -> T:
        # A vendor may quote the key or the prompt that it refuses.
        scrub = exchange.scrub or self._scrub
        response = HttpResponse(answer.status, answer.headers, answer.body, datetime.now(tz=UTC), scrub)
        try:
            if 300 <= answer.status < 400:
                raise self._redirected(exchange, response)
            return self._without_secrets(exchange.parse(response), response)
        except SeedanceError as error:
            is_page = isinstance(error, SeedanceApiError) and error.status_code and not response.json_object()
            raise scrubbed_error(error, self._scrub, self._hint() if is_page else "") from None
        except Exception as error:
            # An answer so odd that an adapter stumbles over it is an answer that can't be read.
            raise self._unanswered(exchange, error, "its answer can't be read") from None

    def _without_secrets(self, result: T, response: HttpResponse) -> T:
        result = scrubbed(result, response.scrub)
        if isinstance(result, Video) and result.error is not None:
            # Some vendors repeat the prompt in their answers: the reason may quote it.
            return scrubbed(result, Scrubber(echo=response.json_object()))
        return result

    def _hint(self) -> str:
        return hint_at_base_url(self.adapter.title, self.base_url, self.adapter.default_base_url)

    def _redirected(self, exchange: _Exchange[T], response: HttpResponse) -> SeedanceApiError:
        """Who sends us elsewhere with the same request has done nothing with it. 303 may mean: done, look there."""
        title, status = self.adapter.title, response.status_code
        kind: type[SeedanceApiError]
        if exchange.call is Call.READ:
            kind, advice = TransientApiError, ""
        elif status in (301, 302, 307, 308):
            kind, advice = RequestRejectedError, "Nothing was created or stored. Correct the base URL, then run again."
        else:
            kind, advice = _WITHOUT_ANSWER.get(exchange.call, (TransientApiError, ""))
        return kind(f"{redirected(title, response)} {advice}".strip(), vendor=title, status_code=status)

    def _unanswered(self, exchange: _Exchange[T], error: Exception, reason: str | None = None) -> SeedanceError:
        """What a call that got no answer means. The original exception is left out: it can quote the request."""
        if isinstance(error, SeedanceError):
            return error
        title, why = self.adapter.title, reason or self._reason(exchange, error)
        if isinstance(error, self.nothing_sent):
            return NotSentError(f"{title} can't be reached: {why}. Nothing was sent.", vendor=title)
        kind, advice = _WITHOUT_ANSWER.get(exchange.call, (TransientApiError, "Asking again later is safe."))
        return kind(f"{title} did not answer: {why}. {advice}", vendor=title)

    def _reason(self, exchange: _Exchange[T], error: Exception) -> str:
        url = exchange.request.url if isinstance(exchange.request, UploadRequest) else None
        if url is None:
            return reason_of(error, self._host, self._proxy)
        return reason_of(error, urlsplit(url).hostname or "the file host", proxy_for(url))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file to its end; what Airflow opens on object storages reads, but is not iterable everywhere."""
    while block := file.read(65536):
        yield block


def _size(request: httpx.Request) -> int:
    """Bytes of the request's body, as far as they are known."""
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else 0


def is_past(created: Sequence[datetime | None], since: datetime) -> bool:
    """Whether a list, read so far, is newest first and has come to what was accepted before: no vendor promises it."""
    known = [moment for moment in created if moment is not None]
    if not known or len(known) < len(created):
        return False
    return known[-1] < since and all(newer >= older for newer, older in pairwise(known))


class SeedanceClient(_ClientBase):
    """Talks to one vendor, synchronously. Close it, or use it as a context manager."""

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        super().__init__(adapter, settings)
        self._client = httpx_transport.make_client(self.base_url, self._options)

    def __enter__(self) -> SeedanceClient:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()

    def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        """Submits a video, with one POST.

        :param wait_for_room: whether to wait here, within the retry policy, when the vendor is saturated.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises SubmissionUnknownError: a video may exist and be billed.
        :raises SeedanceApiError: the vendor refused, or can't be reached; nothing was created.
        """
        return self._run(self._create(request, wait_for_room))

    def get_video(self, video_id: str, *, timeout: float | None = None) -> Video:
        """Reads one video.

        :param timeout: seconds that one single try may take, for who asks again anyway; default: the retry policy.
        :raises VideoNotFoundError: the vendor doesn't know it (any more).
        :raises TransientApiError: asking again helps.
        """
        if timeout is None:
            return self._run(self._get(video_id))
        return self._send(replace(self._get(video_id), seconds=timeout))

    def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        """Reads many videos, in the order of the ids, with as few requests as the vendor allows."""
        video_ids = [check_video_id(video_id) for video_id in video_ids]
        found: dict[str, Video] = {}
        for batch in self._batches(video_ids):
            found |= {video.video_id: video for video in self._run(self._get_many(batch))}
        return [found.get(video_id) or self.get_video(video_id) for video_id in video_ids]

    def cancel_video(self, video_id: str) -> None:
        """Cancels a video that has not started; see `VendorAdapter.build_cancel` for what else it may do.

        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        self._run(self._cancel(video_id))

    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        """One page of this account's videos.

        :raises UnsupportedByVendorError: the vendor has no such call or filter.
        """
        return self._run(self._list(model, status, limit, offset))

    def find_videos(self, mark: str, *, model: str, since: datetime) -> list[Video]:
        """Videos that carry the mark of a submission: what it became, if it arrived at all.

        :param mark: drawn by the adapter's `draw_mark`.
        :param model: that was asked for.
        :param since: before this the submission can't have been accepted, whatever clocks say.
        :raises UnsupportedByVendorError: the vendor has no list, or no field that comes back in it.
        :raises TransientApiError: the list could not be read to the end of that time, so nothing can be concluded.
        """
        for number in range(self.adapter.marked_lists):
            if number:
                time.sleep(_PAUSE_BETWEEN_PAGES)
            found = self._find_in_list(number, mark, model, since)
            if found:
                return found
        return []

    def _find_in_list(self, number: int, mark: str, model: str, since: datetime) -> list[Video]:
        created: list[datetime | None] = []
        size = self.adapter.page_size
        for page_number in range(_MOST_PAGES):
            if page_number:
                time.sleep(_PAUSE_BETWEEN_PAGES)
            page = self._run(self._find(mark, model, number, size, page_number * size))
            found = [video for video in page.videos if video.created_at is None or video.created_at >= since]
            created += page.created
            if found or not page.has_more or is_past(created, since):
                return found
        raise TransientApiError(f"{self.adapter.title} lists more videos than were read.", vendor=self.adapter.title)

    def get_model_info(self, model: str) -> dict[str, Any]:
        """What the vendor says about a model, in its own words."""
        return self._run(self._model_info(model))

    def upload_asset(
        self,
        upload: AssetUpload | Mapping[str, Any],
        file: MediaFile | None = None,
        *,
        on_file: Callable[[MediaAsset], None] | None = None,
    ) -> MediaAsset:
        """Brings reference media to the vendor, and returns at once, also while the vendor still looks at it.

        :param upload: what to do, see `AssetUpload`.
        :param file: the bytes; not needed where `upload.url` is enough.
        :param on_file: told of a file that is stored, before a library that takes URLs hears of it.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises UploadUnknownError: it may be stored.
        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        upload = to_upload(upload)
        assets = make_asset_adapter(self.adapter)
        library = assets.library(upload.library)
        if library.takes == "body":
            return self._run(self._register(upload))
        source = file.name if file else upload.url or ""
        kind = upload.kind or kind_of(source)
        name = upload.name or path_of(source).rpartition("/")[2] or "reference"
        if library.takes == "url" and file is None:
            check_url(upload, kind, library, assets.title)
        elif file is None:
            raise InvalidRequestError(f"Nothing was sent. {assets.title}'s {library.name} library takes a file.")
        else:
            check_file(file, kind, library if library.takes == "file" else assets.library(None), assets.title)
            ticket = self._run(self._ticket(file)) if assets.needs_ticket else None
            stored = self._run(self._store(file, ticket)).model_copy(update={"kind": kind})
            if library.takes == "file":
                return stored
            if on_file is not None:
                on_file(stored)
            upload = upload.model_copy(update={"url": stored.url})
        return self._run(self._register(upload.model_copy(update={"kind": kind, "name": name})))

    def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """Reads one asset.

        :param library: where it is.
        :param query: the status call's query, where that is not documented; `{asset_id}` stands for the id.
        :raises AssetNotFoundError: the vendor doesn't know it (any more).
        :raises UnsupportedByVendorError: the library has no states.
        """
        return self._run(self._get_asset(asset_id, library, query))

    def probe(self) -> str:
        """A free call that shows whether the key works; a sentence for people."""
        return self._run(self._probe())

    def _run(self, exchange: _Exchange[T]) -> T:
        retrying = Retrying(**self.settings.retry.settings(exchange.call))
        answer: T = retrying(self._send, exchange)
        return answer

    def _send(self, exchange: _Exchange[T]) -> T:
        request = self._encode(self._client, exchange)
        signed = exchange.request.url if isinstance(exchange.request, UploadRequest) else None
        try:
            with httpx_transport.unlogged(signed):
                answer = httpx_transport.send(self._client, request, self._limits(exchange, _size(request)))
        except Exception as error:
            raise self._unanswered(exchange, error) from None
        return self._read(exchange, answer)


class AsyncSeedanceClient(_ClientBase):
    """Talks to one vendor, asynchronously; the twin of `SeedanceClient`."""

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        super().__init__(adapter, settings)
        self._client = httpx_transport.make_async_client(self.base_url, self._options)

    async def __aenter__(self) -> AsyncSeedanceClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

    async def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        """See `SeedanceClient.create_video`."""
        return await self._run(self._create(request, wait_for_room))

    async def get_video(self, video_id: str) -> Video:
        """See `SeedanceClient.get_video`."""
        return await self._run(self._get(video_id))

    async def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        """See `SeedanceClient.get_videos`."""
        video_ids = [check_video_id(video_id) for video_id in video_ids]
        found: dict[str, Video] = {}
        for batch in self._batches(video_ids):
            found |= {video.video_id: video for video in await self._run(self._get_many(batch))}
        return [found.get(video_id) or await self.get_video(video_id) for video_id in video_ids]

    async def cancel_video(self, video_id: str) -> None:
        """See `SeedanceClient.cancel_video`."""
        await self._run(self._cancel(video_id))

    async def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        """See `SeedanceClient.list_videos`."""
        return await self._run(self._list(model, status, limit, offset))

    async def get_model_info(self, model: str) -> dict[str, Any]:
        """See `SeedanceClient.get_model_info`."""
        return await self._run(self._model_info(model))

    async def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """See `SeedanceClient.get_asset`."""
        return await self._run(self._get_asset(asset_id, library, query))

    async def probe(self) -> str:
        """See `SeedanceClient.probe`."""
        return await self._run(self._probe())

    async def _run(self, exchange: _Exchange[T]) -> T:
        retrying = AsyncRetrying(**self.settings.retry.settings(exchange.call))
        send: Callable[[_Exchange[T]], Awaitable[T]] = self._send
        return await retrying(send, exchange)

    async def _send(self, exchange: _Exchange[T]) -> T:
        request = self._encode(self._client, exchange)
        try:
            answer = await httpx_transport.send_async(self._client, request, self._limits(exchange, _size(request)))
        except Exception as error:
            raise self._unanswered(exchange, error) from None
        return self._read(exchange, answer)


class PollingClient(_ClientBase):
    """Reads videos, asynchronously, at the least cost: one try per call, on aiohttp, a fifth of httpx's CPU time.

    For reads only: that aiohttp asks again by itself when a kept connection was lost is harmless here, and would buy a
    second video at a create.
    """

    nothing_sent = ()

    def __init__(self, adapter: VendorAdapter, settings: ClientSettings) -> None:
        super().__init__(adapter, settings)
        self._transport = PollingTransport(
            self.base_url,
            self._headers,
            connect_timeout=settings.connect_timeout,
            seconds=min(POLL_TIMEOUT, settings.connect_timeout + settings.read_timeout),
            proxy=self._proxy,
        )

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._transport.aclose()

    async def get_video(self, video_id: str) -> Video:
        """See `SeedanceClient.get_video`; tries once."""
        return await self._send(self._get(video_id))

    async def get_many(self, video_ids: Sequence[str]) -> list[Video]:
        """Those of the videos that one request finds.

        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return await self._send(self._get_many(video_ids))

    async def _send(self, exchange: _Exchange[T]) -> T:
        try:
            answer = await self._transport.send(exchange.request, exchange.most_bytes)
        except Exception as error:
            raise self._unanswered(exchange, error) from None
        return self._read(exchange, answer)
