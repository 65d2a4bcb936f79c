"""Calls to a vendor consist of steps; each step is one request and the function that reads its answer.

A flow yields its steps one after the other and returns the result:

    def read(self, video_id: str) -> Flow[Video]:
        seen = yield from Step(Call.READ, self.build_get(video_id), self.parse_state)
        if not seen.is_finished:
            return seen.video
        return (yield from Step(Call.READ, self.build_result(video_id), self.parse_result))

A flow does no I/O; `api.http.drivers` does. A retry repeats the failed step and never restarts the flow. The error of a
step that fails for good is raised at its `yield`, so a flow may catch it.
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
    """The kinds of calls, by the cost of repeating them."""

    CREATE = auto()
    """Costs money: repeated only if nothing was sent, or if the vendor had no room and created nothing."""
    CREATE_NOW = auto()
    """Costs money too, and the caller handles saturation itself: repeated only if nothing was sent."""
    UPLOAD = auto()
    """Costs a copy in the vendor's library: repeated only if nothing was sent, or if the vendor had no room."""
    READ = auto()
    """Costs nothing: repeated after a failure that may pass."""
    CANCEL = auto()
    """Causes confusion: a second cancel may erase the record that the first left; repeated only if nothing was sent."""

    @property
    def is_create(self) -> bool:
        """Whether the call may create a video that is billed."""
        return self in (Call.CREATE, Call.CREATE_NOW)


@dataclass(slots=True)
class Step(Generic[T]):
    """One request, and the function that reads its answer. A step alone is a flow, too.

    :param call: its kind, by the cost of repeating it.
    :param request: the request.
    :param parse: makes the result from an answer, or raises the error that it means.
    :param scrub: removes secrets from quoted parts of the answer; default: removes the key.
    :param most_bytes: the largest answer.
    :param seconds: time limit of one try; default: from the client's settings.
    :param once: whether a failure is left to the flow at once, whatever the retry policy says. Default: no.
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
