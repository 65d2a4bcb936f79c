"""fal's queue and its platform API.

Variants: ``error="status"`` (the status, too, contains the error, as in newer answers), ``listed="ended"`` (the request
list omits unfinished requests; fal's behaviour is unknown). An invalid input is accepted, and fails in the runner.
"""

import datetime
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Route, route
from airflow_provider_seedance.simulator.vendors.descriptor import DAY
from airflow_provider_seedance.simulator.vendors.fal import rules as fal_rules
from airflow_provider_seedance.simulator.vendors.fal.assets import ASSET_ROUTES, FalAssets
from airflow_provider_seedance.simulator.videos import Look, Picture, SimulatedVideo

REQUEST = r"/(?P<owner>[^/]+)/(?P<alias>[^/]+)/requests/(?P<request>[^/]+)"
WORDS = {
    "queued": "IN_QUEUE",
    "running": "IN_PROGRESS",
    **dict.fromkeys(("succeeded", "failed", "cancelled", "expired"), "COMPLETED"),
}
#: HTTP status and error type by reason. The messages of 401 and 404 are guesses.
ERRORS: Mapping[str, tuple[int, str | None]] = {
    "auth": (401, None),
    "balance": (403, None),
    "bad_request": (400, "bad_request"),
    "bad_json": (400, "bad_request"),
    "unknown_model": (404, None),
    "unknown_task": (404, None),
    "unknown_path": (404, None),
    "method": (405, None),
    "rate": (429, "concurrent_requests_limit"),
    "server": (500, "internal_server_error"),
    "unavailable": (503, "runner_scheduling_failure"),
}
#: HTTP status of a failed run's result by error type; all other types are model errors, HTTP 422.
ENDS = {
    "internal_error": 500,
    "internal_server_error": 500,
    "runner_server_error": 500,
    "downstream_service_unavailable": 500,
    "runner_incomplete_response": 502,
    "runner_disconnected": 503,
    "request_timeout": 504,
    "startup_timeout": 504,
    "generation_timeout": 504,
    "client_cancelled": 499,
}
LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
MOST_LISTED = 100


def _stamp(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str | None, default: float) -> float:
    try:
        return datetime.datetime.fromisoformat(text).timestamp() if text else default
    except ValueError:
        raise Refused("bad_request", "start and end must be ISO 8601", param="start") from None


