"""Runware: one URL, and a list of tasks in each request. The caller chooses the ids; each is accepted only once.

Variants: ``errors_in_200=True`` (refusals with HTTP 200, as they may come), ``bare=True`` (the answer to a create has
no ``status``), ``details_of_running=True`` (``getTaskDetails`` also shows unfinished tasks; Runware's behaviour is
unknown).

Guesses: the answer of ``getTaskDetails`` for an unknown id, the codes of failures other than ``timeoutProvider``, that
a dry run doesn't use up its id, and most prices.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from airflow_provider_seedance.simulator import signing
from airflow_provider_seedance.simulator.vendors.base import Answer, Call, Refused, Route, route
from airflow_provider_seedance.simulator.vendors.runware import rules as runware_rules
from airflow_provider_seedance.simulator.vendors.runware.assets import RunwareAssets
from airflow_provider_seedance.simulator.videos import SimulatedVideo

BASE = "/v1"
DOCUMENTS = "https://runware.ai/docs/platform/errors"
#: HTTP status and code by reason.
ERRORS = {
    "auth": (401, "invalidApiKey"),
    "balance": (402, "insufficientCredits"),
    "bad_request": (400, "invalidParameter"),
    "bad_json": (400, "invalidRequest"),
    "unknown_model": (400, "invalidModel"),
    "model_not_open": (400, "invalidModel"),
    "unknown_path": (404, "notFound"),
    "method": (405, "methodNotAllowed"),
    "conflict": (400, "conflictTaskUUID"),
    "moderation": (400, "invalidProviderContent"),
    "rate": (429, "rateLimitExceeded"),
    "server": (500, "internalServerError"),
    "unavailable": (503, "serviceUnavailable"),
}
#: US dollars per second of video: observed for 2.5, guesses for the others.
PER_SECOND = {"480p": 0.1025, "720p": 0.2304, "1080p": 0.614, "4k": 1.2}
#: More fields of a model that the vendor's own client requires; the values are invented.
MODEL = {
    "version": "1",
    "category": "checkpoint",
    "architecture": "seedance",
    "heroImage": "",
    "comment": "",
    "tags": ["video"],
    "private": False,
}
#: By type of task: the kind of call, and the name of its handler.
TASKS = {
    "videoInference": ("create", "create"),
    "getResponse": ("poll", "poll"),
    "getTaskDetails": ("result", "details"),
    "modelSearch": ("auth_probe", "search"),
    "accountManagement": ("auth_probe", "account"),
    "mediaStorage": ("upload", "store"),
}


class Runware(RunwareAssets):
    """Runware at ``/v1``."""

    routes = (route("POST", BASE, "unknown", "unknown"),)
    usual_errors: ClassVar[Mapping[str, tuple[str, str]]] = {
        "moderation_output": ("invalidProviderContent", "The output was flagged by the provider's content moderation."),
        "fail": ("providerError", "The external provider failed."),
        "expire": ("timeoutProvider", "The external provider did not respond within the timeout window."),
        "cancel": ("providerError", "The external provider cancelled the task."),
    }
    _tasks: list[dict[str, Any]]

    def sort(
        self, route: Route, params: dict[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[Route, dict[str, str]]:
        """The route by the type of the tasks; here all tasks of one request must have the same type."""
        self._tasks = _tasks_in(body)
        kinds = {task.get("taskType") for task in self._tasks}
        call, handler = TASKS.get(str(kinds.pop()), ("info", "unknown")) if len(kinds) == 1 else ("info", "mixed")
        if call == "create" and "x-runware-dry-run" in headers:
            call, handler = "info", "price"
        if call == "poll" and len(self._tasks) > 1:
            call = "list"
        ids = {"id": str(self._tasks[0].get("taskUUID"))} if self._tasks else {"id": ""}
        return Route(route.method, route.pattern, call, handler), ids

    def unknown(self, call: Call) -> Answer:
        """Refuse a body that is no list, and an unknown type of task."""
        if not call.body_list() or not self._tasks:
            raise Refused("bad_json", "The body must be an array of tasks.")
        raise Refused("bad_request", "Unsupported task type.", param="taskType", code="unsupportedTaskType")

    def mixed(self, call: Call) -> Answer:
        """Refuse tasks of several types, which this simulator doesn't support, and a request without tasks."""
        call.body_list()
        raise Refused("bad_request", "The body must be an array of tasks of one type.", code="invalidRequest")

    def create(self, call: Call) -> Answer:
        """``videoInference``. An id that was used before is refused, and nothing is created."""
        task = self._one(call)
        picture = runware_rules.check(task)
        if task["taskUUID"] in self.world.videos:
            raise Refused("conflict", "A task with this taskUUID was already submitted.", param="taskUUID")
        video = self.world.accept(
            self.name,
            model=task["model"],
            prompt=task["positivePrompt"],
            request=task,
            picture=picture,
            seed=task.get("seed"),
            video_id=task["taskUUID"],
        )
        item = {"taskType": "videoInference", "taskUUID": video.id}
        answer = _data([item if call.style.get("bare") else {**item, "status": "processing"}])
        answer.accepted = video
        return answer

    def price(self, call: Call) -> Answer:
        """``videoInference`` as a dry run: checks and prices the task, and creates nothing."""
        task = self._one(call)
        runware_rules.check(task)
        return _data([{"taskType": "videoInference", "taskUUID": task["taskUUID"], "cost": _cost(task)}])

    def poll(self, call: Call) -> Answer:
        """``getResponse`` for one or more tasks; unknown ids are left out."""
        data: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for task in self._tasks:
            video = self.world.find(self.name, str(task.get("taskUUID")))
            if video is not None:
                item = self._state(video, call.origin)
                (errors if item["status"] == "error" else data).append(item)
        return _data(data, errors)

    def details(self, call: Call) -> Answer:
        """``getTaskDetails``: request and response of each task."""
        data = []
        for task in self._tasks:
            video = self.world.find(self.name, str(task.get("taskUUID")))
            if video is None or (video.end() is None and not call.style.get("details_of_running")):
                continue
            item = self._state(video, call.origin)
            response = {"errors": [item]} if item["status"] == "error" else {"data": [item]}
            told = {"taskType": "getTaskDetails", "taskUUID": video.id, "request": [video.request]}
            data.append({**told, "response": response})
        return _data(data)

    def search(self, call: Call) -> Answer:
        """``modelSearch``."""
        task = self._one(call)
        word = str(task.get("search", "")).lower()
        results = [{"air": air, "name": air, **MODEL} for air in runware_rules.MODELS if word in air]
        limit = task.get("limit", 20)
        item = {"taskType": "modelSearch", "taskUUID": task.get("taskUUID"), "results": results[:limit]}
        return _data([{**item, "totalResults": len(results)}])

    def account(self, call: Call) -> Answer:
        """``accountManagement``; the form of the answer is a guess."""
        item = {"taskType": "accountManagement", "taskUUID": self._one(call).get("taskUUID")}
        return _data([{**item, "balance": 1000 - len(self.world.bills)}])

    def _one(self, call: Call) -> dict[str, Any]:
        call.body_list()
        if len(self._tasks) != 1:
            raise Refused("bad_request", "This simulator takes one such task per request.", code="invalidRequest")
        return self._tasks[0]

    def _state(self, video: SimulatedVideo, origin: str) -> dict[str, Any]:
        look = video.look()
        item: dict[str, Any] = {"taskType": "videoInference", "taskUUID": video.id}
        if look.unknown_word:
            return {**item, "status": look.unknown_word}
        if look.status in ("queued", "running"):
            return {**item, "status": "processing", "progress": video.progress}
        if look.status != "succeeded":
            code, message = video.error_code or "providerError", video.error_message or "The external provider failed."
            return {**item, "code": code, "message": message, "status": "error", "documentation": DOCUMENTS}
        item |= {"status": "success", "videoUUID": str(uuid.UUID(int=self.world.chance.getrandbits(128), version=4))}
        if look.url_form != "none":
            relative = look.url_form == "relative"
            url = signing.sign(self.world, origin, video, video.picture.container)
            item["videoURL"] = f"ws/{video.id}.mp4" if relative else url
        if video.request.get("includeCost"):
            item["cost"] = _cost(video.request)
        return {**item, "seed": video.seed}

    def refusal(self, refused: Refused, style: Mapping[str, Any]) -> Answer:
        """A refusal as ``{"data": [], "errors": [...]}``, with the id of its task."""
        status, code = ERRORS.get(refused.reason, (400, "invalidParameter"))
        error: dict[str, Any] = {"code": refused.code or code, "message": refused.message}
        if refused.param:
            error["parameter"] = refused.param
        task = self._tasks[0] if self._tasks else {}
        error |= {name: task[name] for name in ("taskType", "taskUUID") if name in task}
        if style.get("errors_in_200") and status < 500:
            status = 200
        answer = _data([], [{**error, "documentation": DOCUMENTS}])
        return Answer(status, answer.body, headers=refused.headers)

    def moderation(self, code: str | None, message: str | None) -> Refused:
        """A refusal with ``invalidProviderContent``, one of several observed codes."""
        return Refused("moderation", message or "The prompt was flagged by content moderation.", code=code)

    def strip_id(self, answer: Any) -> Any:
        """The answer without ``data[0].taskUUID``."""
        answer["data"][0].pop("taskUUID")
        return answer


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _tasks_in(body: bytes) -> list[dict[str, Any]]:
    decoded = _decoded(body)
    return [task for task in decoded if isinstance(task, dict)] if isinstance(decoded, list) else []


def _data(data: list[dict[str, Any]], errors: list[dict[str, Any]] | None = None) -> Answer:
    return Answer.json({"data": data, "errors": errors} if errors else {"data": data})


def _cost(task: Mapping[str, Any]) -> float:
    resolution = str(task.get("resolution", "720p"))
    if "width" in task:
        resolution = runware_rules.sizes(str(task["model"]))[(task["width"], task["height"])][0]
    seconds = task.get("duration", 5)
    return round(PER_SECOND[resolution] * (seconds if isinstance(seconds, int) else 5), 4)
