"""GMI Cloud's request queue.

Variants: ``outcome="media_urls"`` (the newer form), ``error`` = "top" (default), "top_object", "outcome" or
"outcome_object" (the place of a failed request's error, and whether it is an object), ``words="observed"`` ("created"
and "dispatched" instead of the documented words).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, route
from airflow_provider_seedance.simulator.vendors.gmicloud import rules as gmicloud_rules
from airflow_provider_seedance.simulator.vendors.gmicloud.assets import ASSET_ROUTES, GMICloudAssets
from airflow_provider_seedance.simulator.videos import Look, Picture, SimulatedVideo

BASE = "/api/v1/ie/requestqueue/apikey"
WORDS = {
    "queued": "queued",
    "running": "processing",
    "succeeded": "success",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "failed",  # no such status is documented
}
OBSERVED = {**WORDS, "queued": "created", "running": "dispatched"}
STATUS = {
    "auth": 401,
    "balance": 402,  # guess
    "unknown_model": 404,
    "unknown_task": 404,
    "unknown_path": 404,
    "method": 405,
    "rate": 429,
    "server": 500,
    "backend": 500,
    "unavailable": 503,
    "moderation": 500,
}


class GMICloud(GMICloudAssets):
    """GMI Cloud at ``/api/v1/ie/requestqueue/apikey``."""

    routes = (
        route("POST", f"{BASE}/requests", "create", "create"),
        route("GET", f"{BASE}/requests", "list", "list"),
        route("GET", f"{BASE}/requests/{{id}}", "poll", "poll"),
        # Undocumented; a third-party client tries it. Off, unless the simulator has `gmi_cancel`.
        route("DELETE", f"{BASE}/requests/{{id}}", "cancel", "cancel"),
        route("GET", f"{BASE}/models", "auth_probe", "models"),
        route("GET", f"{BASE}/models/{{id}}", "info", "model"),
        *ASSET_ROUTES,
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": ("moderation", "output refused by content moderation"),
        "fail": ("backend", "Failed to download media"),
        "expire": ("timeout", "request timed out"),
    }

    def create(self, call: Call) -> Answer:
        """``POST /requests``."""
        body = call.body_object()
        model, payload = body.get("model"), body.get("payload")
        if model not in gmicloud_rules.MODELS:
            raise Refused("unknown_model", f"model not found: {model}")
        if not isinstance(payload, dict) or not payload:
            raise Refused("bad_request", "payload is required", param="payload")
        gmicloud_rules.check(payload, model)
        duration = payload.get("duration", 5)
        picture = Picture(
            5 if duration == -1 else duration,
            payload.get("resolution", "720p"),
            payload.get("ratio", "16:9"),
            payload.get("generate_audio", True),
        )
        video = self.world.accept(
            self.name, model=model, prompt=payload["prompt"], request=body, picture=picture, seed=payload.get("seed")
        )
        answer = Answer.json({"request_id": video.id, "model": model, "status": "queued", **self._times(video)})
        answer.accepted = video
        return answer

    def _times(self, video: SimulatedVideo) -> dict[str, int]:
        created = int(video.created_at)
        return {"created_at": created, "updated_at": int(video.updated_at), "queued_at": created}

    def _shown(self, video: SimulatedVideo, call: Call) -> dict[str, Any]:
        look, words = video.look(), OBSERVED if call.style.get("words") == "observed" else WORDS
        shown: dict[str, Any] = {
            "request_id": video.id,
            "org_id": "org-simulator",
            "model": video.model,
            "status": self.word(look, words),
            "payload": video.request["payload"],
            "outcome": {},
            **self._times(video),
        }
        if look.status == "succeeded":
            shown["outcome"] = self._outcome(video, look, call)
        elif look.status in ("failed", "expired"):
            self._add_error(shown, video, str(call.style.get("error", "top")))
        return shown

    def _outcome(self, video: SimulatedVideo, look: Look, call: Call) -> dict[str, Any]:
        if look.url_form == "none":
            return {}
        if look.url_form == "relative":
            return {"video_url": f"videos/{video.id}.mp4"}
        url = signing.sign(self.world, call.origin, video, "mp4")
        if call.style.get("outcome") == "media_urls":
            return {"media_urls": [{"url": url}]}
        return {"video_url": url, "thumbnail_image_url": signing.sign(self.world, call.origin, video, "jpg")}

    def _add_error(self, shown: dict[str, Any], video: SimulatedVideo, where: str) -> None:
        message = video.error_message or "generation failed"
        as_object = {"code": video.error_code or "failed", "message": message, "status": 400}
        error = as_object if where.endswith("object") else message
        (shown if where.startswith("top") else shown["outcome"])["error"] = error

    def poll(self, call: Call) -> Answer:
        """``GET /requests/{id}``."""
        return Answer.json(self._shown(self.video(call), call))

    def list(self, call: Call) -> Answer:
        """``GET /requests?model_id=&limit=&offset=``, newest first; the order is not documented."""
        model = call.first("model_id")
        if not model:
            raise Refused("bad_request", "model_id is required", param="model_id")
        try:
            limit, offset = int(call.first("limit") or 20), int(call.first("offset") or 0)  # default: guess
        except ValueError:
            raise Refused("bad_request", "limit and offset must be integers", param="limit") from None
        if limit < 1 or offset < 0:
            raise Refused("bad_request", "limit must be above 0, offset 0 or more", param="limit")
        mine = [video for video in self.world.videos.values() if video.vendor == self.name and video.model == model]
        page = mine[::-1][offset : offset + limit]
        shown = [self._shown(video, call) for video in page]
        return Answer.json({"requests": shown, "has_more": offset + limit < len(mine)})

    def cancel(self, call: Call) -> Answer:
        """``DELETE /requests/{id}``: HTTP 405, or with ``gmi_cancel`` a cancel of a queued request (a guess)."""
        if not self.world.settings.gmi_cancel:
            raise Refused("method", "method not allowed")
        video = self.video(call)
        if video.status != "queued":
            raise Refused("bad_request", f"request is {video.status}")
        self.world.finish(video, "cancelled", None, None)
        return Answer.json(self._shown(video, call))

    def models(self, call: Call) -> Answer:
        """``GET /models``."""
        return Answer.json({"model_ids": list(gmicloud_rules.MODELS)})

    def model(self, call: Call) -> Answer:
        """``GET /models/{id}``; the fields are documented, their values invented."""
        name = call.params["id"]
        if name not in gmicloud_rules.MODELS:
            raise Refused("unknown_model", f"model not found: {name}")
        return Answer.json(
            {
                "model": name,
                "org_id": "org-simulator",
                "brief_description": "simulated Seedance model",
                "detailed_description": "Renders test pictures; costs nothing.",
                "pricing_details": {},
                "price_info": {},
                "delivery_mode": "async",
            }
        )

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"error": "..."}``."""
        return Answer.json({"error": refused.message}, STATUS.get(refused.reason, 400), refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """As observed: HTTP 500, no task and no charge."""
        text = message or "the input image may contain real person"
        return Refused("moderation", f"Backend error (400): {text}", code=code)

    def strip_id(self, answer: Any) -> Any:
        """The answer without ``request_id``."""
        answer.pop("request_id")
        return answer
