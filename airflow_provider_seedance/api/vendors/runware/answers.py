"""Reads Runware's answers about a task: items in `data` and errors in `errors`, matched by the task's id."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.api.http.json_values import is_sound_number
from airflow_provider_seedance.api.http.messages import HttpResponse
from airflow_provider_seedance.api.models import Video, VideoError, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import (
    as_progress,
    dig,
    read_status,
    seed_or_none,
    signed_url_expiry,
    text_or_none,
)
from airflow_provider_seedance.api.vendors.refusals import (
    ErrorAnswer,
    Meaning,
    clean,
    meaning_of_status,
    speaks_of_moderation,
    text_of,
)

CONFLICT = "conflictTaskUUID"

_STATUSES = {
    "processing": VideoStatus.RUNNING,
    "success": VideoStatus.SUCCEEDED,
    "error": VideoStatus.FAILED,
}

_CODES: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"(?:invalid|missing)ApiKey$", Meaning.AUTH),
        (r".*insufficientCredits$", Meaning.QUOTA),
        (r"(?:rateLimit|concurrencyLimit)", Meaning.RATE_LIMIT),
        (r"(?:invalidProviderContent|contentModeration)", Meaning.MODERATION),
        # Failures of the seller behind Runware, whatever the HTTP status: they refuse nothing.
        (r"(?:providerError|providerRateLimitExceeded|timeoutProvider)$", Meaning.UNCLEAR),
        # The vendor's own client classifies errors by these prefixes.
        (r"(?:missing|invalid|unsupported|incompatible|value|array|unknown|conflict)", Meaning.REJECTED),
    )
)
"""The meaning of a code by its beginning; for any other code the HTTP status counts."""


@dataclass(frozen=True)
class Read:
    """The parts of an answer that are about one task.

    :param items: the items of `data` with its id.
    :param error: an error with its id or, if there is none, one without any id; `None` if there is neither.
    :param is_refusal: whether the error is about the request and says nothing about the video.
    """

    items: tuple[Mapping[str, Any], ...]
    error: Mapping[str, Any] | None
    is_refusal: bool

    @property
    def is_known(self) -> bool:
        """Whether the answer contains anything about the task."""
        return bool(self.items) or (self.error is not None and not self.is_refusal)


def read(response: HttpResponse, video_id: str) -> Read:
    """Reads the parts of an answer that are about the task with this id."""
    return read_task(response.json_object(), video_id, is_success=_is_success(response))


def read_many(response: HttpResponse, video_ids: Sequence[str]) -> dict[str, Read]:
    """Reads the parts of an answer that are about each of these tasks, by id."""
    return _read(response.json_object(), video_ids, is_success=_is_success(response))


def read_task(value: Any, video_id: str, *, is_success: bool = True) -> Read:
    """Does the same for a decoded answer.

    :param value: the decoded answer.
    :param video_id: the task's id.
    :param is_success: whether the HTTP status was a success, as it is for a failed video. Default: yes.
    """
    return _read(value, [video_id], is_success=is_success)[video_id]


def _read(value: Any, video_ids: Sequence[str], *, is_success: bool) -> dict[str, Read]:
    items, errors = _by_task(_objects(value, "data")), _by_task(_objects(value, "errors"))
    of_all = errors.get("", [])
    found = {}
    for video_id in video_ids:
        own = errors.get(video_id, [])
        error = next(iter(own or of_all), None)
        is_ending = error is not None and bool(own) and is_success and error.get("taskType") != "getResponse"
        is_refusal = error is not None and not is_ending
        found[video_id] = Read(tuple(items.get(video_id, ())), error, is_refusal=is_refusal)
    return found


def _by_task(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The objects by their task's id; those that name no task are under an empty one."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for each in found:
        task = each.get("taskUUID")
        if task is None or isinstance(task, str):
            by_task.setdefault(task or "", []).append(each)
    return by_task


def is_answer(response: HttpResponse) -> bool:
    """Whether the answer has the form of an answer about tasks."""
    body = response.json_object()
    return _is_success(response) and (isinstance(body.get("data"), list) or isinstance(body.get("errors"), list))


def is_own_error(response: HttpResponse) -> bool:
    """Whether the answer has the form of Runware's errors: `errors`, each with a code."""
    errors = _objects(response.json_object(), "errors")
    return bool(errors) and all(isinstance(error.get("code"), str) and error["code"] for error in errors)


