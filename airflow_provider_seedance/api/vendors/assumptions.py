"""Our assumptions about a vendor, as data: `airflow_provider_seedance.check` tests them with a real account.

Most of them follow from the descriptor. A vendor's folder may have an `assumptions.py` with `FIRST_CONTACT`, a
`FirstContact` for each vendor of the folder: the sources of the assumptions, the ones that are left out and why, the
vendor's additional ones, and the one request that is certain to be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from airflow_provider_seedance.api.vendors.descriptor import VendorDescriptor
from airflow_provider_seedance.api.vendors.rules import Route
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse, VendorAdapter

Verdict = Literal["holds", "doesn't", "can't tell"]

Mark = Literal["documented", "the vendor's own client", "observed by others", "inferred", "a guess", "not recorded"]
"""The kind of source. A request is never refused because of an observed or weaker fact."""

Needs = Literal["nothing", "a refused request", "a video", "a cancelled video"]
"""The effort of a test."""

NO_SUCH_MODEL = "airflow-first-contact-no-such-model"
"""A model name that doesn't exist at any vendor."""


@dataclass(frozen=True)
class Basis:
    """The source of an assumption.

    :param mark: the kind of source.
    :param source: the page, the package or the observation.
    """

    mark: Mark
    source: str


UNRECORDED = Basis("not recorded", "the adapter was written so")


@dataclass(frozen=True)
class Assumption:
    """A fact that our code relies on.

    :param key: its name in reports and in the docs' list of confirmed facts.
    :param claim: a sentence that is true or false.
    :param needs: the effort of a test.
    :param basis: its source.
    """

    key: str
    claim: str
    needs: Needs = "nothing"
    basis: Basis = UNRECORDED


@dataclass(frozen=True)
class Look:
    """An additional assumption about a vendor, tested by one free read.

    :param assumption: the assumption.
    :param request: a read without side effects.
    :param judge: makes the verdict and its reason from the answer. The reason gets into the report, so it must contain
        no text from the vendor and nothing about the account.
    :param free_because: the document that says that the read costs nothing; needed for any request but a GET.
    """

    assumption: Assumption
    request: HttpRequest
    judge: Callable[[HttpResponse], tuple[Verdict, str]]
    free_because: str = ""

    def __post_init__(self) -> None:
        if self.request.method != "GET" and not self.free_because:
            raise ValueError(f"{self.assumption.key}: nothing says that a {self.request.method} is free")


@dataclass(frozen=True)
class RefusedRequest:
    """A create that, by the vendor's own documents, can't make a video: no such model, and no content.

    :param because: the documents' statement, with its source. An observation alone would not justify sending it.
    :param extra: empty values for the fields that the vendor documents as required.
    """

    because: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FirstContact:
    """A vendor's additions to the assumptions that follow from its descriptor.

    :param smallest: the request for the smallest documented video, without its prompt; default: by the routes.
    :param refused: a request that is certain to be refused.
    :param why_no_refused: the reason if there is none.
    :param basis: the sources of the assumptions, by key.
    :param also: keys of `ON_REQUEST` that this vendor is assumed to fulfil.
    :param left_out: keys of assumptions that we don't make about this vendor, each with the reason.
    :param looks: additional assumptions.
    """

    smallest: Mapping[str, Any] = field(default_factory=dict)
    refused: RefusedRequest | None = None
    why_no_refused: str = "No document of the vendor names a request that is certain to be refused."
    basis: Mapping[str, Basis] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()


ON_REQUEST: dict[str, Assumption] = {
    assumption.key: assumption
    for assumption in (
        Assumption("seed.repeated", "The seed of a request is told with its video.", "a video"),
        Assumption("list.by-status", "A list that asks for one status holds all of it and no other."),
        Assumption("list.by-model", "A list that asks for one model holds its videos and no other's."),
        Assumption("model.listed", "The vendor tells about the model by the name that a create uses."),
    )
}
"""Assumptions that don't follow from a descriptor; they apply to vendors that name them in `FirstContact.also`."""


def first_contact(vendor: VendorDescriptor) -> FirstContact:
    """The additions in the vendor's folder; empty if it has no `assumptions.py`."""
    folder = vendor.videos.partition(":")[0].rpartition(".")[0]
    name = f"{folder}.assumptions"
    if not folder or find_spec(name) is None:
        return FirstContact()
    found: Mapping[str, FirstContact] = getattr(import_module(name), "FIRST_CONTACT", {})
    return found.get(vendor.name, FirstContact())


