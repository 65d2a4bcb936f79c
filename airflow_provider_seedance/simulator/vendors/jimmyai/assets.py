"""Jimmy AI's file store, SP library and real-person whitelist, as documented, and its audit, whose paths alone are.

Guesses: the field for the reason of a failed asset (``error_message``), all bodies of the audit, and the refusal of an
asset that is not active. The URLs of stored files begin with https, as documented, but don't exist.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_seedance.simulator.assets import SimulatedAsset
from airflow_provider_seedance.simulator.multipart import parse_form
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor, route

API = "/api/open-api/v1"
LIMIT = 100 * 1024 * 1024
SUFFIXES = {
    "image": ["jpg", "jpeg", "png", "gif", "webp", "bmp", "svg"],
    "video": ["mp4", "mov", "avi", "webm", "mkv", "m4v", "flv"],
    "audio": ["mp3", "wav", "aac", "m4a", "flac", "ogg"],
}
WORDS = {"processing": "Processing", "active": "Active", "failed": "Failed"}
MEDIA = ("images", "first_image", "last_image", "reference_videos", "reference_audios")
#: The libraries whose assets a route accepts.
LIBRARIES = {"Full": ("audit",), "SP": ("sp", "realperson")}

ASSET_ROUTES = (
    route("POST", f"{API}/files/upload", "upload", "upload_file"),
    route("POST", f"{API}/seedance/sp/assets/upload", "upload", "sp_upload"),
    route("POST", f"{API}/seedance/sp/assets/detail", "asset", "sp_detail"),
    route("POST", f"{API}/seedance/sp/assets/status", "asset", "sp_status"),
    route("POST", f"{API}/seedance/sp/realperson/submit", "upload", "person_submit"),
    route("POST", f"{API}/seedance/sp/realperson/status", "asset", "person_status"),
    route("POST", f"{API}/seedance/sp/realperson/batch-status", "asset", "person_statuses"),
    route("POST", f"{API}/seedance/assets/audit", "upload", "audit"),
    route("GET", f"{API}/seedance/assets/status", "asset", "audit_status"),
)


def _bad(message: str, param: str) -> Refused:
    return Refused("bad_request", message, param=param)


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _bad(f"{name} is required, a non-empty string", name)
    return value


def _url(body: Mapping[str, Any]) -> str:
    value = _text(body, "url")
    if not value.startswith(("https://", "http://")):
        raise _bad("url must be a public URL", "url")
    return value


class JimmyAIAssets(Vendor):
    """The handlers for reference media; :class:`JimmyAI` has all others."""

    def _envelope(self, data: Any, style: Mapping[str, Any], code: int | str) -> Answer:
        raise NotImplementedError

    def upload_file(self, call: Call) -> Answer:
        """``POST /files/upload``."""
        try:
            part = parse_form(call.headers.get("content-type", ""), call.body).get("file")
        except ValueError as error:
            raise _bad(str(error), "file") from None
        if part is None or part.filename is None:
            raise _bad("the form has no file named file", "file")
        suffix = part.filename.rpartition(".")[2].lower()
        kind = next((kind for kind, known in SUFFIXES.items() if suffix in known), None)
        if kind is None:
            raise _bad(f"unsupported format: {suffix}", "file")
        if not 0 < len(part.content) <= LIMIT:
            raise _bad("the file must have between 1 byte and 100 MB", "file")
        asset = self.world.add_asset(
            self.name,
            "files",
            name=part.filename,
            url="",
            kind=kind,
            content=part.content,
            content_type=part.content_type,
        )
        day = time.strftime("%Y%m%d", time.gmtime(asset.created_at))
        asset.url = f"https://cdn.jimmyai.example/openapi/upload/{day}/{asset.id}.{suffix}"
        data = {"url": asset.url, "filename": asset.name, "size": asset.size, "mime_type": asset.content_type}
        return self._envelope(data, call.style, 20000)

    def sp_upload(self, call: Call) -> Answer:
        """``POST /seedance/sp/assets/upload``."""
        body = call.body_object()
        kind = _text(body, "type")
        if kind not in ("image", "video", "audio", "text"):
            raise _bad("type must be one of image, video, audio, text", "type")
        asset = self._looked_at(call, "sp", name=_text(body, "name"), url=_url(body), kind=kind)
        return self._envelope({"asset_id": asset.id}, call.style, 0)

    def person_submit(self, call: Call) -> Answer:
        """``POST /seedance/sp/realperson/submit``."""
        body = call.body_object()
        asset = self._looked_at(call, "realperson", name=_text(body, "name"), url=_url(body), kind="image")
        return self._envelope(self._person_shown(asset), call.style, 0)

    def audit(self, call: Call) -> Answer:
        """``POST /seedance/assets/audit``; accepts any object; the answer is a guess."""
        if not call.body_object():
            raise _bad("the body is empty", "")
        asset = self._looked_at(call, "audit", name="", url="", kind=None)
        return self._envelope({"assetId": asset.id, "status": "Processing"}, call.style, 0)

    def sp_detail(self, call: Call) -> Answer:
        """``POST /seedance/sp/assets/detail``."""
        return self._envelope(self._asset_shown(self._named(call, "sp")), call.style, 0)

    def sp_status(self, call: Call) -> Answer:
        """``POST /seedance/sp/assets/status``."""
        return self._envelope({"items": [self._asset_shown(asset) for asset in self._many(call, "sp")]}, call.style, 0)

    def person_status(self, call: Call) -> Answer:
        """``POST /seedance/sp/realperson/status``."""
        return self._envelope(self._person_shown(self._named(call, "realperson")), call.style, 0)

    def person_statuses(self, call: Call) -> Answer:
        """``POST /seedance/sp/realperson/batch-status``."""
        items = [self._person_shown(asset) for asset in self._many(call, "realperson")]
        return self._envelope({"items": items}, call.style, 0)

    def audit_status(self, call: Call) -> Answer:
        """``GET /seedance/assets/status?assetId=``; parameter and answer are guesses."""
        asset = self._asset(call.first("assetId"), "audit")
        return self._envelope({"assetId": asset.id, **self._state(asset)}, call.style, 0)

    def check_assets(self, body: Mapping[str, Any], route_name: str) -> None:
        """Check the assets in a create. Unknown ones pass, unless the simulator has ``known_assets_only``.

        :param body: the create's body
        :param route_name: the name of the model's route
        :raises Refused: "bad_request"
        """
        for name, asset_id in _assets_in(body):
            asset = self.world.assets.get(asset_id)
            if asset is None or asset.vendor != self.name:
                if self.world.settings.known_assets_only:
                    raise _bad(f"{name}: asset {asset_id} does not exist", name)
                continue
            if asset.library not in LIBRARIES.get(route_name, (asset.library,)):
                raise _bad(f"{name}: {route_name} does not take assets of {asset.library}", name)
            if asset.status != "active":
                raise _bad(f"{name}: asset {asset_id} is not Active", name)

    def _looked_at(self, call: Call, library: str, *, name: str, url: str, kind: str | None) -> SimulatedAsset:
        seconds = self.world.settings.asset_seconds
        return self.world.add_asset(self.name, library, name=name, url=url, kind=kind, seconds=seconds)

    def _asset(self, asset_id: object, library: str) -> SimulatedAsset:
        asset = self.world.assets.get(asset_id) if isinstance(asset_id, str) else None
        if asset is None or asset.vendor != self.name or asset.library != library:
            raise Refused("unknown_task", "asset not found")
        asset.reads += 1
        return asset

    def _named(self, call: Call, library: str) -> SimulatedAsset:
        return self._asset(_text(call.body_object(), "asset_id"), library)

    def _many(self, call: Call, library: str) -> list[SimulatedAsset]:
        ids = call.body_object().get("asset_ids")
        if not isinstance(ids, list) or not ids:
            raise _bad("asset_ids must be an array of ids", "asset_ids")
        return [self._asset(asset_id, library) for asset_id in ids]

    def _state(self, asset: SimulatedAsset) -> dict[str, Any]:
        if asset.unknown_reads > 0:
            asset.unknown_reads -= 1
            return {"status": asset.unknown_word}
        state: dict[str, Any] = {"status": WORDS[asset.status]}
        if asset.status == "failed" and asset.reason:
            state["error_message"] = asset.reason
        return state

    def _asset_shown(self, asset: SimulatedAsset) -> dict[str, Any]:
        return {
            "asset_id": asset.id,
            "official_id": f"official_{asset.id}",
            **self._state(asset),
            "name": asset.name,
            "image_url": asset.url if asset.kind == "image" else "",
            "created_at": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(asset.created_at)),  # the form is a guess
        }

    def _person_shown(self, asset: SimulatedAsset) -> dict[str, Any]:
        reference = f"asset://{asset.id}" if asset.status == "active" else None
        return {
            "asset_id": asset.id,
            **self._state(asset),
            "asset_ref": reference,
            "name": asset.name,
            "url": asset.url,
        }


def _assets_in(body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in MEDIA:
        value = body.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item.startswith("asset://"):
                yield name, item.removeprefix("asset://")
