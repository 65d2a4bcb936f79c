"""The meaning of fal's errors. They have two forms: a text with a type, and a list of faults in the input."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_seedance.api.models import VideoError, VideoStatus
from airflow_provider_seedance.api.vendors.json_fields import dig
from airflow_provider_seedance.api.vendors.refusals import ErrorAnswer, Meaning, clean, meaning_of_status, text_of
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse

_KEYS = frozenset(("detail", "error_type", "request_id", "gateway_request_id"))
_MODERATION = ("content_policy_violation", "face_detection_error")
_CANCELLED = ("client_cancelled", "client_disconnected")
_NEVER_STARTED = ("request_timeout", "startup_timeout")
_BLAMES_THE_INPUT = re.compile(  # without `file_download_error`: a later download may work
    r"bad_request|missing|value_error|one_of|feature_not_supported|(?:greater|less)_than(?:_equal)?"
    r"|sequence_too_(?:long|short)|file_too_large|image_(?:too_small|too_large|load_error)|unsupported_\w+_format"
    r"|(?:video|audio)_duration_too_(?:long|short)"
)


def is_own_error(response: HttpResponse) -> bool:
    """Whether the answer has the form of fal's errors: `detail`, and little else."""
    answer = response.json_object()
    detail = answer.get("detail")
    is_list = isinstance(detail, list) and bool(detail) and all(isinstance(dig(item, "msg"), str) for item in detail)
    is_text = isinstance(detail, str) and bool(detail)
    return (is_list or is_text) and answer.keys() <= _KEYS


def explain(response: HttpResponse, request_id: str | None = None) -> ErrorAnswer:
    """An error answer in our vocabulary, without the input that fal repeats in it.

    :param response: the answer.
    :param request_id: fal's request id; default: unknown.
    """
    code, message = _said(response)
    meaning = meaning_of_status(response.status_code)
    if meaning is not Meaning.UNCLEAR and code in _MODERATION:
        meaning = Meaning.MODERATION
    elif meaning is Meaning.AUTH and "balance" in message.casefold():
        meaning = Meaning.QUOTA  # observed: 403, "User is locked. Reason: Exhausted balance"
    return ErrorAnswer(meaning, code, message, request_id, is_vendors=is_own_error(response))


def end_of(response: HttpResponse) -> tuple[VideoStatus, VideoError] | None:
    """Status and error of a run without output, from the answer to the result call.

    Only an error with a type counts: an HTTP status with a bare text says nothing about the video.

    :param response: the answer.
    :return: our status and the error; `None` if the answer doesn't say how the run ended.
    """
    code, message = _said(response)
    status = response.status_code
    # 401, 403, 404 and 429 are about the call, not about the video.
    if code is None or not is_own_error(response) or status in (401, 403, 404, 429) or status < 400:
        return None
    return None if _is_unfinished(code, message) else ended(code, message)


def is_about_the_run(response: HttpResponse) -> bool:
    """Whether an answer to the result call certainly says how the run ended.

    An error of the form "text and type" may also be about the call itself: fal documents `internal_error` for whatever
    fails at fal, without saying of which requests. Faults in the input come from the run.

    :param response: the answer.
    """
    code, _message = _said(response)
    is_list = isinstance(response.json_object().get("detail"), list)
    return response.status_code < 400 or is_list or code == "client_cancelled"


def ended(code: str | None, message: str) -> tuple[VideoStatus, VideoError]:
    """Our status and error for a run without output.

    :param code: fal's type of the error; `None` if there is none.
    :param message: fal's text.
    """
    status = VideoStatus.FAILED
    if code in _CANCELLED:
        status = VideoStatus.CANCELLED
    elif code in _NEVER_STARTED:
        status = VideoStatus.EXPIRED
    blames_request = code is not None and _BLAMES_THE_INPUT.fullmatch(code) is not None
    return status, VideoError(code=code, message=clean(message), blames_request=blames_request)


def _is_unfinished(code: str, message: str) -> bool:
    """Whether the run hasn't ended. Observed: a call for its result is then answered with HTTP 400."""
    return code == "bad_request" and "in progress" in message.casefold()


def _said(response: HttpResponse) -> tuple[str | None, str]:
    answer = response.json_object()
    detail = answer.get("detail")
    header = response.headers.get("x-fal-error-type")
    if isinstance(detail, list):
        items = [item for item in detail if isinstance(item, dict)]
        first = text_of(items[0].get("type")) if items else ""
        return first or header, "; ".join(map(_one, items))
    return text_of(answer.get("error_type")) or header or None, text_of(detail)


def _one(item: dict[str, Any]) -> str:
    where = item.get("loc")
    field = text_of(where[-1]) if isinstance(where, list) and where else ""
    return f"{field}: {text_of(item.get('msg'))}" if field else text_of(item.get("msg"))
