"""GMI Cloud's upload URL, as third-party clients use it; none of it is documented.

Like real signed storage, the storage refuses another method, content type or signature, an expired URL, and the API key
as a second authentication. The lifetime of the URL is a guess.
"""

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import urlencode

from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor, route

TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}
LIVES = 900
BASE = "/api/v1/ie/requestqueue/apikey"
ASSET_ROUTES = (
    route("POST", f"{BASE}/upload-url", "upload_url", "upload_url"),
    route("PUT", "/storage/{name}", "upload", "put_file"),
)
_SUFFIX = re.compile(r"[a-z0-9]{1,8}")


def _denied(status: int, code: str) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code></Error>".encode(), "application/xml")


class GMICloudAssets(Vendor):
    """The handlers for uploads; :class:`GMICloud` has all others."""

    def check_key(self, call: Call) -> None:
        """The storage refuses the API key; see :meth:`put_file`."""
        if call.handler != "put_file":
            super().check_key(call)

    def upload_url(self, call: Call) -> Answer:
        """``POST /upload-url``."""
        suffix: Any = call.body_object().get("file_type")
        if not isinstance(suffix, str) or suffix not in TYPES or not _SUFFIX.fullmatch(suffix):
            raise Refused("bad_request", "unsupported file_type", param="file_type")
        name = f"{self.world.new_asset_id()}.{suffix}"
        end = str(int(self.world.clock.now()) + LIVES)
        query = urlencode({"X-Goog-Expires": end, "X-Goog-Signature": self._sign(name, end)})
        return Answer.json(
            {
                "upload_url": f"{call.origin}/{self.name}/storage/{name}?{query}",
                "public_url": f"https://storage.gmicloud.example/{name}",
            }
        )

    def put_file(self, call: Call) -> Answer:
        """``PUT`` to the signed URL."""
        name, end = call.params["name"], call.first("X-Goog-Expires") or ""
        if "authorization" in call.headers:
            return _denied(400, "InvalidArgument")
        if not hmac.compare_digest(self._sign(name, end), call.first("X-Goog-Signature") or ""):
            return _denied(403, "SignatureDoesNotMatch")
        if int(end) <= self.world.clock.now():
            return _denied(400, "ExpiredToken")
        expected = TYPES[name.rpartition(".")[2]]
        if call.headers.get("content-type") != expected:
            return _denied(403, "SignatureDoesNotMatch")
        if "content-length" not in call.headers:
            return _denied(411, "MissingContentLength")
        self.world.add_asset(
            self.name,
            "files",
            asset_id=name.partition(".")[0],
            name=name,
            url=f"https://storage.gmicloud.example/{name}",
            kind=expected.partition("/")[0],
            content=call.body,
            content_type=expected,
        )
        return Answer(200, b"", "text/plain")

    def _sign(self, name: str, end: str) -> str:
        return hmac.new(self.world.secret, f"PUT\n{name}\n{end}".encode(), hashlib.sha256).hexdigest()
