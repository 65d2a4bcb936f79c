"""fal's uploads, as in its own clients: a call returns a signed upload URL, then the bytes are sent there.

The lifetime of the upload URL is a guess. The URLs of stored files don't exist.
"""

import hashlib
import hmac
import re
from urllib.parse import urlencode

from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor, route

LIVES = 900
STORAGES = ("gcs", "fal-cdn-v3")
ASSET_ROUTES = (
    route("POST", "/storage/upload/initiate", "upload_url", "upload_url"),
    route("PUT", "/storage/bucket/{name}", "upload", "put_file"),
)
_SUFFIX = re.compile(r"[A-Za-z0-9]{1,8}")


class FalAssets(Vendor):
    """The handlers for uploads; :class:`Fal` has all others."""

    def check_key(self, call: Call) -> None:
        """The storage needs no key, since the upload URL is signed."""
        if call.handler != "put_file":
            super().check_key(call)

    def upload_url(self, call: Call) -> Answer:
        """``POST /storage/upload/initiate?storage_type=``."""
        body, storage = call.body_object(), call.first("storage_type")
        file_name, content_type = body.get("file_name"), body.get("content_type")
        if storage not in STORAGES:
            raise Refused("bad_request", "unknown storage_type", param="storage_type")
        if not isinstance(file_name, str) or not isinstance(content_type, str) or "/" not in content_type:
            raise Refused("bad_request", "file_name and content_type are required", param="file_name")
        suffix = file_name.rpartition(".")[2]
        name = f"{self.world.new_asset_id()}.{suffix if _SUFFIX.fullmatch(suffix) else 'bin'}"
        end = str(int(self.world.clock.now()) + LIVES)
        signed = {"Expires": end, "Type": content_type, "Signature": self._sign(name, end, content_type)}
        return Answer.json(
            {
                "upload_url": f"{call.origin}/{self.name}/storage/bucket/{name}?{urlencode(signed)}",
                "file_url": f"https://v3.fal.media.example/files/{name}",
            }
        )

    def put_file(self, call: Call) -> Answer:
        """``PUT`` to the upload URL. A key is ignored, since fal's own client sends it."""
        name, end, content_type = call.params["name"], call.first("Expires") or "", call.first("Type") or ""
        signature = call.first("Signature") or ""
        if not hmac.compare_digest(self._sign(name, end, content_type), signature):
            return Answer(403, b"SignatureDoesNotMatch", "text/plain")
        if int(end) <= self.world.clock.now():
            return Answer(400, b"ExpiredToken", "text/plain")
        if call.headers.get("content-type") != content_type:
            return Answer(403, b"SignatureDoesNotMatch", "text/plain")
        self.world.add_asset(
            self.name,
            "files",
            asset_id=name.partition(".")[0],
            name=name,
            url=f"https://v3.fal.media.example/files/{name}",
            kind=content_type.partition("/")[0],
            content=call.body,
            content_type=content_type,
        )
        return Answer(200, b"", "text/plain")

    def _sign(self, name: str, end: str, content_type: str) -> str:
        text = f"PUT\n{name}\n{end}\n{content_type}".encode()
        return hmac.new(self.world.secret, text, hashlib.sha256).hexdigest()
