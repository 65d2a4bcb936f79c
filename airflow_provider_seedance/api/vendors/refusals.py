"""Turns an error answer into an exception with advice for the user. Shared by all adapters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from airflow_provider_seedance.api.errors import (
    GatewayRefusedError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.http.json_values import text_of as text_of
from airflow_provider_seedance.api.http.messages import HttpResponse
from airflow_provider_seedance.api.http.texts import LONGEST_CODE
from airflow_provider_seedance.api.http.texts import clean as clean
from airflow_provider_seedance.api.vendors.json_fields import as_id, id_in
from airflow_provider_seedance.api.vendors.strangers import sender_and_form, was_refused_on_the_way, words_of


class Meaning(Enum):
    """The meaning of an error answer, whatever the vendor's words."""

    AUTH = auto()
    QUOTA = auto()
    MODERATION = auto()
    REJECTED = auto()
    NOT_FOUND = auto()
    RATE_LIMIT = auto()
    NOT_NOW = auto()
    """The vendor was temporarily unable to check the request, and created nothing."""
    UNCLEAR = auto()
    """The answer proves no refusal: server errors, gateway time-outs, unreadable answers."""


@dataclass(frozen=True)
class ErrorAnswer:
    """An error answer, read by the vendor's adapter.

    :param meaning: the adapter's verdict, if the answer is the vendor's.
    :param code: the vendor's code.
    :param message: the vendor's message, not yet cleaned or shortened.
    :param request_id: the vendor's request id.
    :param is_vendors: whether the answer has the form of the vendor's own errors. Any other answer may come from a
        proxy or gateway, and proves neither that a video exists nor that none was made.
    """

    meaning: Meaning
    code: str | None = None
    message: str = ""
    request_id: str | None = None
    is_vendors: bool = True


# 408, 409 and 425 are left out on purpose: the vendor may have begun. Modellix's own clients do the same.
_MEANING_BY_STATUS = {
    400: Meaning.REJECTED,
    401: Meaning.AUTH,
    402: Meaning.QUOTA,
    403: Meaning.AUTH,
    404: Meaning.NOT_FOUND,
    405: Meaning.REJECTED,
    413: Meaning.REJECTED,
    415: Meaning.REJECTED,
    422: Meaning.REJECTED,
    429: Meaning.RATE_LIMIT,
}


def meaning_of_status(status_code: int) -> Meaning:
    """The meaning that an HTTP status alone proves."""
    return _MEANING_BY_STATUS.get(status_code, Meaning.UNCLEAR)


_NOT_NOW = "Nothing was created. The vendor's own check failed; trying again later is safe."
_UNKNOWN = (
    "The request was sent, so a video may exist and be billed. It is not sent again: "
    "look in the vendor's console before you run it again."
)

_CREATE_ERRORS: dict[Meaning, tuple[type[SeedanceApiError], str]] = {
    Meaning.AUTH: (SeedanceAuthError, "Nothing was created. Check the API key and whether the model is open for it."),
    Meaning.QUOTA: (
        SeedanceQuotaError,
        "Nothing was created. Top up the account, renew its plan or raise its limit, then run again.",
    ),
    Meaning.MODERATION: (SeedanceModerationError, "Nothing was created or billed. Change the prompt or the media."),
    Meaning.REJECTED: (RequestRejectedError, "Nothing was created. Correct the request, then run again."),
    Meaning.NOT_FOUND: (RequestRejectedError, "Nothing was created. Check the model name and the base URL."),
    Meaning.RATE_LIMIT: (SeedanceRateLimitError, "Nothing was created. Trying again later is safe."),
    Meaning.NOT_NOW: (SeedanceRateLimitError, _NOT_NOW),
    Meaning.UNCLEAR: (SubmissionUnknownError, _UNKNOWN),
}

_READ_ERRORS: dict[Meaning, tuple[type[SeedanceApiError], str]] = {
    Meaning.AUTH: (SeedanceAuthError, "Check the API key; the video itself goes on at the vendor."),
    Meaning.QUOTA: (SeedanceQuotaError, "Check the account; the video itself goes on at the vendor."),
    Meaning.MODERATION: (RequestRejectedError, ""),
    Meaning.REJECTED: (RequestRejectedError, "Check the id and the base URL."),
    Meaning.NOT_FOUND: (VideoNotFoundError, ""),
    Meaning.RATE_LIMIT: (TransientApiError, "Asking again later is safe."),
    Meaning.NOT_NOW: (TransientApiError, "Asking again later is safe."),
    Meaning.UNCLEAR: (TransientApiError, "Asking again later is safe."),
}

_ON_THE_WAY = (
    "It was refused before it reached the vendor: nothing was created, and trying again is safe. "
    "Check the base URL, and the proxies and firewalls on the way."
)


