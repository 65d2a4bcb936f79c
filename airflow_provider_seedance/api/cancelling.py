"""Whether a video may be cancelled, and what to tell people. Pure, shared by the operator, its trigger and the hook."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_seedance.api.models import Video, VideoStatus


@dataclass(frozen=True)
class Cancellation:
    """What came of the wish to cancel a video.

    :param cancelled: whether the vendor took it back.
    :param sentence: for the log.
    """

    cancelled: bool
    sentence: str


def cannot_cancel(video_id: str, title: str) -> Cancellation:
    """The vendor has no such call."""
    return Cancellation(
        False, f"{title} has no documented way to cancel: video {video_id} goes on and will be billed if it succeeds."
    )


def before_cancel(video: Video, title: str) -> Cancellation | None:
    """Why a cancel makes no sense or would harm, `None` if it may be sent: only a queued video can be taken back."""
    if video.status is VideoStatus.QUEUED:
        return None
    if video.status is VideoStatus.RUNNING:
        return Cancellation(
            False,
            f"Video {video.video_id} is running already: {title} can't stop it, it will be billed if it succeeds.",
        )
    # On Ark, DELETE on an ended video erases its record, and with it the way to fetch what was paid for.
    return Cancellation(False, f"Video {video.video_id} has ended ({video.status.value}); its record is kept.")


def after_cancel(video_id: str, title: str, refusal: str | None) -> Cancellation:
    """What the vendor made of the cancel."""
    if refusal is None:
        return Cancellation(True, f"{title} cancelled video {video_id} before it started.")
    return Cancellation(False, f"{title} did not cancel video {video_id}; it may be billed. {refusal}")
