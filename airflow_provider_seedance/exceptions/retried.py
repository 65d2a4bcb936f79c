# `AirflowException.status_code` is an `HTTPStatus`, ours may be unknown.
# mypy: disable-error-code="misc"
"""The errors of `api.errors` after which Airflow retries the task, as often as its `retries` say."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_seedance.api import errors


class RetriedForm(AirflowException):
    """The base of the classes below: Airflow may retry the task."""

    # `AirflowException` has 500 here, as if every error were an HTTP answer. Errors that come from an answer say what
    # its status was.
    status_code: Any = None


class SeedanceError(errors.SeedanceError, RetriedForm): ...


class SeedanceConfigError(errors.SeedanceConfigError, RetriedForm): ...


class InvalidRequestError(errors.InvalidRequestError, RetriedForm): ...


class UnsupportedByVendorError(errors.UnsupportedByVendorError, RetriedForm): ...


class SeedanceApiError(errors.SeedanceApiError, RetriedForm): ...


class SeedanceAuthError(errors.SeedanceAuthError, RetriedForm): ...


class SeedanceQuotaError(errors.SeedanceQuotaError, RetriedForm): ...


class SeedanceModerationError(errors.SeedanceModerationError, RetriedForm): ...


class RequestRejectedError(errors.RequestRejectedError, RetriedForm): ...


class SeedanceRateLimitError(errors.SeedanceRateLimitError, RetriedForm): ...


class TransientApiError(errors.TransientApiError, RetriedForm): ...


class NotSentError(errors.NotSentError, RetriedForm): ...


class GatewayRefusedError(errors.GatewayRefusedError, RetriedForm): ...


class SubmissionUnknownError(errors.SubmissionUnknownError, RetriedForm): ...


class VideoNotFoundError(errors.VideoNotFoundError, RetriedForm): ...


class VideoFailedError(errors.VideoFailedError, RetriedForm): ...


class VideoRejectedError(errors.VideoRejectedError, RetriedForm): ...


class VideoUrlMissingError(errors.VideoUrlMissingError, RetriedForm): ...


class VideoModerationError(errors.VideoModerationError, RetriedForm): ...


class VideoTimeoutError(errors.VideoTimeoutError, RetriedForm): ...


class LandingError(errors.LandingError, RetriedForm): ...


class VideoNotReadyError(errors.VideoNotReadyError, RetriedForm): ...


class LandingInterruptedError(errors.LandingInterruptedError, RetriedForm): ...


class NotAVideoError(errors.NotAVideoError, RetriedForm): ...


class LandingRefusedError(errors.LandingRefusedError, RetriedForm): ...


class VideoUrlExpiredError(errors.VideoUrlExpiredError, RetriedForm): ...


class UploadUnknownError(errors.UploadUnknownError, RetriedForm): ...


class AssetRejectedError(errors.AssetRejectedError, RetriedForm): ...


class AssetNotFoundError(errors.AssetNotFoundError, RetriedForm): ...


class AssetTimeoutError(errors.AssetTimeoutError, RetriedForm): ...


class MaxCostError(errors.MaxCostError, RetriedForm): ...


class BudgetExceededError(errors.BudgetExceededError, RetriedForm): ...


class SubmissionRecordError(errors.SubmissionRecordError, RetriedForm): ...


class RequestChangedError(errors.RequestChangedError, RetriedForm): ...