def create_error(
    title: str, response: HttpResponse, answer: ErrorAnswer, *, prompt: str = "", video_id: str | None = None
) -> SeedanceApiError:
    """The exception for a create whose answer holds no accepted video.

    :param title: the vendor's display name.
    :param response: the answer.
    :param answer: the same, as read by the adapter.
    :param prompt: removed from the vendor's message, in case the vendor echoes it.
    :param video_id: the id in the answer, if there is one.
    :return: the exception; the caller raises it.
    """
    kind, advice = _CREATE_ERRORS[answer.meaning] if answer.is_vendors else _create_error_of_stranger(response)
    if kind is SubmissionUnknownError and video_id:
        advice = f"{advice} The answer names video {video_id}."
    sentence = f"{told(title, response, answer, prompt=prompt)} {advice}"
    error = error_of(kind, sentence, title, response, answer)
    if isinstance(error, SubmissionUnknownError):
        error.video_id = video_id
    return error


def read_error(title: str, response: HttpResponse, answer: ErrorAnswer, *, not_found: str = "") -> SeedanceApiError:
    """The exception for a read whose answer holds no video.

    :param title: the vendor's display name.
    :param response: the answer.
    :param answer: the same, as read by the adapter.
    :param not_found: a sentence for an unknown id, for example about how long the vendor keeps records.
    :return: the exception; the caller raises it.
    """
    kind, advice = _READ_ERRORS[answer.meaning if answer.is_vendors else Meaning.UNCLEAR]
    if kind is VideoNotFoundError:
        advice = not_found
    return error_of(kind, f"{told(title, response, answer)} {advice}", title, response, answer)


def created_id(
    title: str,
    response: HttpResponse,
    explain: Callable[[HttpResponse], ErrorAnswer],
    told: object,
    *,
    prompt: str,
) -> str:
    """The id in the answer to a create whose field `id` holds it.

    :param title: the vendor's display name.
    :param response: the answer.
    :param explain: the adapter's reader of error answers.
    :param told: the value of the field, in the place where the vendor documents it.
    :param prompt: see `create_error`.
    :raises SeedanceApiError: there is none. An id anywhere else in the answer is kept as a hint.
    """
    video_id = as_id(told)
    if video_id is None:
        raise create_error(title, response, explain(response), prompt=prompt, video_id=id_in(response, ("id",)))
    return video_id


def check_read(
    title: str,
    response: HttpResponse,
    explain: Callable[[HttpResponse], ErrorAnswer],
    told_id: str | None,
    video_id: str,
    *,
    not_found: str,
    own_id: str | None = None,
) -> None:
    """Makes sure that the answer to a read holds a status, and that of the requested video.

    :param title: the vendor's display name.
    :param response: the answer.
    :param explain: the adapter's reader of error answers.
    :param told_id: the id in the answer; `None` if the id or the status is missing.
    :param video_id: the id of the requested video.
    :param not_found: see `read_error`.
    :param own_id: the vendor's own form of the id, if ours is a compound; default: `video_id`.
    :raises SeedanceApiError: the answer has no status, or is about another video.
    """
    if told_id is None:
        raise read_error(title, response, explain(response), not_found=not_found)
    if told_id != (own_id or video_id):
        raise TransientApiError(f"{title} answered for another video than {video_id}.", vendor=title)


def _create_error_of_stranger(response: HttpResponse) -> tuple[type[SeedanceApiError], str]:
    if response.status_code == 429:
        return _CREATE_ERRORS[Meaning.RATE_LIMIT]
    if was_refused_on_the_way(response.status_code):
        return GatewayRefusedError, _ON_THE_WAY
    return _CREATE_ERRORS[Meaning.UNCLEAR]


def told(title: str, response: HttpResponse, answer: ErrorAnswer, *, prompt: str = "") -> str:
    """The first sentence of an error: the sender, the HTTP status and the quoted message.

    :param title: the vendor's display name.
    :param response: the answer.
    :param answer: the same, as read by the adapter.
    :param prompt: removed from the quotes; default: none.
    """
    message = answer.message if answer.is_vendors else words_of(response)
    # The prompt is removed before the message is shortened, so that no part of it remains. A prompt of up to three
    # characters isn't removed, since it may be part of any word.
    said = response.quote(message.replace(prompt, "(prompt)") if len(prompt) > 3 else message)
    if not answer.is_vendors:
        sender, form = sender_and_form(title, response)
        return f"{sender} answered HTTP {response.status_code} with {form}{f': {said}' if said else ''}."
    code, request_id = (response.quote(text, LONGEST_CODE) for text in (answer.code, answer.request_id))
    said = ": ".join(part for part in (code, said) if part) or "no explanation"
    quote = f" (request id {request_id})" if request_id else ""
    return f"{title} answered HTTP {response.status_code}: {said}{quote}."


