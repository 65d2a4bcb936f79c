"""Reference media at fal: a call returns an upload URL, and the bytes go there without the key, as in fal's clients."""

from __future__ import annotations

from typing_extensions import override

from airflow_provider_seedance.api.assets import Library, MediaFile
from airflow_provider_seedance.api.vendors.asset_adapter import Ticket, TicketAssets
from airflow_provider_seedance.api.vendors.fal.errors import explain
from airflow_provider_seedance.api.vendors.json_fields import text_or_none
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

STORAGE = "https://rest.fal.ai"

_FILES = Library(
    name="files",
    source="fal-client 1.0.3 on PyPI, client.py",
    takes="file",
    kinds=("image", "video", "audio"),
)


class FalAssets(TicketAssets):
    """fal's file store."""

    libraries = (_FILES,)

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
