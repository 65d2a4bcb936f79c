"""Replicate's predictions of official models.

Variants: ``output="list"`` (a list of one URL), ``created=200`` (the HTTP status of a create; 202 and 200 were
observed).
"""

import datetime
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, route
from airflow_provider_seedance.simulator.vendors.replicate import rules as replicate_rules
from airflow_provider_seedance.simulator.vendors.replicate.assets import ASSET_ROUTES, ReplicateAssets
from airflow_provider_seedance.simulator.videos import Look, Picture, SimulatedVideo

BASE = "/v1"
WORDS = {
    "queued": "starting",
    "running": "processing",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "canceled",
    "expired": "canceled",
}
#: HTTP status and title; 429 has no title.
ERRORS: Mapping[str, tuple[int, str | None]] = {
    "auth": (401, "Unauthenticated"),
    "balance": (402, "Insufficient credit"),
    "bad_json": (400, "Bad request"),
    "bad_request": (422, "Input validation failed"),
    "moderation": (422, "Input validation failed"),
    "unknown_model": (404, "Not found"),
    "unknown_task": (404, "Not found"),
    "unknown_path": (404, "Not found"),
    "method": (405, "Method not allowed"),
    "rate": (429, None),
    "server": (500, "Internal server error"),
    "unavailable": (503, "Service unavailable"),
}
NOT_FOUND = "The requested resource could not be found."
SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
PAGE = 100
EVENTS = frozenset({"start", "output", "logs", "completed"})
_LATEST = re.compile(r"(\d+)([smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def _stamp(moment: float | None) -> str | None:
    if moment is None:
        return None
    text = datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _moment(text: str | None, default: float) -> float:
    try:
        return datetime.datetime.fromisoformat(text).timestamp() if text else default
    except ValueError:
        raise Refused("bad_request", "created_after and created_before must be ISO 8601") from None


class Replicate(ReplicateAssets):
    """Replicate at ``/v1``."""

    routes = (
        route("POST", f"{BASE}/models/{{owner}}/{{name}}/predictions", "create", "create"),
        route("GET", f"{BASE}/models/{{owner}}/{{name}}", "info", "model"),
        route("GET", f"{BASE}/predictions", "list", "predictions"),
        route("GET", f"{BASE}/predictions/{{id}}", "poll", "poll"),
        route("POST", f"{BASE}/predictions/{{id}}/cancel", "cancel", "cancel"),
        route("GET", f"{BASE}/account", "auth_probe", "account"),
        *ASSET_ROUTES,
    )
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": ("E005", SENSITIVE),
        "fail": ("", "Prediction failed for an unknown reason."),
    }

    def check_rate(self, call: Call) -> None:
        """Check the documented 600 creates and 3000 other calls per minute, as 10 and 50 per second."""
        most = 10 if call.kinds[0] == "create" else 50
        if self.world.rate(self.name, call.kinds[0]) > most:
            raise Refused("rate", "Request was throttled. Your rate limit resets in ~1s.")

    def create(self, call: Call) -> Answer:
        """``POST /models/{owner}/{name}/predictions``. The header ``Prefer: wait`` is ignored."""
        model, body = f"{call.params['owner']}/{call.params['name']}", call.body_object()
        known = replicate_rules.MODELS.get(model)
        if known is None:
            raise Refused("unknown_model", NOT_FOUND)
        given = body.get("input")
        if not isinstance(given, dict):
            raise Refused("bad_request", "- input is required", param="input")
        if unknown := sorted(set(body) - {"input", "webhook", "webhook_events_filter", "stream"}):
            # For an official model a request can't contain a version.
            raise Refused("bad_request", f"- {unknown[0]} is not allowed", param=unknown[0])
        self._check_webhook(body)
        replicate_rules.check(known, given)
        duration, ratio = given.get("duration", 5), given.get("aspect_ratio", "16:9")
        video = self.world.accept(
            self.name,
            model=model,
            prompt=given.get("prompt", ""),
            request=body,
            picture=Picture(
                duration if duration > 0 else 5,
                given.get("resolution", "720p"),
                "16:9" if ratio == "adaptive" else ratio,
                given.get("generate_audio", True),
                container=given.get("output_format", "mp4"),
            ),
            expires_after=self._latest(call.headers.get("cancel-after")),
            seed=given.get("seed"),
        )
        if replicate_rules.is_too_short(given):
            video.ending, video.error_message = "failed", "The parameter `duration` is not valid."
        answer = Answer.json(self._shown(video, video.look(), call), int(call.style.get("created", 201)))
        answer.accepted = video
        return answer

    def _check_webhook(self, body: dict[str, Any]) -> None:
        hook, events = body.get("webhook", "https://"), body.get("webhook_events_filter", [])
        if not isinstance(hook, str) or not hook.startswith("https://"):
            raise Refused("bad_request", "- webhook must be an https URL", param="webhook")
        if not isinstance(events, list) or not EVENTS.issuperset(events):
            raise Refused("bad_request", "- webhook_events_filter holds unknown events", param="webhook_events_filter")

    def _latest(self, header: str | None) -> float | None:
        """The seconds of ``Cancel-After``, counted from the creation."""
        if header is None:
            return None
        found = _LATEST.fullmatch(header.strip())
        seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
        if seconds < 5:
            raise Refused("bad_request", "Cancel-After must be at least 5 seconds")
        return float(seconds)

    # -- answers -------------------------------------------------------------------------------------------------

    def _is_blank(self, video: SimulatedVideo) -> bool:
        """Whether the data of a video were removed, as they are one hour after its end."""
        end = video.completed_at
        return end is not None and self.world.clock.now() >= end + self.world.retention[self.name]

    def _shown(self, video: SimulatedVideo, look: Look, call: Call) -> dict[str, Any]:
        blank, url = self._is_blank(video), f"{call.origin}/{self.name}{BASE}/predictions/{video.id}"
        shown: dict[str, Any] = {
            "id": video.id,
            "model": video.model,
            "version": "hidden",
            "input": {} if blank else video.request["input"],
            "logs": "",
            "output": None if blank else self._output(video, look, call),
            "data_removed": blank,
            "error": None,
            "source": "api",
            "status": self._word(video, look),
            "created_at": _stamp(video.created_at),
            "started_at": _stamp(video.timeline.get("running")),
            "completed_at": _stamp(video.completed_at) if look.status not in ("queued", "running") else None,
            "urls": {"get": url, "cancel": f"{url}/cancel"},
        }
        if look.status == "failed":
            shown["error"] = video.error_message or "Prediction failed."
        if look.status == "succeeded":
            shown["metrics"] = {
                "predict_time": video.run_seconds,
                "total_time": video.queue_seconds + video.run_seconds,
                "video_output_duration_seconds": video.picture.duration,
            }
        return shown | {
            name: video.request[name] for name in ("webhook", "webhook_events_filter") if name in video.request
        }

    def _word(self, video: SimulatedVideo, look: Look) -> str:
        if look.status == "expired" and (video.expires_after or 0) < video.queue_seconds:
            return look.unknown_word or "aborted"
        return self.word(look, WORDS)

    def _output(self, video: SimulatedVideo, look: Look, call: Call) -> Any:
        if look.status != "succeeded" or look.url_form == "none":
            return None
        url = signing.sign(self.world, call.origin, video, video.picture.container)
        if look.url_form == "relative":
            url = f"videos/{video.id}.mp4"
        return [url] if call.style.get("output") == "list" else url

    def poll(self, call: Call) -> Answer:
        """``GET /predictions/{id}``."""
        video = self.video(call)
        return Answer.json(self._shown(video, video.look(), call))

    def predictions(self, call: Call) -> Answer:
        """``GET /predictions``: newest first, 100 per page."""
        after, before = _moment(call.first("created_after"), 0.0), _moment(call.first("created_before"), float("inf"))
        cursor = call.first("cursor") or "0"
        if not cursor.isdecimal():
            raise Refused("bad_request", "invalid cursor")
        mine = [
            video
            for video in self.world.videos.values()
            if video.vendor == self.name and after <= video.created_at < before
        ][::-1]
        start = int(cursor)
        page = [self._shown(video, video.look(), call) for video in mine[start : start + PAGE]]
        return Answer.json(
            {
                "next": self._page(call, start + PAGE) if start + PAGE < len(mine) else None,
                "previous": self._page(call, max(start - PAGE, 0)) if start else None,
                "results": page,
            }
        )

    def _page(self, call: Call, start: int) -> str:
        kept = "".join(f"&{name}={value}" for name, value in call.query if name.startswith("created_"))
        return f"{call.origin}/{self.name}{BASE}/predictions?cursor={start}{kept}".replace("+", "%2B")

    def cancel(self, call: Call) -> Answer:
        """``POST /predictions/{id}/cancel``: ends a queued or running prediction; an ended one stays as it is."""
        video = self.video(call)
        if video.end() is None:
            self.world.finish(video, "cancelled", None, None)
        return Answer.json(self._shown(video, video.look(), call))

    def account(self, call: Call) -> Answer:
        """``GET /account``."""
        return Answer.json(
            {"type": "organization", "username": "simulator", "name": "Simulator", "github_url": "https://github.com/x"}
        )

    def model(self, call: Call) -> Answer:
        """``GET /models/{owner}/{name}``."""
        model = f"{call.params['owner']}/{call.params['name']}"
        known = replicate_rules.MODELS.get(model)
        if known is None:
            raise Refused("unknown_model", NOT_FOUND)
        schema = {"components": {"schemas": {"Input": {"properties": replicate_rules.properties(known)}}}}
        return Answer.json(
            {
                "owner": call.params["owner"],
                "name": call.params["name"],
                "description": "simulated Seedance model",
                "visibility": "public",
                "latest_version": {"id": "hidden", "openapi_schema": schema},
            }
        )

    # -- refusals ------------------------------------------------------------------------------------------------

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"title", "detail", "status"}``, with ``invalid_fields`` if a field is refused."""
        status, title = ERRORS.get(refused.reason, (400, "Bad request"))
        shown: dict[str, Any] = {"detail": refused.message}
        if title is not None:
            shown = {"title": title, "detail": refused.message, "status": status}
        if status == 422 and refused.param:
            blamed = {"type": "invalid", "field": refused.param, "description": refused.message}
            shown["invalid_fields"] = [blamed]
        return Answer.json(shown, status, refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """HTTP 422: a guess, since it is unknown whether inputs are ever refused at submission."""
        return Refused("moderation", message or SENSITIVE, code=code)

    def strip_id(self, answer: Any) -> Any:
        """The answer without ``id`` and the URLs that contain it."""
        answer.pop("id")
        answer.pop("urls")
        return answer
