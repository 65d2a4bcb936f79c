"""Reference media at Jimmy AI: a file store, the SP library, the real-person whitelist, and the Full route's audit.

The first three are documented (docs.jimmyai.cn). Of the audit only the two paths are: the caller writes its requests,
and its answers are read leniently.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from airflow_provider_seedance.api.assets import (
    SCHEME,
    AssetStatus,
    AssetUpload,
    Library,
    MediaAsset,
    MediaFile,
    UploadRequest,
)
from airflow_provider_seedance.api.errors import InvalidRequestError, TransientApiError, UnsupportedByVendorError
from airflow_provider_seedance.api.vendors.asset_adapter import AssetAdapter, Ticket, read_asset_status
from airflow_provider_seedance.api.vendors.jimmyai.videos import JimmyAIAdapter
from airflow_provider_seedance.api.vendors.json_fields import as_id, text_or_none
from airflow_provider_seedance.api.vendors.refusals import clean, text_of
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

_BASE = "/api/open-api/v1"
_FILES = Library(
    name="files",
    source="docs.jimmyai.cn/en/api-reference/common/files-upload",
    takes="file",
    suffixes={
        "image": (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".svg"),
        "video": (".mp4", ".mov", ".avi", ".webm", ".mkv", ".m4v", ".flv"),
        "audio": (".mp3", ".wav", ".aac", ".m4a", ".flac", ".ogg"),
    },
    most_bytes=100 * 1024 * 1024,
)
_SP = Library(
    name="sp",
    source="docs.jimmyai.cn/en/api-reference/seedance/sp/assets-upload",
    takes="url",
    has_states=True,
)
_REAL_PERSON = Library(
    name="realperson",
    source="docs.jimmyai.cn/en/api-reference/seedance/sp/realperson-submit",
    takes="url",
    kinds=("image",),
    has_states=True,
)
_AUDIT = Library(
    name="audit",
    source="docs.jimmyai.cn/en/api-reference/seedance/create",
    takes="body",
    has_states=True,
)

_REGISTER = {"sp": "/seedance/sp/assets/upload", "realperson": "/seedance/sp/realperson/submit"}
_READ = {"sp": "/seedance/sp/assets/detail", "realperson": "/seedance/sp/realperson/status"}
_AUDIT_ID = "{asset_id}"
"""The placeholder for the id in the audit's status query, whose parameters are not documented."""
_ID_NAMES = ("asset_id", "assetId")


