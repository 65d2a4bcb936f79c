# `AirflowException.status_code` is an `HTTPStatus`, ours may be unknown.
# mypy: disable-error-code="misc"
"""The errors of `api.errors` after which Airflow fails the task, whatever its `retries`."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_seedance.api import errors


class FinalForm(AirflowFailException):
    """The base of the classes below: Airflow doesn't retry the task."""

    # `AirflowException` has 500 here, as if every error were an HTTP answer. Errors that come from an answer say what
    # its status was.
    status_code: Any = None


class SeedanceError(errors.SeedanceError, FinalForm): ...


class SeedanceConfigError(errors.SeedanceConfigError, FinalForm): ...


class InvalidRequestError(errors.InvalidRequestError, FinalForm): ...


class UnsupportedByVendorError(errors.UnsupportedByVendorError, FinalForm): ...


class SeedanceApiError(errors.SeedanceApiError, FinalForm): ...


class SeedanceAuthError(errors.SeedanceAuthError, FinalForm): ...


class SeedanceQuotaError(errors.SeedanceQuotaError, FinalForm): ...


class SeedanceModerationError(errors.SeedanceModerationError, FinalForm): ...


class RequestRejectedError(errors.RequestRejectedError, FinalForm): ...


class SeedanceRateLimitError(errors.SeedanceRateLimitError, FinalForm): ...


class TransientApiError(errors.TransientApiError, FinalForm): ...


class NotSentError(errors.NotSentError, FinalForm): ...


class GatewayRefusedError(errors.GatewayRefusedError, FinalForm): ...


class SubmissionUnknownError(errors.SubmissionUnknownError, FinalForm): ...


class VideoNotFoundError(errors.VideoNotFoundError, FinalForm): ...


class VideoFailedError(errors.VideoFailedError, FinalForm): ...


class VideoRejectedError(errors.VideoRejectedError, FinalForm): ...


class VideoUrlMissingError(errors.VideoUrlMissingError, FinalForm): ...


class VideoModerationError(errors.VideoModerationError, FinalForm): ...


class VideoTimeoutError(errors.VideoTimeoutError, FinalForm): ...


class LandingError(errors.LandingError, FinalForm): ...


class VideoNotReadyError(errors.VideoNotReadyError, FinalForm): ...


class LandingInterruptedError(errors.LandingInterruptedError, FinalForm): ...


class NotAVideoError(errors.NotAVideoError, FinalForm): ...


class LandingRefusedError(errors.LandingRefusedError, FinalForm): ...


class VideoUrlExpiredError(errors.VideoUrlExpiredError, FinalForm): ...


class UploadUnknownError(errors.UploadUnknownError, FinalForm): ...


class AssetRejectedError(errors.AssetRejectedError, FinalForm): ...


class AssetNotFoundError(errors.AssetNotFoundError, FinalForm): ...


class AssetTimeoutError(errors.AssetTimeoutError, FinalForm): ...


class MaxCostError(errors.MaxCostError, FinalForm): ...


class BudgetExceededError(errors.BudgetExceededError, FinalForm): ...


class SubmissionRecordError(errors.SubmissionRecordError, FinalForm): ...


class RequestChangedError(errors.RequestChangedError, FinalForm): ...
