"""What a poll means: wait on, done, failed or give up. Pure, shared by the operator, the sensor and the trigger."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceError,
    SeedanceQuotaError,
    TransientApiError,
    VideoFailedError,
    VideoModerationError,
    VideoNotFoundError,
    VideoRejectedError,
    VideoTimeoutError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.api.models import Video, VideoError, VideoStatus
from airflow_provider_seedance.api.vendors.refusals import blames_the_request, speaks_of_moderation

MOST_FAILURES = 5
"""Consecutive failed polls after which a wait ends; a video that is paid for isn't given up for a hiccup.

Each pause between them is twice as long as the one before: with polls every 10 seconds that spans two and a half
minutes.
"""

MOST_REFUSALS = 3
"""Consecutive refusals of one kind (unknown id, wrong key ...) after which the vendor is believed.

Vendors' replicas lag, keys are rotated and balances topped up, while the video is paid for and goes on. With polls
every 10 seconds that spans half a minute.
"""

LONGEST_PAUSE = 120.0
"""Seconds to which the pause after a failed poll grows, unless polls are further apart anyway."""

NOT_FOUND_GRACE = 30.0
"""Seconds from the start of a wait in which an unknown id is put up with: records may lag behind the create."""

URL_PATIENCE = 120.0
"""Seconds that a succeeded video may be without its URL: the file may be published a moment after the status."""

_URL_IS_GONE = 24 * 3600.0
"""Seconds after the end of a video when a missing URL isn't late but gone, even if the clocks differ by hours."""

