"""BytePlus ModelArk and Volcengine Ark, one API with two names.

Variant: ``content_null=True`` (a success without content, as after 24 hours).
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.media.sizes import FRAMES_PER_SECOND, size_of
from airflow_provider_seedance.simulator.vendors.ark import rules as ark_rules
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Route, Vendor, route
from airflow_provider_seedance.simulator.vendors.descriptor import DAY
from airflow_provider_seedance.simulator.videos import Look, Picture, SimulatedVideo

TASKS = "/api/v3/contents/generations/tasks"
WORDS = {name: name for name in ("queued", "running", "succeeded", "failed", "cancelled", "expired")}
#: HTTP status, code and type. Documented, except for unknown_task, unknown_path, method, unavailable (this code is
#: documented with 429) and the types outside 400-404.
ERRORS = {
    "auth": (401, "AuthenticationError", "Unauthorized"),
    "balance": (403, "AccountOverdueError", "Forbidden"),
    "bad_request": (400, "InvalidParameter", "BadRequest"),
    "missing": (400, "MissingParameter", "BadRequest"),
    "bad_json": (400, "InvalidParameter", "BadRequest"),
    "moderation": (400, "InputTextSensitiveContentDetected", "BadRequest"),
    "unknown_model": (404, "InvalidEndpointOrModel.NotFound", "NotFound"),
    "model_not_open": (404, "ModelNotOpen", "NotFound"),
    "unknown_task": (404, "ResourceNotFound", "NotFound"),
    "unknown_path": (404, "InvalidAction", "NotFound"),
    "method": (405, "InvalidAction", "MethodNotAllowed"),
    "conflict": (409, "InvalidAction.RunningTaskDeletion", "Conflict"),
    "rate": (429, "ModelAccountRpmRateLimitExceeded", "TooManyRequests"),
    "server": (500, "InternalServiceError", "InternalServerError"),
    "unavailable": (503, "ServerOverloaded", "ServiceUnavailable"),
}
#: The documented values of the list's filter; that it refuses others is a guess.
FILTERED = tuple(word for word in WORDS if word != "expired")
RECORD_SECONDS = 7 * DAY
CANCELLED_SECONDS = DAY
#: Documented calls per second. Creates are limited per minute; an older page also limits the queue to 120 tasks.
PER_SECOND = {"poll": 20, "list": 1, "cancel": 20}
MOST_QUEUED = 120
DEFAULT_TIER = "default"


class Ark(Vendor):
    """Ark at ``/api/v3``. BytePlus and Volcengine differ in the prefix of their model names."""

    routes = (
        route("POST", TASKS, "create", "create"),
        route("GET", TASKS, "list", "list"),
        route("GET", f"{TASKS}/{{id}}", "poll", "poll"),
        route("DELETE", f"{TASKS}/{{id}}", "cancel", "cancel"),
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": (
            "OutputVideoSensitiveContentDetected",
            "The request failed because the output video may contain sensitive information.",
        ),
        "fail": ("InternalServiceError", "The service encountered an unexpected internal error."),
    }

    def kinds(self, route: Route, query: list[tuple[str, str]]) -> tuple[str, ...]:
        """A list of one item also counts as a check of the key, since Ark has no other free call."""
        filtered = any(name.startswith("filter.") for name, _ in query)
        if route.call == "list" and ("page_size", "1") in query and not filtered:
            return ("list", "auth_probe")
        return (route.call,)

    def check_rate(self, call: Call) -> None:
        """Check the documented rates per second and the queue's length."""
        limit = PER_SECOND.get(call.kinds[0])
        if limit is not None and self.world.rate(self.name, call.kinds[0]) > limit:
            raise Refused("rate", "Rate limit reached.", code="RateLimitExceeded.EndpointRPMExceeded")
        if call.kinds[0] == "create" and self._queued() >= MOST_QUEUED:
            raise Refused("rate", "Too many queued tasks.", code="InflightBatchsizeExceeded")

    def _queued(self) -> int:
        return sum(video.vendor == self.name and video.status == "queued" for video in self.world.videos.values())

    def _known(self, video: SimulatedVideo | None) -> bool:
        """Whether the record still exists: for 7 days from creation; for a cancelled task, 24 hours from its end."""
        if video is None or video.vendor != self.name or video.deleted:
            return False
        now = self.world.clock.now()
        if video.status == "cancelled" and now - (video.completed_at or now) > CANCELLED_SECONDS:
            return False
        return now - video.created_at <= RECORD_SECONDS

    def video(self, call: Call) -> SimulatedVideo:
        """The video in the path, as long as its record exists."""
        video = super().video(call)
        if not self._known(video):
            raise Refused("unknown_task", "The task cannot be found.")
        return video

    def create(self, call: Call) -> Answer:
        """``POST /contents/generations/tasks``; answers with the id and, if sent, the ``safety_identifier``."""
        body = ark_rules.without_nulls(call.body_object())
        content = ark_rules.check(self.name, body)
        picture = self._picture(body, self._draft(content.draft) if content.draft else None)
        video = self.world.accept(
            self.name,
            model=body["model"],
            prompt=content.text,
            request=body,
            picture=picture,
            expires_after=body.get("execution_expires_after", 172800),
            seed=body.get("seed"),
        )
        shown = {"id": video.id}
        if "safety_identifier" in body:
            shown["safety_identifier"] = body["safety_identifier"]
        answer = Answer.json(shown)
        answer.accepted = video
        return answer

    def _picture(self, body: dict[str, Any], draft: SimulatedVideo | None) -> Picture:
        duration = body.get("duration", 5)
        container, last_frame = body.get("output_format", "mp4"), body.get("return_last_frame", False)
        if draft is not None:  # which properties the final video takes over from the draft is a guess
            resolution = body.get("resolution", "720p")
            return replace(draft.picture, resolution=resolution, last_frame=last_frame, container=container)
        return Picture(
            5 if duration == -1 else duration,  # -1: the model chooses
            body.get("resolution", "480p" if body.get("draft") else "720p"),
            body.get("ratio", "adaptive"),
            body.get("generate_audio", True),
            last_frame,
            container,
        )

    def _draft(self, task_id: str) -> SimulatedVideo:
        """The draft for a final video: it must have succeeded, and its record must still exist."""
        draft = self.world.find(self.name, task_id)
        if draft is None or not self._known(draft) or not draft.request.get("draft") or draft.status != "succeeded":
            raise ark_rules.invalid("content.draft_task.id")
        return draft

    def shown(self, video: SimulatedVideo, call: Call) -> dict[str, Any]:
        """A task as GET, LIST and the callback show it; fields without a value are left out, as observed."""
        look, asked = video.look(), video.request
        shown: dict[str, Any] = {"id": video.id, "model": video.model, "status": self.word(look, WORDS)}
        if look.status == "failed":
            message = video.error_message or "The request failed."
            shown["error"] = {"code": video.error_code or "InternalServiceError", "message": self._signed_off(message)}
        if look.status == "succeeded":
            shown |= self._result(video, look, call)
        shown["created_at"], shown["updated_at"] = int(video.created_at), int(video.updated_at)
        shown["service_tier"] = asked.get("service_tier", DEFAULT_TIER)
        shown["execution_expires_after"] = asked.get("execution_expires_after", 172800)
        shown["generate_audio"], shown["draft"] = video.picture.sound, asked.get("draft", False)
        shown["priority"] = asked.get("priority", 0)
        return shown | {name: asked[name] for name in ("safety_identifier", "tools") if name in asked}

    def _result(self, video: SimulatedVideo, look: Look, call: Call) -> dict[str, Any]:
        picture = video.picture
        width, height = size_of(picture.resolution, picture.ratio)
        frames = picture.duration * FRAMES_PER_SECOND + 1
        tokens = width * height * frames // 1024  # yields the observed 108900 for 5 s of 720p
        return {
            "content": self._content(video, look, call),
            "usage": {"completion_tokens": tokens, "total_tokens": tokens},
            "seed": video.seed,
            "resolution": picture.resolution,
            "ratio": "16:9" if picture.ratio == "adaptive" else picture.ratio,
            "duration": picture.duration,
            "framespersecond": FRAMES_PER_SECOND,
            "output_format": video.request.get("output_format", "mp4"),
        }

    def _content(self, video: SimulatedVideo, look: Look, call: Call) -> dict[str, str] | None:
        if look.url_form == "none" or call.style.get("content_null"):
            return None
        if self.world.clock.now() >= signing.expires_at(self.world, video):
            return None
        if look.url_form == "relative":
            return {"video_url": f"videos/{video.id}.mp4"}
        content = {"video_url": signing.sign(self.world, call.origin, video, video.picture.container)}
        if video.picture.last_frame:
            content["last_frame_url"] = signing.sign(self.world, call.origin, video, "png")
        return content

    def poll(self, call: Call) -> Answer:
        """``GET .../tasks/{id}``."""
        return Answer.json(self.shown(self.video(call), call))

    def list(self, call: Call) -> Answer:
        """``GET .../tasks``: newest first, though no order is documented. Ignoring unknown parameters is a guess."""
        number, size = self._integer(call, "page_num", 1, 500), self._integer(call, "page_size", 20, 500)
        wanted = {value for name, value in call.query if name == "filter.task_ids"}
        status, model = call.first("filter.status"), call.first("filter.model")
        if status is not None and status not in FILTERED:
            raise ark_rules.invalid("filter.status")
        # Documented: without the filter the list has only tasks of the default tier.
        tier = call.first("filter.service_tier") or DEFAULT_TIER
        videos = self.world.videos
        # A poller asks for few of many videos, so only those are read.
        looked = [videos[name] for name in videos.keys() & wanted] if wanted else list(videos.values())
        found = [
            video
            for video in sorted(looked, key=lambda video: video.born, reverse=True)
            if self._known(video)
            and status in (None, video.status)
            and model in (None, video.model)
            and tier == video.request.get("service_tier", DEFAULT_TIER)
        ]
        page = found[(number - 1) * size : number * size]
        return Answer.json({"total": len(found), "items": [self.shown(video, call) for video in page]})

    def _integer(self, call: Call, name: str, default: int, high: int) -> int:
        text = call.first(name)
        if text is None:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= high:
            raise ark_rules.invalid(name)
        return int(text)

    def cancel(self, call: Call) -> Answer:
        """``DELETE .../tasks/{id}``: cancels a queued task and deletes an ended one; refused for all others."""
        video = self.video(call)
        match video.status:
            case "queued":
                self.world.finish(video, "cancelled", None, None)
            case "running":
                raise Refused("conflict", "Cannot delete task because it is currently running.")
            case "cancelled":  # documented as refused; the code is a guess
                raise Refused("conflict", "Cannot delete a cancelled task.", code="InvalidAction")
            case _:
                video.deleted = True
        return Answer.json({})

    def _signed_off(self, message: str) -> str:
        return f"{message} Request id: 0217{secrets.token_hex(12)}"

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"error": {"code", "message", "param", "type"}}``."""
        status, code, kind = ERRORS[refused.reason]
        error = {
            "code": refused.code or code,
            "message": self._signed_off(refused.message),
            "param": refused.param,
            "type": kind,
        }
        return Answer.json({"error": error}, status, refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """As documented: HTTP 400 with one of the ``Input...SensitiveContentDetected`` codes, and no task."""
        text = message or "The request failed because the input text may contain sensitive information."
        return Refused("moderation", text, code=code)

    def strip_id(self, answer: Any) -> Any:
        """Without ``id``."""
        answer.pop("id")
        return answer
