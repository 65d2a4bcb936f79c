"""A ready-made `retry_policy` for Airflow 3.3+: it fails the task at once if a retry can't help, else retries it."""

from __future__ import annotations

try:
    from airflow.providers.common.compat.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
except ImportError:
    raise ImportError(
        "Retry policies need Airflow 3.3. Below it leave `retry_policy` out: "
        "errors that a retry can't help, or would pay twice, fail the task at once there too."
    ) from None

_ERRORS = "airflow_provider_seedance.api.errors"

SEEDANCE_RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=f"{_ERRORS}.SeedanceModerationError", action=RetryAction.FAIL, reason="Refused by moderation"
        ),
        RetryRule(exception=f"{_ERRORS}.SeedanceQuotaError", action=RetryAction.FAIL, reason="No balance or quota"),
        RetryRule(exception=f"{_ERRORS}.SeedanceAuthError", action=RetryAction.FAIL, reason="The key is refused"),
        RetryRule(exception=f"{_ERRORS}.SeedanceConfigError", action=RetryAction.FAIL, reason="Connection is wrong"),
        RetryRule(exception=f"{_ERRORS}.InvalidRequestError", action=RetryAction.FAIL, reason="Bad input"),
        RetryRule(exception=f"{_ERRORS}.RequestRejectedError", action=RetryAction.FAIL, reason="Bad input"),
        RetryRule(exception=f"{_ERRORS}.VideoRejectedError", action=RetryAction.FAIL, reason="Bad input"),
        RetryRule(exception=f"{_ERRORS}.VideoNotFoundError", action=RetryAction.FAIL, reason="Unknown video"),
        RetryRule(
            exception=f"{_ERRORS}.SubmissionUnknownError",
            action=RetryAction.FAIL,
            reason="It may have been billed",
            # The operator's own form of the error decides whether a retry may follow.
            match_subclasses=False,
        ),
    ],
    default=RetryAction.DEFAULT,
)
"""`SeedanceCreateVideoOperator(..., retries=3, retry_policy=SEEDANCE_RETRY_POLICY)`."""