_REFUSALS: tuple[type[SeedanceApiError], ...] = (
    VideoNotFoundError,
    AssetNotFoundError,
    SeedanceAuthError,
    SeedanceQuotaError,
    RequestRejectedError,
)


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
    :param doubt: what this poll failed with, if the wait goes on all the same.
    """

    outcome: Outcome
    delay: float = 0.0
    video: Video | None = None
    error: SeedanceError | None = None
    note: str | None = None
    warn: bool = False
    doubt: SeedanceError | None = None


class Misses:
    """Polls in a row that showed nothing.

    A passing failure is put up with `MOST_FAILURES` times. A refusal in the vendor's own words counts for more, but one
    alone is no proof: only `MOST_REFUSALS` of the same kind in a row are.

    :param interval: seconds between polls.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self.clear()

    def clear(self) -> None:
        """A poll went well."""
        self._failures = self._refusals = 0
        self._kind: type[SeedanceApiError] | None = None

    def refused(self, error: SeedanceError) -> None:
        """Remembers which kind of refusal this is, without counting it as a failure yet."""
        kind = _kind_of(error)
        self._refusals = self._refusals + 1 if kind is self._kind else 1
        self._kind = kind

    def add(self, error: SeedanceError) -> bool:
        """Counts a failed poll; says whether that is one too many."""
        self._failures += 1
        if isinstance(error, TransientApiError):
            self._refusals, self._kind = 0, None
        else:
            self.refused(error)
        return self._failures >= MOST_FAILURES or self._refusals >= MOST_REFUSALS

    def note(self, what: str, error: SeedanceError) -> str:
        """What to tell people of the last one.

        :param what: what was asked for, as in `Poll`.
        """
        count, most = (self._refusals, MOST_REFUSALS) if self._refusals else (self._failures, MOST_FAILURES)
        return f"{what} {count} of at most {most} in a row failed: {error}"

    def pause(self, error: SeedanceError) -> float:
        """Seconds until the next poll: twice as long each time, and as long as the vendor asks for."""
        longer: float = min(LONGEST_PAUSE, self._interval * 2 ** (self._failures - 1))
        # What a vendor refuses is checked soon, however rarely its answers are asked for.
        pause = longer if self._refusals else max(self._interval, longer)
        asked = error.retry_after if isinstance(error, SeedanceApiError) else None
        return max(pause, asked or 0.0)


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
        self._misses = Misses(interval)
        self._without_url_since: float | None = None
        self._warned: set[str] = set()

    def saw(self, video: Video, now: float) -> Decision:
        """The vendor answered."""
        before, self._last = self._last, video
        self._misses.clear()
        note, warn = self._status_note(before, video)
        if video.is_deliverable:
            return Decision(Outcome.SUCCEEDED, video=video, note=note)
        if video.status is VideoStatus.SUCCEEDED:
            return self._wait_for_url(video, now, note)
        self._without_url_since = None
        if video.status.is_terminal:
            return Decision(Outcome.FAILED, video=video, error=failure_of(video), note=note)
        return self._wait_or_give_up(now, self.interval, note, warn)

    def missed(self, error: SeedanceError, now: float) -> Decision:
        """The poll failed."""
        if not isinstance(error, SeedanceApiError):  # the connection can't be used: no vendor has said anything
            return Decision(Outcome.FAILED, video=self._last, error=error)
        is_new = self._last is None and now - self.started < NOT_FOUND_GRACE
        if is_new and isinstance(error, VideoNotFoundError):
            self._misses.refused(error)
            note = f"Video {self.video_id} is not known yet."
            return self._wait_or_give_up(now, self.interval, note, False)
        if self._misses.add(error):
            return Decision(Outcome.FAILED, video=self._last, error=error)
        note = self._misses.note("Poll", error)
        return self._wait_or_give_up(now, self._misses.pause(error), note, True, error)

    def start_afresh(self) -> None:
        """Another key is used from now on: what was refused before says nothing about it."""
        self._misses.clear()

    def put_off(self, now: float) -> Decision:
        """The vendor had no time for anybody: that says nothing about this video, but the deadline holds."""
        return self._wait_or_give_up(now, self.interval, None, False)

    def _wait_for_url(self, video: Video, now: float, note: str | None) -> Decision:
        if self._without_url_since is None:
            self._without_url_since = now
        until = self._without_url_since + URL_PATIENCE
        if video.completed_at is not None:
            until = min(until, video.completed_at.timestamp() + _URL_IS_GONE)
        if self.deadline is not None:
            until = min(until, self.deadline)
        if now >= until:
            return Decision(Outcome.FAILED, video=video, error=failure_of(video), note=note)
        if note:
            note = f"{note} Its URL is not there yet; waiting for it."
        return Decision(Outcome.WAIT, min(self.interval, until - now), video, note=note)

    def _wait_or_give_up(
        self, now: float, delay: float, note: str | None, warn: bool, doubt: SeedanceError | None = None
    ) -> Decision:
        if self.deadline is None:
            return Decision(Outcome.WAIT, delay, self._last, note=note, warn=warn, doubt=doubt)
        left = self.deadline - now
        if left <= 0:
            status = self._last.status.value if self._last else "never seen"
            last = f"The last poll failed: {doubt} " if doubt else ""
            error = VideoTimeoutError(
                f"Video {self.video_id} was not ready in time; last status: {status}. {last}"
                "It was not cancelled: it may still finish at the vendor, and be billed. "
                "A SeedanceVideoSensor on this id, with more time, can still fetch it."
            )
            return Decision(Outcome.FAILED, video=self._last, error=error, note=note, warn=warn)
        return Decision(Outcome.WAIT, min(delay, left), self._last, note=note, warn=warn, doubt=doubt)

    def _status_note(self, before: Video | None, video: Video) -> tuple[str | None, bool]:
        word = video.undocumented_status
        if word and word not in self._warned:
            self._warned.add(word)
            return f"Video {self.video_id}: undocumented status {word!r}; waiting on as if it were running.", True
        if before is None or before.status != video.status:
            progress = f", {video.progress} %" if video.progress is not None else ""
            return f"Video {self.video_id}: {video.status.value}{progress}.", False
        return None, False


def failure_of(video: Video) -> SeedanceError:
    """The exception for a video that has nothing to deliver: it ended without a result, or isn't there yet."""
    reason = video.error or VideoError()
    kind: type[SeedanceApiError] = VideoFailedError
    if not video.status.is_terminal:
        kind = TransientApiError
        what = f"is {video.status.value}"
        advice = "It goes on at the vendor."
    elif video.status is VideoStatus.SUCCEEDED:
        kind = VideoUrlMissingError
        what = "succeeded, but without a URL that can be downloaded"
        advice = "Its URL may have expired; the vendor's console may still have it."
    elif video.status is not VideoStatus.FAILED:
        what = f"was {video.status.value} at the vendor"
        advice = "A new video has to be created."
    else:
        what = f"failed at the vendor: {reason}"
        advice = "Whether the vendor bills failed videos is in its terms."
        if speaks_of_moderation(str(reason)):
            kind, advice = VideoModerationError, "The same prompt may pass another time; each try is a new video."
        elif blames_the_request(reason.code):
            kind, advice = VideoRejectedError, "The same request would fail again: correct it."
    return kind(f"Video {video.video_id} {what}. {advice}", vendor=video.vendor, code=reason.code)


def _kind_of(error: SeedanceError) -> type[SeedanceApiError]:
    return next((kind for kind in _REFUSALS if isinstance(error, kind)), SeedanceApiError)
