"""Reads a vendor's lists and single videos: never writes, within limits, and at half of the connection's rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from airflow_provider_seedance.api.calls import PAUSE_BETWEEN_PAGES, is_past
from airflow_provider_seedance.api.client import ClientSettings, RetryPolicy, SeedanceClient
from airflow_provider_seedance.api.errors import (
    SeedanceAuthError,
    SeedanceError,
    SeedanceQuotaError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.reconcile.judging import Told

_PATIENCE = RetryPolicy(attempts=2, patience=15.0)
_READ_TIMEOUT = 30.0
_FAILURES_IN_A_ROW = 5
"""After so many failures in a row the vendor counts as unavailable, and isn't asked any more."""

_OUR_SHARE = 0.5
"""The used share of the connection's rate, since tasks poll their videos at the same time."""


@dataclass(frozen=True)
class Bounds:
    """The limits of the reading for one connection.

    :param pages: the most pages of each list. Default: 20.
    :param ids: the most videos to read one by one. Default: 1,000.
    :param rows: the most rows of the ledger. Default: 20,000.
    :param seconds: the time after which no further request is sent. Default: 600.
    """

    pages: int = 20
    ids: int = 1_000
    rows: int = 20_000
    seconds: float = 600.0


@dataclass
class Listing:
    """The content of an account's lists.

    :param videos: the listed videos, by id.
    :param pages: the number of pages read.
    :param why_not_whole: the reason why there may be more videos; empty if the lists were read completely.
    """

    videos: dict[str, Video] = field(default_factory=dict)
    pages: int = 0
    why_not_whole: str = ""


def careful(settings: ClientSettings) -> ClientSettings:
    """Changes a client's settings for reads that no task waits for: fewer retries, and a shorter time-out.

    :param settings: the connection's settings.
    """
    return replace(settings, retry=_PATIENCE, read_timeout=min(settings.read_timeout, _READ_TIMEOUT))


class Asking:
    """Reads the videos of one account.

    :param client: the client of the account.
    :param bounds: the limits of the reading; its time begins now.
    :param pause: the function that waits for a number of seconds. Default: `time.sleep`.
    :param clock: a monotonic clock, in seconds. Default: `time.monotonic`.
    """

    def __init__(
        self,
        client: SeedanceClient,
        bounds: Bounds,
        *,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._bounds, self._pause, self._clock = client, bounds, pause, clock
        self._ends_at = clock() + bounds.seconds
        self._next_at = clock()
        rates = client.settings.rates or client.adapter.rates
        self._between_reads = 1 / (rates.get_per_second * _OUR_SHARE)
        self._between_pages = min(PAUSE_BETWEEN_PAGES / rates.list_per_second, 30.0)
        self.reads = 0
        """The number of videos read one by one so far."""

    @property
    def is_over(self) -> bool:
        """Whether the time of `Bounds.seconds` is up."""
        return self._clock() >= self._ends_at

    def list_all(self, models: Sequence[str], since: datetime) -> Listing:
        """Reads all lists of the account, back to a moment. Errors are noted in the result, not raised.

        :param models: the requested models, for vendors that list one model at a time.
        :param since: the moment; older videos are not needed.
        """
        listing = Listing()
        for name in self._client.adapter.lists(models):
            try:
                if why := self._read_list(name, since, listing):
                    listing.why_not_whole = why
            except SeedanceError as error:
                listing.why_not_whole = f"its list could not be read: {error}"
                if isinstance(error, SeedanceAuthError | SeedanceQuotaError):
                    break
        return listing

    def _read_list(self, name: str, since: datetime, listing: Listing) -> str:
        created: list[datetime | None] = []
        after: str | None = None
        for _ in range(self._bounds.pages):
            if self.is_over:
                return f"the time was up after {self._bounds.seconds:g} s"
            self._take_turn(self._between_pages)
            page = self._client.read_list(name, since=since, after=after)
            listing.pages += 1
            listing.videos |= {video.video_id: video for video in page.videos}
            created += [video.created_at for video in page.videos]
            after = page.after
            if after is None or is_past(created, since):
                return ""
        return f"it lists more than {self._bounds.pages} pages"

    def read_each(self, video_ids: Sequence[str], told: Told) -> None:
        """Reads videos one by one. Errors are noted in `told`, not raised.

        :param video_ids: the vendor's ids, the most important first.
        :param told: the answers so far, to which these are added.
        """
        failures = 0
        why = ""
        for video_id in video_ids:
            if not why and self.reads >= self._bounds.ids:
                why = f"more than {self._bounds.ids} videos would have to be read one by one"
            if not why and self.is_over:
                why = f"the time was up after {self._bounds.seconds:g} s"
            if why:
                told.unclear[video_id] = why
                continue
            self._take_turn(self._between_reads)
            self.reads += 1
            try:
                told.videos[video_id] = self._client.get_video(video_id)
                failures = 0
            except VideoNotFoundError:
                told.gone.add(video_id)
                failures = 0
            except SeedanceError as error:
                told.unclear[video_id] = str(error)
                failures += 1
                if failures >= _FAILURES_IN_A_ROW or isinstance(error, SeedanceAuthError | SeedanceQuotaError):
                    why = f"the vendor did not answer for others: {error}"

    def _take_turn(self, seconds: float) -> None:
        """Waits until the next request may be sent, and reserves the time after it."""
        now = self._clock()
        if now < self._next_at:
            self._pause(self._next_at - now)
        self._next_at = max(now, self._next_at) + seconds
