"""What a poll means: wait on, done, failed or give up. Pure, shared by the operator, the sensor and the trigger."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    TransientApiError,
    VideoFailedError,
    VideoModerationError,
    VideoNotFoundError,
    VideoTimeoutError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.api.models import Video, VideoError, VideoStatus
from airflow_provider_seedance.api.vendors.answers import speaks_of_moderation

MOST_FAILURES = 5
"""Consecutive failed polls after which a wait ends; a video that is paid for isn't given up for a hiccup.

Each pause between them is twice as long as the one before: with polls every 10 seconds that spans two and a half
minutes.
"""

LONGEST_PAUSE = 120.0
"""Seconds to which the pause after a failed poll grows, unless polls are further apart anyway."""

NOT_FOUND_GRACE = 30.0
"""Seconds from the start of a wait in which an unknown id is put up with: records may lag behind the create."""


class Outcome(StrEnum):
    """What to do after a poll."""

    WAIT = "wait"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Decision:
    """The verdict on one poll.

    :param outcome: what to do.
    :param delay: seconds until the next poll, if there is one.
    :param video: as it was last seen, if it was.
    :param error: why it failed.
    :param note: a sentence for the log, if something changed.
    :param warn: whether the note is a warning.
    """

    outcome: Outcome
    delay: float = 0.0
    video: Video | None = None
    error: SeedanceError | None = None
    note: str | None = None
    warn: bool = False


class Wait:
    """The memory of one wait: what was last seen, how often polls failed, when to give up.

    :param video_id: the vendor's id.
    :param interval: seconds between polls.
    :param deadline: Unix time after which the wait is given up, kept across restarts; `None` waits for ever.
    :param started: Unix time of the first poll.
    """

    def __init__(self, video_id: str, *, interval: float, deadline: float | None, started: float) -> None:
        self.video_id = video_id
        self.interval = interval
        self.deadline = deadline
        self.started = started
        self._last: Video | None = None
        self._failures = 0
        self._warned: set[str] = set()

    def saw(self, video: Video, now: float) -> Decision:
        """The vendor answered."""
        before, self._last, self._failures = self._last, video, 0
        note, warn = self._status_note(before, video)
        if video.is_deliverable:
            return Decision(Outcome.SUCCEEDED, video=video, note=note)
        if video.status.is_terminal:
            return Decision(Outcome.FAILED, video=video, error=failure_of(video), note=note)
        return self._wait_or_give_up(now, self.interval, note, warn)

    def missed(self, error: SeedanceError, now: float) -> Decision:
        """The poll failed."""
        if isinstance(error, VideoNotFoundError) and now - self.started < NOT_FOUND_GRACE:
            return self._wait_or_give_up(now, self.interval, f"Video {self.video_id} is not known yet.", False)
        if not isinstance(error, TransientApiError):
            return Decision(Outcome.FAILED, video=self._last, error=error)
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            return Decision(Outcome.FAILED, video=self._last, error=error)
        note = f"Poll {self._failures} of at most {MOST_FAILURES} in a row failed: {error}"
        pause = max(self.interval, min(LONGEST_PAUSE, self.interval * 2 ** (self._failures - 1)))
        return self._wait_or_give_up(now, max(pause, error.retry_after or 0.0), note, True)

    def put_off(self, now: float) -> Decision:
        """The vendor had no time for anybody: that says nothing about this video, but the deadline holds."""
        return self._wait_or_give_up(now, self.interval, None, False)

    def _wait_or_give_up(self, now: float, delay: float, note: str | None, warn: bool) -> Decision:
        if self.deadline is None:
            return Decision(Outcome.WAIT, delay, self._last, note=note, warn=warn)
        left = self.deadline - now
        if left <= 0:
            status = self._last.status.value if self._last else "never seen"
            error = VideoTimeoutError(
                f"Video {self.video_id} was not ready in time; last status: {status}. "
                "It was not cancelled: it may still finish at the vendor, and be billed. "
                "A SeedanceVideoSensor on this id, with more time, can still fetch it."
            )
            return Decision(Outcome.FAILED, video=self._last, error=error, note=note, warn=warn)
        return Decision(Outcome.WAIT, min(delay, left), self._last, note=note, warn=warn)

    def _status_note(self, before: Video | None, video: Video) -> tuple[str | None, bool]:
        word = video.undocumented_status
        if word and word not in self._warned:
            self._warned.add(word)
            return f"Video {self.video_id}: undocumented status {word!r}; waiting on as if it were running.", True
        if before is None or before.status != video.status:
            progress = f", {video.progress} %" if video.progress is not None else ""
            return f"Video {self.video_id}: {video.status.value}{progress}.", False
        return None, False


def failure_of(video: Video) -> VideoFailedError:
    """The exception for a video that ended without anything to deliver."""
    reason = video.error or VideoError()
    if video.status is VideoStatus.SUCCEEDED:
        what = "succeeded, but without a URL that can be downloaded"
        advice = "Its URL may have expired; the vendor's console may still have it."
    elif video.status is VideoStatus.FAILED:
        what = f"failed at the vendor: {reason}"
        advice = "Whether the vendor bills failed videos is in its terms."
    else:
        what = f"was {video.status.value} at the vendor"
        advice = "A new video has to be created."
    kind = VideoUrlMissingError if video.status is VideoStatus.SUCCEEDED else VideoFailedError
    if video.status is VideoStatus.FAILED and speaks_of_moderation(str(reason)):
        kind, advice = VideoModerationError, "The same prompt may pass another time; each try is a new video."
    return kind(f"Video {video.video_id} {what}. {advice}", vendor=video.vendor, code=reason.code)
