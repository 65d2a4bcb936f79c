"""Runware's media storage, as its own client and third parties use it.

A task stores one file, given as a data URI, plain Base64 or a URL. No limits are documented. The URLs of stored files
don't exist.
"""

import base64
import binascii
import uuid
from typing import Any

from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor


class RunwareAssets(Vendor):
    """The handler for uploads; :class:`Runware` has all others."""

    def _one(self, call: Call) -> dict[str, Any]:
        raise NotImplementedError

    def store(self, call: Call) -> Answer:
        """``mediaStorage``."""
        task = self._one(call)
        if task.get("operation") != "upload":
            raise Refused("bad_request", "Unsupported operation.", param="operation", code="unsupportedParameter")
        media = task.get("media")
        if not isinstance(media, str) or not media:
            raise Refused("bad_request", "'media' is required.", param="media", code="missingMedia")
        content = None
        if not media.startswith("https://"):
            try:
                content = base64.b64decode(media.rpartition(",")[2], validate=True)
            except (ValueError, binascii.Error):
                raise Refused("bad_request", "'media' can't be read.", param="media", code="invalidMedia") from None
        kind = media.removeprefix("data:").partition("/")[0] if media.startswith("data:") else None
        asset = self.world.add_asset(
            self.name,
            "media",
            name="",
            url="",
            kind=kind,
            content=content,
            asset_id=str(uuid.UUID(int=self.world.chance.getrandbits(128), version=4)),
        )
        asset.url = f"https://im.runware.example/{asset.id}"
        item = {"taskType": "mediaStorage", "taskUUID": task.get("taskUUID")}
        return Answer.json({"data": [{**item, "mediaUUID": asset.id, "mediaURL": asset.url}]})
