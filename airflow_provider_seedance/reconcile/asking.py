"""Asks a vendor for what it lists and for single videos: bounded, no faster than is polite, and reads only."""

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
"""After so many the vendor is taken to be away, and is left in peace."""

_OUR_SHARE = 0.5
"""Of the connection's rate: the videos that tasks wait for are asked for meanwhile."""


@dataclass(frozen=True)
class Bounds:
    """How much is asked for at most.

    :param pages: of each list.
    :param ids: read one by one.
    :param rows: of the ledger.
    :param seconds: for one connection; what is under way then is ended.
    """

    pages: int = 20
    ids: int = 1_000
    rows: int = 20_000
    seconds: float = 600.0


@dataclass
class Listing:
    """What was listed.

    :param videos: by id.
    :param pages: how many were read.
    :param why_not_whole: why there may be more, "" if all was read.
    """

    videos: dict[str, Video] = field(default_factory=dict)
    pages: int = 0
    why_not_whole: str = ""


def careful(settings: ClientSettings) -> ClientSettings:
    """A client's settings for reads that nobody waits for."""
    return replace(settings, retry=_PATIENCE, read_timeout=min(settings.read_timeout, _READ_TIMEOUT))


class Asking:
    """Asks one account.

    :param client: of the account.
    :param bounds: see `Bounds`.
    :param pause: waits for some seconds.
    :param clock: seconds that pass steadily.
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
        """How many videos were asked for one by one."""

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self._clock() >= self._ends_at

    def list_all(self, models: Sequence[str], since: datetime) -> Listing:
        """All lists of the account, back to a moment.

        :param models: that were asked for, for vendors that list one model at a time.
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
        """Reads videos one by one, and adds what is learnt."""
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
        """Waits until the next request may go out."""
        now = self._clock()
        if now < self._next_at:
            self._pause(self._next_at - now)
        self._next_at = max(now, self._next_at) + seconds
