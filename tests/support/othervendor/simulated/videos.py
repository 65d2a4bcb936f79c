"""The server side of Other Video."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Route, Vendor, route
from airflow_provider_seedance.simulator.videos import Picture, SimulatedVideo

WORDS = {
    "queued": "IN_QUEUE",
    "running": "IN_PROGRESS",
    "succeeded": "COMPLETED",
    "failed": "COMPLETED",
    "expired": "COMPLETED",
    "cancelled": "CANCELLED",
}
STATUS = {"auth": 401, "balance": 402, "unknown_task": 404, "unknown_path": 404, "method": 405, "rate": 429}
STATUS |= {"conflict": 409, "server": 500, "unavailable": 503}


class Other(Vendor):
    """Other Video at ``/v1``."""

    routes: ClassVar[tuple[Route, ...]] = (
        route("GET", "/v1/requests", "list", "list"),
        route("POST", "/v1/{model}/requests", "create", "create"),
        route("GET", "/v1/{model}/requests/{id}/status", "poll", "status"),
        route("GET", "/v1/{model}/requests/{id}", "result", "result"),
        route("PUT", "/v1/{model}/requests/{id}/cancel", "cancel", "cancel"),
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {"fail": ("", "the model failed")}

    def video_id(self, call: Call) -> str:
        """The model and the number."""
        return f"{call.params['model']}/{call.params['id']}"

    def chosen_id(self, call: Call) -> str | None:
        """The id that the client has chosen: none, here."""
        return None

    def create(self, call: Call) -> Answer:
        """``POST /{model}/requests``."""
        body, model = call.body_object(), call.params["model"]
        if "prompt" not in body:
            raise Refused("missing", "prompt is required")
        picture = Picture(body.get("duration", 5), body.get("resolution", "480p"), body.get("ratio", "16:9"), False)
        request = {**body, "mark": call.headers.get("x-client-mark")}
        video = self.world.accept(
            self.name,
            model=model,
            prompt=body["prompt"],
            request=request,
            picture=picture,
            video_id=self.chosen_id(call),
        )
        answer = Answer.json(self._shown(video))
        answer.accepted = video
        return answer

    def status(self, call: Call) -> Answer:
        """``GET /{model}/requests/{id}/status``."""
        return Answer.json(self._shown(self.video(call)))

    def result(self, call: Call) -> Answer:
        """``GET /{model}/requests/{id}``."""
        video = self.video(call)
        if video.status == "succeeded":
            return Answer.json({"video": {"url": signing.sign(self.world, call.origin, video, "mp4")}})
        if video.status == "failed":
            return Answer.json({"detail": video.error_message or "the model failed"}, 422)
        raise Refused("bad_request", "not completed")

    def list(self, call: Call) -> Answer:
        """``GET /requests``, newest first."""
        limit, offset = int(call.first("limit") or 20), int(call.first("offset") or 0)
        mine = [video for video in self.world.videos.values() if video.vendor == self.name][::-1]
        return Answer.json({"items": [self._shown(video) for video in mine[offset : offset + limit]]})

    def cancel(self, call: Call) -> Answer:
        """``PUT /{model}/requests/{id}/cancel``: only what is queued."""
        video = self.video(call)
        if video.status != "queued":
            raise Refused("conflict", f"the request is {WORDS[video.status]}")
        self.world.finish(video, "cancelled", None, None)
        return Answer.json(self._shown(video))

    def _shown(self, video: SimulatedVideo) -> dict[str, Any]:
        model, _, number = video.id.rpartition("/")
        return {
            "request_id": number,
            "model": model,
            "status": WORDS[video.status],
            "created_at": int(video.created_at),
            "mark": video.request["mark"],
        }

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """``{"detail": "..."}``."""
        return Answer.json({"detail": refused.message}, STATUS.get(refused.reason, 400), refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """A 400."""
        return Refused("moderation", message or "refused by moderation")

    def strip_id(self, answer: Any) -> Any:
        """Without ``request_id``."""
        answer.pop("request_id")
        return answer
