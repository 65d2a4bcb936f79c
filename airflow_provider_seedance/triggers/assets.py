"""The trigger that waits until a vendor has reviewed reference media."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.asset_jobs import ASSET
from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.jobs import Decision, Wait
from airflow_provider_seedance.api.outcomes import read_event, to_event
from airflow_provider_seedance.triggers.waiting import WaitingTrigger

if TYPE_CHECKING:
    from airflow_provider_seedance.api.assets import MediaAsset
    from airflow_provider_seedance.api.client import PollingClient


class SeedanceAssetTrigger(WaitingTrigger):
    """Fires once: when the asset is active or refused, the deadline has passed, or further polls are pointless.

    All waits of one connection, for assets and videos, share one client and its request rate. The arguments are stored
    in plain text, so they hold no key and no URL.

    :param seedance_conn_id: the connection's id.
    :param asset_id: the vendor's id.
    :param library: the vendor's library that holds it.
    :param deadline: Unix time at which the wait is given up; absolute, so that a restart doesn't extend it.
    :param poll_interval: seconds between polls.
    :param query: the status call's query, where that is not documented.
    """

    def __init__(
        self,
        *,
        seedance_conn_id: str,
        asset_id: str,
        library: str,
        deadline: float,
        poll_interval: float = 5.0,
        query: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(seedance_conn_id=seedance_conn_id)
        self.asset_id = asset_id
        self.library = library
        self.deadline = deadline
        self.poll_interval = poll_interval
        self.query = query

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as stored in Airflow's database."""
        kwargs: dict[str, Any] = {
            "seedance_conn_id": self.seedance_conn_id,
            "asset_id": self.asset_id,
            "library": self.library,
            "deadline": self.deadline,
            "poll_interval": self.poll_interval,
        }
        if self.query:
            kwargs["query"] = dict(self.query)
        return "airflow_provider_seedance.triggers.assets.SeedanceAssetTrigger", kwargs

    async def _event(self, started: float) -> dict[str, Any]:
        wait = Wait(ASSET, self.asset_id, interval=self.poll_interval, deadline=self.deadline, started=started)
        return asset_event(self.asset_id, await self._wait_with(wait, self._read))

    async def _read(self, client: PollingClient, asset_id: str) -> MediaAsset:
        return await client.get_asset(asset_id, library=self.library, query=self.query)


def asset_event(asset_id: str, decision: Decision[MediaAsset]) -> dict[str, Any]:
    """Makes the event of a wait for an asset, see `to_event`."""
    return to_event(asset_id, decision, kind=ASSET)


def read_asset_event(event: Any) -> tuple[str, SeedanceError | None]:
    """Reads the asset's id from an event, and the error if the wait failed, see `read_event`."""
    return read_event(event, ASSET)
