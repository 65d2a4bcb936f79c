"""When a call is repeated, by what repeating it costs."""

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
    """How often a call is repeated, and for how long.

    :param attempts: most tries of one call, the first one included.
    :param patience: seconds that all waiting of one call may take; a longer `Retry-After` ends the tries at once.
    """

    attempts: int = 3
    patience: float = 60.0

    def may_repeat(self, call: Call, error: BaseException) -> bool:
        """Whether this failure of this call may be tried again."""
        if isinstance(error, NotSentError):
            return True
        if call in (Call.CREATE, Call.UPLOAD):
            return isinstance(error, SeedanceRateLimitError)
        return call is Call.READ and isinstance(error, TransientApiError)

    def settings(self, call: Call) -> dict[str, Any]:
        """The same settings for tenacity's sync and async forms."""
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
