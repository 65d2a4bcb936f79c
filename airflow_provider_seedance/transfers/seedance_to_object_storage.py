"""The transfer operator: copies a finished video from the vendor's expiring URL to the user's own storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_seedance.compat.xcom import returned
from airflow_provider_seedance.exceptions import airflow_errors
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.path_template import check_paths
from airflow_provider_seedance.tasks.asset_events import attach_to_outlets
from airflow_provider_seedance.tasks.connections import conn_id_of
from airflow_provider_seedance.tasks.literals import is_literal
from airflow_provider_seedance.tasks.path_limits import check_literal

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage


PATHS = ("output_path", "last_frame_path", "thumbnail_path")


class SeedanceVideoToObjectStorageOperator(BaseOperator):
    """Copies a finished video to any object storage or disk that Airflow can write to, and returns its manifest.

    The object appears under its name only once it is complete; its manifest (`<name>.manifest.json`) is stored beside
    it. If both exist already, nothing is downloaded. A download is resumed after a lost connection, and an expired URL
    is renewed by the video's id. A retry costs nothing at the vendor.

    Paths may contain facts in braces, `s3://bucket/{run_id}/{video_id}.{ext}`: `video_id`, `vendor`, `model`, `dag_id`,
    `run_id`, `task_id`, `map_index` and `ext` (`mp4` or `mov`; `png`, `jpg` or `webp` for pictures). A path that ends
    with a slash gets `{video_id}.{ext}`, a picture's `{video_id}-last-frame.{ext}` or `{video_id}-thumbnail.{ext}`.

    The manifest, with each field also as its own XCom: `uri, bytes, sha256, content_type, duration, width, height,
    video_id, vendor, model, usage, last_frame_uri, thumbnail_uri`.

    :param output_path: the video's destination: `file://`, `s3://`, `gs://`, `abfs://` or any other storage of an
        installed provider. (templated)
    :param video_id: the vendor's id, or the dict that the create operator and the sensor return. Either this or
        `video_url` is required. (templated)
    :param video_url: the video's URL, if nothing else is known; it can't be renewed without `video_id`. (templated)
    :param last_frame_path: the destination of the last frame, if the vendor provides one. Default: it isn't stored.
        (templated)
    :param thumbnail_path: the destination of the thumbnail, if the vendor provides one. Default: it isn't stored.
        (templated)
    :param object_storage_conn_id: the connection that opens the storage. Default: the one that the path names, as in
        `s3://CONN_ID@bucket/`; otherwise the machine's own credentials. (templated)
    :param seedance_conn_id: the vendor's connection; a connection named by the dict in `video_id` takes precedence.
        Default: `seedance_default`. (templated)
    :param max_bytes: the size of the largest file to accept, in bytes. Default: 10 GiB.
    :param overwrite: whether to replace another file at the destination. Default: no, the task fails.
    """

    template_fields: Sequence[str] = (
        "output_path",
        "video_id",
        "video_url",
        "last_frame_path",
        "thumbnail_path",
        "object_storage_conn_id",
        "seedance_conn_id",
    )
    ui_color = "#d6f0d6"

    def __init__(
        self,
        *,
        output_path: str,
        video_id: str | int | Mapping[str, Any] | None = None,
        video_url: str | None = None,
        last_frame_path: str | None = None,
        thumbnail_path: str | None = None,
        object_storage_conn_id: str | None = None,
        seedance_conn_id: str = SeedanceHook.default_conn_name,
        max_bytes: int = 10 * 1024**3,
        overwrite: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("multiple_outputs", True)
        super().__init__(**kwargs)
        self.output_path = output_path
        self.video_id: Any = video_id
        self.video_url = video_url
        self.last_frame_path = last_frame_path
        self.thumbnail_path = thumbnail_path
        self.object_storage_conn_id = object_storage_conn_id
        self.seedance_conn_id = seedance_conn_id
        self.max_bytes = max_bytes
        self.overwrite = overwrite
        self.landed: dict[str, Any] | None = None
        if video_id is None and video_url is None:
            raise ValueError("give video_id, video_url or both")
        if video_id is not None and is_literal(video_id):
            self._video()
        if isinstance(max_bytes, bool) or not isinstance(max_bytes, int) or max_bytes < 1:
            raise ValueError(f"max_bytes must be a whole number above 0, not {max_bytes!r}")
        check_paths(output_path, last_frame_path, thumbnail_path, has_id=video_id is not None)
        for argument in PATHS:
            check_literal(argument, getattr(self, argument))

    def execute(self, context: Context) -> dict[str, Any]:
        """Copies the video, unless the object exists already with its manifest.

        :param context: the task's context.
        :return: the manifest.
        :raises SeedanceError: the video can't be landed; the class and the message say whether a retry may help.
        """
        from airflow_provider_seedance.landing.lander import land_video
        from airflow_provider_seedance.landing.path_template import run_facts
        from airflow_provider_seedance.tasks.ledger import note_landing

        video = self._video()
        self._check_paths(video, run_facts(context))
        hook = SeedanceHook(conn_id_of(self.video_id, self.seedance_conn_id))
        try:
            self.landed = land_video(
                hook,
                video,
                self.output_path,
                last_frame_path=self.last_frame_path,
                thumbnail_path=self.thumbnail_path,
                conn_id=self.object_storage_conn_id,
                run=run_facts(context),
                max_bytes=self.max_bytes,
                overwrite=self.overwrite,
                log=self.log,
            )
            note_landing(hook, video, self.landed["uri"])
        finally:
            hook.close()
        attach_to_outlets(context, self.landed, self.landed["uri"])
        return returned(self, context, self.landed)

    def _check_paths(self, video: Mapping[str, Any], run: Mapping[str, Any]) -> None:
        """Checks the paths before anything is downloaded."""
        from airflow_provider_seedance.tasks.output_check import check_output

        facts = {**run, **{name: video.get(name) for name in ("video_id", "vendor", "model")}}
        for argument in PATHS:
            path = getattr(self, argument)
            if path is not None:
                check_output(argument, path, conn_id=self.object_storage_conn_id, facts=facts)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """The lineage for OpenLineage: the vendor's file as input, the stored object as output, and the vendor's job.

        :param task_instance: the task instance; unused.
        """
        from airflow_provider_seedance.tasks.lineage import video_lineage

        landed = self.landed or {}
        source = self._video().get("video_url")
        return video_lineage(
            self,
            vendor=landed.get("vendor"),
            video_id=landed.get("video_id"),
            inputs=[source] if source else (),
            outputs={landed["uri"]: landed["bytes"]} if landed else None,
        )

    def _video(self) -> dict[str, Any]:
        """The known fields of the video.

        :raises InvalidRequestError: `video_id` is not a valid id.
        """
        from airflow_provider_seedance.api.video_ids import check_video_id

        known = dict(self.video_id) if isinstance(self.video_id, Mapping) else {"video_id": self.video_id}
        if known.get("video_id") is not None:
            with airflow_errors():
                known["video_id"] = check_video_id(known["video_id"])
        return known | ({"video_url": self.video_url} if self.video_url else {})
