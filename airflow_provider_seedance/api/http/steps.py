"""What a call to a vendor is made of: steps, each of which is one request and the way to read its answer.

A flow gives its steps one after the other and returns the result:

    def read(self, video_id: str) -> Flow[Video]:
        seen = yield from Step(Call.READ, self.build_get(video_id), self.parse_state)
        if not seen.is_finished:
            return seen.video
        return (yield from Step(Call.READ, self.build_result(video_id), self.parse_result))

It does no I/O; `api.http.drivers` does that. A retry repeats the step that failed, and never begins the flow anew. A
step that fails for good raises its error where the flow waits for it, so a flow may catch it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from airflow_provider_seedance.api.http.intake import MOST_OF_ONE
from airflow_provider_seedance.api.http.messages import HttpRequest, HttpResponse

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Call(Enum):
    """What repeating a call costs."""

    CREATE = auto()
    """Money: repeated only if nothing was sent or the vendor said that it has no room now and created nothing."""
    CREATE_NOW = auto()
    """Money too, and the caller sees to saturation itself: repeated only if nothing was sent."""
    UPLOAD = auto()
    """A copy in the vendor's library: repeated only if nothing was sent or the vendor said that it has no room now."""
    READ = auto()
    """Nothing: repeated when it fails for a passing reason."""
    CANCEL = auto()
    """Confusion: a second cancel can hit what the first one left, so it is repeated only if nothing was sent."""

    @property
    def is_create(self) -> bool:
        """Whether it may leave a video that is billed."""
        return self in (Call.CREATE, Call.CREATE_NOW)


@dataclass(slots=True)
class Step(Generic[T]):
    """One request, and how its answer is read. By itself it is a flow of one step.

    :param call: what repeating it costs.
    :param request: what to send.
    :param parse: makes the result of an answer, or raises what it means.
    :param scrub: takes secrets out of what is quoted of the answer; default: the key.
    :param most_bytes: of the answer.
    :param seconds: that one try may take; default: by the client's settings.
    :param once: whether a failure is left to the flow at once, whatever the retry policy says.
    """

    call: Call
    request: HttpRequest
    parse: Callable[[HttpResponse], T]
    scrub: Callable[[str], str] | None = None
    most_bytes: int = MOST_OF_ONE
    seconds: float | None = None
    once: bool = False

    def __iter__(self) -> Generator[Step[Any] | Pause, Any, T]:
        result: T = yield self
        return result


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait between two steps.

    :param seconds: how long.
    """

    seconds: float

    def __iter__(self) -> Generator[Step[Any] | Pause, Any, None]:
        yield self


Steps: TypeAlias = Generator[Step[Any] | Pause, Any, T]
"""A flow written as a generator."""


class Flow(Protocol[T_co]):
    """One `Step`, or a generator of steps and pauses that returns the result (`Steps`)."""

    def __iter__(self) -> Generator[Step[Any] | Pause, Any, T_co]: ...
