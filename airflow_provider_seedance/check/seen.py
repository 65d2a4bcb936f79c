"""What was seen at the vendor: the answers to free questions, and the life of the one video that was bought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar

from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError
from airflow_provider_seedance.api.vendors.assumptions import Verdict

T = TypeVar("T")

Said = tuple[Verdict, str]
"""A verdict, and what it rests on."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """What came of one call.

    :param value: the result, if it had one.
    :param error: why it had none.
    """

    value: T | None = None
    error: SeedanceError | None = None


def reply_of(call: Callable[[], T]) -> Reply[T]:
    """Makes a call, and keeps what came of it."""
    try:
        return Reply(value=call())
    except SeedanceError as error:
        return Reply(error=error)


def described(error: SeedanceError) -> str:
    """An error for the report: its kind and the vendor's code. The vendor's text may tell about the account."""
    parts = [type(error).__name__]
    if isinstance(error, SeedanceApiError):
        parts += [f"HTTP {error.status_code}"] if error.status_code else ["no HTTP status"]
        parts += [f"code {error.code}"] if error.code else []
    return ", ".join(parts)


@dataclass
class Purchase:
    """The one video that was bought, as it is kept in a file beside the report.

    :param account: a hash of vendor and address: a file isn't taken for another account's.
    :param request: what was asked for, without the prompt, which is the tool's own.
    :param mark: by which it can be found again, if the vendor has such a field.
    :param seed: that was sent.
    :param sent_at: Unix time just before the create.
    :param outcome: `sent` until the answer is there, then `bought`, `refused` or `unknown`.
    :param video_id: noted as soon as it is known.
    :param accepted_at: Unix time of the answer.
    :param refusal: how the create was refused.
    :param course: each status that differs from the one before, with the seconds since the answer.
    :param undocumented: words of statuses that no document has.
    :param read_at_once: what the first read said: `yes`, or the error.
    :param listed_after: seconds until the list had it by its mark.
    :param list_looked_for: seconds for which it was looked for in the list.
    :param strangers_by_mark: how many other videos the list had by the same mark.
    :param cancel: what the cancel said: `done`, or the error; empty if none was sent.
    :param status_before_cancel: what a read said just before.
    :param told_seed: the seed that the vendor told.
    :param url_late: seconds from the success to its URL, `None` if there was none.
    :param url_life: seconds from the end to the moment that the URL's signature names.
    :param file: what the URL gave: `mp4`, or what else.
    :param by_ids: what a read of many videos gave: `exact`, or what else.
    :param is_over: whether nothing is left to be seen.
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
        """The status that was seen last; empty if none was."""
        return self.course[-1][0] if self.course else ""

    @property
    def may_be_billed(self) -> bool:
        """Whether there may be a video whose end nobody has seen."""
        return self.outcome != "refused" and not self.is_over

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Purchase:
        """From its file; what a later version has added is left out."""
        known = {item.name for item in fields(cls)}
        read = cls(**{name: value for name, value in stored.items() if name in known})
        read.course = [(str(word), float(after)) for word, after in read.course]
        return read


@dataclass
class Seen:
    """All that was seen.

    :param model: that was asked about.
    :param replies: by the question's name.
    :param purchase: the video that was bought, if one was.
    :param looks: what is said already, by the assumption's key: of the vendor's own questions, and by an earlier run.
    :param why_not: why a question was not asked, by its name.
    :param retention_hours: for which the vendor is assumed to keep a result's URL.
    """

    model: str
    replies: dict[str, Reply[Any]] = field(default_factory=dict)
    purchase: Purchase | None = None
    looks: dict[str, tuple[Verdict, str]] = field(default_factory=dict)
    why_not: dict[str, str] = field(default_factory=dict)
    retention_hours: float | None = None
