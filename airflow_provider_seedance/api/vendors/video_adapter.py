"""The interface of a vendor's adapter: a pure translation between our words and one vendor's dialect, without I/O."""

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
    """One page of what an account has made.

    :param videos: in the vendor's order, with their marks where the vendor repeats those.
    :param after: what `VendorAdapter.read_list` is given for the next page; `None`: this was the last one.
    """

    videos: tuple[Video, ...]
    after: str | None


@dataclass(frozen=True)
class MarkedPage:
    """One page of a list in which a submission is looked for by its mark.

    :param videos: those that carry the mark.
    :param created: when each video of the page was accepted, in the list's order; `None` where the vendor doesn't say.
    :param has_more: whether there are further pages.
    """

    videos: tuple[Video, ...]
    created: tuple[datetime | None, ...]
    has_more: bool


class VendorAdapter(ABC):
    """Turns a `VideoRequest` into an HTTP request and an HTTP response into a `Video`, for one vendor.

    `build_*` raises `UnsupportedByVendorError` for calls and fields that the vendor doesn't offer; `parse_*` raises the
    errors of `api.errors`.
    `parse_create` may call a create refused only when the vendor said so; anything unclear is `SubmissionUnknownError`.

    :param descriptor: the vendor's.
    :param settings: those of the vendor that the connection sets, see `VendorDescriptor.settings`.
    """

    routes: ClassVar[tuple[Route, ...]]
    fields: ClassVar[frozenset[str]]
    """Fields that the dialect has a word for; with an undocumented model these are sent unchecked."""
    page_size: ClassVar[int] = 100
    """How many videos one page of the list holds when all of it is read."""
    most_pages: ClassVar[int] = 20
    """How many pages of a list are read at most when a submission is looked for."""
    billed_at: ClassVar[Places] = {"model": ("model",), "duration": ("duration",), "resolution": ("resolution",)}
    """Where the body of a create holds what its price can depend on."""
    text_is_optional_beside: ClassVar[tuple[str, ...]] = ()
    """Media fields beside which the prompt may be left out."""
    read_tells_mark: ClassVar[bool] = True
    """Whether a read repeats the mark, as far as the vendor repeats it at all. Else only the list tells whose it is."""
    marked_lists: ClassVar[int] = 1
    """In how many lists a marked submission may stand, see `build_find`."""
    mark_is_id: ClassVar[bool] = False
    """Whether the mark is the video's id, so that a submission whose answer was lost can be read by it."""

    def __init__(self, descriptor: VendorDescriptor, settings: Mapping[str, Any] | None = None) -> None:
        self.descriptor = descriptor
        self.settings = descriptor.with_defaults(settings)
        self.models: Mapping[str, str] = {}
        """What the account has for a model family; it counts before `VendorDescriptor.families`."""
        self.name, self.title = descriptor.name, descriptor.title
        self.default_base_url = descriptor.base_url
        self.retention, self.retention_note = descriptor.retention, descriptor.retention_note
        self.rates, self.most_ids_per_request = descriptor.rates, descriptor.batch_size
        self.can_list, self.can_cancel = descriptor.can_list, descriptor.can_cancel
        self.create_is_repeatable = descriptor.create_is_repeatable
        self.can_stop = descriptor.can_stop

    # These five calls are flows (`api.http.steps`). Each is one step, made of a `build_*` and a `parse_*` below. Where
    # a call takes several requests at a vendor, its adapter overrides the flow.

    def create(self, request: VideoRequest) -> Flow[Video]:
        """Submits a video.

        Exactly one step is a `Call.CREATE`: the one that can be billed. If anything fails after it, the submission is
        in doubt (`api.calls`).

        :raises UnsupportedByVendorError: the request asks for what the vendor has no word for; nothing was sent.
        """
        return Step(Call.CREATE, self.build_create(request), lambda response: self.parse_create(response, request))

    def read(self, video_id: str) -> Flow[Video]:
        """Reads one video as it stands. Every step is a `Call.READ`: it costs nothing, however often it is done."""
        return Step(Call.READ, self.build_get(video_id), lambda response: self.parse_get(response, video_id))

    def cancel(self, video_id: str) -> Flow[None]:
        """Cancels a video that has not started.

        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return Step(Call.CANCEL, self.build_cancel(video_id), lambda response: self.parse_cancel(response, video_id))

    def probe(self) -> Flow[str]:
        """Asks something free that shows whether the key works. Every step is a `Call.READ`."""
        return Step(Call.READ, self.build_probe(), self.parse_probe, most_bytes=MOST_OF_A_LIST)

    def find(self, mark: str, model: str, *, number: int, limit: int, offset: int, since: datetime) -> Flow[MarkedPage]:
        """One page of a list, and those in it that carry the mark.

        :param mark: drawn by `draw_mark`.
        :param model: that was asked for.
        :param number: which of the adapter's `marked_lists`, from 0.
        :param since: before this the video can't have been accepted; for lists that take such a filter.
        :raises UnsupportedByVendorError: the vendor has no list, or no field that comes back in it.
        """
        http = self.build_find(model, number=number, limit=limit, offset=offset)
        return Step(
            Call.READ,
            http,
            lambda response: self.parse_find(response, mark, limit=limit, offset=offset),
            most_bytes=MOST_OF_A_LIST,
        )

    def lists(self, models: Sequence[str]) -> tuple[str, ...]:
        """The names of the lists that together show what the account has made.

        :param models: what was asked for, as far as that is known: some vendors list one model at a time.
        """
        return ("",)

    def read_list(self, name: str, *, since: datetime, after: str | None = None) -> Flow[HistoryPage]:
        """One page of a list, without any filter but where the list begins.

        :param name: one of `lists`.
        :param since: what was accepted before is of no interest; for lists that take such a filter.
        :param after: `HistoryPage.after` of the page before.
        :raises UnsupportedByVendorError: the vendor has no list.
        """
        limit, offset = self.page_size, int(after or 0)

        def parsed(response: HttpResponse) -> HistoryPage:
            page = self.parse_list(response, limit=limit, offset=offset)
            # A full page is taken to have a successor, whatever the answer says: an empty one costs a request.
            has_more = page.has_more or len(page.videos) >= limit
            return HistoryPage(page.videos, str(offset + limit) if has_more else None)

        return Step(Call.READ, self.build_history(name, limit, offset), parsed, most_bytes=MOST_OF_A_LIST)

    def build_history(self, name: str, limit: int, offset: int) -> HttpRequest:
        """The request of `read_list`, at vendors whose lists go by offsets."""
        return self.build_list(model=name or None, status=None, limit=limit, offset=offset)

    def quote(self, request: VideoRequest) -> Flow[Cost]:
        """Asks what the request would cost, without carrying it out.

        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        raise self._unsupported("price a request")

    def ask_rules(self) -> Step[Any] | None:
        """Asks for a list in which the vendor states its models' limits; `None` where there is none that is free."""
        return None

    def stated_route(self, request: VideoRequest, told: Any) -> Route | None:
        """The route that such a list states for a request; `None` if it doesn't hold the model.

        :param told: the result of `ask_rules`.
        """
        return None

    def route_of(self, model: str) -> Route | None:
        """The documented route of a model name, `None` for an undocumented one."""
        return find_route(model, self.routes)

    @abstractmethod
    def is_own_error(self, response: HttpResponse) -> bool:
        """Whether an answer that is no success has the form of the vendor's own errors, as documented or observed.

        Any other answer (a proxy's page, a firewall's JSON) says nothing about a video.
        """

    @abstractmethod
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """The request that submits the video: the one that can be billed.

        :param request: checked by the rules of its route.
        """

    def billed(self, request: VideoRequest) -> Billed:
        """What this request asks for, as far as its price can depend on it: as it is sent, `extra` included.

        An adapter whose body is a list overrides this.
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
        """Reads one video."""

    @abstractmethod
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        """The video as it stands.

        :raises TransientApiError: asking again may help.
        :raises VideoNotFoundError: the vendor doesn't know the id (any more).
        """

    @abstractmethod
    def build_probe(self) -> HttpRequest:
        """A free call without side effects that shows whether the key works."""

    @abstractmethod
    def parse_probe(self, response: HttpResponse) -> str:
        """The result of the probe, as a sentence for the connection form."""

    def build_get_many(self, video_ids: Sequence[str]) -> HttpRequest:
        """Reads many videos in one request."""
        raise self._unsupported("read many videos at once")

    def parse_get_many(self, response: HttpResponse, video_ids: Sequence[str]) -> list[Video]:
        """The videos that the answer holds; a missing one is read by itself."""
        raise self._unsupported("read many videos at once")

    def build_cancel(self, video_id: str) -> HttpRequest:
        """Cancels a video that has not started."""
        raise self._unsupported("cancel a video")

    def parse_cancel(self, response: HttpResponse, video_id: str) -> None:
        """Returns if the vendor cancelled the video.

        :raises SeedanceApiError: it did not, with its reason.
        """
        raise self._unsupported("cancel a video")

    def build_list(self, *, model: str | None, status: VideoStatus | None, limit: int, offset: int) -> HttpRequest:
        """Lists videos of this account."""
        raise self._unsupported("list videos")

    def parse_list(self, response: HttpResponse, *, limit: int, offset: int) -> VideoPage:
        """One page of the list."""
        raise self._unsupported("list videos")

    def give_up_after(self, request: VideoRequest, seconds: float) -> VideoRequest:
        """The request with the vendor's own deadline, where the vendor has one that stops an unfinished video.

        :param seconds: after which nobody waits for the video any more.
        """
        return request

    def draw_mark(self, request: VideoRequest) -> str | None:
        """A new mark by which this one submission can be recognised in the vendor's list.

        Where `create_is_repeatable`, it is what makes the create so; `parse_create` then takes the vendor's "there is
        one of this id" for the accepted video.

        `None` if the list repeats no field of the request, if the user has set that field, or if the connection's
        settings leave it alone.
        """
        return None

    def mark(self, request: VideoRequest, mark: str) -> VideoRequest:
        """The request with a mark that `draw_mark` has drawn for it.

        As it stands here, `build_create` finds it as `request.mark`, and can send it as a header or as a field. An
        adapter whose mark is a field of the request (a seed) or stands in `extra` overrides this.
        """
        return request.marked(mark)

    def build_find(self, model: str, *, number: int, limit: int, offset: int) -> HttpRequest:
        """Lists videos among which a marked submission may be.

        :param number: which of the adapter's `marked_lists`, from 0.
        """
        raise self._unsupported("recognise a submission")

    def parse_find(self, response: HttpResponse, mark: str, *, limit: int, offset: int) -> MarkedPage:
        """The videos of a page that carry the mark; likeness is no mark."""
        raise self._unsupported("recognise a submission")

    def build_model_info(self, model: str) -> HttpRequest:
        """Asks for the vendor's description of a model."""
        raise self._unsupported("describe a model")

    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        """The vendor's own words about the model."""
        raise self._unsupported("describe a model")

    def expiry(self, completed_at: datetime | None) -> datetime | None:
        """When a URL of a video that ended then stops working, as far as documented."""
        try:
            return completed_at + self.retention if completed_at and self.retention else None
        except OverflowError:  # a time at the end of the calendar is nonsense of the vendor's, not a reason to stumble
            return None

    def _unsupported(self, what: str) -> UnsupportedByVendorError:
        return UnsupportedByVendorError(f"{self.title} has no documented call to {what}.")


def from_unix(value: object) -> datetime | None:
    """A vendor's time in seconds since 1970; 0, null and nonsense mean that it isn't known."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None
