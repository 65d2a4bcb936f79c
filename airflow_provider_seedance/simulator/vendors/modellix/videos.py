"""Modellix, with the model in the path.

Variants, from the answers that its own clients accept: ``queued``, ``running`` and ``status`` (for success) are the
words for these states, ``resources="plain"`` returns URLs in place of objects, ``error`` = "object" (default), "text"
or "message" is the form of a failed task's error, which is not documented.
"""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.media.sizes import size_of
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, route
from airflow_provider_seedance.simulator.vendors.modellix import rules as modellix_rules
from airflow_provider_seedance.simulator.vendors.modellix.assets import ASSET_ROUTES, ModellixAssets
from airflow_provider_seedance.simulator.videos import Look, Picture, SimulatedVideo

BASE = "/api/v1"
WORDS = {
    "queued": "pending",
    "running": "processing",
    "succeeded": "success",
    "failed": "failed",
    "cancelled": "canceled",
    "expired": "failed",  # no such status is documented
}
#: HTTP status and the category before the message. Both are documented; the text after the colon is not.
ERRORS = {
    "auth": (401, "Unauthorized"),
    "balance": (402, "Payment Required"),
    "unknown_model": (404, "Not Found"),
    "unknown_task": (404, "Not Found"),
    "unknown_path": (404, "Not Found"),
    "method": (405, "Method Not Allowed"),
    "rate": (429, "Too Many Requests"),
    "server": (500, "Internal Server Error"),
    "unavailable": (503, "Service Unavailable"),
}
#: Requests per minute and key, from an archived page that may be stale.
PER_MINUTE = 100


class Modellix(ModellixAssets):
    """Modellix at ``/api/v1``."""

    routes = (
        route("POST", f"{BASE}/bytedance/{{slug}}/async", "create", "create"),
        route("POST", f"{BASE}/bytedance/{{slug}}", "create", "create"),
        route("GET", f"{BASE}/tasks/{{id}}", "poll", "poll"),
        route("GET", f"{BASE}/models", "info", "models"),
        route("GET", f"{BASE}/apikey/validate", "auth_probe", "validate"),
        route("GET", f"{BASE}/team/balance", "auth_probe", "balance"),
        *ASSET_ROUTES,
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": ("OutputVideoSensitiveContentDetected", "output refused by moderation"),
        "fail": ("InternalError", "generation failed"),
        "expire": ("TaskExpired", "task expired"),
    }

    def _ok(self, data: Any) -> Answer:
        return Answer.json({"code": 0, "message": "success", "data": data})

    def create(self, call: Call) -> Answer:
        """``POST /bytedance/{slug}`` and ``.../async``."""
        slug, body = call.params["slug"], call.body_object()
        modellix_rules.check(slug, body)
        picture = Picture(
            body.get("duration", 5),
            body.get("resolution", "720p"),
            body.get("ratio", "1:1"),
            body.get("generate_audio", True),
            body.get("return_last_frame", False),
        )
        video = self.world.accept(
            self.name,
            model=slug,
            prompt=body["prompt"],
            request=body,
            picture=picture,
            expires_after=body.get("execution_expires_after", 172800),
            seed=body.get("seed"),
        )
        url = f"{call.origin}/{self.name}{BASE}/tasks/{video.id}"
        data = {"status": "pending", "task_id": video.id, "model_id": slug, "get_result": {"method": "GET", "url": url}}
        answer = self._ok(data)
        answer.accepted = video
        return answer

    def poll(self, call: Call) -> Answer:
        """``GET /tasks/{id}``."""
        video = self.video(call)
        told = {"queued": "queued", "running": "running", "succeeded": "status"}
        words = WORDS | {name: str(call.style[key]) for name, key in told.items() if key in call.style}
        look = video.look()
        data: dict[str, Any] = {"status": self.word(look, words), "task_id": video.id, "model_id": video.model}
        if look.status == "succeeded":
            resources = self._resources(video, look, call.origin)
            plain = call.style.get("resources") == "plain"
            data["result"] = {"resources": [each["url"] for each in resources] if plain else resources}
        elif look.status in ("failed", "expired"):
            self._add_error(data, video, str(call.style.get("error", "object")))
        return self._ok(data)

    def _resources(self, video: SimulatedVideo, look: Look, origin: str) -> list[dict[str, Any]]:
        if look.url_form == "none":
            return []
        relative = look.url_form == "relative"
        url = f"videos/{video.id}.mp4" if relative else signing.sign(self.world, origin, video, "mp4")
        width, height = size_of(video.picture.resolution, video.picture.ratio)
        shown: list[dict[str, Any]] = [{"type": "video", "url": url, "width": width, "height": height, "format": "mp4"}]
        if video.picture.last_frame:  # its place in the answer is a guess
            image = signing.sign(self.world, origin, video, "png")
            shown.append({"type": "image", "url": image, "role": "last_frame", "format": "png"})
        return shown

    def _add_error(self, data: dict[str, Any], video: SimulatedVideo, form: str) -> None:
        message = video.error_message or "generation failed"
        if form == "message":
            data["message"] = message
        else:
            data["error"] = message if form == "text" else {"code": video.error_code or "failed", "message": message}

    def models(self, call: Call) -> Answer:
        """``GET /models``; the form of the answer is a guess."""
        tiers, modes = ("", "fast-", "mini-"), ("t2v", "i2v", "v2v")
        names = [f"seedance-2.0-{tier}{mode}" for tier in tiers for mode in modes]
        return self._ok({"models": [{"model_id": f"bytedance/{name}", "name": name} for name in names]})

    def validate(self, call: Call) -> Answer:
        """``GET /apikey/validate``."""
        return self._ok({"is_valid": True})

    def balance(self, call: Call) -> Answer:
        """``GET /team/balance``."""
        return self._ok({"balance": 1000 - len(self.world.bills)})

    def check_rate(self, call: Call) -> None:
        """Check the limit of 100 requests per minute, from an archived page."""
        if self.world.rate_per_minute(self.name) > PER_MINUTE:
            headers = {"X-RateLimit-Reset": str(int(time.time()) + 60), "Retry-After": "5"}
            raise Refused("rate", "rate limit reached", headers=headers)

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"code": <HTTP status>, "message": "<Category>: <detail>"}``."""
        status, category = ERRORS.get(refused.reason, (400, "Bad Request"))
        return Answer.json({"code": status, "message": f"{category}: {refused.message}"}, status, refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """HTTP 400: a guess, since a refusal at submission is not documented."""
        return Refused("moderation", message or "input refused by moderation", code=code)

    def strip_id(self, answer: Any) -> Any:
        """The answer without ``data.task_id`` and the URL that contains it."""
        answer["data"].pop("task_id")
        answer["data"].pop("get_result")
        return answer
