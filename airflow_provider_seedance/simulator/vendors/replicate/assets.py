"""Replicate's file store. The URLs of stored files don't exist; their lifetime is a guess."""

import time
from typing import Any

from airflow_provider_seedance.simulator.assets import SimulatedAsset
from airflow_provider_seedance.simulator.multipart import parse_form
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor, route

DAY = 86_400
ASSET_ROUTES = (
    route("POST", "/v1/files", "upload", "upload_file"),
    route("GET", "/v1/files", "asset", "files"),
    route("GET", "/v1/files/{id}", "asset", "file"),
)


def _stamp(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment))


class ReplicateAssets(Vendor):
    """The handlers for files; :class:`Replicate` has all others."""

    def upload_file(self, call: Call) -> Answer:
        """``POST /files``."""
        try:
            part = parse_form(call.headers.get("content-type", ""), call.body).get("content")
        except ValueError as error:
            raise Refused("bad_request", str(error), param="content") from None
        if part is None or part.filename is None or not part.content:
            raise Refused("bad_request", "content is required", param="content")
        asset = self.world.add_asset(
            self.name,
            "files",
            name=part.filename,
            url="",
            kind=part.content_type.partition("/")[0],
            content=part.content,
            content_type=part.content_type,
        )
        asset.url = f"https://api.replicate.example/v1/files/{asset.id}"
        return Answer.json(self._file(asset), 201)

    def files(self, call: Call) -> Answer:
        """``GET /files``."""
        mine = [asset for asset in self.world.assets.values() if asset.vendor == self.name]
        return Answer.json({"next": None, "previous": None, "results": [self._file(asset) for asset in mine[::-1]]})

    def file(self, call: Call) -> Answer:
        """``GET /files/{id}``."""
        asset = self.world.assets.get(call.params["id"])
        if asset is None or asset.vendor != self.name:
            raise Refused("unknown_task", "The requested resource could not be found.")
        return Answer.json(self._file(asset))

    def _file(self, asset: SimulatedAsset) -> dict[str, Any]:
        return {
            "id": asset.id,
            "name": asset.name,
            "content_type": asset.content_type,
            "size": asset.size,
            "etag": asset.sha256,
            "checksums": {"sha256": asset.sha256},
            "metadata": {},
            "created_at": _stamp(asset.created_at),
            "expires_at": _stamp(asset.created_at + DAY),
            "urls": {"get": asset.url},
        }
