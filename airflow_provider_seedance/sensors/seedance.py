"""The sensor: waits for a video that exists already, without a worker slot. It watches and never cancels."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
)

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    TransientApiError,
    VideoFailedError,
    VideoTimeoutError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.compat.log_fields import teller
from airflow_provider_seedance.compat.xcom import returned
from airflow_provider_seedance.exceptions import airflow_errors, for_airflow
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.links.seedance import SeedanceVideoLink
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.tasks.connections import conn_id_of
from airflow_provider_seedance.tasks.deadlines import deadline_of, waiting_argument
from airflow_provider_seedance.tasks.literals import is_literal

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.triggers.base import StartTriggerArgs

    from airflow_provider_seedance.api.jobs import Decision, Wait
    from airflow_provider_seedance.api.models import Video


class SeedanceVideoSensor(BaseSensorOperator):
    """Waits until a video is finished and returns it as a flat dict, with each field also as its own XCom.

    A retry costs nothing: the sensor only reads.

    :param video_id: the vendor's id, or the dict that the create operator returns: Airflow can't map over one key of
        an output, so `.expand(video_id=create.output)` is the short form for a mapped create. (templated)
    :param seedance_conn_id: the connection's id; if the dict in `video_id` names one, that one is used. (templated)
    :param deferrable: whether to wait in the triggerer, without a worker slot. Default: yes.
    :param poke_interval: seconds between polls, or a timedelta. Default 10.
    :param timeout: seconds after which the wait is given up for good, with `AirflowSensorTimeout`, or a timedelta.
        Default 3,600. An `execution_timeout` holds too, also while the task is deferred; after it, as with every task,
        Airflow's `retries` start the wait again (`VideoTimeoutError`).
    :param soft_fail: whether to skip instead of failing, however the wait ends without a video. Default: no.
    :param start_from_trigger: whether to start in the triggerer right away, without a worker for the first look
        (Airflow 2.11, 3.0, 3.3+). The id must be a literal or a template that the triggerer can render, see
        `sensors.from_trigger`. A mapped sensor starts on a worker all the same. Default: no.
    """

    template_fields: Sequence[str] = ("video_id", "seedance_conn_id")
    start_trigger_args: StartTriggerArgs | None = None
    start_from_trigger = False
    operator_extra_links = (SeedanceVideoLink(),)
    ui_color = "#dcefff"
    pauses = Pauses()
    """The pauses of the task on its worker; tests shorten them."""

    def __init__(
        self,
        *,
        video_id: str | int | Mapping[str, Any],
        seedance_conn_id: str = SeedanceHook.default_conn_name,
        deferrable: bool = True,
        poke_interval: float | timedelta = 10,
        timeout: float | timedelta = 3600,
        start_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("multiple_outputs", True)
        super().__init__(
            poke_interval=waiting_argument("poke_interval", poke_interval),
            timeout=waiting_argument("timeout", timeout),
            **kwargs,
        )
        self.video_id: Any = video_id
        self.seedance_conn_id = seedance_conn_id
        self.deferrable = deferrable
        self.delivered: dict[str, Any] | None = None
        watched = _id_of(video_id) if is_literal(video_id) else video_id
        self._wait: Wait[Video] | None = None
        if start_from_trigger:
            from airflow.triggers.base import StartTriggerArgs

            from airflow_provider_seedance.sensors.from_trigger import why_not_from_trigger

            problem = why_not_from_trigger(watched, seedance_conn_id, deferrable=deferrable)
            if problem:
                raise ValueError(f"start_from_trigger: {problem}")
            self.start_from_trigger = True
            self.start_trigger_args = StartTriggerArgs(
                trigger_cls="airflow_provider_seedance.triggers.seedance.SeedanceVideoTrigger",
                trigger_kwargs={
                    "seedance_conn_id": conn_id_of(video_id, seedance_conn_id),
                    "video_id": watched,
                    "poll_interval": self.poke_interval,
                },
                next_method="execute_complete",
                # Airflow keeps this deadline itself: the absolute one isn't known when the DAG is parsed.
                timeout=timedelta(seconds=self.timeout),
            )

    def execute(self, context: Context) -> Any:
        """Pokes once; if the video isn't finished yet, defers (or, if not deferrable, goes on poking)."""
        self._take_dict()
        if not self.deferrable:
            return super().execute(context)
        deadline = deadline_of(context.get("ti"), time.time(), self.timeout, self.execution_timeout)
        try:
            ready = self.poke(context)
        except AirflowException as error:
            self._skip_or_raise(error)
        if ready:
            return ready.xcom_value
        return self._defer(self.video_id, deadline)

    def _defer(self, video_id: str, deadline: float) -> NoReturn:
        from airflow_provider_seedance.tasks.deferral import defer_for_video
        from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

        trigger = SeedanceVideoTrigger(
            seedance_conn_id=self.seedance_conn_id,
            video_id=video_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
        )
        defer_for_video(self, trigger)

    def poke(self, context: Context) -> PokeReturnValue:
        """Reads the video once.

        :raises VideoFailedError: it ended without a result.
        """
        from airflow_provider_seedance.api.client import RetryPolicy
        from airflow_provider_seedance.api.jobs import Outcome, Wait
        from airflow_provider_seedance.api.video_jobs import VIDEO

        if self._wait is None:
            self._wait = Wait(
                VIDEO, self.video_id, interval=self.poke_interval, deadline=None, started=self._started(context)
            )
        # One try per poke: `Wait` counts the failures, and no slot is held until the next poke.
        hook = SeedanceHook(self.seedance_conn_id, retry=RetryPolicy(attempts=1))
        try:
            decision = self._look(hook, self._wait)
            while self._forgets and decision.doubt is not None and not isinstance(decision.doubt, TransientApiError):
                self.pauses.sleep(min(decision.delay, self.pauses.confirm))
                decision = self._look(hook, self._wait)
        finally:
            hook.close()
        teller(self.log, self.video_id)(decision)
        if decision.error is not None:
            raise self._final(hook, decision.error)
        if decision.outcome is Outcome.SUCCEEDED and decision.job is not None:
            return PokeReturnValue(True, self._hand_on(hook, context, decision.job))
        return PokeReturnValue(False)

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Takes the trigger's event."""
        from airflow_provider_seedance.tasks.deferral import video_of_event

        self.seedance_conn_id = conn_id_of(self.video_id, self.seedance_conn_id)
        with closing(SeedanceHook(self.seedance_conn_id)) as hook:
            try:
                video = video_of_event(hook, event, wait_again=self._defer, pauses=self.pauses)
            except SeedanceError as error:
                raise self._final(hook, error) from None
            self.log.info("Video %s is ready.", video.video_id)
            return self._hand_on(hook, context, video)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Takes the end of the deferral, also where Airflow itself ended it."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout as error:
            ended = self._timed_out(str(error))
            if isinstance(ended, AirflowSensorTimeout):
                raise
            raise ended from error

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """For OpenLineage: the vendor's job."""
        from airflow_provider_seedance.tasks.lineage import video_lineage

        video = self.delivered or {}
        return video_lineage(self, vendor=video.get("vendor"), video_id=video.get("video_id"))

    def _take_dict(self) -> None:
        """Takes the connection from a create task's dict: after a fail-over it is not the task's first one."""
        self.seedance_conn_id = conn_id_of(self.video_id, self.seedance_conn_id)
        self.video_id = _id_of(self.video_id)

    def _hand_on(self, hook: SeedanceHook, context: Context, video: Video) -> dict[str, Any]:
        from airflow_provider_seedance.tasks.results import hand_on

        self.delivered = hand_on(context, video, hook=hook)
        return returned(self, context, self.delivered)

    def _final(self, hook: SeedanceHook, error: SeedanceError) -> Exception:
        """The error to raise. Only failures that may pass are retried: no wait brings a failed video back."""
        from airflow_provider_seedance.tasks.results import count_failure

        count_failure(error, hook=hook, video_id=self.video_id)
        if isinstance(error, VideoTimeoutError):
            return self._timed_out(str(error))
        # `BaseSensorOperator` skips softly only what isn't retried; `soft_fail` promises it for every end.
        has_ended = isinstance(error, VideoFailedError) and not isinstance(error, VideoUrlMissingError)
        final = self.soft_fail or has_ended
        return for_airflow(error, retry=False if final else None)

    def _timed_out(self, message: str) -> Exception:
        """The sensor's own time-out ends the task; `execution_timeout`, as in any task, ends only the attempt."""
        if self.execution_timeout is None or self.execution_timeout.total_seconds() >= self.timeout:
            return AirflowSensorTimeout(message)
        return for_airflow(VideoTimeoutError(f"execution_timeout has passed. {message}"), retry=True)

    def _look(self, hook: SeedanceHook, wait: Wait[Video]) -> Decision[Video]:
        try:
            return wait.saw(hook.get_video(self.video_id), time.time())
        except SeedanceError as error:
            return wait.missed(error, time.time())

    @property
    def _forgets(self) -> bool:
        """Whether each poke runs in its own process, so that no poke knows how often the vendor has refused."""
        return bool(self.reschedule) and not self.deferrable

    def _started(self, context: Context) -> float:
        """Unix time of the first poke: in reschedule mode it ran in another process (Airflow 3 passes the time on)."""
        if self._forgets:
            first = getattr(context["ti"], "get_first_reschedule_date", lambda context: None)(context)
            if first:
                return float(first.timestamp())
        return time.time()

    def _skip_or_raise(self, error: AirflowException) -> NoReturn:
        """Raises the error, or skips if `soft_fail` is set, as `BaseSensorOperator` does for its own pokes."""
        if self.soft_fail:
            raise AirflowSkipException("Skipping due to soft_fail is set to True.") from error
        if self.never_fail:
            raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
        raise error


def _id_of(video: Any) -> str:
    from airflow_provider_seedance.api.video_ids import video_id_of

    with airflow_errors():
        return video_id_of(video)
