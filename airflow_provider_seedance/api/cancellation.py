"""Decides whether a video may be cancelled, and words the result. Pure; shared by operator, trigger and hook."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_seedance.api.errors import NotSentError, SeedanceError, TransientApiError, VideoNotFoundError
from airflow_provider_seedance.api.models import Video, VideoStatus


@dataclass(frozen=True)
class Cancellation:
    """The result of a cancel.

    :param cancelled: whether the vendor shows it as cancelled.
    :param sentence: for the log.
    """

    cancelled: bool
    sentence: str


def cannot_cancel(video_id: str, title: str) -> Cancellation:
    """The result at a vendor that has no such call.

    :param video_id: the vendor's id.
    :param title: the vendor's name for people.
    """
    return Cancellation(
        False, f"{title} has no documented way to cancel: video {video_id} goes on and will be billed if it succeeds."
    )


def before_cancel(video: Video, title: str, *, can_stop: bool = False) -> Cancellation | None:
    """The result if a cancel would be useless or harmful, `None` if it may be sent.

    :param video: as it was just read.
    :param title: the vendor's name for people.
    :param can_stop: whether the vendor accepts a cancel for a running video too, not only for a queued one.
    """
    if video.status is VideoStatus.QUEUED or (can_stop and video.status is VideoStatus.RUNNING):
        return None
    if video.status is VideoStatus.RUNNING:
        return Cancellation(
            False,
            f"Video {video.video_id} is running already: {title} can't stop it, it will be billed if it succeeds.",
        )
    # On Ark, DELETE on an ended video erases its record, and with it the way to fetch the paid video.
    return Cancellation(False, f"Video {video.video_id} has ended ({video.status.value}); its record is kept.")


def after_cancel(
    video_id: str,
    title: str,
    refusal: SeedanceError | None,
    seen: Video | SeedanceError,
    *,
    was_running: bool = False,
) -> Cancellation:
    """The result of a cancel that was sent, by the video's state afterwards: it may have ended meanwhile.

    :param video_id: the vendor's id.
    :param title: the vendor's name for people.
    :param refusal: the error of the cancel; `None` if the vendor confirmed it.
    :param seen: the video as read after the cancel, or the error of that read.
    :param was_running: whether the video was running when the cancel was sent.
    """
    if isinstance(seen, Video) and seen.status is VideoStatus.CANCELLED:
        if was_running:
            what = f"{title} stopped video {video_id}, which was running; whether that is billed is in its terms."
            return Cancellation(True, what)
        return Cancellation(True, f"{title} cancelled video {video_id} before it started.")
    if refusal is not None:
        what = f"{title} did not cancel video {video_id}"
        is_open = not isinstance(seen, Video) or seen.status is VideoStatus.QUEUED
        if is_open and _was_lost(refusal):
            what = f"Whether {title} cancelled video {video_id} is not known"
        return Cancellation(False, f"{what}; it may be billed. {refusal}")
    if isinstance(seen, Video):
        now = f"Video {video_id} is {seen.status.value}, though {title} accepted to cancel it; it may be billed."
        return Cancellation(False, now)
    if isinstance(seen, VideoNotFoundError):
        gone = (
            f"{title} has no record of video {video_id} any more: it seems to have ended just before the cancel came."
        )
        return Cancellation(False, f"{gone} It may be billed.")
    return Cancellation(
        False, f"{title} accepted to cancel video {video_id}; whether it had started isn't known. {seen}"
    )


def _was_lost(refusal: SeedanceError) -> bool:
    """Whether the cancel, or the answer to it, was lost."""
    if isinstance(refusal, NotSentError) or not isinstance(refusal, TransientApiError):
        return False
    return refusal.status_code != 429
