"""The errors, one class for each way to deal with them.

`retryable` says whether trying the same thing again can help *without risking a second bill*;
`may_be_billed` says whether a video may exist at the vendor.
"""

from __future__ import annotations

from typing import ClassVar

from airflow_provider_seedance.api.http.texts import LONGEST_CODE, LONGEST_MESSAGE, clean, one_line, without_signatures

_READ_AT_MOST = 4 * LONGEST_MESSAGE


class SeedanceError(Exception):
    """Base of all errors of this package. The message is safe to log, store and show, whatever it quotes."""

    retryable: ClassVar[bool] = False
    may_be_billed: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(without_signatures(str(message)[:_READ_AT_MOST]), LONGEST_MESSAGE))


def _word(text: str | None) -> str | None:
    return None if text is None else clean(str(text), LONGEST_CODE)


class SeedanceConfigError(SeedanceError):
    """The connection can't be used: vendor, key or a setting is missing or wrong. Nothing was sent."""


class InvalidRequestError(SeedanceError, ValueError):
    """The request breaks a documented rule. Nothing was sent; a retry can't help.

    :param problems: one sentence per broken rule, each naming the field, the rule and its source.
    """

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(map(one_line, problems)) or (str(self),)


class UnsupportedByVendorError(SeedanceError):
    """The vendor has no such call (cancel, list, model information). A retry can't help."""


class SeedanceApiError(SeedanceError):
    """The vendor's answer, or the lack of one.

    :param vendor: the vendor's name for people.
    :param code: the vendor's own error code.
    :param status_code: HTTP status, `None` when there was no answer.
    :param request_id: the vendor's request id, to quote to its support.
    :param retry_after: seconds the vendor asked to wait.
    """

    def __init__(
        self,
        message: str,
        *,
        vendor: str | None = None,
        code: str | None = None,
        status_code: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.vendor = _word(vendor)
        self.code = _word(code)
        self.status_code = status_code if isinstance(status_code, int) and 0 < status_code < 1000 else None
        self.request_id = _word(request_id)
        self.retry_after = retry_after


class SeedanceAuthError(SeedanceApiError):
    """The key is wrong or may not do this (401, 403, model not open). Nothing was created; a retry can't help."""


class SeedanceQuotaError(SeedanceApiError):
    """No balance or quota left. Nothing was created; a retry can't help before the account is topped up."""


class SeedanceModerationError(SeedanceApiError):
    """Refused by the vendor's moderation. Nothing was created; the same input will be refused again."""


class RequestRejectedError(SeedanceApiError):
    """The vendor refused the request as it stands (4xx). Nothing was created; a retry can't help."""


class SeedanceRateLimitError(SeedanceApiError):
    """The vendor has no room now (429), or could not check the request just now. Nothing was created; waiting helps."""

    retryable = True


class TransientApiError(SeedanceApiError):
    """A read failed for a passing reason (network, 5xx, an unreadable answer). Asking again helps and costs nothing."""

    retryable = True


class NotSentError(TransientApiError):
    """No connection could be made, so nothing was sent and nothing was created. A retry is safe."""


class GatewayRefusedError(SeedanceApiError):
    """A proxy, firewall or gateway before the vendor refused a create or an upload.

    The request never reached the vendor, so nothing was created and a retry is safe. Raised only if the answer is not
    one of the vendor's own: see `ErrorAnswer.is_vendors`.
    """

    retryable = True


class SubmissionUnknownError(SeedanceApiError):
    """A create was sent and its outcome is unknown: a video may exist and be billed. Sending again could pay twice.

    :param video_id: the id in the answer, `None` if there is none. Reading that video tells whether it exists.
    """

    may_be_billed = True

    def __init__(
        self,
        message: str,
        *,
        vendor: str | None = None,
        code: str | None = None,
        status_code: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        video_id: str | None = None,
    ) -> None:
        super().__init__(
            message,
            vendor=vendor,
            code=code,
            status_code=status_code,
            request_id=request_id,
            retry_after=retry_after,
        )
        self.video_id = video_id


class VideoNotFoundError(SeedanceApiError):
    """The vendor doesn't know this video id (any more). A retry can't help."""


class VideoFailedError(SeedanceApiError):
    """The video ended without a result: failed, cancelled, expired, or succeeded without a usable URL.

    A retry of the *create* makes a new video; a retry of the *wait* can't help.
    """

    retryable = True


class VideoRejectedError(VideoFailedError):
    """The vendor accepted the request and found later that it breaks a rule. The same request always fails."""

    retryable = False


class VideoUrlMissingError(VideoFailedError):
    """The video succeeded, but its URL is missing or not usable. A new video would be paid again.

    Looking again costs nothing and may bring the URL, so a retry of the *wait* can help.
    """


class VideoModerationError(VideoFailedError, SeedanceModerationError):
    """The finished video was withheld by the vendor's moderation of outputs.

    The same prompt may pass another time, but each try is a new video: that decision is the user's, so no retry.
    """

    retryable = False


class VideoTimeoutError(SeedanceError):
    """The video was not ready at the deadline. It may still finish, and be billed; looking again costs nothing."""

    may_be_billed = True


class LandingError(SeedanceError):
    """The finished video could not be brought to the user's storage. Nothing is visible there.

    The video itself is untouched: as long as its URL lives, or can be renewed, landing it again costs nothing.
    """


class VideoNotReadyError(LandingError):
    """The video is still queued or running. Wait for it first."""

    retryable = True


class LandingInterruptedError(LandingError):
    """The file didn't come completely: connection lost, host overloaded, body cut short. A later try may help.

    :param retry_after: seconds the file host asked to wait.
    """

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotAVideoError(LandingError):
    """The host sent something else than the file: an error page, another kind of file, an incomplete file.

    Hosts sometimes do that for a moment, so a retry may help.
    """

    retryable = True


class LandingRefusedError(LandingError):
    """A rule forbids the landing: scheme, private address, redirect, size, another file at the destination."""


class VideoUrlExpiredError(VideoUrlMissingError, LandingError):
    """The URL has expired and can't be renewed, because the video's id isn't known or the vendor has dropped it."""

    retryable = False


class UploadUnknownError(SeedanceApiError):
    """Reference media was sent, and it is unknown whether it was stored. No vendor documents a price for storing.

    A retry sends it again, so a copy may be left in the vendor's library.
    """

    retryable = True


class AssetRejectedError(SeedanceApiError):
    """The vendor processed the reference media and refused it. A retry can't help: use other media."""


class AssetNotFoundError(SeedanceApiError):
    """The vendor doesn't know this asset id (any more). A retry can't help."""


class AssetTimeoutError(SeedanceError):
    """The asset was not active at the deadline. It may still become so; looking again costs nothing."""

    retryable = True


class MaxCostError(SeedanceError):
    """The video would cost more than `max_cost`, or its cost can't be told. Nothing was sent."""


class BudgetExceededError(SeedanceError):
    """The video exceeds a budget of the connection, or it can't be told whether it does. Nothing was sent."""

    may_skip = True
    """Whether the task may be skipped for it: not if the cost can't be told, or if an earlier submission of the task is
    in doubt."""


class SubmissionRecordError(SeedanceError):
    """The record of an earlier submission can't be read, so it is unknown what was paid for. Nothing was sent."""


class RequestChangedError(SeedanceError):
    """A retry's request differs from the submitted one. Nothing was sent; clearing the task starts over."""
