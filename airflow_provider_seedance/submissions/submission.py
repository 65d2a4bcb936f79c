"""A submission that is paid for, and what Airflow may do about an error that comes after it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import (
    LandingError,
    SeedanceError,
    TransientApiError,
    VideoFailedError,
    VideoTimeoutError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.exceptions import for_airflow

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.submissions.record import SubmissionRecord

_SUBMITS_ANEW = "A retry submits a new video."
_GOES_ON = "A retry goes on with this video and submits no other."
_NOT_RECORDED = "It is not retried: its id is not on record, and a retry could submit, and pay, again."
_CAN_BE_READ = "A SeedanceVideoSensor on the video's id can still fetch it; clearing buys a new one."
_CAN_BE_LANDED = "SeedanceVideoToObjectStorageOperator can still land the video by its id; clearing buys a new one."


@dataclass(frozen=True)
class Submission:
    """What a task has submitted and pays for, and whether its next attempt will find it again.

    :param record: what was sent, and when; `None` if a resumed task has no record of it.
    :param is_kept: whether the video's id is recorded: it was written, and read back.
    """

    record: SubmissionRecord | None
    is_kept: bool

    @property
    def submitted_at(self) -> float:
        """Unix time of the submission, also in a retry: deadlines count from there. Without a record, now."""
        return self.record.intended_at if self.record else time.time()

    @property
    def video_id(self) -> str | None:
        """The vendor's id, as far as it is known."""
        return self.record.video_id if self.record else None

    def with_seed(self, video: Video) -> Video:
        """The video with the seed that was sent, as long as the vendor doesn't tell it. Below 0 it means any seed."""
        seed = self.record.seed if self.record else None
        if video.seed is not None or seed is None or seed < 0:
            return video
        return video.model_copy(update={"seed": seed})

    def failed(self, error: SeedanceError) -> SeedanceError:
        """An error that came after the submission, in Airflow's terms: it says what a retry does and what it costs.

        Whatever a retry could help is only retried if the id is kept; otherwise the retry would submit, and pay, again.

        :param error: why there is no video, or why it could not be landed.
        :return: the error to raise.
        """
        retry, sentence = self._after(error)
        told = for_airflow(error, retry=retry)
        sentences = [part for part in (self._vendors_own_end(error), sentence) if part]
        if sentences:
            told.args = (" ".join((str(error), *sentences)),)
        return told

    def _vendors_own_end(self, error: SeedanceError) -> str:
        """Whoever wants to wait longer has until then."""
        if not isinstance(error, VideoTimeoutError) or self.record is None or self.record.ends_after is None:
            return ""
        return f"The vendor was told to cancel it {self.record.ends_after:,} s after its creation if it is unfinished."

    def _after(self, error: SeedanceError) -> tuple[bool, str]:
        """Whether a retry may follow, and the sentence that says what it does."""
        is_url_late = isinstance(error, VideoUrlMissingError) and error.retryable
        if isinstance(error, VideoFailedError) and not is_url_late:
            return (True, _SUBMITS_ANEW) if error.retryable else (False, "")
        if isinstance(error, LandingError) and not (self.is_kept and error.retryable):
            return False, _CAN_BE_LANDED
        if isinstance(error, TransientApiError | VideoTimeoutError | LandingError) or is_url_late:
            return (True, _GOES_ON) if self.is_kept else (False, _NOT_RECORDED)
        return False, _CAN_BE_READ
