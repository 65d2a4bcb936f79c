"""What the tests know about a vendor beyond its descriptor: valid requests, in our words and in the vendor's."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Error = tuple[int, Any, type[Exception], type[Exception]]
"""HTTP status, body, exception of a create and of a read."""


def numbered(*errors: Error) -> dict[str, Error]:
    """Names errors by their places and HTTP statuses, for a list that needs no better names."""
    return {f"{number}-{error[0]}": error for number, error in enumerate(errors)}


@dataclass(frozen=True)
class Answers:
    """The answers of one vendor, by hand.

    :param video_id: of the video in them.
    :param words: its words for each of our statuses, separated by spaces; the first of `succeeded` is the usual one.
    :param shown: a read, of a word for the status and perhaps a URL; more fields go to where the status stands.
    :param accepted: answers that accept a create.
    :param errors: by a name for each.
    :param refusal: an error of an HTTP status and a text.
    :param quotes_request_id: whether `refusal` holds a request id, 0217.
    :param unknown_id: a body with HTTP 404 by which it says that there is no such video; `None` if it never says so.
    :param any: JSON values in its shape, more or less, of a status, ids, URLs and whatever else it needs.
    :param failed: a read of the video with this id, which has failed; the text that says why is `plainly`, or given.
    :param refuses_with_success: whether a refusal may come with HTTP 200.
    :param not_refusing: values of `code`, as texts, that refuse nothing when they come with HTTP 200.
    :param forms: HTTP status and body of an error in each of the forms that it uses; without them, that of `refusal`.
    """

    video_id: str
    words: Mapping[str, str]
    shown: Callable[..., Any]
    accepted: tuple[Any, ...]
    errors: Mapping[str, Error]
    refusal: Callable[[int, str], Any]
    any: Callable[..., Any]
    failed: Callable[..., Any]
    unknown_id: Any = None
    quotes_request_id: bool = False
    refuses_with_success: bool = False
    not_refusing: tuple[str, ...] = ()
    forms: tuple[tuple[int, Any], ...] = ()

    def refuses_by(self, body: bytes) -> bool:
        """Whether this may be a refusal although it came with HTTP 200."""
        if not self.refuses_with_success or not self.not_refusing:
            return self.refuses_with_success
        return str(json.loads(body)["code"]) not in self.not_refusing

    @property
    def own_errors(self) -> tuple[tuple[int, Any], ...]:
        """HTTP status and body of errors that are known as its own by their form."""
        return self.forms or ((404, self.says_no(404)),)

    def says_no(self, status: int) -> Any:
        """A refusal without any reason."""
        return self.refusal(status, "no")

    @property
    def word_of_success(self) -> str:
        """Its usual word for a finished video."""
        return self.words["succeeded"].split()[0]

    @property
    def word_of_work(self) -> str:
        """Its usual word for a video that is being made."""
        return self.words["running"].split()[0]


@dataclass(frozen=True)
class Sample:
    """Valid requests to one vendor.

    :param vendor: its name.
    :param model: takes a prompt alone, or with `least`.
    :param sized_model: takes a prompt with duration, resolution 720p and ratio 16:9.
    :param large_model: takes a prompt with a duration and 480p, 720p or 1080p.
    :param create: path (below the base URL) and body of a create in the vendor's own words.
    :param poll: path of a poll, without the id that follows.
    :param url_at: where a poll's answer holds the URL of the finished video.
    :param course: its words for a queued, a running, a succeeded and a failed video, in a poll's `status`.
    :param least: fields that have to stand beside model and prompt.
    :param wrap: makes the body that is sent of what `create` holds.
    :param asks: the body of a poll, where it is a POST.
    :param poll_path: path of a poll by the video's id, where that doesn't just follow `poll`.
    :param result_path: path of a second call that tells of the end, by the video's id.
    :param id_of: our id of a video, of the vendor's own.
    :param probe: path and query of its probe, and what that says in the simulator; `None` if it is no GET.
    :param names_id: the body of a failed create that names video cgt-9; `None` if such a body can't name one.
    :param refusals: the refusals of a create that the vendor documents, by their names in the fail-over matrix, with
        what it answers then. What was only observed or inferred is left out.
    :param answers: see `Answers`.
    :param model_25: takes a prompt alone and is Seedance 2.5; `None` if the vendor sells none.
    """

    vendor: str
    model: str
    sized_model: str
    large_model: str
    create: tuple[str, Mapping[str, Any]]
    poll: str
    url_at: tuple[str | int, ...]
    course: tuple[str, str, str, str]
    answers: Answers
    least: Mapping[str, Any] = field(default_factory=dict)
    wrap: Callable[[Mapping[str, Any]], Any] = dict
    asks: Callable[[str], Any] | None = None
    poll_path: Callable[[str], str] | None = None
    result_path: Callable[[str], str] | None = None
    id_of: Callable[[str], str] = str
    names_id: Any = None
    probe: tuple[str, list[tuple[str, str]], str] | None = None
    refusals: Mapping[str, str] = field(default_factory=dict)
    model_25: str | None = None

    def body(self, **changes: Any) -> Any:
        """The body of a create, with some of it changed."""
        return self.wrap({**self.create[1], **changes})

    def poll_of(self, video_id: str) -> tuple[str, str, Any]:
        """Method, path and body of a poll."""
        if self.poll_path is not None:
            return "GET", self.poll_path(video_id), None
        if self.asks is None:
            return "GET", f"{self.poll}{video_id}", None
        return "POST", self.poll, self.asks(video_id)