class Fal(FalAssets):
    """The queue at ``/``, the platform API at ``/v1``, uploads at ``/storage``."""

    routes = (
        route("GET", "/v1/models/requests/by-endpoint", "list", "requests"),
        route("GET", "/v1/models/pricing", "info", "pricing"),
        route("GET", "/v1/models", "auth_probe", "models"),
        *ASSET_ROUTES,
        Route("GET", re.compile(f"{REQUEST}/status"), "poll", "poll"),
        Route("PUT", re.compile(f"{REQUEST}/cancel"), "cancel", "cancel"),
        Route("GET", re.compile(REQUEST), "result", "result"),
        Route("POST", re.compile(rf"/(?P<endpoint>{fal_rules.APP}/.+)"), "create", "create"),
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": (
            "content_policy_violation",
            "The content could not be processed because it was flagged by a content checker.",
        ),
        "fail": ("runner_server_error", "The runner failed."),
    }
    _last_look: dict[str, Look]

    def resolve(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route for a request; a video's id is made of three segments of the path."""
        found, params = super().resolve(method, path)
        if "request" in params:
            params["id"] = "/".join(params[name] for name in ("owner", "alias", "request"))
        return found, params

    def kinds(self, route: Route, query: list[tuple[str, str]]) -> tuple[str, ...]:
        """A list of one request also counts as a check of the key."""
        return ("list", "auth_probe") if route.call == "list" and ("limit", "1") in query else (route.call,)

    def video(self, call: Call) -> SimulatedVideo:
        """The video in the path."""
        video = self.world.find(self.name, call.params["id"])
        if video is None:
            raise Refused("unknown_task", "Request not found")
        return video

    # -- the queue -----------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Answer:
        """``POST /{endpoint id}``: accepts any JSON object; see :mod:`.rules`."""
        endpoint, body = call.params["endpoint"], call.body_object()
        if endpoint not in fal_rules.ENDPOINTS and endpoint != fal_rules.DRAFT:
            raise Refused("unknown_model", f"Application '{endpoint}' not found")
        hook = call.first("fal_webhook")
        if hook is not None and not hook.startswith("https://"):
            raise Refused("bad_request", "fal_webhook must be an https URL", param="fal_webhook")
        self._check_queue(call.first("fal_max_queue_length"))
        errors = fal_rules.check(endpoint, body, self._drafts() if endpoint == fal_rules.DRAFT else ())
        duration = str(body.get("duration", "auto"))
        video = self.world.accept(
            self.name,
            model=endpoint,
            prompt=str(body.get("prompt", "")),
            request=body,
            picture=Picture(5) if errors else self._picture(endpoint, body, duration),
            seed=None if errors else body.get("seed"),
        )
        if errors:
            video.ending, video.error_code = "failed", errors[0]["type"]
            video.error_message = f"{errors[0]['loc'][1]}: {errors[0]['msg']}"
        if call.headers.get("x-fal-store-io") == "0":
            video.request = {}
        shown = self._urls(video, call)
        shown |= {"status": "IN_QUEUE", "queue_position": self._position(video)}
        shown["gateway_request_id"] = shown["request_id"]
        answer = Answer.json(shown, headers={"x-fal-request-id": shown["request_id"]})
        answer.accepted = video
        return answer

    def _picture(self, endpoint: str, body: dict[str, Any], duration: str) -> Picture:
        usual = "480p" if body.get("draft") else "720p"
        resolution = "1080p" if endpoint == fal_rules.DRAFT else body.get("resolution", usual)
        ratio = body.get("aspect_ratio", "auto")
        sound = body.get("generate_audio", True)
        return Picture(
            5 if duration == "auto" else int(duration), resolution, "16:9" if ratio == "auto" else ratio, sound
        )

    def _check_queue(self, most: str | None) -> None:
        if most is not None and most.isdecimal() and len(self._queued()) > int(most):
            raise Refused("rate", "The queue is longer than you allow.")

    def _queued(self) -> list[SimulatedVideo]:
        return [video for video in self.world.videos.values() if video.vendor == self.name and video.status == "queued"]

    def _own(self, video: SimulatedVideo) -> str:
        """The request's own id at fal."""
        return video.id.rpartition("/")[2]

    def _drafts(self) -> list[str]:
        """The ids of the finished drafts, which live 7 days."""
        born = self.world.clock.now() - 7 * DAY
        made = (each for each in self.world.videos.values() if each.vendor == self.name and each.request.get("draft"))
        return [f"draft-{self._own(each)}" for each in made if each.status == "succeeded" and each.created_at >= born]

    def _position(self, video: SimulatedVideo) -> int:
        return sum(other.born < video.born for other in self._queued())

    def _urls(self, video: SimulatedVideo, call: Call) -> dict[str, Any]:
        """The URLs for status, result and cancel; they contain only the first two parts of the endpoint's id."""
        request_id = self._own(video)
        app = video.id.removesuffix(f"/{request_id}")
        url = f"{call.origin}/{self.name}/{app}/requests/{request_id}"
        return {
            "request_id": request_id,
            "response_url": url,
            "status_url": f"{url}/status",
            "cancel_url": f"{url}/cancel",
        }

    def poll(self, call: Call) -> Answer:
        """``GET .../status``: HTTP 202 until the end. Official clients need ``logs`` in the answer."""
        video = self.video(call)
        look = video.look()
        self._looks()[video.id] = look
        shown = {"status": self.word(look, WORDS), **self._urls(video, call), "logs": []}
        if look.status == "queued":
            shown["queue_position"] = self._position(video)
        if look.status not in ("queued", "running") and look.unknown_word is None:
            shown["metrics"] = {"inference_time": round(video.run_seconds, 1)}
            shown |= self._error_of(video, look, call)
            return Answer.json(shown)
        return Answer.json(shown, 202)

    def _looks(self) -> dict[str, Look]:
        """The last shown state of each video, so that the following result shows the same."""
        if not hasattr(self, "_last_look"):
            self._last_look = {}
        return self._last_look

    def _error_of(self, video: SimulatedVideo, look: Look, call: Call) -> dict[str, Any]:
        if look.status == "cancelled":
            return {"error": "Request was cancelled by the client", "error_type": "client_cancelled"}
        if look.status == "expired":
            return {"error": "Request timed out before it could start", "error_type": "request_timeout"}
        if look.status == "failed" and call.style.get("error") == "status":
            return {"error": video.error_message or "The run failed", "error_type": video.error_code or "value_error"}
        return {}

    def result(self, call: Call) -> Answer:
        """``GET`` of the request itself: the output, or the error with its HTTP status."""
        video = self.video(call)
        look = self._looks().pop(video.id, None) or video.look()
        if look.status in ("queued", "running"):
            raise Refused("bad_request", "Request is still in progress")
        if look.status == "cancelled":
            return self._typed(499, "client_cancelled", "Request was cancelled by the client")
        if look.status == "expired":
            return self._typed(504, "request_timeout", "Request timed out before it could start")
        if look.status == "failed":
            return self._end(video)
        url = None if look.url_form == "none" else signing.sign(self.world, call.origin, video, "mp4")
        if look.url_form == "relative":
            url = f"videos/{video.id}.mp4"
        file = {"url": url, "content_type": "video/mp4", "file_name": "out.mp4", "file_size": None}
        shown: dict[str, Any] = {"video": file if url else None, "seed": video.seed}
        if video.request.get("draft"):
            shown["draft_id"] = f"draft-{self._own(video)}"
        return Answer.json(shown, headers={"x-fal-request-id": self._own(video)})

    def _end(self, video: SimulatedVideo) -> Answer:
        kind, message = video.error_code or "value_error", video.error_message or "The run failed."
        if kind in ENDS:
            return self._typed(ENDS[kind], kind, message)
        field = message.partition(":")[0] if ":" in message else "prompt"
        entry = fal_rules.error(field, kind, message, video.request.get(field))
        headers = {"X-Fal-Error-Type": kind, "X-Fal-Retryable": "false"}
        return Answer.json({"detail": [entry]}, 422, headers)

    def _typed(self, status: int, kind: str, message: str) -> Answer:
        headers = {"X-Fal-Error-Type": kind, "X-Fal-Retryable": str(status >= 500).lower()}
        return Answer.json({"detail": message, "error_type": kind}, status, headers)

    def cancel(self, call: Call) -> Answer:
        """``PUT .../cancel``: removes a queued request. A running one accepts the call, but still finishes here."""
        try:
            video = self.video(call)
        except Refused:
            return Answer.json({"status": "NOT_FOUND"}, 404)
        if video.end():
            return Answer.json({"status": "ALREADY_COMPLETED"}, 400)
        if video.status == "queued":
            self.world.finish(video, "cancelled", None, None)
        return Answer.json({"status": "CANCELLATION_REQUESTED"}, 202)

    # -- the platform API ----------------------------------------------------------------------------------------

    def requests(self, call: Call) -> Answer:
        """``GET /v1/models/requests/by-endpoint``: sorted by their end, latest first; this order is a guess."""
        asked = [name for key, value in call.query if key == "endpoint_id" for name in value.split(",")]
        if not 1 <= len(asked) <= 50:
            raise Refused("bad_request", "endpoint_id takes 1 to 50 endpoints", param="endpoint_id")
        limit, skip = self._integer(call, "limit", 50, MOST_LISTED), self._integer(call, "cursor", 0, 10**9)
        start, end = _moment(call.first("start"), 0.0), _moment(call.first("end"), float("inf"))
        if call.first("sort_by") not in (None, "ended_at", "duration"):
            raise Refused("bad_request", "sort_by must be ended_at or duration", param="sort_by")
        shows_all = call.style.get("listed") != "ended"
        found = [
            video
            for video in self.world.videos.values()
            if video.vendor == self.name
            and video.model in asked
            and (video.end() or shows_all)
            and start <= (video.completed_at or video.created_at) < end
            and call.first("request_id") in (None, self._own(video))
        ]
        found.sort(key=lambda video: (video.completed_at or float("inf"), video.born), reverse=True)
        page, has_more = found[skip : skip + limit], skip + limit < len(found)
        with_payloads = call.first("expand") == "payloads"
        items = [self._item(video, call, with_payloads) for video in page]
        cursor = str(skip + limit) if has_more else None
        return Answer.json({"items": items, "next_cursor": cursor, "has_more": has_more})

    def _item(self, video: SimulatedVideo, call: Call, with_payloads: bool) -> dict[str, Any]:
        status = {"succeeded": 200, "cancelled": 499, "expired": 504}.get(video.status)
        if video.status == "failed":
            status = ENDS.get(video.error_code or "", 422)
        item: dict[str, Any] = {
            "request_id": self._own(video),
            "endpoint_id": video.model,
            "sent_at": _stamp(video.created_at),
            "started_at": _stamp(video.timeline.get("running")),
            "ended_at": _stamp(video.completed_at),
            "status_code": status,
            "duration": video.run_seconds if video.end() else None,
        }
        if with_payloads:
            output = {"video": {"url": signing.sign(self.world, call.origin, video, "mp4")}}
            item |= {"json_input": video.request, "json_output": output if video.status == "succeeded" else None}
        return item

    def _integer(self, call: Call, name: str, default: int, high: int) -> int:
        text = call.first(name)
        if text is None:
            return default
        if not text.isdecimal() or int(text) > high or (name == "limit" and int(text) < 1):
            raise Refused("bad_request", f"{name} must be a number up to {high}", param=name)
        return int(text)

    def pricing(self, call: Call) -> Answer:
        """``GET /v1/models/pricing?endpoint_id=``; the prices are invented."""
        asked = (call.first("endpoint_id") or "").split(",")
        known = [name for name in asked if name in fal_rules.ENDPOINTS]
        if not known:
            raise Refused("unknown_model", "No such endpoint")
        prices = [{"endpoint_id": name, "unit_price": 0.014, "unit": "1k tokens", "currency": "USD"} for name in known]
        return Answer.json({"prices": prices, "next_cursor": None, "has_more": False})

    def models(self, call: Call) -> Answer:
        """``GET /v1/models``."""
        names = list(fal_rules.ENDPOINTS)[: self._integer(call, "limit", 50, MOST_LISTED)]
        models = [{"endpoint_id": name, "metadata": {"display_name": name}} for name in names]
        return Answer.json({"models": models, "next_cursor": None, "has_more": False})

    # -- refusals ------------------------------------------------------------------------------------------------

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"detail": "..."}``, with a type if one is documented; moderation as a model error."""
        if refused.reason == "moderation":
            entry = fal_rules.error("prompt", refused.code or "content_policy_violation", refused.message)
            return Answer.json({"detail": [entry]}, 422, {"X-Fal-Error-Type": entry["type"]})
        status, kind = ERRORS.get(refused.reason, (400, "bad_request"))
        message = LOCKED if refused.reason == "balance" else refused.message
        headers = dict(refused.headers)
        if kind is None:
            return Answer.json({"detail": message}, status, headers)
        headers |= {"X-Fal-Error-Type": kind, "X-Fal-Retryable": str(status >= 429).lower()}
        if status in (429, 503):
            headers["X-Fal-Needs-Retry"] = "1"
        return Answer.json({"detail": message, "error_type": kind}, status, headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """A model error; it is unknown whether fal ever sends one at submission."""
        return Refused("moderation", message or self.usual_errors["moderation_output"][1], code=code)

    def strip_id(self, answer: Any) -> Any:
        """The answer without the ids and the URLs that contain them."""
        return {"status": answer["status"], "queue_position": answer["queue_position"]}
