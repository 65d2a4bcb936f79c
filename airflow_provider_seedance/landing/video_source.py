"""The video that is landed: its known facts, and the reads of missing ones from the vendor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_seedance.api.errors import (
    LandingRefusedError,
    SeedanceError,
    VideoNotFoundError,
    VideoNotReadyError,
    VideoUrlExpiredError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.url_signatures import unsigned
from airflow_provider_seedance.api.vendors.json_fields import signed_url_expiry
from airflow_provider_seedance.api.video_jobs import failure_of
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.landing.address_rules import check_url, encoded

if TYPE_CHECKING:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

CLOCKS_DIFFER = timedelta(minutes=5)
"""Tolerance for this machine's clock, by which alone no URL counts as expired."""

CERTAINLY = 3
"""Consecutive answers "no such video" after which the vendor is believed."""

Part = Literal["video_url", "last_frame_url", "thumbnail_url"]
WORDS: dict[Part, str] = {"video_url": "video", "last_frame_url": "last frame", "thumbnail_url": "thumbnail"}


class VideoSource:
    """One video, given by its id, by the dict that operator and sensor return, or by a URL alone.

    :param hook: reads missing facts from the vendor.
    :param video: the id, or a mapping with some of the fields of `Video`.
    """

    def __init__(self, hook: SeedanceHook, video: str | Mapping[str, Any]) -> None:
        self._hook = hook
        self._known: dict[str, Any] = {"video_id": video} if isinstance(video, str) else dict(video)
        self._has_been_read = False
        self._not_found = 0

    @property
    def video_id(self) -> str | None:
        """The vendor's id, if it is known."""
        return self._known.get("video_id") or None

    @property
    def vendor(self) -> str | None:
        """The name of the vendor that made the video."""
        if not self._known.get("vendor") and self.video_id:
            self._known["vendor"] = self._hook.get_conn().adapter.name
        return self._known.get("vendor")

    @property
    def model(self) -> str | None:
        """The requested model, read from the vendor if it isn't known."""
        self._learn()
        return self._known.get("model")

    @property
    def usage(self) -> dict[str, Any] | None:
        """The vendor's usage counts."""
        return self._known.get("usage")

    def source_of(self, part: Part) -> str:
        """A text that identifies the file, whatever its URL is today."""
        if self.video_id:
            return ":".join((self.vendor or "", self.video_id, part.removesuffix("_url")))
        parts = check_url(unsigned(encoded(self.url_of(part))))
        port = f":{parts.port}" if parts.port else ""
        # `?id=1` and `?id=2` may be two videos. A hash, since there may be a secret that isn't known as one.
        query = f"?sha256={hashlib.sha256(parts.query.encode()).hexdigest()}" if parts.query else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}{query}"

    def url_of(self, part: Part) -> str:
        """The URL of a file of the video.

        :param part: the field of `Video` with the URL.
        :raises VideoNotReadyError: the video isn't finished yet.
        :raises VideoFailedError: the video has failed.
        :raises LandingRefusedError: it has no such file.
        """
        if not self._known.get(part) and self.video_id and not self._has_been_read:
            self._read(self.video_id)
        url = self._known.get(part)
        if url:
            return str(url)
        if part == "video_url" and self._has_been_read:
            raise VideoNotReadyError(
                f"{self.title()} has succeeded, but {self.vendor} gives no URL for it (yet). Nothing was fetched. "
                "If that stays so, the URL may have expired; the vendor's console may still have the video."
            )
        if part == "video_url":
            raise LandingRefusedError("Neither the id nor the URL of a video was given. Nothing was fetched.")
        advice = " Ask for it with `return_last_frame=True` when the video is created." if part[0] == "l" else ""
        raise LandingRefusedError(
            f"{self.title()} has no {WORDS[part]}: the vendor gave none.{advice} The video itself was landed."
        )

    def renew(self, part: Part, why: str) -> str | None:
        """Asks the vendor for another URL, after the file host has refused the known one.

        A refusal doesn't prove that a URL has expired: gateways refuse for a moment, and storages do until all of their
        replicas have the file.

        :param part: the field of `Video` with the URL.
        :param why: the host's reason.
        :return: `None` if there is another URL now, else a sentence with the reason.
        :raises VideoUrlExpiredError: the URL has expired by its own date, or the vendor has dropped the video.
        """
        refused, expiry = f"{self.title(part)}: the file host refuses its URL ({why})", self._expiry(part)
        problem, final = self._read_again(part)
        if problem is None:
            return None
        if expiry is None:
            when = "When it expires is not known"
        elif datetime.now(UTC) - CLOCKS_DIFFER < expiry:
            when = f"It expires at {expiry.isoformat()}"
        else:
            when = f"It expired at {expiry.isoformat()}"
            if final:
                raise VideoUrlExpiredError(f"{refused}. {when}, and {problem} Nothing was written.")
        if self._not_found >= CERTAINLY:
            raise VideoUrlExpiredError(f"{refused}. {when}, and {problem} Nothing was written.")
        return f"{refused}. {when}; {problem}"

    def _read_again(self, part: Part) -> tuple[str | None, bool]:
        """The reason why there is no other URL, `None` if there is one; and whether it is certain to remain so."""
        if not self.video_id:
            return "it can't be renewed without the video's id: give `video_id`.", True
        old = self._known.get(part)
        try:
            self._read(self.video_id)
        except VideoNotFoundError as error:
            self._not_found += 1
            return f"it can't be renewed: {error}", True
        except SeedanceError as error:
            return f"it can't be renewed: {error}", not error.retryable
        self._not_found = 0
        if self._known.get(part) in (None, "", old):
            return f"{self.vendor} gives no other one.", True
        return None, False

    def title(self, part: Part = "video_url") -> str:
        """The file's name for people."""
        which = f"Video {self.video_id}" if self.video_id else "The video"
        return which if part == "video_url" else f"{which}, {WORDS[part]}"

    def _expiry(self, part: Part) -> datetime | None:
        """The time at which the URL expires: by its own date, else by the vendor's."""
        said = signed_url_expiry(self._known.get(part)) or self._known.get("url_expires_at")
        if isinstance(said, str):
            try:
                said = datetime.fromisoformat(said)
            except ValueError:
                return None
        if not isinstance(said, datetime):
            return None
        return said if said.tzinfo else said.replace(tzinfo=UTC)

    def _learn(self) -> None:
        """Reads missing facts once; the video is landed even if the vendor has forgotten it."""
        if self._known.get("model") or self._has_been_read or not self.video_id:
            return
        try:
            self._read(self.video_id)
        except SeedanceError:
            if not self._known.get("video_url"):
                raise
            self._has_been_read = True

    def _read(self, video_id: str) -> None:
        video: Video = self._hook.get_video(video_id)
        if not video.status.is_terminal:
            raise VideoNotReadyError(
                f"Video {video.video_id} is {video.status.value}: there is nothing to land yet. "
                "Put a SeedanceVideoSensor before this task."
            )
        if video.status is not VideoStatus.SUCCEEDED or video.result_removed:
            raise for_airflow(failure_of(video), retry=False)
        self._has_been_read = True
        self._known.pop("url_expires_at", None)  # the old URL's
        told = {name: value for name, value in video.model_dump(mode="json").items() if value is not None}
        if not video.is_deliverable:
            told.pop("video_url", None)  # vendors have put relative keys there
        self._known |= told
