"""The create operator: submits a video exactly once, and waits for it if asked to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_seedance.api.errors import SeedanceError, SeedanceRateLimitError
from airflow_provider_seedance.api.models import REQUEST_FIELDS, VideoStatus
from airflow_provider_seedance.compat.xcom import returned
from airflow_provider_seedance.exceptions import airflow_errors
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.links.seedance import SeedanceVideoLink
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.tasks.checks import check_choice, check_when_parsed
from airflow_provider_seedance.tasks.deadlines import deadline_of, waiting_argument
from airflow_provider_seedance.tasks.ended_waits import EndedWaits
from airflow_provider_seedance.tasks.kill import cancel_if_ended
from airflow_provider_seedance.tasks.literals import is_literal

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.submissions.store import SubmissionStore
    from airflow_provider_seedance.submissions.submission import Submission
    from airflow_provider_seedance.submissions.submitter import OnUnknownSubmission
    from airflow_provider_seedance.tasks.ledger import OnBudget

OTHER_FIELDS = ("max_cost", "output_path", "object_storage_conn_id")


class SeedanceCreateVideoOperator(EndedWaits, BaseOperator):
    """Submits a Seedance video and returns it as a flat dict, with each field also as its own XCom.

    The fields of the request are those of `VideoRequest`, with the same names for every vendor; all of them can be
    templates. Literal values are checked when the DAG is parsed, rendered ones before anything is sent.

    :param model: the vendor's model name or route, or a model family such as `seedance-2.0`. (templated)
    :param prompt: a description of the video; optional with an image or a video, if the route allows it. (templated)
    :param duration: the length in whole seconds; `-1` lets the model choose, if the route allows it. (templated)
    :param resolution: `480p`, `720p`, `1080p` or `4k`. (templated)
    :param ratio: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9` or `adaptive`. (templated)
    :param first_frame: the URL of the image that the video starts with. (templated)
    :param last_frame: the URL of the image that the video ends with. (templated)
    :param reference_images: the URLs of images for style or subject. (templated)
    :param reference_videos: the URLs of reference videos. (templated)
    :param reference_audios: the URLs of reference sounds; many routes require an image or a video too. (templated)
    :param seed: the random seed, for repeatable results. (templated)
    :param generate_audio: whether the video has sound. (templated)
    :param watermark: whether the picture carries a watermark. (templated)
    :param camera_fixed: whether the camera stands still. (templated)
    :param return_last_frame: whether to return the last frame as an image too. (templated)
    :param web_search: whether the model may search the web. (templated)
    :param execution_expires_after: seconds after which the vendor gives up on an unfinished video. (templated)
    :param task: the purpose of the reference videos: `reference`, `edit` or `extend`; Seedance 2.5. (templated)
    :param draft: whether to make a preview in 480p; Seedance 2.5. (templated)
    :param draft_id: the `draft_id` of the draft from which to make the final video. (templated)
    :param output_format: `mp4` or `mov`. (templated)
    :param extra: fields that are merged into the request body last, unchecked. (templated)
    :param seedance_conn_id: the connection's id. Default: `seedance_default`. (templated)
    :param fallback_conn_ids: connections to ask in turn after a refusal that leaves no doubt that nothing was created:
        unreachable, no room, no balance or quota, key refused or model not enabled. Default: none. (templated)
    :param room_patience: how long a vendor may have no room before the next one is asked, in seconds or as a
        timedelta. Default: 60.
    :param fail_over_on_moderation: whether to ask the next vendor after a refusal by moderation too. Default: no.
    :param wait_for_completion: whether to wait in this task. Default: no, for use with a `SeedanceVideoSensor`.
    :param deferrable: whether to wait in the triggerer, without a worker slot. Default: yes.
    :param poll_interval: the time between polls, in seconds or as a timedelta. Default: 10.
    :param timeout: the longest wait after the submission, in seconds or as a timedelta. Default: 3,600. An
        `execution_timeout` is enforced too, even while the task is deferred. A vendor that accepts a deadline for the
        video is sent one, if no retry or other task could still take the video.
    :param cancel_on_kill: whether to cancel the video at the vendor when the user ends the waiting task. Not every
        vendor can; some cancel only a queued video. A video that runs on is billed. Default: yes.
    :param on_unknown_submission: what to do if a create was sent, its outcome is unknown, and the video can't be found
        at the vendor: `fail` (default; a person decides) or `resubmit` (a retry submits again, and may pay twice).
    :param max_cost: the most that the video may cost, in the currency of the connection's `prices`. A video that would
        cost more, or whose cost is unknown, is not submitted. Default: no limit. (templated)
    :param on_budget: what to do if the video would exceed the connection's `budgets`: `fail` (default) or `skip`.
    :param output_path: where this task lands the finished video, in any object storage: see
        `SeedanceVideoToObjectStorageOperator`, whose manifest is added to the dict. It requires
        `wait_for_completion=True`. Path and storage are checked before the video is submitted. (templated)
    :param object_storage_conn_id: the connection that opens the storage. Default: the one that the path names, as in
        `s3://CONN_ID@bucket/`; otherwise the machine's own credentials. (templated)
    """

    template_fields: Sequence[str] = (*REQUEST_FIELDS, "seedance_conn_id", "fallback_conn_ids", *OTHER_FIELDS)
    template_fields_renderers = {"prompt": "md", "extra": "json"}
    operator_extra_links = (SeedanceVideoLink(),)
    ui_color = "#c6e2ff"
    pauses = Pauses()
    """The pauses of the task on its worker; tests shorten them."""

    def __init__(
        self,
        *,
        model: str,
        prompt: str | None = None,
        duration: int | str | None = None,
        resolution: str | None = None,
        ratio: str | None = None,
        first_frame: str | None = None,
        last_frame: str | None = None,
        reference_images: Sequence[str] | None = None,
        reference_videos: Sequence[str] | None = None,
        reference_audios: Sequence[str] | None = None,
        seed: int | str | None = None,
        generate_audio: bool | str | None = None,
        watermark: bool | str | None = None,
        camera_fixed: bool | str | None = None,
        return_last_frame: bool | str | None = None,
        web_search: bool | str | None = None,
        execution_expires_after: int | str | None = None,
        task: str | None = None,
        draft: bool | str | None = None,
        draft_id: str | None = None,
        output_format: str | None = None,
        extra: Mapping[str, Any] | None = None,
        seedance_conn_id: str = SeedanceHook.default_conn_name,
        fallback_conn_ids: Sequence[str] | None = None,
        room_patience: float | timedelta = 60.0,
        fail_over_on_moderation: bool = False,
        wait_for_completion: bool = False,
        deferrable: bool = True,
        poll_interval: float | timedelta = 10.0,
        timeout: float | timedelta = 3600.0,
        cancel_on_kill: bool = True,
        on_unknown_submission: OnUnknownSubmission = "fail",
        max_cost: float | str | None = None,
        on_budget: OnBudget = "fail",
        output_path: str | None = None,
        object_storage_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("multiple_outputs", True)
        super().__init__(**kwargs)
        self.model = model
        self.prompt = prompt
        self.duration = duration
        self.resolution = resolution
        self.ratio = ratio
        self.first_frame = first_frame
        self.last_frame = last_frame
        self.reference_images = reference_images
        self.reference_videos = reference_videos
        self.reference_audios = reference_audios
        self.seed = seed
        self.generate_audio = generate_audio
        self.watermark = watermark
        self.camera_fixed = camera_fixed
        self.return_last_frame = return_last_frame
        self.web_search = web_search
        self.execution_expires_after = execution_expires_after
        self.task = task
        self.draft = draft
        self.draft_id = draft_id
        self.output_format = output_format
        self.extra = extra
        self.seedance_conn_id = seedance_conn_id
        self.fallback_conn_ids = fallback_conn_ids
        self.room_patience = waiting_argument("room_patience", room_patience) if room_patience else 0.0
        self.fail_over_on_moderation = fail_over_on_moderation
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = waiting_argument("poll_interval", poll_interval)
        self.timeout = waiting_argument("timeout", timeout)
        self.cancel_on_kill = cancel_on_kill
        check_choice("on_unknown_submission", on_unknown_submission, ("fail", "resubmit"))
        self.on_unknown_submission = on_unknown_submission
        self.max_cost = max_cost
        check_choice("on_budget", on_budget, ("fail", "skip"))
        self.on_budget = on_budget
        self.output_path = output_path
        self.object_storage_conn_id = object_storage_conn_id
        if output_path is not None and not wait_for_completion:
            raise ValueError("output_path goes with wait_for_completion=True: there is nothing to land before")
        self.lands = output_path is not None
        self.delivered: dict[str, Any] | None = None
        self._mine: tuple[Any, str, str] | None = None
        self._store: SubmissionStore | None = None
        fields = self._request_fields()
        check_when_parsed(
            fields,
            self._undecided(fields),
            max_cost=max_cost,
            output_path=output_path,
            conn_id=seedance_conn_id,
            fallback_conn_ids=fallback_conn_ids,
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Submits the video, or finds the one of an earlier attempt; then returns it, waits for it, or defers.

        :return: the video's dict. `execute_when_room` and `execute_complete` return and raise the same.
        :raises SeedanceError: there is no video; the class says why, the message what a retry does.
        """
        return self._obtain(context, saturated_since=None)

    def execute_when_room(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Resumes after the wait for room at the vendor: submits the video as `execute` does."""
        since = event.get("since") if isinstance(event, dict) else None
        return self._obtain(context, saturated_since=since if isinstance(since, int | float) else time.time())

    def execute_complete(
        self, context: Context, event: Any = None, seedance_conn_id: str | None = None
    ) -> dict[str, Any]:
        """Resumes after the trigger's event: reads the video again, lands it if asked to, and returns it.

        :param event: the trigger's event; only the vendor's own answer counts.
        :param seedance_conn_id: the connection that has the video, if it is not the task's first.
        :raises SeedanceError: there is no video, or it can't be landed; the message says what a retry does.
        """
        from airflow_provider_seedance.submissions.recorder import recall
        from airflow_provider_seedance.submissions.store import reopen_store
        from airflow_provider_seedance.tasks.deferral import id_in, video_of_event

        self._store = reopen_store(context)
        submission = recall(self._store, id_in(event), self.pauses)
        with closing(SeedanceHook(seedance_conn_id or self.seedance_conn_id)) as hook:
            try:
                wait_again = partial(self._defer, hook.seedance_conn_id)
                video = video_of_event(hook, event, wait_again=wait_again, pauses=self.pauses)
            except SeedanceError as error:
                raise self._failed(hook, error, submission) from None
            self.log.info("Video %s is ready.", video.video_id)
            return self._finish(hook, context, submission.with_seed(video), submission)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """The lineage for OpenLineage: the media of the request, the stored video, and the vendor's job."""
        from airflow_provider_seedance.tasks.lineage import created_lineage

        return created_lineage(self, self.delivered or {}, self._request_fields())

    def on_kill(self) -> None:
        """Cancels a video that has not started, if the user ended the task while it waited on the worker."""
        if self.cancel_on_kill and self._mine is not None:
            cancel_if_ended(*self._mine, patience=self.pauses.cancel, log=self.log)

    def _obtain(self, context: Context, saturated_since: float | None) -> dict[str, Any]:
        from airflow_provider_seedance.api.validation import to_request
        from airflow_provider_seedance.api.video_jobs import failure_of
        from airflow_provider_seedance.submissions.store import open_store
        from airflow_provider_seedance.tasks.deferral import defer_for_room
        from airflow_provider_seedance.tasks.ledger import skipping_over_budget
        from airflow_provider_seedance.tasks.obtaining import fail_over_of, tell_refusals
        from airflow_provider_seedance.tasks.request_facts import connection_told, request_told

        ti = context["ti"]
        self._store = open_store(context)
        with airflow_errors():
            request = to_request(self._request_fields())
        with closing(fail_over_of(self, context, self._store, request, saturated_since=saturated_since)) as over:
            with airflow_errors(), skipping_over_budget(self.on_budget):
                try:
                    with request_told(self, ti, request):
                        video, submission = over.obtain()
                except SeedanceRateLimitError as error:
                    if not self.deferrable:
                        raise
                    since = over.saturated_since or time.time()
                    until, patience = self._deadline(ti, since), over.patience_left
                    defer_for_room(self, error, since=since, deadline=until, pauses=self.pauses, at_most=patience)
                finally:
                    tell_refusals(self, ti, over)
            hook = over.hook
            if hook.seedance_conn_id != self.seedance_conn_id:
                connection_told(self, ti, request, hook.seedance_conn_id)
            self.log.info("Video %s at %s (%s): %s.", video.video_id, video.vendor, video.model, video.status.value)
            if not self.wait_for_completion:
                return self._hand_on(hook, context, video)
            # Pushed at once, so that links and users have the id while the task waits.
            ti.xcom_push(key="video_id", value=video.video_id)
            if video.is_deliverable:
                return self._finish(hook, context, video, submission)
            if video.status.is_terminal and video.status is not VideoStatus.SUCCEEDED:
                raise self._failed(hook, failure_of(video), submission)
            self._mine = (ti, video.video_id, hook.seedance_conn_id)
            deadline = self._deadline(ti, submission.submitted_at)
            if self.deferrable:
                self._defer(hook.seedance_conn_id, video.video_id, deadline)
            try:
                video = hook.wait_for_video(video.video_id, poll_interval=self.poll_interval, deadline=deadline)
            except SeedanceError as error:
                raise self._failed(hook, error, submission) from None
            return self._finish(hook, context, video, submission)

    def _defer(self, seedance_conn_id: str, video_id: str, deadline: float) -> NoReturn:
        from airflow_provider_seedance.tasks.deferral import defer_for_video
        from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

        trigger = SeedanceVideoTrigger(
            seedance_conn_id=seedance_conn_id,
            video_id=video_id,
            poll_interval=self.poll_interval,
            deadline=deadline,
            cancel_on_kill=self.cancel_on_kill,
        )
        defer_for_video(self, trigger)

    def _deadline(self, ti: Any, since: float) -> float:
        """Unix time of the deadline. It counts from the submission, so a retry doesn't extend it."""
        return deadline_of(ti, since, self.timeout, self.execution_timeout)

    def _finish(self, hook: SeedanceHook, context: Context, video: Video, submission: Submission) -> dict[str, Any]:
        """Lands the finished video if asked to, and returns its dict."""
        if self.output_path is None:
            return self._hand_on(hook, context, video)
        from airflow_provider_seedance.landing.path_template import run_facts
        from airflow_provider_seedance.tasks.landing import land_paid_video

        landed = land_paid_video(
            hook,
            video,
            submission,
            self.output_path,
            model=self.model,
            object_storage_conn_id=self.object_storage_conn_id,
            run=run_facts(context),
            log=self.log,
        )
        return self._hand_on(hook, context, video, landed)

    def _hand_on(self, hook: SeedanceHook, context: Context, video: Video, landed: Any = None) -> dict[str, Any]:
        from airflow_provider_seedance.submissions.recorder import note_delivery
        from airflow_provider_seedance.tasks.results import hand_on

        self.delivered = hand_on(context, video, hook=hook, fields=self._request_fields(), landed=landed)
        note_delivery(self._store, video.video_id)
        return returned(self, context, self.delivered)

    def _failed(self, hook: SeedanceHook, error: SeedanceError, submission: Submission) -> SeedanceError:
        from airflow_provider_seedance.tasks.results import count_failure

        count_failure(error, hook=hook, fields=self._request_fields(), video_id=submission.video_id)
        return submission.failed(error)

    def _request_fields(self) -> dict[str, Any]:
        """The fields of the request that are set; only these are sent."""
        return {name: value for name in REQUEST_FIELDS if (value := getattr(self, name)) is not None}

    def _undecided(self, fields: Mapping[str, Any]) -> set[str]:
        """The names of the request's fields whose values are known only when the task runs."""
        return {name for name, value in fields.items() if not is_literal(value)}
