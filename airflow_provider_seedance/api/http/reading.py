"""From what a transport brought back, or failed with, to a result or an error that names nothing secret."""

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
"""What it means that a step, once sent, was not answered; for the others it is a missed look."""


class AnswerReader:
    """Reads the answers of one endpoint.

    :param endpoint: that was asked.
    :param nothing_sent: what the HTTP library raises while not a byte of the request has left.
    """

    def __init__(self, endpoint: Endpoint, nothing_sent: tuple[type[Exception], ...]) -> None:
        self._endpoint = endpoint
        self._nothing_sent = nothing_sent
        self._scrub = endpoint.scrubber()

    def read(self, step: Step[T], answer: Answer) -> T:
        """The result of a step.

        :param step: that was sent.
        :param answer: what came back.
        :raises SeedanceError: what the answer means, if it is no result.
        """
        # A vendor may quote the key or the prompt that it refuses.
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
            # An answer so odd that an adapter stumbles over it is an answer that can't be read.
            raise self.unanswered(step, error, "its answer can't be read") from None

    def unanswered(self, step: Step[Any], error: Exception, reason: str | None = None) -> SeedanceError:
        """What it means that a step got no answer.

        :param step: that was tried.
        :param error: what the transport raised. It is left out of the result: it can quote the request.
        :param reason: what has happened; default: what the error says.
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
        """Who sends us elsewhere with the same request has done nothing with it. 303 may mean: done, look there."""
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
        # Some vendors repeat the prompt in their answers: the reason may quote it.
        return scrubbed(result, Scrubber(echo=response.json_object()))
    return result
