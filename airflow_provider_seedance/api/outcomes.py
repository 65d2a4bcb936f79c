"""The one event of a wait: written by the trigger, read by `execute_complete`. It is stored, so it holds no URL."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError, TransientApiError
from airflow_provider_seedance.api.http.json_values import outgoing
from airflow_provider_seedance.api.polling import Decision


class ErrorFacts(TypedDict):
    """An error in plain JSON types."""

    kind: str
    message: str
    facts: dict[str, Any]


class VideoEvent(TypedDict):
    """How a wait ended.

    :param video_id: the vendor's id.
    :param outcome: `succeeded` or `failed`.
    :param error: why it failed, else `None`.
    :param deadline: Unix time until which a finished video may be waited for once more; absent in older events.
    """

    video_id: str
    outcome: str
    error: ErrorFacts | None
    deadline: NotRequired[float]


_FACTS = ("vendor", "code", "status_code", "request_id")


def to_event(video_id: str, decision: Decision, *, deadline: float | None = None) -> VideoEvent:
    """The event for a final decision.

    :param deadline: the wait's.
    """
    error = None
    if decision.error is not None:
        facts = {name: getattr(decision.error, name) for name in _FACTS if hasattr(decision.error, name)}
        error = ErrorFacts(kind=type(decision.error).__name__, message=str(decision.error), facts=facts)
    event = VideoEvent(video_id=video_id, outcome=decision.outcome.value, error=error)
    if error is None and deadline is not None:
        event["deadline"] = deadline
    return cast("VideoEvent", outgoing(event))


def deadline_of(event: Any) -> float | None:
    """Until when the video may be waited for once more, should the vendor take its success back."""
    deadline = event.get("deadline") if isinstance(event, dict) else None
    return float(deadline) if isinstance(deadline, int | float) and not isinstance(deadline, bool) else None


def read_event(event: Any) -> tuple[str, SeedanceError | None]:
    """The video's id and why the wait failed, if it did.

    :raises TransientApiError: for an event that no trigger of this package writes.
    """
    if not isinstance(event, dict) or not isinstance(event.get("video_id"), str):
        raise TransientApiError(f"The trigger's event can't be read (it is a {type(event).__name__}).")
    if event.get("outcome") == "succeeded":
        return event["video_id"], None
    found = event.get("error")
    if event.get("outcome") != "failed" or not isinstance(found, dict) or not isinstance(found.get("message"), str):
        raise TransientApiError(f"The trigger's event for video {event['video_id']} can't be read.")
    kind = getattr(errors, str(found.get("kind")), None)
    message, facts = found["message"], found.get("facts")
    if isinstance(kind, type) and issubclass(kind, SeedanceApiError):
        known = {k: v for k, v in facts.items() if k in _FACTS} if isinstance(facts, dict) else {}
        return event["video_id"], kind(message, **known)
    if isinstance(kind, type) and issubclass(kind, SeedanceError):
        return event["video_id"], kind(message)
    return event["video_id"], SeedanceError(message)
