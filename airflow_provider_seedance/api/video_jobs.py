"""Videos as jobs: how one fails, how long its URL may be late, the words for its state. Pure."""

from __future__ import annotations

from airflow_provider_seedance.api.errors import (
    SeedanceApiError,
    SeedanceError,
    TransientApiError,
    VideoFailedError,
    VideoModerationError,
    VideoNotFoundError,
    VideoRejectedError,
    VideoTimeoutError,
    VideoUrlExpiredError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.api.jobs import JobKind
from airflow_provider_seedance.api.models import Video, VideoError, VideoStatus
from airflow_provider_seedance.api.vendors.refusals import blames_the_request, speaks_of_moderation

URL_PATIENCE = 120.0
"""Seconds for which a succeeded video may lack its URL: the file may be published a moment after the status."""

_URL_IS_GONE = 24 * 3600.0
"""Seconds after the end of a video when a missing URL isn't late but gone, even if the clocks differ by hours."""


def failure_of(video: Video) -> SeedanceError:
    """The exception for a video that has nothing to deliver: it ended without a result, or isn't there yet."""
    reason = video.error or VideoError()
    kind: type[SeedanceApiError] = VideoFailedError
    if not video.status.is_terminal:
        kind = TransientApiError
        what = f"is {video.status.value}"
        advice = "It goes on at the vendor."
    elif video.status is VideoStatus.SUCCEEDED and video.result_removed:
        kind = VideoUrlExpiredError
        what = "succeeded, but the vendor has removed what it made, which can't be fetched any more"
        advice = f"{video.result_removed} A new video would be paid again."
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
        elif reason.blames_request or blames_the_request(reason.code):
            kind, advice = VideoRejectedError, "The same request would fail again: correct it."
    return kind(f"Video {video.video_id} {what}. {advice}", vendor=video.vendor, code=reason.code)


def _standing(video: Video) -> str:
    progress = f", {video.progress} %" if video.progress is not None else ""
    return f"{video.status.value}{progress}"


def _timed_out(video_id: str, status: str, last_poll: str) -> VideoTimeoutError:
    return VideoTimeoutError(
        f"Video {video_id} was not ready in time; last status: {status}. {last_poll}"
        "It was not cancelled: it may still finish at the vendor, and be billed. "
        "A SeedanceVideoSensor on this id, with more time, can still fetch it."
    )


def _url_due(video: Video, since: float) -> float | None:
    if video.status is not VideoStatus.SUCCEEDED or video.result_removed:
        return None
    due = since + URL_PATIENCE
    return due if video.completed_at is None else min(due, video.completed_at.timestamp() + _URL_IS_GONE)


VIDEO = JobKind[Video](
    noun="Video",
    id_field="video_id",
    not_found=VideoNotFoundError,
    is_listed=True,
    standing=_standing,
    failure_of=failure_of,
    timed_out=_timed_out,
    result_due=_url_due,
)
