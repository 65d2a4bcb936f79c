"""OpenRouter's video API.

Variants: ``unsigned=True`` (only URLs that need the key), ``polling_url="absolute"``, ``content_redirects=True`` (a
redirect to a signed URL, in place of the bytes). Guesses: the texts of refusals, the prices, and the answer for a
cancelled job, which no call can cause.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Vendor, route
from airflow_provider_seedance.simulator.vendors.openrouter import rules as openrouter_rules
from airflow_provider_seedance.simulator.videos import SimulatedVideo

BASE = "/api/v1"
WORDS = {
    "queued": "pending",
    "running": "in_progress",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "expired",
}
STATUS = {
    "auth": 401,
    "balance": 402,
    "moderation": 403,
    "model_not_open": 403,
    "unknown_model": 404,
    "unknown_task": 404,
    "unknown_path": 404,
    "method": 405,
    "not_ready": 409,
    "gone": 410,
    "rate": 429,
    "server": 500,
    "unavailable": 503,
}
#: US dollars per second of video; guesses.
PER_SECOND = {"480p": 0.06, "720p": 0.14, "1080p": 0.3, "4k": 1.2}


class OpenRouter(Vendor):
    """OpenRouter at ``/api/v1``: four endpoints for videos, one for the key and one for the credits."""

    routes = (
        route("POST", f"{BASE}/videos", "create", "create"),
        route("GET", f"{BASE}/videos/models", "info", "models"),
        route("GET", f"{BASE}/videos/{{id}}", "poll", "poll"),
        route("GET", f"{BASE}/videos/{{id}}/content", "media", "content"),
        route("GET", f"{BASE}/key", "auth_probe", "key"),
        route("GET", f"{BASE}/credits", "auth_probe", "credits"),
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": (
            "",
            "The request failed because the output video may contain sensitive information",
        ),
        "fail": ("", "The provider failed to generate the video"),
    }

    def create(self, call: Call) -> Answer:
        """``POST /videos``. If there are frames, references are ignored, as documented."""
        body = call.body_object()
        picture = openrouter_rules.check(body)
        video = self.world.accept(
            self.name,
            model=body["model"],
            prompt=body.get("prompt", ""),
            request=body,
            picture=picture,
            seed=body.get("seed"),
        )
        answer = Answer.json(self._shown(video, "pending", call), 202)
        answer.accepted = video
        return answer

    def _shown(self, video: SimulatedVideo, status: str, call: Call) -> dict[str, Any]:
        url = f"{BASE}/videos/{video.id}"
        if call.style.get("polling_url") == "absolute":
            url = f"{call.origin}/{self.name}{url}"
        return {"id": video.id, "polling_url": url, "status": status}

    def poll(self, call: Call) -> Answer:
        """``GET /videos/{id}``."""
        video = self.video(call)
        look = video.look()
        shown = self._shown(video, self.word(look, WORDS), call)
        if look.status == "failed":
            shown["error"] = video.error_message or "The provider failed to generate the video"
        if look.status != "succeeded" or look.unknown_word:
            return Answer.json(shown)
        shown["generation_id"] = f"gen-{video.id.removeprefix('gen-vid-')}"
        cost = PER_SECOND[video.picture.resolution] * video.picture.duration
        shown["usage"] = {"cost": round(cost, 4), "is_byok": False}
        if look.url_form == "relative":
            shown["urls"] = [f"videos/{video.id}.mp4"]
        elif look.url_form == "signed":
            content = f"{call.origin}/{self.name}{BASE}/videos/{video.id}/content?index=0"
            shown["unsigned_urls"] = [content]
            if not call.style.get("unsigned"):
                shown["urls"] = [signing.sign(self.world, call.origin, video, "mp4")]
                shown["expires_at"] = int(signing.expires_at(self.world, video))
        return Answer.json(shown)

    def content(self, call: Call) -> Answer:
        """``GET /videos/{id}/content``: the file; needs the key."""
        video = self.video(call)
        if video.status != "succeeded":
            raise Refused("not_ready", "The video is not ready")
        if self.world.clock.now() >= signing.expires_at(self.world, video):
            raise Refused("gone", "The video has expired")
        if call.style.get("content_redirects"):
            return Answer(302, headers={"Location": signing.sign(self.world, call.origin, video, "mp4")})
        # Imported late: the simulator must answer API calls without the media libraries.
        from airflow_provider_seedance.simulator.media import render

        return Answer(200, render.video_file(video), "video/mp4")

    def models(self, call: Call) -> Answer:
        """``GET /videos/models``."""
        return Answer.json({"data": [openrouter_rules.described(model) for model in openrouter_rules.MODELS]})

    def key(self, call: Call) -> Answer:
        """``GET /key``."""
        told = {"label": "sk-or-v1-sim", "limit": None, "usage": 0.0, "limit_remaining": None, "is_free_tier": False}
        return Answer.json({"data": told})

    def credits(self, call: Call) -> Answer:
        """``GET /credits``."""
        return Answer.json({"data": {"total_credits": 1000, "total_usage": len(self.world.bills)}})

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"error": {"code": <HTTP status>, "message"}}``."""
        status = STATUS.get(refused.reason, 400)
        error: dict[str, Any] = {"code": status, "message": refused.message}
        if refused.reason == "moderation":
            error["metadata"] = {"reasons": ["flagged"], "flagged_input": ""}
        return Answer.json({"error": error, "user_id": "user_sim"}, status, refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """HTTP 403 with ``metadata.reasons``."""
        return Refused("moderation", message or "Your chosen model requires moderation and your input was flagged")

    def strip_id(self, answer: Any) -> Any:
        """The answer without ``id`` and the URL that contains it."""
        answer.pop("id")
        answer.pop("polling_url")
        return answer
