"""What a look at an asset means: wait on, done, refused or give up. Pure, shared by the operator and the trigger."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_seedance.api.assets import AssetStatus, MediaAsset
from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    AssetRejectedError,
    AssetTimeoutError,
    SeedanceApiError,
    SeedanceError,
)
from airflow_provider_seedance.api.polling import NOT_FOUND_GRACE, Misses, Outcome


@dataclass(frozen=True)
class AssetDecision:
    """The verdict on one look.

    :param outcome: what to do.
    :param delay: seconds until the next look, if there is one.
    :param asset: as it was seen, if it was.
    :param error: why it failed.
    :param note: a sentence for the log, if something changed.
    :param warn: whether the note is a warning.
    """

    outcome: Outcome
    delay: float = 0.0
    asset: MediaAsset | None = None
    error: SeedanceError | None = None
    note: str | None = None
    warn: bool = False


class AssetWait:
    """The memory of one wait.

    :param asset_id: the vendor's id.
    :param interval: seconds between looks.
    :param deadline: Unix time after which the wait is given up, kept across restarts.
    :param started: Unix time of the first look.
    """

    def __init__(self, asset_id: str, *, interval: float, deadline: float, started: float) -> None:
        self.asset_id = asset_id
        self.interval = interval
        self.deadline = deadline
        self.started = started
        self._last: AssetStatus | None = None
        self._misses = Misses(interval)
        self._warned: set[str] = set()

    def saw(self, asset: MediaAsset, now: float) -> AssetDecision:
        """The vendor answered."""
        before, self._last = self._last, asset.status
        self._misses.clear()
        word = asset.undocumented_status
        note, warn = None, False
        if word and word not in self._warned:
            self._warned.add(word)
            note, warn = f"Asset {self.asset_id}: undocumented status {word!r}; waiting on.", True
        elif before is not asset.status:
            note = f"Asset {self.asset_id}: {asset.status.value}."
        if asset.status is AssetStatus.ACTIVE:
            return AssetDecision(Outcome.SUCCEEDED, asset=asset, note=note)
        if asset.status is AssetStatus.FAILED:
            return AssetDecision(Outcome.FAILED, asset=asset, error=rejection_of(asset), note=note)
        return self._wait_or_give_up(now, self.interval, note, warn)

    def missed(self, error: SeedanceError, now: float) -> AssetDecision:
        """The look failed."""
        if not isinstance(error, SeedanceApiError):  # the connection can't be used: no vendor has said anything
            return AssetDecision(Outcome.FAILED, error=error)
        is_new = self._last is None and now - self.started < NOT_FOUND_GRACE
        if is_new and isinstance(error, AssetNotFoundError):
            self._misses.refused(error)
            return self._wait_or_give_up(now, self.interval, f"Asset {self.asset_id} is not known yet.", False)
        if self._misses.add(error):
            return AssetDecision(Outcome.FAILED, error=error)
        note = self._misses.note("Look", error)
        return self._wait_or_give_up(now, self._misses.pause(error), note, True)

    def _wait_or_give_up(self, now: float, delay: float, note: str | None, warn: bool) -> AssetDecision:
        left = self.deadline - now
        if left > 0:
            return AssetDecision(Outcome.WAIT, min(delay, left), note=note, warn=warn)
        status = self._last.value if self._last else "never seen"
        error = AssetTimeoutError(
            f"Asset {self.asset_id} was not active in time; last status: {status}. It may still become so."
        )
        return AssetDecision(Outcome.FAILED, error=error, note=note, warn=warn)


def rejection_of(asset: MediaAsset) -> AssetRejectedError:
    """The exception for an asset that the vendor refused."""
    reason = asset.reason or "the vendor gave no reason"
    return AssetRejectedError(
        f"Asset {asset.asset_id} ({asset.library}) was refused: {reason}. Use other media.", vendor=asset.vendor
    )
