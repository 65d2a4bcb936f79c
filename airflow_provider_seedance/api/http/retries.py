"""Decides whether a call is repeated, by the cost of repeating it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenacity import RetryCallState, retry_if_exception, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential_jitter

from airflow_provider_seedance.api.errors import (
    NotSentError,
    SeedanceApiError,
    SeedanceRateLimitError,
    TransientApiError,
)
from airflow_provider_seedance.api.http.steps import Call as Call


@dataclass(frozen=True)
class RetryPolicy:
    """The retries of a call.

    :param attempts: the most tries of one call, including the first. Default 3.
    :param patience: seconds from the first try after which no other begins; a longer `Retry-After` ends the tries at
        once. Default 60.
    """

    attempts: int = 3
    patience: float = 60.0

    def may_repeat(self, call: Call, error: BaseException) -> bool:
        """Whether a call may be repeated after this failure.

        :param call: the kind of call.
        :param error: its failure.
        """
        if isinstance(error, NotSentError):
            return True
        if call in (Call.CREATE, Call.UPLOAD):
            return isinstance(error, SeedanceRateLimitError)
        return call is Call.READ and isinstance(error, TransientApiError)

    def settings(self, call: Call) -> dict[str, Any]:
        """The arguments of tenacity's `Retrying` and `AsyncRetrying`.

        :param call: the kind of call.
        """
        backoff = wait_exponential_jitter(initial=1, max=10)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.retry_after if isinstance(error, SeedanceApiError) else None
            return max(backoff(state), asked or 0.0)

        return {
            "retry": retry_if_exception(lambda error: self.may_repeat(call, error)),
            "wait": wait,
            "stop": stop_after_attempt(self.attempts) | stop_before_delay(self.patience),
            "reraise": True,
        }
