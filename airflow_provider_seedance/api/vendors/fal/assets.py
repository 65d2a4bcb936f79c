"""Reference media at fal: a place is asked for, and the bytes go there without the key, as in its own clients."""

from __future__ import annotations

from typing_extensions import override

from airflow_provider_seedance.api.assets import AssetStatus, Library, MediaAsset, MediaFile, UploadRequest
from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter, Ticket
from airflow_provider_seedance.api.vendors.fal.errors import explain
from airflow_provider_seedance.api.vendors.json_fields import text_or_none
from airflow_provider_seedance.api.vendors.refusals import ErrorAnswer, meaning_of_status
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

STORAGE = "https://rest.fal.ai"

_FILES = Library(
    name="files",
    source="fal-client 1.0.3 on PyPI, client.py",
    takes="file",
    kinds=("image", "video", "audio"),
)


class FalAssets(AssetAdapter):
    """fal's file store."""

    libraries = (_FILES,)
    needs_ticket = True

    @override
    def build_ticket(self, file: MediaFile) -> HttpRequest:
        body = {"file_name": file.name, "content_type": file.content_type}
        params = (("storage_type", "fal-cdn-v3"),)
        return HttpRequest("POST", "/storage/upload/initiate", params=params, json=body, origin=STORAGE)

    @override
    def parse_ticket(self, response: HttpResponse) -> Ticket:
        data = response.json_object() if 200 <= response.status_code < 300 else {}
        upload_url, file_url = text_or_none(data.get("upload_url")), text_or_none(data.get("file_url"))
        if upload_url is None or file_url is None or not file_url.startswith(("https://", "http://")):
            raise self._read_error(response, explain(response))
        return Ticket(upload_url, file_url)

    @override
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        url = ticket.upload_url if ticket else None
        return UploadRequest("PUT", "", headers={"Content-Type": file.content_type}, file=file, url=url)

    @override
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        """The answer is the storage's, not fal's: its text may quote the signed URL."""
        if ticket is None or not 200 <= response.status_code < 300:
            answer = ErrorAnswer(meaning_of_status(response.status_code), is_vendors=False)
            raise self._upload_error(response, answer)
        return MediaAsset(
            asset=ticket.public_url,
            vendor=self.vendor.name,
            library=_FILES.name,
            status=AssetStatus.ACTIVE,
            name=file.name,
            url=ticket.public_url,
            size=file.size,
            content_type=file.content_type,
        )
