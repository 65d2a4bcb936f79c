"""The synchronous client. The steps of each call are in `api.calls`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow_provider_seedance.api.assets import AssetUpload, MediaAsset, MediaFile
from airflow_provider_seedance.api.base_client import BaseClient
from airflow_provider_seedance.api.cancellation import Cancellation
from airflow_provider_seedance.api.http.drivers import Driver
from airflow_provider_seedance.api.http.settings import ClientSettings
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.pricing import Cost
from airflow_provider_seedance.api.vendors.video_adapter import HistoryPage, VendorAdapter, VideoPage


class SeedanceClient(BaseClient):
    """Talks to one vendor, synchronously. Close it, or use it as a context manager.

    All methods raise the classes of `api.errors`. Apart from the errors that a method documents, these are
    `SeedanceAuthError`, `SeedanceQuotaError` and `TransientApiError`, and `NotSentError` if the vendor is unreachable.

    :param adapter: the vendor's adapter.
    :param settings: address, key, time-outs and rates.
    :param pause: waits for a number of seconds, between tries and between the pages of a list; default: `time.sleep`.
    :raises SeedanceConfigError: the key or the base URL is not valid.
    """

    def __init__(
        self, adapter: VendorAdapter, settings: ClientSettings, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(adapter, settings)
        self._driver = Driver(self._endpoint, settings, pause)

    def __enter__(self) -> SeedanceClient:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._driver.close()

    def create_video(self, request: VideoRequest | Mapping[str, Any], *, wait_for_room: bool = True) -> Video:
        """Submits a video, with one POST.

        :param request: the video to make; a mapping has the fields of `VideoRequest`.
        :param wait_for_room: whether to wait here, within the retry policy, when the vendor is saturated. Default: yes.
        :return: the accepted video, usually queued.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises SubmissionUnknownError: a video may exist and be billed.
        :raises SeedanceApiError: the vendor refused or can't be reached; nothing was created.
        """
        return self._driver.run(self._calls.create_video(request, wait_for_room=wait_for_room))

    def check_video(self, request: VideoRequest | Mapping[str, Any]) -> list[str]:
        """Checks a request as `create_video` does. No video is made.

        If the vendor has a free list of its models' limits, the list is read at most once an hour, and it applies to
        later creates of this process, too. If it can't be read, the documented limits apply.

        :param request: the video that would be made; a mapping has the fields of `VideoRequest`.
        :return: warnings; empty if there are none.
        :raises InvalidRequestError: the request breaks a documented rule or a limit of the list.
        """
        return self._driver.run(self._calls.check_video(request))

    def quote_video(self, request: VideoRequest | Mapping[str, Any]) -> Cost:
        """Asks the vendor for the price of a video. No video is made.

        :param request: the video that would be made; a mapping has the fields of `VideoRequest`.
        :return: the vendor's price, or the reason why there is none.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return self._driver.run(self._calls.quote_video(request))

    def get_video(self, video_id: str, *, timeout: float | None = None) -> Video:
        """Reads one video.

        :param video_id: the vendor's id.
        :param timeout: seconds for a single try, for callers that repeat the read anyway; default: the retry policy.
        :return: the video in its current state.
        :raises VideoNotFoundError: the vendor doesn't know the id (any more).
        :raises TransientApiError: the failure may pass; asking again may help.
        """
        flow = self._calls.get_video(video_id)
        return self._driver.run(flow) if timeout is None else self._driver.run_once(flow, timeout)

    def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        """Reads many videos, with as few requests as the vendor allows.

        :param video_ids: the vendor's ids.
        :return: the videos, in the order of the ids.
        :raises VideoNotFoundError: the vendor doesn't know one of the ids (any more).
        """
        return self._driver.run(self._calls.get_videos(video_ids))

    def cancel_video(self, video_id: str) -> None:
        """Cancels a video that has not started.

        On Ark a running video can't be cancelled, and cancelling an ended one erases its record: read the status first,
        or use `cancel_if_not_started`.

        :param video_id: the vendor's id.
        :raises UnsupportedByVendorError: the vendor has no such call.
        :raises SeedanceApiError: the vendor refused.
        """
        self._driver.run(self._calls.cancel_video(video_id))

    def cancel_if_not_started(self, video_id: str) -> Cancellation:
        """Cancels a video if that is possible and does no harm.

        :param video_id: the vendor's id.
        :return: whether it was cancelled, and a sentence about it.
        :raises SeedanceApiError: the video could not be read, so nothing was cancelled.
        """
        return self._driver.run(self._calls.cancel_if_not_started(video_id))

    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        """Reads one page of the account's videos.

        :param model: only videos of this model; default: of all models, where the vendor has such a list.
        :param status: only videos in this state; default: in any.
        :param limit: the most videos on the page; default 20.
        :param offset: videos to skip; default 0.
        :return: the page, in the vendor's order.
        :raises UnsupportedByVendorError: the vendor has no such call or filter.
        """
        return self._driver.run(self._calls.list_videos(model=model, status=status, limit=limit, offset=offset))

    def read_list(self, name: str, *, since: datetime, after: str | None = None) -> HistoryPage:
        """Reads one page of the account's history: its videos of any model and in any state.

        :param name: one of the adapter's `lists`.
        :param since: videos accepted earlier may be left out.
        :param after: `HistoryPage.after` of the previous page; default: the first page.
        :return: the page, in the vendor's order.
        :raises UnsupportedByVendorError: the vendor has no list.
        """
        return self._driver.run(self._calls.read_list(name, since=since, after=after))

    def find_videos(self, mark: str, *, model: str, since: datetime) -> list[Video]:
        """Finds the videos that carry the mark of a submission whose answer was lost.

        :param mark: the mark, drawn by the adapter's `draw_mark`.
        :param model: the requested model.
        :param since: the earliest moment at which the submission can have been accepted, allowing for wrong clocks.
        :return: the videos that were found; empty if none carries the mark.
        :raises UnsupportedByVendorError: the vendor has no list, or no field that the list repeats.
        :raises TransientApiError: the list could not be read to the end of that time, so nothing can be concluded.
        """
        return self._driver.run(self._calls.find_videos(mark, model=model, since=since))

    def get_model_info(self, model: str) -> dict[str, Any]:
        """Reads the vendor's description of a model.

        :param model: the model's name.
        :return: the description in the vendor's own words.
        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return self._driver.run(self._calls.get_model_info(model))

    def upload_asset(
        self,
        upload: AssetUpload | Mapping[str, Any],
        file: MediaFile | None = None,
        *,
        on_file: Callable[[MediaAsset], None] | None = None,
    ) -> MediaAsset:
        """Uploads reference media. Returns at once, even if the vendor is still reviewing them.

        :param upload: the upload's options, see `AssetUpload`.
        :param file: the bytes; not needed if `upload.url` is enough.
        :param on_file: called with the stored file before its URL is registered, in a library that takes URLs; default:
            nothing is called.
        :return: the asset, usually not active yet.
        :raises InvalidRequestError: a documented rule is broken; nothing was sent.
        :raises UploadUnknownError: the media may be stored.
        :raises UnsupportedByVendorError: the vendor has no such call.
        """
        return self._driver.run(self._calls.upload_asset(upload, file, on_file=on_file))

    def get_asset(
        self, asset_id: str, *, library: str | None = None, query: Mapping[str, str] | None = None
    ) -> MediaAsset:
        """Reads one asset.

        :param asset_id: the vendor's id.
        :param library: the library that holds it; default: the vendor's first.
        :param query: the query of the status call, where it is not documented; `{asset_id}` stands for the id. Default:
            none.
        :return: the asset in its current state.
        :raises AssetNotFoundError: the vendor doesn't know the id (any more).
        :raises UnsupportedByVendorError: the library has no states.
        """
        return self._driver.run(self._calls.get_asset(asset_id, library=library, query=query))

    def probe(self) -> str:
        """Makes a free call that shows whether the key works.

        :return: the result as a sentence, for example for the connection form.
        """
        return self._driver.run(self._calls.probe())
