"""The hook: a vendor's calls, sync and async, through an Airflow connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.twins import twin_of
from airflow_provider_seedance.compat.log_fields import teller
from airflow_provider_seedance.exceptions import airflow_errors
from airflow_provider_seedance.hooks.clients import HookClients

# The HTTP client and the adapters are imported where they are used, so that DAG files stay cheap to parse.
if TYPE_CHECKING:
    from airflow_provider_seedance.api.assets import AssetUpload, MediaAsset, MediaFile
    from airflow_provider_seedance.api.cancellation import Cancellation
    from airflow_provider_seedance.api.vendors.video_adapter import VideoPage


class SeedanceHook(HookClients):
    """Talks to the Seedance vendor that an Airflow connection names.

    The connection: password = API key; host = base URL if not the vendor's own (whole, with its path); `vendor` in the
    extra = the vendor's name, as listed in the docs and in `api.vendors.VENDORS`.

    All methods raise the classes of `airflow_provider_seedance.api.errors`. An error after which a retry can't help, or
    could pay twice, is an `AirflowFailException` as well. Besides the errors that a method names, each can raise
    `SeedanceConfigError` (the connection can't be used), `SeedanceAuthError`, `SeedanceQuotaError`, `NotSentError` (the
    vendor can't be reached) and `TransientApiError` (asking again helps). Each async call looks up the connection again
    and opens its own client.

    :param seedance_conn_id: the connection's id; default `seedance_default`.
    :param retry: in place of the sync client's own policy, for callers that repeat calls themselves.
    """

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The connection form of Airflow versions that don't read it from the provider's information.

        They look for it in this very class, not in those that it comes from.
        """
        from airflow_provider_seedance.get_provider_info import UI_FIELD_BEHAVIOUR

        return {name.replace("-", "_"): value for name, value in UI_FIELD_BEHAVIOUR.items()}

    def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        """Submits a video, with one POST.

        :param request: the video to make; a mapping has the fields of `VideoRequest`.
        :param wait_for_room: whether to wait here, a minute at most, when the vendor is saturated; default: yes.
        :return: the accepted video, as a rule queued.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises SubmissionUnknownError: a video may exist and be billed.
        :raises SeedanceApiError: the vendor refused, or can't be reached; nothing was created.
        """
        with airflow_errors():
            return self.get_conn().create_video(request, wait_for_room=wait_for_room)

    def get_video(self, video_id: str) -> Video:
        """Reads one video.

        :param video_id: the vendor's id.
        :return: the video as it stands.
        :raises VideoNotFoundError: the vendor doesn't know it (any more).
        """
        with airflow_errors():
            return self.get_conn().get_video(video_id)

    def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        """Reads many videos, with as few requests as the vendor allows.

        :param video_ids: the vendor's ids.
        :return: the videos, in the order of the ids.
        :raises VideoNotFoundError: the vendor doesn't know one of them (any more).
        """
        with airflow_errors():
            return self.get_conn().get_videos(video_ids)

    def cancel_video(self, video_id: str) -> None:
        """Cancels a video that has not started.

        On Ark a running video can't be cancelled and the record of an ended one is erased: read its status first.

        :param video_id: the vendor's id.
        :raises UnsupportedByVendorError: the vendor has no documented call for it.
        """
        with airflow_errors():
            self.get_conn().cancel_video(video_id)

    def cancel_if_not_started(self, video_id: str) -> Cancellation:
        """Cancels a video if that is possible and does no harm.

        :param video_id: the vendor's id.
        :return: whether it was cancelled, and a sentence about it.
        :raises SeedanceApiError: the video could not be read, so nothing was cancelled.
        """
        with airflow_errors():
            return self.get_conn().cancel_if_not_started(video_id)

    def find_videos(self, mark: str, *, model: str, since: datetime) -> list[Video]:
        """Finds the videos that carry the mark of a submission whose answer was lost.

        :param mark: the mark, drawn by the adapter's `draw_mark`.
        :param model: the requested model.
        :param since: the earliest moment at which the submission can have been accepted, allowing for wrong clocks.
        :return: the videos that were found; empty if the submission did not arrive.
        :raises UnsupportedByVendorError: the vendor has no list, or no field that comes back in it.
        :raises TransientApiError: the list could not be read to the end of that time, so nothing can be concluded.
        """
        with airflow_errors():
            return self.get_conn().find_videos(mark, model=model, since=since)

    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        """Reads one page of the account's videos, where the vendor has such a list.

        :param model: only videos of this model; default: of all models. GMI Cloud needs one.
        :param status: only videos in this state; default: in any.
        :param limit: the most videos on the page; default 20.
        :param offset: videos to skip; default 0.
        :return: the page, in the vendor's order.
        :raises UnsupportedByVendorError: the vendor has no documented call or filter for it.
        """
        with airflow_errors():
            return self.get_conn().list_videos(model=model, status=status, limit=limit, offset=offset)

    def get_model_info(self, model: str) -> dict[str, Any]:
        """Reads the vendor's description of a model, where there is a call for it.

        :param model: the model's name.
        :return: the description, as the vendor words it.
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
        """Uploads reference media, where the vendor has a call for it, without waiting until it is active.

        :param upload: the upload's options, see `AssetUpload`.
        :param file: the bytes; not needed where `upload.url` is enough.
        :param on_file: called with the stored file before its URL is registered, in a library that takes URLs.
        :return: the asset, as a rule not active yet.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises UploadUnknownError: it may be stored.
        :raises UnsupportedByVendorError: the vendor has no documented call for it.
        """
        with airflow_errors():
            return self.get_conn().upload_asset(upload, file, on_file=on_file)

    def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """Reads one asset of a library with states, such as Jimmy AI's `sp`.

        :param asset_id: the vendor's id.
        :param library: the library that holds it; default: the vendor's first.
        :param query: the status call's query, where that is not documented; `{asset_id}` stands for the id.
        :return: the asset as it stands.
        :raises AssetNotFoundError: the vendor doesn't know it (any more).
        :raises UnsupportedByVendorError: there is no documented call for it.
        """
        with airflow_errors():
            return self.get_conn().get_asset(asset_id, library=library, query=query)

    @twin_of(create_video)
    async def acreate_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        async with self._async_client() as client:
            return await client.create_video(request, wait_for_room=wait_for_room)

    @twin_of(get_video)
    async def aget_video(self, video_id: str) -> Video:
        async with self._async_client() as client:
            return await client.get_video(video_id)

    @twin_of(get_videos)
    async def aget_videos(self, video_ids: Sequence[str]) -> list[Video]:
        async with self._async_client() as client:
            return await client.get_videos(video_ids)

    @twin_of(cancel_video)
    async def acancel_video(self, video_id: str) -> None:
        async with self._async_client() as client:
            await client.cancel_video(video_id)

    @twin_of(cancel_if_not_started)
    async def acancel_if_not_started(self, video_id: str) -> Cancellation:
        async with self._async_client() as client:
            return await client.cancel_if_not_started(video_id)

    @twin_of(list_videos)
    async def alist_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        async with self._async_client() as client:
            return await client.list_videos(model=model, status=status, limit=limit, offset=offset)

    @twin_of(get_model_info)
    async def aget_model_info(self, model: str) -> dict[str, Any]:
        async with self._async_client() as client:
            return await client.get_model_info(model)

    @twin_of(upload_asset)
    async def aupload_asset(
        self,
        upload: AssetUpload | Mapping[str, Any],
        file: MediaFile | None = None,
        *,
        on_file: Callable[[MediaAsset], None] | None = None,
    ) -> MediaAsset:
        from airflow_provider_seedance.api.client import SeedanceClient

        adapter, settings = await self.aget_client_settings()

        def upload_in_thread() -> MediaAsset:
            with SeedanceClient(adapter, settings, pause=self.pause) as client:
                return client.upload_asset(upload, file, on_file=on_file)

        with airflow_errors():
            return await asyncio.to_thread(upload_in_thread)  # reading the file blocks

    @twin_of(get_asset)
    async def aget_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        async with self._async_client() as client:
            return await client.get_asset(asset_id, library=library, query=query)

    def wait_for_video(
        self,
        video_id: str,
        *,
        poll_interval: float | timedelta = 10.0,
        timeout: float | timedelta = 3600.0,
        deadline: float | None = None,
    ) -> Video:
        """Waits in this process until the video is finished.

        :param video_id: the vendor's id.
        :param poll_interval: seconds between polls, or a timedelta; default 10.
        :param timeout: seconds from now until the wait is given up, or a timedelta; default an hour.
        :param deadline: Unix time at which it is given up, in place of `timeout`.
        :return: the finished video.
        :raises VideoFailedError: it ended without a result.
        :raises VideoTimeoutError: it was not finished in time.
        """
        from airflow_provider_seedance.api.client import HUNG, POLL_TIMEOUT
        from airflow_provider_seedance.api.durations import seconds
        from airflow_provider_seedance.api.jobs import Wait
        from airflow_provider_seedance.api.video_jobs import VIDEO
        from airflow_provider_seedance.api.waiting import wait_here

        started = time.time()
        with airflow_errors():
            interval, patience = seconds("poll_interval", poll_interval), seconds("timeout", timeout)
            until = started + patience if deadline is None else deadline

            def read() -> Video:
                # However long the vendor takes, the wait ends in time.
                return self.get_conn().get_video(video_id, timeout=max(HUNG, min(POLL_TIMEOUT, until - time.time())))

            wait = Wait(VIDEO, video_id, interval=interval, deadline=until, started=started)
            return wait_here(wait, read, teller(self.log, video_id), self.pause)
