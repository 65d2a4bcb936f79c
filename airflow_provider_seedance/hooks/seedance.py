"""The hook: from an Airflow connection to a Seedance client, sync and async."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.exceptions import airflow_errors, for_airflow

# The HTTP client and the adapters are imported where they are used, so that DAG files stay cheap to parse.
if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_seedance.api.assets import AssetUpload, MediaAsset, MediaFile
    from airflow_provider_seedance.api.cancellation import Cancellation
    from airflow_provider_seedance.api.client import (
        AsyncSeedanceClient,
        ClientSettings,
        RetryPolicy,
        SeedanceClient,
    )
    from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter, VideoPage


class SeedanceHook(BaseHook):
    """Talks to the Seedance vendor that an Airflow connection names.

    The connection: password = API key, host = base URL if not the vendor's own (whole, with its path),
    extra `vendor` = `jimmyai`, `gmicloud`, `modellix`, `byteplus` or `volcengine`.

    All methods raise the classes of `airflow_provider_seedance.api.errors`; those that a retry can't help, or could
    make pay twice, are `AirflowFailException` as well.

    :param seedance_conn_id: the connection's id.
    :param retry: in place of the sync client's own policy, for callers that repeat calls themselves.
    """

    conn_name_attr = "seedance_conn_id"
    default_conn_name = "seedance_default"
    conn_type = "seedance"
    hook_name = "Seedance"

    def __init__(
        self, seedance_conn_id: str = default_conn_name, retry: RetryPolicy | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.seedance_conn_id = seedance_conn_id
        self._retry = retry
        self._client: SeedanceClient | None = None

    @staticmethod
    def pause(seconds: float) -> None:
        """Waits: between the tries of a call, the pages of a list, the polls of `wait_for_video`."""
        time.sleep(seconds)

    @staticmethod
    async def pause_async(seconds: float) -> None:
        """The same in the async methods."""
        await asyncio.sleep(seconds)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The connection form of Airflow versions that don't read it from the provider's information."""
        from airflow_provider_seedance.get_provider_info import UI_FIELD_BEHAVIOUR

        return {name.replace("-", "_"): value for name, value in UI_FIELD_BEHAVIOUR.items()}

    def get_conn(self) -> SeedanceClient:
        """The sync client of this hook, kept open between calls."""
        if self._client is None:
            from airflow_provider_seedance.api.client import SeedanceClient

            with airflow_errors():
                connection = self.get_connection(self.seedance_conn_id)
                adapter, settings = self._read(connection)
                if odd := self._unknown_settings(connection):
                    self.log.warning("Connection %r: %s", self.seedance_conn_id, odd)
                settings = replace(settings, retry=self._retry) if self._retry else settings
                self._client = SeedanceClient(adapter, settings, pause=self.pause)
        return self._client

    async def aget_conn(self, *, retry: RetryPolicy | None = None) -> AsyncSeedanceClient:
        """A new async client; the caller closes it, for example by `async with`.

        :param retry: in place of the client's own policy, for callers that repeat calls themselves.
        """
        from airflow_provider_seedance.api.client import AsyncSeedanceClient

        adapter, settings = await self._aread()
        with airflow_errors():
            settings = replace(settings, retry=retry) if retry else settings
            return AsyncSeedanceClient(adapter, settings, pause=self.pause_async)

    @property
    def account(self) -> str:
        """What tells one account from another without its key: connection id, vendor and address."""
        client = self.get_conn()
        return "|".join((self.seedance_conn_id, client.adapter.name, client.base_url))

    async def aget_client_settings(self) -> tuple[VendorAdapter, ClientSettings]:
        """What the connection asks for, without a client: for triggers, which share one."""
        return await self._aread()

    def close(self) -> None:
        """Closes the sync client."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        """Submits a video, with one POST.

        :param wait_for_room: whether to wait here, within bounds, when the vendor is saturated.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises SubmissionUnknownError: a video may exist and be billed.
        :raises SeedanceApiError: the vendor refused, or can't be reached; nothing was created.
        """
        with airflow_errors():
            return self.get_conn().create_video(request, wait_for_room=wait_for_room)

    def get_video(self, video_id: str) -> Video:
        """Reads one video.

        :raises VideoNotFoundError: the vendor doesn't know it (any more).
        """
        with airflow_errors():
            return self.get_conn().get_video(video_id)

    def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        """Reads many videos, in the order of the ids, with as few requests as the vendor allows."""
        with airflow_errors():
            return self.get_conn().get_videos(video_ids)

    def cancel_video(self, video_id: str) -> None:
        """Cancels a video that has not started.

        On Ark a running video can't be cancelled and the record of an ended one is erased: read its status first.

        :raises UnsupportedByVendorError: the vendor has no documented call for it.
        """
        with airflow_errors():
            self.get_conn().cancel_video(video_id)

    def cancel_if_not_started(self, video_id: str) -> Cancellation:
        """Cancels a video if that is possible and does no harm; says what came of it."""
        with airflow_errors():
            return self.get_conn().cancel_if_not_started(video_id)

    def find_videos(self, mark: str, *, model: str, since: datetime) -> list[Video]:
        """Videos that carry the mark of a submission, see `SeedanceClient.find_videos`.

        :raises UnsupportedByVendorError: the vendor has no list, or no field that comes back in it.
        """
        with airflow_errors():
            return self.get_conn().find_videos(mark, model=model, since=since)

    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        """One page of the account's videos (GMI Cloud, which needs the model; BytePlus; Volcengine).

        :raises UnsupportedByVendorError: the vendor has no documented call or filter for it.
        """
        with airflow_errors():
            return self.get_conn().list_videos(model=model, status=status, limit=limit, offset=offset)

    def get_model_info(self, model: str) -> dict[str, Any]:
        """What the vendor says about a model, in its own words (GMI Cloud, Modellix).

        :raises UnsupportedByVendorError: the vendor has no documented call for it.
        """
        with airflow_errors():
            return self.get_conn().get_model_info(model)

    def upload_asset(
        self,
        upload: AssetUpload | Mapping[str, Any],
        file: MediaFile | None = None,
        *,
        on_file: Callable[[MediaAsset], None] | None = None,
    ) -> MediaAsset:
        """Brings reference media to the vendor (Jimmy AI, Modellix, GMI Cloud), without waiting until it is active.

        :param upload: what to do, see `AssetUpload`.
        :param file: the bytes; not needed where `upload.url` is enough.
        :param on_file: told of a file that is stored, before a library that takes URLs hears of it.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises UploadUnknownError: it may be stored.
        :raises UnsupportedByVendorError: the vendor has no documented call for it.
        """
        with airflow_errors():
            return self.get_conn().upload_asset(upload, file, on_file=on_file)

    def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """Reads one asset of a library that has states (Jimmy AI's `sp`, `realperson` and `audit`).

        :param library: where it is.
        :param query: the status call's query, where that is not documented; `{asset_id}` stands for the id.
        :raises AssetNotFoundError: the vendor doesn't know it (any more).
        :raises UnsupportedByVendorError: there is no documented call for it.
        """
        with airflow_errors():
            return self.get_conn().get_asset(asset_id, library=library, query=query)

    async def acreate_video(self, request: VideoRequest | Mapping[str, Any]) -> Video:
        """See `create_video`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.create_video(request)

    async def aget_video(self, video_id: str) -> Video:
        """See `get_video`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.get_video(video_id)

    async def aget_videos(self, video_ids: Sequence[str]) -> list[Video]:
        """See `get_videos`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.get_videos(video_ids)

    async def acancel_video(self, video_id: str) -> None:
        """See `cancel_video`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                await client.cancel_video(video_id)

    async def acancel_if_not_started(self, video_id: str) -> Cancellation:
        """See `cancel_if_not_started`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.cancel_if_not_started(video_id)

    async def alist_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        """See `list_videos`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.list_videos(model=model, status=status, limit=limit, offset=offset)

    async def aget_model_info(self, model: str) -> dict[str, Any]:
        """See `get_model_info`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.get_model_info(model)

    async def aupload_asset(self, upload: AssetUpload | Mapping[str, Any], file: MediaFile | None = None) -> MediaAsset:
        """See `upload_asset`. The file is read in a thread: reading blocks."""
        from airflow_provider_seedance.api.client import SeedanceClient

        adapter, settings = await self._aread()

        def upload_in_thread() -> MediaAsset:
            with SeedanceClient(adapter, settings) as client:
                return client.upload_asset(upload, file)

        with airflow_errors():
            return await asyncio.to_thread(upload_in_thread)

    async def aget_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """See `get_asset`."""
        with airflow_errors():
            async with await self.aget_conn() as client:
                return await client.get_asset(asset_id, library=library, query=query)

    def wait_for_video(
        self,
        video_id: str,
        *,
        poll_interval: float | timedelta = 10.0,
        timeout: float | timedelta = 3600.0,
        deadline: float | None = None,
    ) -> Video:
        """Waits until the video is there, in this process.

        :param poll_interval: seconds between polls, or a timedelta.
        :param timeout: seconds from now until the wait is given up, or a timedelta.
        :param deadline: Unix time at which it is given up, in place of `timeout`.
        :raises VideoFailedError: it ended without a result.
        :raises VideoTimeoutError: it was not ready in time.
        """
        from airflow_provider_seedance.api.client import HUNG, POLL_TIMEOUT
        from airflow_provider_seedance.api.durations import seconds
        from airflow_provider_seedance.api.polling import Outcome, Wait

        started = time.time()
        with airflow_errors():
            interval, patience = seconds("poll_interval", poll_interval), seconds("timeout", timeout)
        deadline = started + patience if deadline is None else deadline
        wait = Wait(video_id, interval=interval, deadline=deadline, started=started)
        while True:
            try:
                # However long the vendor takes, the wait ends in time.
                patience = max(HUNG, min(POLL_TIMEOUT, deadline - time.time()))
                decision = wait.saw(self.get_conn().get_video(video_id, timeout=patience), time.time())
            except SeedanceError as error:
                decision = wait.missed(error, time.time())
            if decision.note:
                (self.log.warning if decision.warn else self.log.info)(decision.note)
            if decision.error is not None:
                raise for_airflow(decision.error)
            if decision.outcome is Outcome.SUCCEEDED and decision.video is not None:
                return decision.video
            self.pause(decision.delay)

    def test_connection(self) -> tuple[bool, str]:
        """Makes one free call without side effects, and tells what came of it."""
        from airflow_provider_seedance.api.client import RetryPolicy, SeedanceClient

        try:
            connection = self.get_connection(self.seedance_conn_id)
            adapter, settings = self._read(connection)
            # Somebody waits in front of the form, and Airflow ends the test after a minute.
            connect, read = min(settings.connect_timeout, 10.0), min(settings.read_timeout, 20.0)
            quick = replace(settings, retry=RetryPolicy(attempts=1), connect_timeout=connect, read_timeout=read)
            with SeedanceClient(adapter, quick) as client:
                return True, " ".join(filter(None, (client.probe(), self._unknown_settings(connection))))
        except Exception as error:
            return False, str(error) or type(error).__name__

    @staticmethod
    def _unknown_settings(connection: Connection) -> str | None:
        from airflow_provider_seedance.hooks.connection import unknown_settings

        return unknown_settings(connection.extra_dejson)

    def _read(
        self, connection: Connection, extra: dict[str, Any] | None = None
    ) -> tuple[VendorAdapter, ClientSettings]:
        from airflow_provider_seedance.hooks.connection import read_connection

        return read_connection(
            self.seedance_conn_id,
            host=connection.host,
            password=connection.password,
            port=connection.port,
            schema=connection.schema,
            extra=connection.extra_dejson if extra is None else extra,
        )

    async def _aread(self) -> tuple[VendorAdapter, ClientSettings]:
        from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson

        try:
            connection = await get_async_connection(self.seedance_conn_id)
        except AirflowNotFoundException:
            # `dag.test()` can't look up stored connections asynchronously (Airflow 3.3 and before); a thread can.
            connection = await asyncio.to_thread(self.get_connection, self.seedance_conn_id)
        # Decoding masks the extra's secrets, which must not block the event loop.
        extra = await get_async_extra_dejson(connection)
        with airflow_errors():
            return self._read(connection, extra)
