"""From what an error answer says to the exception that tells people what to do. Shared by all adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from airflow_provider_seedance.api.errors import (
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


class Meaning(Enum):
    """What an answer means, whatever the vendor's words for it."""

    AUTH = auto()
    QUOTA = auto()
    MODERATION = auto()
    REJECTED = auto()
    NOT_FOUND = auto()
    RATE_LIMIT = auto()
    UNCLEAR = auto()
    """Nothing that proves a refusal: server errors, time-outs on the way, answers that can't be read."""


@dataclass(frozen=True)
class ErrorAnswer:
    """An error answer, read by the vendor's adapter.

    :param meaning: the adapter's verdict.
    :param code: the vendor's code.
    :param message: the vendor's message, as it came.
    :param request_id: the vendor's request id.
    """

    meaning: Meaning
    code: str | None = None
    message: str = ""
    request_id: str | None = None


# 408, 409 and 425 are left out on purpose: the vendor may have begun. Modellix's own clients draw the line here too.
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
    """What an HTTP status alone proves."""
    return _MEANING_BY_STATUS.get(status_code, Meaning.UNCLEAR)


_CREATE_ERRORS: dict[Meaning, tuple[type[SeedanceApiError], str]] = {
    Meaning.AUTH: (SeedanceAuthError, "Nothing was created. Check the API key and whether the model is open for it."),
    Meaning.QUOTA: (SeedanceQuotaError, "Nothing was created. Top up the account or raise the limit, then run again."),
    Meaning.MODERATION: (SeedanceModerationError, "Nothing was created or billed. Change the prompt or the media."),
    Meaning.REJECTED: (RequestRejectedError, "Nothing was created. Correct the request, then run again."),
    Meaning.NOT_FOUND: (RequestRejectedError, "Nothing was created. Check the model name and the base URL."),
    Meaning.RATE_LIMIT: (SeedanceRateLimitError, "Nothing was created. Trying again later is safe."),
    Meaning.UNCLEAR: (
        SubmissionUnknownError,
        "The request was sent, so a video may exist and be billed. It is not sent again: "
        "look in the vendor's console before you run it again.",
    ),
}

_READ_ERRORS: dict[Meaning, tuple[type[SeedanceApiError], str]] = {
    Meaning.AUTH: (SeedanceAuthError, "Check the API key; the video itself goes on at the vendor."),
    Meaning.QUOTA: (SeedanceQuotaError, "Check the account; the video itself goes on at the vendor."),
    Meaning.MODERATION: (RequestRejectedError, ""),
    Meaning.REJECTED: (RequestRejectedError, "Check the id and the base URL."),
    Meaning.NOT_FOUND: (VideoNotFoundError, ""),
    Meaning.RATE_LIMIT: (TransientApiError, "Asking again later is safe."),
    Meaning.UNCLEAR: (TransientApiError, "Asking again later is safe."),
}


def create_error(title: str, response: HttpResponse, answer: ErrorAnswer, *, prompt: str = "") -> SeedanceApiError:
    """The exception for a create that was not answered by an accepted video.

    :param prompt: taken out of the vendor's message, should the vendor echo it.
    """
    # Before the message is shortened, so that no half of the prompt stays; a prompt of a letter or two is in any text.
    message = answer.message.replace(prompt, "(prompt)") if len(prompt) > 3 else answer.message
    return _error(title, response, answer, message, *_CREATE_ERRORS[answer.meaning])


def read_error(title: str, response: HttpResponse, answer: ErrorAnswer, *, not_found: str = "") -> SeedanceApiError:
    """The exception for a read that was not answered by a video.

    :param not_found: what to tell people if the vendor doesn't know the id, for example how long it keeps records.
    """
    kind, advice = _READ_ERRORS[answer.meaning]
    if answer.meaning is Meaning.NOT_FOUND:
        advice = not_found
    return _error(title, response, answer, answer.message, kind, advice)


def _error(
    title: str, response: HttpResponse, answer: ErrorAnswer, message: str, kind: type[SeedanceApiError], advice: str
) -> SeedanceApiError:
    code, request_id = (response.quote(text, LONGEST_CODE) for text in (answer.code, answer.request_id))
    said = ": ".join(part for part in (code, response.quote(message)) if part) or "no explanation"
    quote = f" (request id {request_id})" if request_id else ""
    return kind(
        f"{title} answered HTTP {response.status_code}: {said}{quote}. {advice}".strip(),
        vendor=title,
        code=code or None,
        status_code=response.status_code,
        request_id=request_id or None,
        retry_after=retry_after(response.headers, response.received_at),
    )


_NEVER = 1e9
"""Seconds, thirty years: who asks for more can't mean it."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` (seconds or date) or `X-RateLimit-Reset` (Unix time); never negative.

    :param headers: with lower-case names.
    :param now: when the answer came.
    """
    value = headers.get("retry-after", "").strip()
    if value:
        try:
            return max(0.0, float(value)) if float(value) < _NEVER else None
        except ValueError:
            try:
                date = parsedate_to_datetime(value)
            except ValueError:
                return None
            return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
    reset = headers.get("x-ratelimit-reset", "").strip()
    if reset.isascii() and reset.isdigit() and len(reset) < 16:
        return max(0.0, int(reset) - now.timestamp())
    return None


_BALANCE_WORDS = (
    "insufficient balance",
    "insufficient credit",
    "insufficient quota",
    "overdue",
    "余额不足",
    "额度不足",
)
# "Sensitive" alone is in "case-sensitive" too.
_MODERATION_WORDS = (
    "moderation",
    "sensitivecontent",
    "sensitive content",
    "sensitive information",
    "敏感",
    "real person",
    "policyviolation",
    "policy violation",
    "riskdetection",
)


def speaks_of_balance(text: str) -> bool:
    """Whether a vendor's text says that the account can't pay."""
    return _speaks_of(text, _BALANCE_WORDS)


def speaks_of_moderation(text: str) -> bool:
    """Whether a vendor's text says that its moderation refused something."""
    return _speaks_of(text, _MODERATION_WORDS)


def _speaks_of(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text.casefold() for word in words)
