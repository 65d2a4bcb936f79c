"""The create operator: submits a video with one POST, and waits for it if asked to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.api.models import REQUEST_FIELDS
from airflow_provider_seedance.exceptions import airflow_errors, for_airflow
from airflow_provider_seedance.hooks.seedance import SeedanceHook

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class SeedanceCreateVideoOperator(BaseOperator):
    """Submits a Seedance video and returns it as a flat dict, each field also as an XCom of its own.

    The fields of the request are those of `VideoRequest`, in the same words for every vendor; all of them can be
    templates. Literal values are judged when the DAG is parsed, rendered ones before anything is sent.

    :param model: the vendor's model name or route. (templated)
    :param prompt: what the video shows. (templated)
    :param duration: length in whole seconds. (templated)
    :param resolution: `480p`, `720p`, `1080p` or `4k`. (templated)
    :param ratio: `16:9`, `4:3`, `1:1`, `3:4`, `9:16`, `21:9` or `adaptive`. (templated)
    :param first_frame: URL of the image that the video starts with. (templated)
    :param last_frame: URL of the image that the video ends with. (templated)
    :param reference_images: URLs of images of style or subject. (templated)
    :param reference_videos: URLs of videos to follow. (templated)
    :param reference_audios: URLs of sounds to follow; never alone. (templated)
    :param seed: for repeatable results. (templated)
    :param generate_audio: whether the video has sound. (templated)
    :param watermark: whether the vendor's mark is put on the picture. (templated)
    :param camera_fixed: whether the camera stands still. (templated)
    :param return_last_frame: whether the last frame is returned as an image too. (templated)
    :param web_search: whether the model may look things up. (templated)
    :param execution_expires_after: seconds after which the vendor gives an unfinished video up. (templated)
    :param extra: merged into the body last, unchecked. (templated)
    :param seedance_conn_id: the connection's id. (templated)
    :param wait_for_completion: whether to wait for the video in this task. Default: no, a `SeedanceVideoSensor` does.
    :param deferrable: whether to wait in the triggerer, without a worker slot. Default: yes.
    :param poll_interval: seconds between polls. Default 10.
    :param timeout: seconds from the submission after which the wait is given up. Default 3,600.
    """

    template_fields: Sequence[str] = (*REQUEST_FIELDS, "seedance_conn_id")
    template_fields_renderers = {"prompt": "md", "extra": "json"}
    ui_color = "#c6e2ff"

    def __init__(
        self,
        *,
        model: str,
        prompt: str,
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
        extra: Mapping[str, Any] | None = None,
        seedance_conn_id: str = SeedanceHook.default_conn_name,
        wait_for_completion: bool = False,
        deferrable: bool = True,
        poll_interval: float = 10.0,
        timeout: float = 3600.0,
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
        self.extra = extra
        self.seedance_conn_id = seedance_conn_id
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self._check_literals()

    def execute(self, context: Context) -> dict[str, Any]:
        """Submits the video; then returns it, waits for it, or defers."""
        from airflow_provider_seedance.api.validation import to_request

        hook = SeedanceHook(self.seedance_conn_id)
        try:
            with airflow_errors():
                video = hook.create_video(to_request(self._request_fields()))
            self.log.info("Submitted video %s to %s (%s).", video.video_id, video.vendor, video.model)
            if not self.wait_for_completion:
                return video.to_dict()
            # At once, so that links and people find the id while the task waits.
            context["ti"].xcom_push(key="video_id", value=video.video_id)
            if self.deferrable:
                self._defer(video.video_id, deadline=time.time() + self.timeout)
            done = hook.wait_for_video(video.video_id, poll_interval=self.poll_interval, timeout=self.timeout)
            return done.to_dict()
        finally:
            hook.close()

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Takes the trigger's event."""
        from airflow_provider_seedance.triggers.deferral import video_of_event

        with airflow_errors():
            video = video_of_event(self.seedance_conn_id, event)
        self.log.info("Video %s is ready.", video.video_id)
        return video.to_dict()

    def _defer(self, video_id: str, deadline: float) -> NoReturn:
        from airflow_provider_seedance.triggers.deferral import defer_for_video
        from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

        trigger = SeedanceVideoTrigger(
            seedance_conn_id=self.seedance_conn_id,
            video_id=video_id,
            poll_interval=self.poll_interval,
            deadline=deadline,
        )
        defer_for_video(self, trigger)

    def _request_fields(self) -> dict[str, Any]:
        """The fields of the request that are set; what isn't set isn't sent."""
        fields = {name: getattr(self, name) for name in REQUEST_FIELDS}
        return {name: value for name, value in fields.items() if value is not None}

    def _check_literals(self) -> None:
        from airflow_provider_seedance.api.validation import check_literals

        fields = self._request_fields()
        try:
            check_literals(fields, {name for name, value in fields.items() if not _is_literal(value)})
        except SeedanceError as error:
            raise for_airflow(error) from None


def _is_literal(value: Any) -> bool:
    """Whether the value is known when the DAG is parsed: no Jinja in it, no output of another task."""
    if isinstance(value, str):
        return "{{" not in value and "{%" not in value
    if isinstance(value, Mapping):
        return all(_is_literal(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_is_literal(item) for item in value)
    return value is None or isinstance(value, int | float)