class JimmyAIAssets(AssetAdapter):
    """Jimmy AI's libraries. The calls that list, delete or read many assets are not used."""

    vendor: JimmyAIAdapter
    libraries = (_FILES, _SP, _REAL_PERSON, _AUDIT)

    @override
    def build_file(self, file: MediaFile, ticket: Ticket | None) -> UploadRequest:
        return UploadRequest("POST", f"{_BASE}/files/upload", file=file, form_field="file")

    @override
    def parse_file(self, response: HttpResponse, file: MediaFile, ticket: Ticket | None) -> MediaAsset:
        data = self._data(response) or {}
        url = text_or_none(data.get("url"))
        if url is None or not url.startswith(("https://", "http://")):
            raise self._upload_error(response, self.vendor._explain(response))
        size = data.get("size")
        return MediaAsset(
            asset=url,
            vendor=self.vendor.name,
            library=_FILES.name,
            status=AssetStatus.ACTIVE,
            name=text_or_none(data.get("filename")) or file.name,
            url=url,
            size=size if type(size) is int else file.size,
            content_type=text_or_none(data.get("mime_type")) or file.content_type,
        )

    @override
    def build_register(self, upload: AssetUpload, library: Library) -> HttpRequest:
        if library is _AUDIT:
            if not upload.extra:
                raise InvalidRequestError(
                    "Nothing was sent. extra: what Jimmy AI's audit takes is not documented, so its whole body is "
                    "the caller's to write there."
                )
            return HttpRequest("POST", f"{_BASE}/seedance/assets/audit", json=upload.extra)
        body: dict[str, Any] = {"name": upload.name, "url": upload.url}
        if library is _SP:
            body["type"] = upload.kind
        return HttpRequest("POST", _BASE + _REGISTER[library.name], json=body | upload.extra)

    @override
    def parse_register(self, response: HttpResponse, upload: AssetUpload, library: Library) -> MediaAsset:
        """The place of the id in the audit's answer is not documented, so the answer is searched for its name."""
        data = self._data(response)
        ids = _ids_in(data) if library is _AUDIT else [as_id((data or {}).get("asset_id"))]
        if data is None or len(ids) != 1 or ids[0] is None:
            raise self._upload_error(response, self.vendor._explain(response))
        found = _status_in(data) if library is _AUDIT else data
        return self._asset(found, ids[0], library, word=found.get("status", "Processing")).model_copy(
            update={"kind": upload.kind, "name": upload.name}
        )

    @override
    def build_get(self, asset_id: str, library: Library, query: Mapping[str, str]) -> HttpRequest:
        if library is _AUDIT:
            if not query:
                raise UnsupportedByVendorError(
                    "What the status call of Jimmy AI's audit takes is not documented; give its query as "
                    f"`status_query`, with {_AUDIT_ID} in place of the id."
                )
            params = tuple((name, value.replace(_AUDIT_ID, asset_id)) for name, value in query.items())
            return HttpRequest("GET", f"{_BASE}/seedance/assets/status", params=params)
        if library.name not in _READ:
            raise self._unsupported(f"read an asset of its {library.name} library")
        return HttpRequest("POST", _BASE + _READ[library.name], json={"asset_id": asset_id})

    @override
    def parse_get(self, response: HttpResponse, asset_id: str, library: Library) -> MediaAsset:
        answer = self._data(response) or {}
        data = _status_in(answer) if library is _AUDIT else answer
        if "status" not in data:
            raise self._read_error(response, self.vendor._explain_read(response))
        told = as_id(data.get("asset_id"))
        if told not in (None, asset_id):
            raise TransientApiError(f"{self.title} answered for another asset than {asset_id}.", vendor=self.title)
        return self._asset(data, asset_id, library, word=data.get("status"))

    def _data(self, response: HttpResponse) -> dict[str, Any] | None:
        return self.vendor._data(response)

    def _asset(self, data: Mapping[str, Any], asset_id: str, library: Library, word: object) -> MediaAsset:
        status, undocumented = read_asset_status(word)
        reference = text_or_none(data.get("asset_ref")) or ""
        reason = None
        if status is AssetStatus.FAILED:
            # No field for the reason is documented; these are the fields of the vendor's failed videos.
            reasons = (text_of(data.get(key)) for key in ("error_message", "error_msg", "reason"))
            reason = clean(next((text for text in reasons if text), "")) or None
        return MediaAsset(
            asset=reference if reference.startswith(SCHEME) else f"{SCHEME}{asset_id}",
            asset_id=asset_id,
            vendor=self.vendor.name,
            library=library.name,
            status=status,
            name=text_or_none(data.get("name")),
            url=text_or_none(data.get("url")) or text_or_none(data.get("image_url")),
            reason=reason,
            undocumented_status=undocumented,
        )


def _ids_in(value: object) -> list[str | None]:
    """All different ids under one of the id's names, up to a depth of five."""
    found = [as_id(item[name]) for item in _objects_in(value) for name in _ID_NAMES if name in item]
    return list(dict.fromkeys(found))


def _status_in(value: object) -> Mapping[str, Any]:
    """The first object with a status, up to a depth of five; an empty one if there is none."""
    return next((item for item in _objects_in(value) if "status" in item), {})


def _objects_in(value: object, depth: int = 0) -> list[dict[str, Any]]:
    if depth > 5:
        return []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    below = [item for part in inner for item in _objects_in(part, depth + 1)]
    return [value, *below] if isinstance(value, dict) else below
