"""Jimmy AI.

Variants: ``code`` (0, 20000, "20000" ...), ``flat=True`` (the object without the envelope, as on an older page),
``http_errors=True`` (errors with an HTTP status of their own; the vendor's is unknown, and 200 is assumed).
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, route
from airflow_provider_seedance.simulator.vendors.jimmyai import rules as jimmyai_rules
from airflow_provider_seedance.simulator.vendors.jimmyai.assets import ASSET_ROUTES, JimmyAIAssets
from airflow_provider_seedance.simulator.videos import Look, Picture, SimulatedVideo

WORDS = {
    "queued": "queued",
    "running": "processing",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "canceled",
    "expired": "failed",  # no such status is documented
}
#: Documented: the codes 20000, 20001, 20002 and -1. The other codes, and the HTTP status of each, are guesses.
ERRORS: dict[str, tuple[int | str, int]] = {
    "auth": ("20001", 401),
    "balance": ("20002", 402),
    "unknown_task": ("20002", 404),
    "moderation": ("20002", 400),
    "rate": ("429", 429),
    "server": (-1, 500),
    "unavailable": (-1, 503),
    "unknown_path": ("404", 404),
    "method": ("405", 405),
}
#: These are assumed to come from in front of the application, so they never have HTTP status 200.
ALWAYS_HTTP = ("rate", "unavailable", "server", "unknown_path", "method")


class JimmyAI(JimmyAIAssets):
    """Jimmy AI at ``/api/open-api/v1``: a create for all routes but 2.5, a create for 2.5, a query, two balances."""

    routes = (
        route("POST", "/api/open-api/v1/seedance/videos", "create", "create"),
        route("POST", "/api/open-api/v1/seedance25/videos", "create", "create_25"),
        route("GET", "/api/open-api/v1/videos/{id}", "poll", "poll"),
        route("GET", "/api/open-api/v1/user/balance", "auth_probe", "user_balance"),
        route("GET", "/api/open-api/v1/key/balance", "auth_probe", "key_balance"),
        *ASSET_ROUTES,
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": ("", "PROVIDER_MODERATION_ERROR: TRADEMARK"),
        "fail": ("", "s3 upload failed"),
        "expire": ("", "Read timed out"),
    }

    def _envelope(self, data: Any, style: Mapping[str, Any], code: int | str) -> Answer:
        if style.get("flat"):
            return Answer.json(data)
        return Answer.json({"code": style.get("code", code), "msg": "ok", "data": data})

    def create(self, call: Call) -> Answer:
        """``POST /seedance/videos``."""
        return self._create(call, jimmyai_rules.route_of)

    def create_25(self, call: Call) -> Answer:
        """``POST /seedance25/videos``, for the 2.5 models only."""
        return self._create(call, jimmyai_rules.route_of_25)

    def _create(self, call: Call, route_of: Callable[[str], jimmyai_rules.JimmyRoute]) -> Answer:
        body = call.body_object()
        rule, ratio = jimmyai_rules.check(body, route_of)
        self.check_assets(body, rule.name)
        resolution = rule.fixed or body.get("resolution") or "720p"
        # Only 933 has a field for sound; the default of the model is sound.
        picture = Picture(body["duration"], resolution, ratio, body.get("generate_audio", True))
        video = self.world.accept(self.name, model=body["model"], prompt=body["prompt"], request=body, picture=picture)
        data = {"task_id": video.id, "status": "queued", "model": video.model, "created_at": int(video.created_at)}
        answer = self._envelope(data, call.style, 0)
        answer.accepted = video
        return answer

    def poll(self, call: Call) -> Answer:
        """``GET /videos/{id}``."""
        video = self.video(call)
        look = video.look()
        data: dict[str, Any] = {
            "task_id": video.id,
            "status": self.word(look, WORDS),
            "progress": video.progress,
            "model": video.model,
            "created_at": int(video.created_at),
            "completed_at": int(video.completed_at or 0),  # empty values while running: guess
            "result": self._result(video, look, call.origin),
            "error_message": "",
        }
        if look.status in ("failed", "cancelled", "expired"):
            del data["result"]
            data["error_message"] = video.error_message or ("task canceled" if look.status == "cancelled" else "failed")
        return self._envelope(data, call.style, "20000")

    def _result(self, video: SimulatedVideo, look: Look, origin: str) -> dict[str, str]:
        if look.status != "succeeded" or look.url_form == "none":
            return {"video_url": "", "image_url": ""}
        if look.url_form == "relative":  # old tasks could return an object key
            return {"video_url": f"videos/{video.id}.mp4", "image_url": f"videos/{video.id}.jpg"}
        return {
            "video_url": signing.sign(self.world, origin, video, "mp4"),
            "image_url": signing.sign(self.world, origin, video, "jpg"),
        }

    def user_balance(self, call: Call) -> Answer:
        """``GET /user/balance``."""
        used = len(self.world.bills)
        return self._envelope(
            {"balance": 1000 - used, "used_coin": used, "available": 1000 - used}, call.style, "20000"
        )

    def key_balance(self, call: Call) -> Answer:
        """``GET /key/balance``; a quota of 0 means unlimited."""
        used = len(self.world.bills)
        data = {"name": "simulator", "total_quota": 0, "used_quota": used, "available_quota": 0, "unlimited": True}
        return self._envelope(data, call.style, "20000")

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"code", "msg", "data": null}``."""
        code, status = ERRORS.get(refused.reason, ("20002", 400))
        if not (style.get("http_errors") or refused.reason in ALWAYS_HTTP):
            status = 200
        body = {"code": refused.code or code, "msg": refused.message, "data": None}
        return Answer.json(body, status, refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """A bad request with the text of failed tasks: a guess, since a refusal at submission is not documented."""
        return Refused("moderation", message or "PROVIDER_MODERATION_ERROR", code=code)

    def strip_id(self, answer: Any) -> Any:
        """The answer without ``data.task_id``."""
        answer.get("data", answer).pop("task_id")
        return answer
