"""Runware (runware.ai): one URL for all calls, a list of tasks in each request, and an id that the client chooses."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from typing_extensions import override

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
    UnsupportedByVendorError,
)
from airflow_provider_seedance.api.http.steps import Call, Flow, Pause, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.pricing import Cost, told_cost
from airflow_provider_seedance.api.vendors.billed import Billed, read_billed
from airflow_provider_seedance.api.vendors.refusals import ErrorAnswer, Meaning, create_error, read_error
from airflow_provider_seedance.api.vendors.runware import answers
from airflow_provider_seedance.api.vendors.runware.routes import FIELDS, ROUTES, SIZES, SIZES_OF_2_5, size_of
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse, VendorAdapter

log = logging.getLogger(__name__)

ID = "taskUUID"
_VIDEO = "videoInference"

_MEDIA_INPUTS = {
    "reference_images": "referenceImages",
    "reference_videos": "referenceVideos",
    "reference_audios": "referenceAudios",
}
_FRAMES = (("first_frame", "first"), ("last_frame", "last"))
_RESOLUTIONS = {size: resolution for resolution, sizes in SIZES.items() for size in sizes.values()} | {
    size: resolution for (resolution, _), size in SIZES_OF_2_5.items()
}


class RunwareAdapter(VendorAdapter):
    """The adapter for Runware. The mark is the video's id: `taskUUID`, documented as unique for the account."""

    routes = ROUTES
    fields = FIELDS
    mark_is_id = True
    pauses: ClassVar[tuple[float, ...]] = (1.0, 4.0)
    """Seconds before a create whose answer was lost is sent again."""

    @override
    def create(self, request: VideoRequest) -> Flow[Video]:
        """Submits a video. If the answer is lost, the create is sent again with the same id.

        This can't be billed twice: the vendor documents that it refuses an id that was used before. Its own client
        takes this refusal for the acceptance of the first create.
        """
        return self._create(request if request.mark else self.mark(request, self.draw_mark(request)))

    def _create(self, request: VideoRequest) -> Steps[Video]:
        step = Step(Call.CREATE, self.build_create(request), lambda response: self.parse_create(response, request))
        try:
            return (yield from step)
        except SubmissionUnknownError as error:
            lost: SeedanceError = error
        for seconds in self.pauses:
            log.warning("%s did not tell whether it took the task; sending it again under the same id.", self.title)
            yield from Pause(seconds)
            try:
                return (yield from step)
            except SeedanceError as error:
                # Whatever the answer to this repetition, the first create may have been accepted.
                lost = error
                if not (isinstance(error, SubmissionUnknownError) or error.retryable):
                    break
        raise self._in_doubt(lost, request.mark or "")

    def _in_doubt(self, lost: SeedanceError, video_id: str) -> SubmissionUnknownError:
        told = str(lost).partition(" The request was sent")[0].partition(" Nothing was created")[0]
        return SubmissionUnknownError(
            f"The first answer was lost, and sending it again under the same id, {video_id}, gave none either: {told} "
            "A video may exist and be billed; under this id there can't be a second one.",
            vendor=self.title,
            code=getattr(lost, "code", None),
            status_code=getattr(lost, "status_code", None),
            video_id=video_id,
        )

    @override
    def draw_mark(self, request: VideoRequest) -> str:
        """The mark is a UUID of version 4, as documented, or the user's own id if `extra` contains one."""
        return str(request.extra.get(ID) or uuid.uuid4())

    @override
    def build_create(self, request: VideoRequest) -> HttpRequest:
        """Other fields of the API, such as `webhookURL` and `ttl`, go through `extra`."""
        return HttpRequest("POST", "", json=[self._task(request)])

    def _task(self, request: VideoRequest) -> dict[str, Any]:
        task: dict[str, Any] = {"taskType": _VIDEO, ID: request.mark, "model": request.model}
        if request.prompt:
            task["positivePrompt"] = request.prompt
        if request.duration is not None:
            task["duration"] = "auto" if request.duration == -1 else request.duration
        task |= self._size(request)
        inputs: dict[str, Any] = {
            theirs: list(getattr(request, ours)) for ours, theirs in _MEDIA_INPUTS.items() if request.is_set(ours)
        }
        if request.task == "edit":
            inputs["video"] = self._edited(inputs.pop("referenceVideos", []))
        frames = [{"image": getattr(request, ours), "frame": word} for ours, word in _FRAMES if request.is_set(ours)]
        if frames:
            inputs["frameImages"] = frames
        if inputs:
            task["inputs"] = inputs
        if request.generate_audio is not None:
            task["settings"] = {"audio": request.generate_audio}
        if request.seed is not None:
            task["seed"] = request.seed
        container = (request.output_format or "mp4").upper()
        fixed = {"deliveryMethod": "async", "outputType": "URL", "outputFormat": container, "numberResults": 1}
        return {**task, **fixed, "includeCost": True, **request.extra}

    def _edited(self, videos: Sequence[str]) -> str:
        """The only reference video: an edit takes exactly one, in an input of its own."""
        if len(videos) != 1:
            raise UnsupportedByVendorError(
                f"Nothing was sent. task: {self.title} edits one video; reference_videos has {len(videos)}."
            )
        return videos[0]

    def _size(self, request: VideoRequest) -> dict[str, Any]:
        """Width and height in pixels if the request has a ratio; otherwise the resolution, and the vendor chooses."""
        if request.resolution is None:
            return {}
        if request.ratio in (None, "adaptive") or "width" in request.extra:
            return {} if "width" in request.extra else {"resolution": request.resolution}
        size = size_of(request.model, request.resolution, request.ratio)
        if size is None:
            raise UnsupportedByVendorError(
                f"Nothing was sent. ratio: {self.title} takes it as width and height, and for {request.resolution} "
                f"with {request.ratio} nobody has told which. Leave `ratio` out, or set both in `extra`."
            )
        return {"width": size[0], "height": size[1]}

    @override
    def billed(self, request: VideoRequest) -> Billed:
        """Converts width and height to the resolution that they stand for."""
        task = self._task(request)
        size = (task.get("width"), task.get("height"))
        if size != (None, None):
            task = {name: value for name, value in task.items() if name not in ("width", "height")}
            task["resolution"] = next((word for known, word in _RESOLUTIONS.items() if known == size), None)
        return read_billed(task, self.billed_at, request.model)

    @override
    def parse_create(self, response: HttpResponse, request: VideoRequest) -> Video:
        """The answer that the id was used before means that this very task was accepted before."""
        video_id = request.mark or ""
        read = answers.read(response, video_id)
        if read.error is not None and read.error.get("code") == answers.CONFLICT:
            log.info("%s has task %s already; going on with it.", self.title, video_id)
            return self._accepted(video_id, request)
        explained = self._explain(response, read)
        if read.items and response.status_code < 300:
            if read.error is None or read.is_refusal:
                return self._accepted(video_id, request)
            explained = replace(explained, meaning=Meaning.UNCLEAR)  # both accepted and failed
        raise create_error(self.title, response, explained, prompt=request.prompt)

    def _accepted(self, video_id: str, request: VideoRequest) -> Video:
        """The accepted video. It counts as queued, since no status of its own is documented for waiting tasks."""
        return Video(video_id=video_id, vendor=self.name, model=request.model, status=VideoStatus.QUEUED)

    @override
    def quote(self, request: VideoRequest) -> Flow[Cost]:
        """Asks for a dry run, as documented: the same task with a header, and with an id of its own."""
        asked = request.marked(str(uuid.uuid4()))
        http = replace(self.build_create(asked), headers={"X-Runware-Dry-Run": "1"})
        return Step(Call.READ, http, lambda response: self._quoted(response, asked.mark or ""))

    def _quoted(self, response: HttpResponse, video_id: str) -> Cost:
        read = answers.read(response, video_id)
        if not answers.is_answer(response) or read.error is not None:
            raise read_error(self.title, response, self._explain(response, read))
        item = read.items[0] if read.items else {}
        cost = told_cost(answers.usage_of(item))
        if cost is not None:
            return replace(cost, reason=f"{self.title}'s dry run")
        if "status" in item:
            raise SubmissionUnknownError(
                f"{self.title} answered a dry run as if the task had been taken. Video {video_id} may exist and be "
                "billed: look in the vendor's console.",
                vendor=self.title,
                video_id=video_id,
            )
        return Cost(None, "USD", f"{self.title}'s dry run names no price")

    @override
    def read(self, video_id: str) -> Flow[Video]:
        """Asks `getResponse` and, if the task is missing there, `getTaskDetails`. A missing task proves nothing."""
        return self._read(video_id)

    def _read(self, video_id: str) -> Steps[Video]:
        found = yield from Step(Call.READ, self.build_get(video_id), lambda response: self._state(response, video_id))
        if found is None:
            details = HttpRequest("POST", "", json=[{"taskType": "getTaskDetails", ID: video_id}])
            found = yield from Step(Call.READ, details, lambda response: self._details(response, video_id))
        return found

    @override
    def build_get(self, video_id: str) -> HttpRequest:
        return self.build_get_many([video_id])

    @override
    def parse_get(self, response: HttpResponse, video_id: str) -> Video:
        found = self._state(response, video_id)
        if found is None:
            raise self._silence(video_id)
        return found

    @override
    def build_get_many(self, video_ids: Sequence[str]) -> HttpRequest:
        """One request with a `getResponse` task for each id."""
        return HttpRequest("POST", "", json=[{"taskType": "getResponse", ID: video_id} for video_id in video_ids])

    @override
    def parse_get_many(self, response: HttpResponse, video_ids: Sequence[str]) -> list[Video]:
        """The videos in the answer. A missing id proves nothing."""
        found = answers.read_many(response, video_ids)
        known = [answers.video_read(read, video_id, self.name) for video_id, read in found.items() if read.is_known]
        refused = next((read for read in found.values() if read.is_refusal), None)
        if not answers.is_answer(response) or (refused and not known):
            raise read_error(self.title, response, self._explain(response, refused or found[video_ids[0]]))
        return known

    def _state(self, response: HttpResponse, video_id: str) -> Video | None:
        found = self.parse_get_many(response, [video_id])
        return found[0] if found else None

    def _details(self, response: HttpResponse, video_id: str) -> Video:
        read = answers.read(response, video_id)
        if not answers.is_answer(response) or (read.is_refusal and not read.items):
            raise read_error(self.title, response, self._explain(response, read))
        told = read.items[0].get("response") if read.items else None
        if told is None:
            raise self._silence(video_id)
        inner = answers.read_task(told, video_id)
        return answers.video_read(inner, video_id, self.name)

    def _silence(self, video_id: str) -> TransientApiError:
        return TransientApiError(
            f"{self.title} tells nothing of task {video_id}. Its documents don't say how long it remembers one, and an "
            "answer without it is no proof that it isn't there.",
            vendor=self.title,
        )

    @override
    def build_probe(self) -> HttpRequest:
        """Searches the list of models, since no call for checking a key is documented."""
        return self._search("seedance")

    @override
    def parse_probe(self, response: HttpResponse) -> str:
        found = self._models(response)
        return f"The key works; the search finds {len(found)} Seedance model{'' if len(found) == 1 else 's'}."

    @override
    def build_model_info(self, model: str) -> HttpRequest:
        return self._search(model)

    @override
    def parse_model_info(self, response: HttpResponse, model: str) -> dict[str, Any]:
        found = next((each for each in self._models(response) if each.get("air") == model), None)
        if found is None:
            answer = ErrorAnswer(Meaning.NOT_FOUND, message="the search does not find it")
            raise read_error(self.title, response, answer, not_found=f"{self.title} knows no model {model!r}.")
        return found

    def _search(self, words: str) -> HttpRequest:
        task = {"taskType": "modelSearch", ID: str(uuid.uuid4()), "search": words, "limit": 5}
        return HttpRequest("POST", "", json=[task])

    def _models(self, response: HttpResponse) -> list[dict[str, Any]]:
        read = answers.read(response, "")
        results = answers.results_in(response)
        if results is None:
            raise read_error(self.title, response, self._explain(response, read))
        return results

    @override
    def is_own_error(self, response: HttpResponse) -> bool:
        """Runware's errors have the form `{"errors": [{"code", "message", ...}]}`."""
        return answers.is_own_error(response)

    def _explain(self, response: HttpResponse, read: answers.Read) -> ErrorAnswer:
        return answers.explain(response, read.error or {}, is_vendors=self.is_own_error(response))
