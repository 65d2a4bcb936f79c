"""The interface of a vendor's adapter: a pure translation between our vocabulary and one vendor's API, without I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from airflow_provider_seedance.api.errors import UnsupportedByVendorError
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.messages import HttpRequest as HttpRequest
from airflow_provider_seedance.api.http.messages import HttpResponse as HttpResponse
from airflow_provider_seedance.api.http.steps import Call, Flow, Step
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.api.vendors.billed import Billed, Places, read_billed
from airflow_provider_seedance.api.vendors.descriptor import PollRates as PollRates
from airflow_provider_seedance.api.vendors.descriptor import VendorDescriptor
from airflow_provider_seedance.api.vendors.rules import Route, find_route


@dataclass(frozen=True)
class VideoPage:
    """One page of a vendor's list.

    :param videos: in the vendor's order.
    :param has_more: whether there are further pages.
    """

    videos: tuple[Video, ...]
    has_more: bool


@dataclass(frozen=True)
class HistoryPage:
    """One page of an account's videos.

    :param videos: in the vendor's order, with their marks if the vendor repeats marks.
    :param after: the argument of `VendorAdapter.read_list` for the next page; `None` if this was the last one.
    """

    videos: tuple[Video, ...]
    after: str | None


@dataclass(frozen=True)
class MarkedPage:
    """One page of a list that is searched for the mark of a submission.

    :param videos: the videos that carry the mark.
    :param created: when each video of the page was accepted, in the list's order; `None` if the vendor doesn't say.
    :param has_more: whether there are further pages.
    """

    videos: tuple[Video, ...]
    created: tuple[datetime | None, ...]
    has_more: bool


class VendorAdapter(ABC):
    """Turns a `VideoRequest` into an HTTP request and an HTTP response into a `Video`, for one vendor.

    `build_*` raises `UnsupportedByVendorError` for calls and fields that the vendor doesn't offer; `parse_*` raises the
    errors of `api.errors`. `parse_create` may raise a refusal only if the vendor's answer is one; anything unclear is a
    `SubmissionUnknownError`.

    :param descriptor: the vendor's descriptor.
    :param settings: the values of `VendorDescriptor.settings` that the connection sets; default: none.
    """

    routes: ClassVar[tuple[Route, ...]]
    fields: ClassVar[frozenset[str]]
    """The fields that the API has a name for; with an undocumented model they are sent unchecked."""
    page_size: ClassVar[int] = 100
    """The number of videos on a page when the whole list is read."""
    most_pages: ClassVar[int] = 20
    """The largest number of pages of a list that a search for a submission reads."""
    billed_at: ClassVar[Places] = {"model": ("model",), "duration": ("duration",), "resolution": ("resolution",)}
    """Where the body of a create holds the values that its price can depend on."""
    text_optional_with: ClassVar[tuple[str, ...]] = ()
    """Fields that make the prompt optional with an undocumented model."""
    read_tells_mark: ClassVar[bool] = True
    """Whether the answer to a read repeats the mark; if not, only the list may."""
    marked_lists: ClassVar[int] = 1
    """The number of lists that may contain a marked submission, see `build_find`."""
    mark_is_id: ClassVar[bool] = False
    """Whether the mark is the video's id, so that a submission whose answer was lost can be read by its mark."""

    def __init__(self, descriptor: VendorDescriptor, settings: Mapping[str, Any] | None = None) -> None:
        self.descriptor = descriptor
        self.settings = descriptor.with_defaults(settings)
        self.models: Mapping[str, str] = {}
        """The account's own models by family; they take precedence over `VendorDescriptor.families`."""
        self.name, self.title = descriptor.name, descriptor.title
        self.default_base_url = descriptor.base_url
        self.retention, self.retention_note = descriptor.retention, descriptor.retention_note
        self.rates, self.most_ids_per_request = descriptor.rates, descriptor.batch_size
        self.can_list, self.can_cancel = descriptor.can_list, descriptor.can_cancel
        self.create_is_repeatable = descriptor.create_is_repeatable
        self.can_stop = descriptor.can_stop

    # The calls that return a `Flow` (`api.http.steps`) are one step here, made of a `build_*` and a `parse_*` below. If
    # a vendor needs several requests for a call, its adapter overrides the flow.

    def create(self, request: VideoRequest) -> Flow[Video]:
        """Submits a video; the result is the accepted video.

        Exactly one step is a `Call.CREATE`: the one that can be billed. If a later step fails, the submission is in
        doubt (`api.calls`).

        :param request: already checked by the rules of its route.
        :raises UnsupportedByVendorError: the vendor doesn't offer a field of the request; nothing was sent.
        """
        return Step(Call.CREATE, self.build_create(request), lambda response: self.parse_create(response, request))

    def read(self, video_id: str) -> Flow[Video]:
        """Reads one video. Every step is a `Call.READ`, which costs nothing and may be repeated."""
        return Step(Call.READ, self.build_get(video_id), lambda response: self.parse_get(response, video_id))

    def cancel(self, video_id: str) -> Flow[None]:
        """Cancels a video that has not started.

        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return Step(Call.CANCEL, self.build_cancel(video_id), lambda response: self.parse_cancel(response, video_id))

    def probe(self) -> Flow[str]:
        """Makes a free call that shows whether the key works; the result is a sentence. Every step is a `Call.READ`."""
        return Step(Call.READ, self.build_probe(), self.parse_probe, most_bytes=MOST_OF_A_LIST)

    def find(self, mark: str, model: str, *, number: int, limit: int, offset: int, since: datetime) -> Flow[MarkedPage]:
        """Searches one page of a list for videos that carry the mark.

        :param mark: the mark, from `draw_mark`.
        :param model: the requested model.
        :param number: the index of the list, from 0 to `marked_lists` - 1.
        :param limit: the largest number of videos on the page.
        :param offset: the number of videos to skip.
        :param since: the earliest time at which the video can have been accepted, for lists that can filter by time.
        :raises UnsupportedByVendorError: the vendor has no list, or no field that the list repeats.
        """
        http = self.build_find(model, number=number, limit=limit, offset=offset)
        return Step(
            Call.READ,
            http,
            lambda response: self.parse_find(response, mark, limit=limit, offset=offset),
            most_bytes=MOST_OF_A_LIST,
        )

    def lists(self, models: Sequence[str]) -> tuple[str, ...]:
        """The names of the lists that together show all videos of the account.

        :param models: the requested models, as far as they are known: some vendors list one model at a time.
        """
        return ("",)

    def read_list(self, name: str, *, since: datetime, after: str | None = None) -> Flow[HistoryPage]:
        """Reads one page of a list, filtered by nothing but time.

        :param name: one of `lists`.
        :param since: videos accepted earlier may be left out, for lists that can filter by time.
        :param after: `HistoryPage.after` of the previous page; default: the first page.
        :raises UnsupportedByVendorError: the vendor has no list.
        """
        limit, offset = self.page_size, int(after or 0)

        def parsed(response: HttpResponse) -> HistoryPage:
            page = self.parse_list(response, limit=limit, offset=offset)
            # A full page is assumed to have a successor, whatever the answer says: an empty one costs only a request.
            has_more = page.has_more or len(page.videos) >= limit
            return HistoryPage(page.videos, str(offset + limit) if has_more else None)

        return Step(Call.READ, self.build_history(name, limit, offset), parsed, most_bytes=MOST_OF_A_LIST)

    def build_history(self, name: str, limit: int, offset: int) -> HttpRequest:
        """Makes the request of `read_list`, for vendors whose lists are paged by offset."""
        return self.build_list(model=name or None, status=None, limit=limit, offset=offset)

    def quote(self, request: VideoRequest) -> Flow[Cost]:
        """Asks for the price of a request, without carrying it out.

        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        raise self._unsupported("price a request")

    def ask_rules(self) -> Step[Any] | None:
        """Asks for the list in which the vendor states its models' limits; `None` if there is no free one."""
        return None

    def stated_route(self, request: VideoRequest, told: Any) -> Route | None:
        """The route that this list states for a request; `None` if it doesn't contain the model.

        :param request: the request.
        :param told: the result of `ask_rules`.
        """
        return None

    def route_of(self, model: str) -> Route | None:
        """The documented route of a model name; `None` for an undocumented one."""
        return find_route(model, self.routes)

    @abstractmethod
    def is_own_error(self, response: HttpResponse) -> bool:
        """Whether an error answer has the form of the vendor's own errors, as documented or observed.

        Any other answer (a proxy's page, a firewall's JSON) proves nothing about a video.
        """

    @abstractmethod
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """Makes the request that submits the video: the one that can be billed.

        :param request: already checked by the rules of its route.
        """

    def billed(self, request: VideoRequest) -> Billed:
        """The billed facts of this request, read from the body that is sent, `extra` included.

        Overridden by an adapter whose body is no JSON object.
        """
        body = self.build_create(request).json
        return read_billed(body if isinstance(body, Mapping) else {}, self.billed_at, request.model)

    @abstractmethod
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        """The accepted video.

        :raises SeedanceApiError: the vendor refused; nothing was created.
        :raises SubmissionUnknownError: the answer proves neither an accepted video nor a refusal.
        """

    @abstractmethod
    def build_get(self, video_id: str) -> HttpRequest:
        """Makes the request that reads one video."""

    @abstractmethod
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        """The video in its current state.

        :raises TransientApiError: asking again may help.
        :raises VideoNotFoundError: the vendor doesn't know the id (any more).
        """

    @abstractmethod
    def build_probe(self) -> HttpRequest:
        """Makes a free request without side effects that shows whether the key works."""

    @abstractmethod
    def parse_probe(self, response: HttpResponse) -> str:
        """The result of the probe, as a sentence for the connection form."""

    def build_get_many(self, video_ids: Sequence[str]) -> HttpRequest:
        """Makes the request that reads many videos at once."""
        raise self._unsupported("read many videos at once")

    def parse_get_many(self, response: HttpResponse, video_ids: Sequence[str]) -> list[Video]:
        """The videos in the answer. The caller reads a missing one by itself."""
        raise self._unsupported("read many videos at once")

    def build_cancel(self, video_id: str) -> HttpRequest:
        """Makes the request that cancels a video that has not started."""
        raise self._unsupported("cancel a video")

    def parse_cancel(self, response: HttpResponse, video_id: str) -> None:
        """Returns if the vendor cancelled the video.

        :raises SeedanceApiError: it did not; the message has its reason.
        """
        raise self._unsupported("cancel a video")

    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        """Makes the request for one page of the account's videos."""
        raise self._unsupported("list videos")

    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        """One page of the list."""
        raise self._unsupported("list videos")

    def give_up_after(self, request: VideoRequest, seconds: float) -> VideoRequest:
        """The request with a deadline at which the vendor itself stops an unfinished video, if it supports one.

        :param seconds: the time limit of the wait.
        """
        return request

    def draw_mark(self, request: VideoRequest) -> str | None:
        """A new mark that identifies this one submission in the vendor's list.

        If `create_is_repeatable`, a create can be repeated because of its mark; `parse_create` then takes the answer
        that a video with this id exists for an acceptance.

        `None` if the list repeats no field of the request, if the user has set that field, or if the connection's
        settings switch the mark off.
        """
        return None

    def mark(self, request: VideoRequest, mark: str) -> VideoRequest:
        """The request with a mark from `draw_mark`.

        By default `build_create` finds the mark in `request.mark` and can send it as a header or a field. An adapter
        overrides this if its mark is a field of the request (a seed) or part of `extra`.
        """
        return request.marked(mark)

    def build_find(self, model: str, *, number: int, limit: int, offset: int) -> HttpRequest:
        """Makes the request for one page of a list that may contain a marked submission.

        :param number: the index of the list, from 0 to `marked_lists` - 1.
        """
        raise self._unsupported("recognise a submission")

    def parse_find(self, response: HttpResponse, mark: str, *, limit: int, offset: int) -> MarkedPage:
        """The videos of a page that carry exactly this mark; a similar request proves nothing."""
        raise self._unsupported("recognise a submission")

    def build_model_info(self, model: str) -> HttpRequest:
        """Makes the request for the vendor's description of a model."""
        raise self._unsupported("describe a model")

    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        """The vendor's description of the model, unchanged."""
        raise self._unsupported("describe a model")

    def expiry(self, completed_at: datetime | None) -> datetime | None:
        """When the URL of a video that ended at `completed_at` stops working; `None` if that isn't documented."""
        try:
            return completed_at + self.retention if completed_at and self.retention else None
        except OverflowError:  # the vendor gave a time close to the largest date
            return None

    def _unsupported(self, what: str) -> UnsupportedByVendorError:
        return UnsupportedByVendorError(f"{self.title} has no documented call to {what}.")


def from_unix(value: object) -> datetime | None:
    """The time for a vendor's seconds since 1970; `None` for 0, null and invalid values."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None