def first_item(response: HttpResponse) -> dict[str, Any]:
    """The first item of `data`; empty if there is none."""
    items = _objects(response.json_object(), "data") if _is_success(response) else []
    return items[0] if items else {}


def results_in(response: HttpResponse) -> list[dict[str, Any]] | None:
    """The results of a search; `None` if this is no answer to a search."""
    results = first_item(response).get("results")
    return [each for each in results if isinstance(each, dict)] if isinstance(results, list) else None


def explain(response: HttpResponse, error: Mapping[str, Any], *, is_vendors: bool) -> ErrorAnswer:
    """An error answer in our vocabulary.

    :param response: the answer.
    :param error: the error in it; empty if there is none.
    :param is_vendors: whether the answer has the form of Runware's errors.
    """
    code, message = text_of(error.get("code")) or None, text_of(error.get("message"))
    return ErrorAnswer(_meaning(response.status_code, code or "", message), code, message, is_vendors=is_vendors)


def _meaning(status: int, code: str, message: str) -> Meaning:
    by_status = meaning_of_status(status)
    if status == 429 or (by_status is Meaning.UNCLEAR and not 200 <= status < 300):
        return by_status  # the request may have been accepted, so no code proves a refusal
    meaning = next((meaning for pattern, meaning in _CODES if pattern.match(code)), by_status)
    if meaning is Meaning.NOT_FOUND:
        return Meaning.REJECTED  # the API has one URL for all calls, so HTTP 404 says nothing about a video
    if meaning is Meaning.REJECTED and speaks_of_moderation(message):
        return Meaning.MODERATION
    return meaning


def video_read(read: Read, video_id: str, vendor: str) -> Video:
    """The video in an answer about its task."""
    if read.items:
        best = next((item for item in read.items if text_or_none(item.get("videoURL"))), read.items[0])
        return video_of(best, video_id, vendor)
    return video_of({"status": "error", **(read.error or {})} if read.error else {}, video_id, vendor)


def video_of(item: Mapping[str, Any], video_id: str, vendor: str) -> Video:
    """A video from an item of `data` or `errors`.

    Without a status it counts as succeeded if it has a URL, otherwise as running.

    :param item: the item.
    :param video_id: the task's id.
    :param vendor: the vendor's name.
    """
    status, undocumented = read_status(_status(item), _STATUSES)
    failed = status is VideoStatus.FAILED
    url = text_or_none(item.get("videoURL"))
    return Video(
        video_id=video_id,
        vendor=vendor,
        status=status,
        video_url=url,
        url_expires_at=signed_url_expiry(url),
        progress=as_progress(item.get("progress")),
        error=_failure(item) if failed else None,
        usage=usage_of(item),
        seed=seed_or_none(item.get("seed")),
        undocumented_status=undocumented,
    )


def _status(item: Mapping[str, Any]) -> object:
    if "status" in item:
        return item["status"]
    return "success" if text_or_none(item.get("videoURL")) else "processing"


def _failure(item: Mapping[str, Any]) -> VideoError:
    return VideoError(code=text_of(item.get("code")) or None, message=clean(text_of(item.get("message"))))


def usage_of(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The cost in US dollars, which the field `includeCost` of the create requests; `None` if there is none."""
    cost = item.get("cost")
    is_number = isinstance(cost, int | float) and not isinstance(cost, bool) and is_sound_number(cost)
    return {"cost": cost, "currency": "USD"} if is_number else None


def _is_success(response: HttpResponse) -> bool:
    return 200 <= response.status_code < 300


def _objects(value: Any, name: str) -> list[dict[str, Any]]:
    found = dig(value, name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