def error_of(
    kind: type[SeedanceApiError], sentence: str, title: str, response: HttpResponse, answer: ErrorAnswer
) -> SeedanceApiError:
    """An exception with the facts of the answer; if it isn't the vendor's answer, without code and request id.

    :param kind: the class of the exception.
    :param sentence: its message.
    :param title: the vendor's display name.
    :param response: the answer.
    :param answer: the same, as read by the adapter.
    """
    code, request_id = (response.quote(text, LONGEST_CODE) for text in (answer.code, answer.request_id))
    return kind(
        sentence.strip(),
        vendor=title,
        code=code or None if answer.is_vendors else None,
        status_code=response.status_code,
        request_id=request_id or None if answer.is_vendors else None,
        retry_after=retry_after(response.headers, response.received_at),
    )


_NEVER = 1e9
"""Thirty years in seconds: a longer wait is nonsense."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` (seconds or date) or `X-RateLimit-Reset` (Unix time).

    :param headers: the answer's headers, with names in lower case.
    :param now: when the answer was received.
    :return: never negative; `None` if the headers have no sound value.
    """
    value = headers.get("retry-after", "").strip()
    if value:
        seconds = _seconds_in(value, now)
    else:
        reset = headers.get("x-ratelimit-reset", "").strip()
        is_number = reset.isascii() and reset.isdigit() and len(reset) < 16
        seconds = int(reset) - now.timestamp() if is_number else None
    # Some gateways give the reset in milliseconds, or in seconds from now: that is no Unix time near the present.
    return max(0.0, seconds) if seconds is not None and abs(seconds) < _NEVER else None


def _seconds_in(value: str, now: datetime) -> float | None:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    return (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()


_BALANCE_WORDS = (
    "insufficient balance",
    "insufficient credit",
    "insufficient quota",
    "key quota",
    "overdue",
    "余额不足",
    "额度不足",
)
# Observed texts of failed videos and of refusals. Where a single word is ambiguous, only the phrase counts: "sensitive"
# is also in "case-sensitive", "violation" in "access violation", "safety" in "thread safety".
_MODERATION_WORDS = (
    r"moderat(?:ion|ed)|sensitive ?content|sensitive information|risk ?detect|risk control",
    r"(?:policy|content|severe|guidelines?) ?violation|violation of [\w ]{0,20}(?:polic|guideline|regulation|standard)",
    r"violat(?:e|es|ed|ing)\b[\w ]{0,30}(?:polic|guideline|terms of|regulation|standard|law)",
    r"(?:content|usage) polic|safety (?:system|filter|check|polic|guideline|review)|content safety",
    r"copyright|trademark|intellectual property|infring(?:e|ing|ement)",
    r"\bviolence\b|\bviolent\b|\bgory?\b|\bbloody\b|self-?harm|suicid|terroris|extremis|hateful|hate speech",
    r"\bnsfw\b|\bnud(?:e|ity)\b|\bporn|\bsexual|explicit content|adult content|erotic",
    r"content_policy_violation|face_detection_error|flagged (?:as sensitive|by a content checker)",
    r"counterfeit|forged document|fake (?:id|document|certificate)",
    r"(?:prohibited|forbidden|illegal|inappropriate|harmful|offensive|unsafe) (?:content|material|image|video)",
    r"real (?:person|people|human|face)|celebrit|(?:public|political) figure|\bminors\b|child (?:safety|abuse|sexual)",
    "敏感|违规|违法|违禁|版权|侵权|暴力|血腥|色情|低俗|审核|风控|真人|涉政|涉黄",
)
_MODERATION = re.compile("|".join(_MODERATION_WORDS), re.IGNORECASE)


def speaks_of_balance(text: str) -> bool:
    """Whether a vendor's text says that the account can't pay.

    It only distinguishes refusals: a text alone never makes an answer a refusal.
    """
    return any(word in text.casefold() for word in _BALANCE_WORDS)


def speaks_of_moderation(text: str) -> bool:
    """Whether a vendor's text says that its moderation refused something.

    It only distinguishes refusals: a text alone never makes an answer a refusal.
    """
    return _MODERATION.search(text) is not None


_BLAMES_THE_REQUEST = re.compile(r"(?:Invalid|Missing)Parameter(?:\..*)?", re.IGNORECASE | re.DOTALL)
"""The error codes of Seedance's maker, which other vendors pass on."""


def blames_the_request(code: str | None) -> bool:
    """Whether a failed video's code blames the request, so that a repetition would fail, too."""
    return code is not None and _BLAMES_THE_REQUEST.fullmatch(code) is not None
