"""Reference media at GMI Cloud: a signed URL for the upload, and a public URL for reading.

Observed, not documented: third-party clients call `POST /upload-url` with the file's suffix as `file_type`, then PUT
the bytes with the MIME type of that suffix. No limits are known.
"""

from __future__ import annotations

from typing_extensions import override

from airflow_provider_seedance.api.assets import Library, MediaFile
from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.vendors.asset_adapter import Ticket, TicketAssets
from airflow_provider_seedance.api.vendors.gmicloud.videos import GMICloudAdapter
from airflow_provider_seedance.api.vendors.json_fields import text_or_none
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

_FILES = Library(
    name="files",
    source="observed in clients of POST /upload-url",
    takes="file",
    kinds=("image", "video", "audio"),
)


class GMICloudAssets(TicketAssets):
    """GMI Cloud's file store. No call that makes `reference_asset_ids` is documented."""

    vendor: GMICloudAdapter
    libraries = (_FILES,)

    @override
    def build_ticket(self, file: MediaFile) -> HttpRequest:
        if not file.suffix:
            raise InvalidRequestError(f"Nothing was sent. {file.name} has no suffix; GMI Cloud needs it.")
        body = {"file_type": file.suffix.removeprefix(".")}
        return HttpRequest("POST", "/upload-url", json=body, headers=self.vendor._headers())

    @override
    def parse_ticket(self, response: HttpResponse) -> Ticket:
        data = self.vendor._data(response)
        upload_url, public_url = text_or_none(data.get("upload_url")), text_or_none(data.get("public_url"))
        if upload_url is None or public_url is None or not public_url.startswith(("https://", "http://")):
            raise self._read_error(response, self.vendor._explain(response))
        return Ticket(upload_url, public_url)
