"""The event of a wait: written by the trigger, read by `execute_complete`. It is stored, so it holds no URL."""

from __future__ import annotations

from typing import Any, cast

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.errors import SeedanceApiError, SeedanceError, TransientApiError
from airflow_provider_seedance.api.http.json_values import outgoing
from airflow_provider_seedance.api.jobs import Decision, JobKind, Outcome
from airflow_provider_seedance.api.video_jobs import VIDEO

_FACTS = ("vendor", "code", "status_code", "request_id")


def to_event(
    job_id: str, decision: Decision[Any], *, kind: JobKind[Any] = VIDEO, deadline: float | None = None
) -> dict[str, Any]:
    """The event for a final decision, in plain JSON types.

    It has the job's id (`video_id` or `asset_id`), the `outcome` (`succeeded` or `failed`), and the `error` with its
    `kind`, `message` and `facts`, or `None`. Events of later releases may hold more.

    :param job_id: the vendor's id.
    :param decision: the final decision.
    :param kind: the kind of job.
    :param deadline: Unix time until which a finished job may be waited for once more; absent in older events.
    """
    event: dict[str, Any] = {kind.id_field: job_id, "outcome": decision.outcome.value, "error": None}
    if decision.error is not None:
        facts = {name: getattr(decision.error, name) for name in _FACTS if hasattr(decision.error, name)}
        known = next(base.__name__ for base in type(decision.error).__mro__ if base.__module__ == errors.__name__)
        event["error"] = {"kind": known, "message": str(decision.error), "facts": facts}
    elif deadline is not None:
        event["deadline"] = deadline
    return cast("dict[str, Any]", outgoing(event))


def deadline_of(event: Any) -> float | None:
    """Unix time until which the wait may go on, should the vendor take back its success."""
    deadline = event.get("deadline") if isinstance(event, dict) else None
    return float(deadline) if isinstance(deadline, int | float) and not isinstance(deadline, bool) else None


def read_event(event: Any, kind: JobKind[Any] = VIDEO) -> tuple[str, SeedanceError | None]:
    """Reads the job's id, and the error if the wait failed.

    :param event: as stored, by this release or an earlier one.
    :param kind: the kind of job.
    :raises TransientApiError: for an event that no trigger of this package writes.
    """
    job_id = event.get(kind.id_field) if isinstance(event, dict) else None
    if not isinstance(job_id, str):
        raise TransientApiError(f"The trigger's event can't be read (it is a {type(event).__name__}).")
    outcome, found = event.get("outcome"), event.get("error")
    if outcome == Outcome.SUCCEEDED.value:
        return job_id, None
    if outcome != Outcome.FAILED.value or not isinstance(found, dict) or not isinstance(found.get("message"), str):
        raise TransientApiError(f"The trigger's event for {kind.noun.lower()} {job_id} can't be read.")
    error, message, facts = getattr(errors, str(found.get("kind")), None), found["message"], found.get("facts")
    if isinstance(error, type) and issubclass(error, SeedanceApiError):
        known = {k: v for k, v in facts.items() if k in _FACTS} if isinstance(facts, dict) else {}
        return job_id, error(message, **known)
    if isinstance(error, type) and issubclass(error, SeedanceError):
        return job_id, error(message)
    return job_id, SeedanceError(message)