def assumptions_about(vendor: VendorDescriptor) -> tuple[Assumption, ...]:
    """All assumptions about a vendor, in the order of the tests."""
    own = first_contact(vendor)
    made = [*_by_descriptor(vendor), *(ON_REQUEST[key] for key in own.also)]
    kept = [_based(assumption, own) for assumption in made if assumption.key not in own.left_out]
    looks = [look.assumption for look in own.looks]
    order: list[Needs] = ["nothing", "a refused request", "a video", "a cancelled video"]
    return tuple(sorted([*kept, *looks], key=lambda assumption: order.index(assumption.needs)))


def smallest_request(adapter: VendorAdapter) -> dict[str, Any] | None:
    """The shortest and smallest documented video from text alone; `None` if the routes name no model.

    Prices aren't compared, so there may be a cheaper one.
    """
    own = first_contact(adapter.descriptor).smallest
    if own:
        return dict(own)
    for route in adapter.routes:
        model = next((name for name in route.models if not set(name) & set("*?[")), None)
        if model is not None and not route.required:
            return {"model": model, **_least(route)}
    return None


def least_of(adapter: VendorAdapter, model: str) -> dict[str, Any]:
    """The smallest request for one model: as short and as small as its route allows."""
    own = first_contact(adapter.descriptor).smallest
    if own.get("model") == model:
        return dict(own)
    route = adapter.route_of(model)
    # An endpoint's id doesn't name its model. The smallest size of another model is small there, too, or is refused.
    return {**own, "model": model} if route is None else {"model": model, **_least(route)}


def _least(route: Route) -> dict[str, Any]:
    least: dict[str, Any] = {}
    if route.duration and "duration" in route.fields:
        least["duration"] = max(route.duration[0], 1)
    if route.resolutions and "resolution" in route.fields:
        least["resolution"] = min(route.resolutions, key=_lines)
    return least


def _lines(resolution: str) -> int:
    digits = "".join(filter(str.isdigit, resolution))
    return int(digits or 0) * (1000 if resolution.lower().endswith("k") else 1)


def _based(assumption: Assumption, own: FirstContact) -> Assumption:
    basis = own.basis.get(assumption.key, assumption.basis)
    return Assumption(assumption.key, assumption.claim, assumption.needs, basis)


def _by_descriptor(vendor: VendorDescriptor) -> Iterator[Assumption]:
    """The assumptions about every vendor with the same capabilities."""
    yield Assumption("key.works", "A free call shows that the key works.")
    yield Assumption("key.refused", "A wrong key is refused as one: not as a failure that may pass, and not at all.")
    yield Assumption("id.unknown", "An id that no video has is answered as unknown, in the vendor's own form.")
    if vendor.batch_size > 1:
        yield Assumption("ids.unknown", "Ids that no video has are left out when many videos are read at once.")
    if vendor.can_list:
        yield Assumption("list.answered", "The account's videos are listed.")
        yield Assumption("list.page-size", "A page of the list holds no more videos than were asked for.")
        yield Assumption("mark.unknown", "A mark that was never sent is found at no video.")
    yield Assumption(
        "request.refused", "A request for no model and with nothing to show is refused by name.", "a refused request"
    )
    yield Assumption("create.accepted", "A valid request is accepted, and its answer holds the id.", "a video")
    yield Assumption("read.at-once", "A new video can be read at once.", "a video")
    yield Assumption("status.known", "Every status that is shown has a documented word.", "a video")
    yield Assumption("status.order", "A video is queued, then runs, then ends, and never goes back.", "a video")
    yield Assumption("video.delivered", "A video that succeeded has its URL at once, or soon after.", "a video")
    yield Assumption("url.open", "The URL gives the MP4 file to whoever holds it, without the key.", "a video")
    if vendor.retention is not None:
        hours = f"{vendor.retention.total_seconds() / 3600:.3g}"
        yield Assumption("url.life", f"The URL works for {hours} hours after the video's end.", "a video")
    if vendor.batch_size > 1:
        yield Assumption("ids.exact", "Many videos read at once are those that were asked for.", "a video")
    if vendor.can_list:
        yield Assumption("mark.repeated", "The list repeats the mark that was sent with a video.", "a video")
        yield Assumption("list.lag", "A new video is in the list within 10 seconds.", "a video")
    if vendor.create_is_repeatable:
        yield Assumption(
            "create.repeatable", "A create that comes again with its mark makes no second video.", "a video"
        )
    if vendor.can_cancel:
        yield Assumption("cancel.queued", "A queued video can be cancelled.", "a cancelled video")
