"""Airflow metrics of finished videos. They never raise: the video is paid for."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    VideoFailedError,
    VideoModerationError,
    VideoTimeoutError,
)

if TYPE_CHECKING:
    from airflow_provider_seedance.api.pricing import Quantities

log = logging.getLogger(__name__)

SUCCEEDED = "succeeded"


def outcome_of(error: SeedanceError) -> str:
    """One word for how a wait ended without a video: the metric's tag."""
    if isinstance(error, VideoModerationError):
        return "moderated"
    if isinstance(error, VideoFailedError):
        return "failed"
    return "timed_out" if isinstance(error, VideoTimeoutError) else "lost"


_NO_TAG = re.compile(r"[^A-Za-z0-9._/-]+")


def tag(text: str | None) -> str:
    """A word that every metrics backend takes as a tag: some part tags at commas, colons or bars."""
    return _NO_TAG.sub("_", text or "")[:100] or "unknown"


def count_video(outcome: str, *, vendor: str | None, model: str | None, known: Quantities | None = None) -> None:
    """Counts `seedance.videos`, and of a finished one `seedance.video_seconds` and `seedance.tokens` if known.

    :param outcome: `succeeded`, `moderated`, `failed`, `timed_out` or `lost` (nothing could be learnt any more).
    """
    try:
        from airflow.providers.common.compat.sdk import Stats

        tags = {"vendor": tag(vendor), "model": tag(model), "outcome": outcome}
        Stats.incr("seedance.videos", tags=tags)
        if known is not None and known.seconds:
            Stats.incr("seedance.video_seconds", known.seconds, tags=tags)
        if known is not None and known.tokens:
            Stats.incr("seedance.tokens", known.tokens, tags=tags)
    except Exception:
        log.warning("The video was not counted.", exc_info=True)
