"""Reference media at Modellix: a file store for images."""

from __future__ import annotations

from typing_extensions import override

from airflow_provider_seedance.api.assets import AssetStatus, Library, MediaAsset, MediaFile, UploadRequest
from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter, Ticket
from airflow_provider_seedance.api.vendors.json_fields import as_id, text_or_none
from airflow_provider_seedance.api.vendors.modellix.videos import ModellixAdapter
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse

_FILES = Library(
    name="files",
    # The vendor's own two clients refuse other files before they send them.
    source="Modellix's command-line client, src/lib/media-file.ts",
    takes="file",
    suffixes={"image": (".png", ".jpg", ".jpeg", ".webp")},
    most_bytes=16 * 1024 * 1024,
)


class ModellixAssets(AssetAdapter):
    """Modellix's file store."""

    vendor: ModellixAdapter
    libraries = (_FILES,)

    @override
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        return UploadRequest("POST", "/media/files", file=file, form_field="file")

    @override
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        """The stored file. Answers were observed with and without the `code` of the usual envelope."""
        data = self.vendor._data(response)
        url = text_or_none(data.get("url"))
        if url is None or not url.startswith(("https://", "http://")):
            raise self._upload_error(response, self.vendor._explain(response))
        size = data.get("size")
        return MediaAsset(
            asset=url,
            asset_id=as_id(data.get("file_id")),
            vendor=self.vendor.name,
            library=_FILES.name,
            status=AssetStatus.ACTIVE,
            name=text_or_none(data.get("filename")) or file.name,
            url=url,
            size=size if type(size) is int else file.size,
            content_type=text_or_none(data.get("type")) or file.content_type,
        )
