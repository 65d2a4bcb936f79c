"""The video that is landed: what is known of it, and how the vendor is asked for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_seedance.api.errors import (
    LandingRefusedError,
    SeedanceError,
    VideoNotReadyError,
    VideoUrlExpiredError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.polling import failure_of
from airflow_provider_seedance.api.vendors.results import signed_url_expiry
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.transfers.addresses import check_url

if TYPE_CHECKING:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

Part = Literal["video_url", "last_frame_url", "thumbnail_url"]
WORDS: dict[Part, str] = {"video_url": "video", "last_frame_url": "last frame", "thumbnail_url": "thumbnail"}


class Subject:
    """One video, given by its id, by the dict that operator and sensor return, or by a URL alone.

    :param hook: asks the vendor; needed only for what isn't given.
    :param video: the id, or a mapping with the fields of `Video`, of which any may be missing.
    """

    def __init__(self, hook: SeedanceHook, video: str | Mapping[str, Any]) -> None:
        self._hook = hook
        self._known: dict[str, Any] = {"video_id": video} if isinstance(video, str) else dict(video)
        self._has_been_read = False

    @property
    def video_id(self) -> str | None:
        """The vendor's id, if it is known."""
        return self._known.get("video_id") or None

    @property
    def vendor(self) -> str | None:
        """Whose id that is."""
        if not self._known.get("vendor") and self.video_id:
            self._known["vendor"] = self._hook.get_conn().adapter.name
        return self._known.get("vendor")

    @property
    def model(self) -> str | None:
        """The model that was asked for; the vendor is asked if need be."""
        self._learn()
        return self._known.get("model")

    @property
    def usage(self) -> dict[str, Any] | None:
        """What the vendor counted."""
        return self._known.get("usage")

    def source_of(self, part: Part) -> str:
        """The same words for the same file, whatever its URL is today."""
        if self.video_id:
            return ":".join((self.vendor or "", self.video_id, part.removesuffix("_url")))
        parts = check_url(self.url_of(part))
        return f"{parts.scheme}://{parts.hostname}{parts.path}"

    def url_of(self, part: Part) -> str:
        """Where the file is.

        :raises VideoNotReadyError: the video isn't there yet.
        :raises VideoFailedError: it never will be.
        :raises LandingRefusedError: it has no such part.
        """
        if not self._known.get(part) and self.video_id and not self._has_been_read:
            self._read(self.video_id)
        url = self._known.get(part)
        if url:
            return str(url)
        if part == "video_url":
            raise LandingRefusedError("Neither the id nor the URL of a video was given. Nothing was fetched.")
        advice = " Ask for it with `return_last_frame=True` when the video is created." if part[0] == "l" else ""
        raise LandingRefusedError(
            f"{self.title()} has no {WORDS[part]}: the vendor gave none.{advice} The video itself was landed."
        )

    def renew(self, part: Part, why: str) -> None:
        """Asks the vendor for a URL that works.

        :raises VideoUrlExpiredError: it has none.
        """
        old, refused = self._known.get(part), f"{self._refused(part)} ({why})"
        if not self.video_id:
            raise VideoUrlExpiredError(
                f"{refused}, and it can't be renewed without the video's id: give `video_id`. Nothing was written."
            )
        try:
            self._read(self.video_id)
        except SeedanceError as error:
            if error.retryable:
                raise
            raise VideoUrlExpiredError(f"{refused}, and it can't be renewed: {error} Nothing was written.") from None
        if self._known.get(part) in (None, "", old):
            raise VideoUrlExpiredError(f"{refused}, and {self.vendor} gives no other one. Nothing was written.")

    def title(self, part: Part = "video_url") -> str:
        """What people call it."""
        which = f"Video {self.video_id}" if self.video_id else "The video"
        return which if part == "video_url" else f"{which}, {WORDS[part]}"

    def _refused(self, part: Part) -> str:
        expiry = self._known.get("url_expires_at") or signed_url_expiry(self._known.get(part))
        when = f"It expired at {expiry}" if expiry else "When it expires is not known"
        if isinstance(expiry, datetime):
            when = f"It expires, by its own words, at {expiry.isoformat()}"
        return f"{self.title(part)}: the file host refuses its URL. {when}"

    def _learn(self) -> None:
        """Reads the video once for what isn't given; a vendor that has forgotten it is no reason not to land it."""
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
        if video.status is not VideoStatus.SUCCEEDED or not video.is_deliverable:
            raise for_airflow(failure_of(video), retry=False)
        self._has_been_read = True
        self._known |= {name: value for name, value in video.model_dump(mode="json").items() if value is not None}
