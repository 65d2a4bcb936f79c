"""The poller's client: it only reads, and costs little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.api.base_client import BaseClient
from airflow_provider_seedance.api.http.aiohttp_transport import PollingTransport
from airflow_provider_seedance.api.http.drivers import run_async
from airflow_provider_seedance.api.http.reading import AnswerReader
from airflow_provider_seedance.api.http.settings import POLL_TIMEOUT, ClientSettings
from airflow_provider_seedance.api.http.steps import Flow, Step
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter

T = TypeVar("T")


class PollingClient(BaseClient):
    """Reads videos and assets asynchronously and cheaply: one try per step, by aiohttp, at a fifth of httpx's CPU.

    For reads only: aiohttp itself asks again if a kept connection was lost. That is harmless for a read, but would buy
    a second video for a create.

    :param adapter: the vendor's adapter.
    :param settings: address, key and rates.
    :param on_further_request: called before each further request of a read (fal needs one for the status and one for
        the URL), so that the caller can count it.
    """

    def __init__(
        self,
        adapter: VendorAdapter,
        settings: ClientSettings,
        on_further_request: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(adapter, settings)
        self._on_further_request = on_further_request
        endpoint = self._endpoint
        # No error of aiohttp proves that nothing was sent.
        self._reader = AnswerReader(endpoint, nothing_sent=())
        self._transport = PollingTransport(
            endpoint.base_url,
            endpoint.headers,
            connect_timeout=settings.connect_timeout,
            seconds=min(POLL_TIMEOUT, settings.connect_timeout + settings.read_timeout),
            proxy=endpoint.proxy,
        )

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._transport.aclose()

    async def get_video(self, video_id: str) -> Video:
        """Reads one video; tries once.

        :param video_id: the vendor's id.
        :return: the video as it stands.
        :raises VideoNotFoundError: the vendor doesn't know it (any more).
        :raises TransientApiError: asking again helps.
        """
        flow = self._calls.get_video(video_id)
        # At most vendors a read is one step, and then needs neither a generator nor a coroutine: there are thousands.
        return await (self._send(flow) if isinstance(flow, Step) else self._run(flow))

    async def get_many(self, video_ids: Sequence[str]) -> list[Video]:
        """Reads many videos with one request; tries once.

        :param video_ids: the vendor's ids, no more than its `most_ids_per_request`.
        :return: the videos in the answer; some may be missing.
        :raises UnsupportedByVendorError: the vendor has no such call.
        :raises TransientApiError: asking again helps.
        """
        return await self._run(self._calls.get_many(video_ids))

    async def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """Reads one asset; tries once.

        :param asset_id: the vendor's id.
        :param library: the vendor's library that holds it.
        :param query: the status call's query, where that is not documented.
        :return: the asset as it stands.
        :raises AssetNotFoundError: the vendor doesn't know it (any more).
        :raises TransientApiError: asking again helps.
        """
        return await self._run(self._calls.get_asset(asset_id, library=library, query=query))

    async def _run(self, flow: Flow[T]) -> T:
        is_first = True

        async def send(step: Step[Any]) -> Any:
            nonlocal is_first
            if not is_first:
                self._on_further_request()
            is_first = False
            return await self._send(step)

        return await run_async(flow, send, asyncio.sleep)

    async def _send(self, step: Step[T]) -> T:
        try:
            answer = await self._transport.send(step.request, step.most_bytes)
        except Exception as error:
            raise self._reader.unanswered(step, error) from None
        return self._reader.read(step, answer)
