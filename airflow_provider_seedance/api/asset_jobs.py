"""Reference media under review as jobs: their failures, and their states in words. Pure."""

from __future__ import annotations

from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.api.errors import AssetNotFoundError, AssetRejectedError, AssetTimeoutError
from airflow_provider_seedance.api.jobs import JobKind


def rejection_of(asset: MediaAsset) -> AssetRejectedError:
    """The exception for an asset that the vendor refused."""
    reason = asset.reason or "the vendor gave no reason"
    return AssetRejectedError(
        f"Asset {asset.asset_id} ({asset.library}) was refused: {reason}. Use other media.", vendor=asset.vendor
    )


def _timed_out(asset_id: str, status: str, last_poll: str) -> AssetTimeoutError:
    return AssetTimeoutError(
        f"Asset {asset_id} was not active in time; last status: {status}. {last_poll}It may still become so."
    )


ASSET = JobKind[MediaAsset](
    noun="Asset",
    id_field="asset_id",
    not_found=AssetNotFoundError,
    is_listed=False,
    standing=lambda asset: asset.status.value,
    failure_of=rejection_of,
    timed_out=_timed_out,
)
