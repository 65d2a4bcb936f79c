"""The asynchronous client. The steps of each call are in `api.calls`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.api.base_client import BaseClient
from airflow_provider_seedance.api.cancellation import Cancellation
from airflow_provider_seedance.api.http.drivers import AsyncDriver
from airflow_provider_seedance.api.http.settings import ClientSettings
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.api.sync_client import SeedanceClient
from airflow_provider_seedance.api.twins import twin_of
from airflow_provider_seedance.api.vendors.video_adapter import HistoryPage, VendorAdapter, VideoPage


class AsyncSeedanceClient(BaseClient):
    """Talks to one vendor, asynchronously; the twin of `SeedanceClient`, with the same parameters."""

    def __init__(
        self,
        adapter: VendorAdapter,
        settings: ClientSettings,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(adapter, settings)
        self._driver = AsyncDriver(self._endpoint, settings, pause)

    async def __aenter__(self) -> AsyncSeedanceClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._driver.aclose()

    @twin_of(SeedanceClient.create_video)
    async def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        return await self._driver.run(self._calls.create_video(request, wait_for_room=wait_for_room))

    @twin_of(SeedanceClient.check_video)
    async def check_video(self, request: VideoRequest | Mapping[str, Any]) -> list[str]:
        return await self._driver.run(self._calls.check_video(request))

    @twin_of(SeedanceClient.quote_video)
    async def quote_video(self, request: VideoRequest | Mapping[str, Any]) -> Cost:
        return await self._driver.run(self._calls.quote_video(request))

    async def get_video(self, video_id: str) -> Video:
        """Like `SeedanceClient.get_video`, but without `timeout`: only the retry policy limits the time."""
        return await self._driver.run(self._calls.get_video(video_id))

    @twin_of(SeedanceClient.get_videos)
    async def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        return await self._driver.run(self._calls.get_videos(video_ids))

    @twin_of(SeedanceClient.cancel_video)
    async def cancel_video(self, video_id: str) -> None:
        await self._driver.run(self._calls.cancel_video(video_id))

    @twin_of(SeedanceClient.cancel_if_not_started)
    async def cancel_if_not_started(self, video_id: str) -> Cancellation:
        return await self._driver.run(self._calls.cancel_if_not_started(video_id))

    @twin_of(SeedanceClient.list_videos)
    async def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        return await self._driver.run(self._calls.list_videos(model=model, status=status, limit=limit, offset=offset))

    @twin_of(SeedanceClient.read_list)
    async def read_list(self, name: str, *, since: datetime, after: str | None = None) -> HistoryPage:
        return await self._driver.run(self._calls.read_list(name, since=since, after=after))

    @twin_of(SeedanceClient.find_videos)
    async def find_videos(self, mark: str, *, model: str, since: datetime) -> list[Video]:
        return await self._driver.run(self._calls.find_videos(mark, model=model, since=since))

    @twin_of(SeedanceClient.get_model_info)
    async def get_model_info(self, model: str) -> dict[str, Any]:
        return await self._driver.run(self._calls.get_model_info(model))

    @twin_of(SeedanceClient.get_asset)
    async def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        return await self._driver.run(self._calls.get_asset(asset_id, library=library, query=query))

    @twin_of(SeedanceClient.probe)
    async def probe(self) -> str:
        return await self._driver.run(self._calls.probe())
