"""Reference media at Runware: a task stores one file and returns its UUID.

This was observed and is in the vendor's own client; it isn't in the documents that were read. No limits are known. The
limit here is ours, since a file is sent as Base64 in JSON.
"""

from __future__ import annotations

import base64
import uuid

from typing_extensions import override

from airflow_provider_seedance.api.assets import AssetStatus, Library, MediaAsset, MediaFile, UploadRequest
from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter, Ticket
from airflow_provider_seedance.api.vendors.json_fields import as_id, text_or_none
from airflow_provider_seedance.api.vendors.runware import answers
from airflow_provider_seedance.api.vendors.runware.videos import ID, RunwareAdapter
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse

_FILES = Library(
    name="files",
    source="Runware's client, `uploadMedia`; the limit of 50 MiB is ours",
    takes="file",
    kinds=("image", "video", "audio"),
    most_bytes=50 * 1024 * 1024,
)


class RunwareAssets(AssetAdapter):
    """Runware's media storage. A create refers to a stored file by its UUID."""

    vendor: RunwareAdapter
    libraries = (_FILES,)

    @override
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        file.content.seek(0)
        content = base64.b64encode(file.content.read()).decode()
        media = f"data:{file.content_type};base64,{content}"
        task = {"taskType": "mediaStorage", ID: str(uuid.uuid4()), "operation": "upload", "media": media}
        return UploadRequest("POST", "", json=[task])

    @override
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        stored = answers.first_item(response)
        asset_id = as_id(stored.get("mediaUUID"))
        if asset_id is None:
            read = answers.read(response, "")
            raise self._upload_error(response, self.vendor._explain(response, read))
        return MediaAsset(
            asset=asset_id,
            asset_id=asset_id,
            vendor=self.vendor.name,
            library=_FILES.name,
            status=AssetStatus.ACTIVE,
            name=file.name,
            url=text_or_none(stored.get("mediaURL")),
            size=file.size,
            content_type=file.content_type,
        )
