"""A paid submission, and whether Airflow may retry after an error that follows it."""

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
    """A task's paid submission, and whether its next attempt will find it again.

    :param record: the record of the submission; `None` if a resumed task has none.
    :param is_kept: whether the video's id is on record, that is, was written and read back.
    """

    record: SubmissionRecord | None
    is_kept: bool

    @property
    def submitted_at(self) -> float:
        """Unix time of the submission, from which deadlines count, in a retry too. Without a record, the time now."""
        return self.record.intended_at if self.record else time.time()

    @property
    def video_id(self) -> str | None:
        """The vendor's id; `None` if it is unknown."""
        return self.record.video_id if self.record else None

    def with_seed(self, video: Video) -> Video:
        """Adds the seed that was sent, unless the vendor reports one. A negative seed, which means any, is not added.

        :param video: the video as read.
        :return: the video, with its seed as far as it is known.
        """
        seed = self.record.seed if self.record else None
        if video.seed is not None or seed is None or seed < 0:
            return video
        return video.model_copy(update={"seed": seed})

    def failed(self, error: SeedanceError) -> SeedanceError:
        """Translates an error after the submission into Airflow's terms; its message says what a retry does and costs.

        An error that a retry could mend is only retried if the id is on record; otherwise the retry would submit, and
        pay, again.

        :param error: the reason why there is no video, or why it could not be landed.
        :return: the error to raise.
        """
        retry, sentence = self._after(error)
        told = for_airflow(error, retry=retry)
        sentences = [part for part in (self._vendors_own_end(error), sentence) if part]
        if sentences:
            told.args = (" ".join((str(error), *sentences)),)
        return told

    def unread(self, error: SeedanceError) -> SeedanceError:
        """Translates the error of the read with which an attempt goes on with the video; the message names the video.

        :param error: the error of the read.
        :return: the error to raise.
        """
        told = self.failed(error)
        told.args = (f"Video {self.video_id} of an earlier attempt could not be read. {told}",)
        return told

    def _vendors_own_end(self, error: SeedanceError) -> str:
        """The sentence about the vendor's own deadline, for users who want to wait longer; empty if there is none."""
        if not isinstance(error, VideoTimeoutError) or self.record is None or self.record.ends_after is None:
            return ""
        return f"The vendor was told to cancel it {self.record.ends_after:,} s after its creation if it is unfinished."

    def _after(self, error: SeedanceError) -> tuple[bool, str]:
        """Whether Airflow may retry, and the sentence that says what the user can expect or do."""
        is_url_late = isinstance(error, VideoUrlMissingError) and error.retryable
        if isinstance(error, VideoFailedError) and not is_url_late:
            return (True, _SUBMITS_ANEW) if error.retryable else (False, "")
        if isinstance(error, LandingError) and not (self.is_kept and error.retryable):
            return False, _CAN_BE_LANDED
        if isinstance(error, TransientApiError | VideoTimeoutError | LandingError) or is_url_late:
            return (True, _GOES_ON) if self.is_kept else (False, _NOT_RECORDED)
        return False, _CAN_BE_READ
