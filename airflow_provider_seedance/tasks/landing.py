"""Lands the video of a create task, so that no failure of the storage leads to paying for another video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import LandingError, LandingInterruptedError, SeedanceError
from airflow_provider_seedance.landing.lander import land_video

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.submission import Submission


def land_paid_video(
    hook: SeedanceHook,
    video: Video,
    submission: Submission,
    output_path: str,
    *,
    model: Any,
    object_storage_conn_id: str | None,
    run: Mapping[str, Any],
    log: Any,
) -> dict[str, Any]:
    """Lands a finished video in the task that made it.

    :param hook: the hook of the vendor's connection.
    :param video: the finished video.
    :param submission: the task's submission; an error is retried only if a retry would find the video again.
    :param output_path: the rendered destination.
    :param model: the requested model, used if the vendor's answer doesn't name one.
    :param object_storage_conn_id: the connection that opens the storage, if it is named.
    :param run: the task's facts, from `run_facts`.
    :param log: the task's logger.
    :return: the manifest.
    :raises SeedanceError: the video can't be landed; the message says whether a retry helps, and what to do otherwise.
    """
    known = {name: value for name, value in video.to_dict().items() if value is not None}
    try:
        return land_video(
            hook, {"model": model, **known}, output_path, conn_id=object_storage_conn_id, run=run, log=log
        )
    except SeedanceError as error:
        raise submission.failed(error) from None
    except Exception as error:
        # The storage's own error is the cause. Raised itself, it would be retried even if that buys another video.
        name = type(error).__name__
        kind = LandingInterruptedError if submission.is_kept else LandingError
        failure = kind(f"The storage failed ({name}). Video {video.video_id} was made, and is billed.")
        raise submission.failed(failure) from error
