"""Reference media at Replicate: its Files API."""

from __future__ import annotations

from typing_extensions import override

from airflow_provider_seedance.api.assets import AssetStatus, Library, MediaAsset, MediaFile, UploadRequest
from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter, Ticket
from airflow_provider_seedance.api.vendors.json_fields import as_id, dig, text_or_none
from airflow_provider_seedance.api.vendors.replicate.videos import ReplicateAdapter
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse

_FILES = Library(
    name="files",
    source="replicate.com/docs/reference/http, files.create; replicate 1.0.7 on PyPI",
    takes="file",
    kinds=("image", "video", "audio"),
)


class ReplicateAssets(AssetAdapter):
    """Replicate's file store."""

    vendor: ReplicateAdapter
    libraries = (_FILES,)

    @override
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        return UploadRequest("POST", "/files", file=file, form_field="content")

    @override
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        data = self.vendor._data(response)
        url = text_or_none(dig(data, "urls", "get"))
        if url is None or not url.startswith(("https://", "http://")):
            raise self._upload_error(response, self.vendor._explain(response))
        size = data.get("size")
        return MediaAsset(
            asset=url,
            asset_id=as_id(data.get("id")),
            vendor=self.vendor.name,
            library=_FILES.name,
            status=AssetStatus.ACTIVE,
            name=text_or_none(data.get("name")) or file.name,
            url=url,
            size=size if type(size) is int else file.size,
            content_type=text_or_none(data.get("content_type")) or file.content_type,
        )
