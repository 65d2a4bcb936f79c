"""Modellix's file store, from its documents and its clients: images of at most 16 MiB, sent as a form.

The HTTP status for a file that is too large or no image is a guess. The URLs of stored files don't exist.
"""

import time
from typing import Any

from airflow_provider_seedance.simulator.multipart import parse_form
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor, route

LIMIT = 16 * 1024 * 1024
ASSET_ROUTES = (route("POST", "/api/v1/media/files", "upload", "upload_file"),)


def _image_type(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


class ModellixAssets(Vendor):
    """The handler for uploads; :class:`Modellix` has all others."""

    def _ok(self, data: Any) -> Answer:
        raise NotImplementedError

    def upload_file(self, call: Call) -> Answer:
        """``POST /media/files``."""
        try:
            part = parse_form(call.headers.get("content-type", ""), call.body).get("file")
        except ValueError as error:
            raise Refused("bad_request", str(error), param="file") from None
        if part is None or part.filename is None or not part.content:
            raise Refused("bad_request", "file is required", param="file")
        if len(part.content) > LIMIT:
            raise Refused("bad_request", "file exceeds 16 MiB", param="file")
        found = _image_type(part.content)
        if found is None:
            raise Refused("bad_request", "file must be PNG, JPEG or WebP", param="file")
        asset = self.world.add_asset(
            self.name, "files", name=part.filename, url="", kind="image", content=part.content, content_type=found
        )
        asset.url = f"https://cdn.modellix.example/{asset.id}.{found.partition('/')[2]}"
        return self._ok(
            {
                "file_id": asset.id,
                "type": found,
                "url": asset.url,
                "filename": asset.name,
                "size": asset.size,
                "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(asset.created_at)),
            }
        )
