"""Finds the video of a submission whose id was not recorded: by a possible id, by its mark, or by repeating it."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.submissions.fingerprint import fingerprint_of_account

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import Video, VideoRequest
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.record import SubmissionRecord

log = logging.getLogger(__name__)

CLOCK_SKEW = timedelta(days=1)
"""Tolerance for clock skew when a vendor's list is read back to the time of a submission. The time only limits the
search; no video is recognised by it."""

_REMEMBERED = timedelta(hours=24)
"""The time for which a vendor is trusted to remember a mark. No vendor documents one; this is a cautious choice."""

LOST = (VideoStatus.FAILED, VideoStatus.CANCELLED, VideoStatus.EXPIRED)
"""The states of a video that will never be delivered."""


class Finder:
    """Asks the vendor for the video of a recorded intent.

    :param hook: the hook of the vendor's connection.
    """

    def __init__(self, hook: SeedanceHook) -> None:
        self._hook = hook
        self._adapter = hook.get_conn().adapter
        self.list_is_down = False
        """Whether the last search failed for a transient reason."""

    def can_find(self, record: SubmissionRecord) -> bool:
        """Whether the vendor of this connection can recognise a submission without a recorded id.

        :param record: the record of the submission.
        """
        is_here = record.vendor == self._adapter.name
        has_use = self._adapter.can_list or self._adapter.create_is_repeatable
        return is_here and bool(record.possible_id or (record.marker and has_use))

    def find(self, record: SubmissionRecord, again: VideoRequest | None = None) -> Video | None:
        """Finds the video of a record.

        Errors of the vendor are logged, not raised.

        :param record: the record of the submission.
        :param again: the submitted request, if it may be sent once more to a vendor whose create is repeatable, that
            is, which makes no second video from it. Default: it isn't sent again.
        :return: the video; `None` if it was not found, which doesn't prove that there is none.
        """
        self.list_is_down = False
        if record.vendor != self._adapter.name:
            log.warning("The submission is at %s; the connection leads to %s.", record.vendor, self._adapter.name)
            return None
        if not self.can_find(record):
            log.warning("Nothing was sent along by which %s would recognise the submission.", self._adapter.title)
            return None
        for look in (self._by_possible_id, self._by_own_id, self._by_mark, self._by_repeating):
            try:
                found = look(record, again)
            except UnsupportedByVendorError:
                continue
            except SeedanceError as error:
                self.list_is_down = self.list_is_down or isinstance(error, TransientApiError)
                log.warning("Looking for the submission failed, which proves nothing: %s", error)
                continue
            if found is not None:
                return found
        return None

    def asks_its_account(self, record: SubmissionRecord) -> bool:
        """Whether the submission was sent to the account that this finder asks, as far as the record tells.

        :param record: the record of the submission.
        """
        return record.fingerprint.get("connection") in (None, fingerprint_of_account(self._hook.account))

    def can_repeat(self, record: SubmissionRecord) -> bool:
        """Whether the submission can be sent again without a second bill, since the vendor accepts its mark only once.

        :param record: the record of the submission.
        """
        is_here = record.vendor == self._adapter.name and self._adapter.create_is_repeatable
        is_recent = abs(time.time() - record.intended_at) < _REMEMBERED.total_seconds()
        return is_here and record.marker is not None and is_recent

    def _by_possible_id(self, record: SubmissionRecord, again: VideoRequest | None) -> Video | None:
        if record.possible_id is None:
            return None
        if record.marker and not self._adapter.read_tells_mark:
            return None  # a read would show that such a video exists, but not that it is this task's
        try:
            video = self._hook.get_video(record.possible_id)
        except VideoNotFoundError:
            log.warning("%s knows no video %s yet, or any more.", self._adapter.title, record.possible_id)
            return None
        if record.marker and video.mark not in (None, record.marker):
            log.warning("Video %s, whose id stood in the answer, is not this task's.", video.video_id)
            return None
        log.info("Video %s, whose id stood in the answer, is there.", video.video_id)
        return video

    def _by_own_id(self, record: SubmissionRecord, again: VideoRequest | None) -> Video | None:
        """Reads the video by its mark, if that is its id, and if the create can't be sent again, which finds it too."""
        mark = record.marker if self._adapter.mark_is_id and again is None else None
        return None if mark in (None, record.possible_id) else self._hook.get_video(mark or "")

    def _by_mark(self, record: SubmissionRecord, again: VideoRequest | None) -> Video | None:
        if record.marker is None or not self._adapter.can_list:
            return None
        since = datetime.fromtimestamp(record.intended_at, tz=UTC) - CLOCK_SKEW
        found = self._hook.find_videos(record.marker, model=record.model, since=since)
        if not found:
            log.warning("%s lists no video with our mark.", self._adapter.title)
            return None
        if len(found) > 1:
            # One request has reached the vendor more than once: all of these videos are this task's, and billed.
            ids = ", ".join(video.video_id for video in found)
            log.warning("%s made more than one video of it: %s.", self._adapter.title, ids)
        found.sort(key=lambda video: (video.status in LOST, video.created_at or datetime.max.replace(tzinfo=UTC)))
        log.info("Found the submission again: video %s.", found[0].video_id)
        return found[0]

    def _by_repeating(self, record: SubmissionRecord, again: VideoRequest | None) -> Video | None:
        """Sends the create again with the same mark, if the vendor documents that this makes no second video."""
        if again is None or record.marker is None or not self.can_repeat(record):
            return None
        log.info("%s makes one video only of a submission that comes twice: sending it again.", self._adapter.title)
        return self._hook.create_video(self._adapter.mark(again, record.marker), wait_for_room=False)
