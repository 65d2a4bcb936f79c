"""Turns a transport's answer or failure into a result, or into an error without secrets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from airflow_provider_seedance.api.assets import UploadRequest
from airflow_provider_seedance.api.errors import (
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
    UploadUnknownError,
)
from airflow_provider_seedance.api.http.base_url import hint_at_base_url, redirected
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.http.failures import reason_of
from airflow_provider_seedance.api.http.intake import Answer
from airflow_provider_seedance.api.http.messages import HttpResponse
from airflow_provider_seedance.api.http.network import proxy_for
from airflow_provider_seedance.api.http.scrubbing import Scrubber
from airflow_provider_seedance.api.http.steps import Call, Step
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.api.scrubbed import scrubbed, scrubbed_error

T = TypeVar("T")

MAY_BE_BILLED = (
    "The request was sent, so a video may exist and be billed. "
    "It is not sent again: look in the vendor's console before you run it again."
)
_WITHOUT_ANSWER: dict[Call, tuple[type[SeedanceApiError], str]] = {
    Call.CREATE: (SubmissionUnknownError, MAY_BE_BILLED),
    Call.CREATE_NOW: (SubmissionUnknownError, MAY_BE_BILLED),
    Call.UPLOAD: (UploadUnknownError, "Something was sent, so it may be stored. A retry sends it again."),
}
"""The error for a step that was sent and not answered; all other calls just count as a failed read."""


class AnswerReader:
    """Reads the answers of one endpoint.

    :param endpoint: the API's address, and the account.
    :param nothing_sent: the errors that the HTTP library raises before the first byte of a request is sent.
    """

    def __init__(self, endpoint: Endpoint, nothing_sent: tuple[type[Exception], ...]) -> None:
        self._endpoint = endpoint
        self._nothing_sent = nothing_sent
        self._scrub = endpoint.scrubber()

    def read(self, step: Step[T], answer: Answer) -> T:
        """The result of a step.

        :param step: the step that was sent.
        :param answer: its answer.
        :return: the step's result.
        :raises SeedanceError: the answer is no result.
        """
        # In a refusal a vendor may quote the key or the prompt.
        scrub = step.scrub or self._scrub
        response = HttpResponse(answer.status, answer.headers, answer.body, datetime.now(tz=UTC), scrub)
        try:
            if 300 <= answer.status < 400:
                raise self._redirected(step, response)
            return _without_secrets(step.parse(response), response)
        except SeedanceError as error:
            is_page = isinstance(error, SeedanceApiError) and error.status_code and not response.json_object()
            raise scrubbed_error(error, self._scrub, self._hint() if is_page else "") from None
        except Exception as error:
            # An answer that makes an adapter fail counts as unreadable.
            raise self.unanswered(step, error, "its answer can't be read") from None

    def unanswered(self, step: Step[Any], error: Exception, reason: str | None = None) -> SeedanceError:
        """Makes the error for a step without an answer.

        :param step: the step that was tried.
        :param error: the transport's. Its text is left out of the result, as it can quote the request.
        :param reason: the reason in words; default: taken from the error.
        :return: the error to raise.
        """
        if isinstance(error, SeedanceError):
            return error
        title, why = self._endpoint.title, reason or self._reason(step, error)
        if isinstance(error, self._nothing_sent):
            return NotSentError(f"{title} can't be reached: {why}. Nothing was sent.", vendor=title)
        kind, advice = _WITHOUT_ANSWER.get(step.call, (TransientApiError, "Asking again later is safe."))
        return kind(f"{title} did not answer: {why}. {advice}", vendor=title)

    def _redirected(self, step: Step[Any], response: HttpResponse) -> SeedanceApiError:
        """Judges a redirect. With the same request it means that nothing was done; a 303 may mean that it was."""
        title, status = self._endpoint.title, response.status_code
        kind: type[SeedanceApiError]
        if step.call is Call.READ:
            kind, advice = TransientApiError, ""
        elif status in (301, 302, 307, 308):
            kind, advice = RequestRejectedError, "Nothing was created or stored. Correct the base URL, then run again."
        else:
            kind, advice = _WITHOUT_ANSWER.get(step.call, (TransientApiError, ""))
        return kind(f"{redirected(title, response)} {advice}".strip(), vendor=title, status_code=status)

    def _hint(self) -> str:
        return hint_at_base_url(self._endpoint.title, self._endpoint.base_url, self._endpoint.usual_base_url)

    def _reason(self, step: Step[Any], error: Exception) -> str:
        url = step.request.url if isinstance(step.request, UploadRequest) else None
        if url is None and step.request.origin is None:
            return reason_of(error, self._endpoint.host, self._endpoint.proxy)
        url = url or self._endpoint.url_of(step.request)
        return reason_of(error, urlsplit(url).hostname or "the file host", proxy_for(url))


def _without_secrets(result: T, response: HttpResponse) -> T:
    result = scrubbed(result, response.scrub)
    if isinstance(result, Video) and result.error is not None:
        # Some vendors repeat the prompt in their answers, so the reason may quote it.
        return scrubbed(result, Scrubber(echo=response.json_object()))
    return result
