"""The observations at a vendor: the answers to free questions, and the life of the bought video."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError
from airflow_provider_seedance.api.vendors.assumptions import Verdict

T = TypeVar("T")

Said = tuple[Verdict, str]
"""A verdict and its reason."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """The result of one call.

    :param value: its return value, if there is one.
    :param error: its error, if it failed.
    """

    value: T | None = None
    error: SeedanceError | None = None


def reply_of(call: Callable[[], T]) -> Reply[T]:
    """Makes a call, and keeps its result or error."""
    try:
        return Reply(value=call())
    except SeedanceError as error:
        return Reply(error=error)


def described(error: SeedanceError) -> str:
    """An error for the report: its kind and the vendor's code, without text, which may be about the account."""
    parts = [type(error).__name__]
    if isinstance(error, SeedanceApiError):
        parts += [f"HTTP {error.status_code}"] if error.status_code else ["no HTTP status"]
        parts += [f"code {error.code}"] if error.code else []
    return ", ".join(parts)


@dataclass
class Purchase:
    """The one video that was bought, as it is kept in a file beside the report.

    :param account: a hash of vendor and address, so that the file isn't taken for another account's.
    :param request: the request, without the prompt, which is always the tool's own.
    :param mark: the mark by which the video can be found again, if the vendor has such a field.
    :param seed: the seed that was sent.
    :param sent_at: Unix time just before the create.
    :param outcome: `sent` until the answer is there, then `bought`, `refused` or `unknown`.
    :param video_id: noted as soon as it is known.
    :param accepted_at: Unix time of the answer.
    :param refusal: the vendor's refusal of the create.
    :param course: each status that differs from the one before, with the seconds since the answer.
    :param undocumented: undocumented words for statuses.
    :param read_at_once: the result of the first read: `yes`, or the error.
    :param listed_after: seconds until the list had it by its mark.
    :param list_looked_for: seconds for which the list was searched.
    :param strangers_by_mark: the number of other videos in the list with the same mark.
    :param cancel: the result of the cancel: `done`, or the error; empty if none was sent.
    :param status_before_cancel: the status just before the cancel.
    :param told_seed: the seed that the vendor returned.
    :param url_late: seconds from the success to its URL, `None` if there was none.
    :param url_life: seconds from the end to the expiry in the URL's signature.
    :param file: the file behind the URL: `mp4`, or something else.
    :param by_ids: the result of a read of many videos: `exact`, or something else.
    :param is_over: whether there is nothing left to observe.
    """

    account: str
    request: dict[str, Any]
    sent_at: float
    mark: str | None = None
    seed: int | None = None
    outcome: str = "sent"
    video_id: str | None = None
    accepted_at: float | None = None
    refusal: str = ""
    course: list[tuple[str, float]] = field(default_factory=list)
    undocumented: list[str] = field(default_factory=list)
    read_at_once: str = ""
    listed_after: float | None = None
    list_looked_for: float = 0.0
    strangers_by_mark: int = 0
    cancel: str = ""
    status_before_cancel: str = ""
    told_seed: int | None = None
    url_late: float | None = None
    url_life: float | None = None
    file: str = ""
    by_ids: str = ""
    is_over: bool = False

    @property
    def last_status(self) -> str:
        """The last seen status; empty if there is none."""
        return self.course[-1][0] if self.course else ""

    @property
    def may_be_billed(self) -> bool:
        """Whether there may be a video whose end was not seen."""
        return self.outcome != "refused" and not self.is_over

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Purchase:
        """Reads it from its file; fields of later versions are ignored."""
        known = {item.name for item in fields(cls)}
        read = cls(**{name: value for name, value in stored.items() if name in known})
        read.course = [(str(word), float(after)) for word, after in read.course]
        return read


@dataclass
class Seen:
    """All observations.

    :param model: the model of the questions.
    :param replies: the results of the calls, by the question's name.
    :param purchase: the bought video, if there is one.
    :param looks: existing verdicts by the assumption's key: of the vendor's own questions, and of an earlier run.
    :param why_not: the reasons why questions were not asked, by the question's name.
    :param retention_hours: the hours for which the vendor is assumed to keep a result's URL.
    """

    model: str
    replies: dict[str, Reply[Any]] = field(default_factory=dict)
    purchase: Purchase | None = None
    looks: dict[str, tuple[Verdict, str]] = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)
    retention_hours: float | None = None
