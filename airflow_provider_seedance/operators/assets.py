"""The upload operator: uploads reference media to the vendor, and waits until the vendor accepts them for videos."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.compat.xcom import returned
from airflow_provider_seedance.exceptions import airflow_errors, for_airflow
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.tasks.deadlines import deadline_of, waiting_argument

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_seedance.api.assets import Library, MediaAsset
    from airflow_provider_seedance.submissions.upload_record import AssetRecords

MARGIN = 120.0
"""Seconds by which Airflow's time-out of the deferral is later than the trigger's own deadline."""

LOOK_AGAIN = 30.0
"""Seconds for which the resumed task repeats its read, if the read doesn't yet show what the trigger has seen."""

_UPLOAD_FIELDS = ("source", "kind", "library", "name", "extra")


class SeedanceUploadAssetOperator(BaseOperator):
    """Uploads an image, a video or a sound; `asset` in its result is a reference for the create operator.

    The result is a flat dict (see `MediaAsset`), with each field also as its own XCom, so
    `reference_images=[upload.output["asset"]]` works. Not every vendor accepts uploads: see the docs.

    A retry uses the media that an earlier attempt uploaded. If the vendor refuses the media, the task is not retried.

    :param source: a local path, an object-storage URL (`s3://conn_id@bucket/key`), or an http(s) URL. Files are
        streamed. Required for every library but `audit`. (templated)
    :param kind: `image`, `video`, `audio` or `text`. Default: by the source's suffix. (templated)
    :param library: the vendor's library to upload to. `files`, at every vendor with uploads, gives a URL; Jimmy AI's
        `sp` (SP routes), `realperson` (portraits of real people, SP routes) and `audit` (Full routes) give an
        `asset://ID`. Default: `files`. (templated)
    :param name: the asset's name at the vendor. Default: the file's name. (templated)
    :param extra: fields that are merged into the request body last, unchecked; for `audit`, whose body is not
        documented, the whole body. (templated)
    :param status_query: for `audit` only: the query of its status call, which is not documented either; `{asset_id}`
        stands for the id. Without it, the asset is returned as `processing`. (templated)
    :param seedance_conn_id: the connection's id. Default: `seedance_default`. (templated)
    :param wait_for_completion: whether to wait until the asset is active, if the library has such a state. Default:
        yes.
    :param deferrable: whether to wait in the triggerer, without a worker slot. Default: yes.
    :param poll_interval: the time between polls, in seconds or as a timedelta. Default: 5.
    :param timeout: the longest wait after the upload, in seconds or as a timedelta; each retry has the full time again.
        Default: 1,800. An `execution_timeout` is enforced too, even while the task is deferred.
    """

    template_fields: Sequence[str] = (*_UPLOAD_FIELDS, "status_query", "seedance_conn_id")
    template_fields_renderers = {"extra": "json", "status_query": "json"}
    ui_color = "#e6dcff"

    def __init__(
        self,
        *,
        source: str | PathLike[str] | None = None,
        kind: str | None = None,
        library: str | None = None,
        name: str | None = None,
        extra: Mapping[str, Any] | None = None,
        status_query: Mapping[str, str] | None = None,
        seedance_conn_id: str = SeedanceHook.default_conn_name,
        wait_for_completion: bool = True,
        deferrable: bool = True,
        poll_interval: float | timedelta = 5.0,
        timeout: float | timedelta = 1800.0,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("multiple_outputs", True)
        super().__init__(**kwargs)
        self.source = source
        self.kind = kind
        self.library = library
        self.name = name
        self.extra = extra
        self.status_query = status_query
        self.seedance_conn_id = seedance_conn_id
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = waiting_argument("poll_interval", poll_interval)
        self.timeout = waiting_argument("timeout", timeout)
        if kind is not None and isinstance(kind, str) and "{" not in kind:
            from airflow_provider_seedance.api.assets import KINDS

            if kind not in KINDS:
                raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")

    def execute(self, context: Context) -> dict[str, Any]:
        """Uploads the media, or finds an earlier attempt's upload; then returns the asset, waits for it, or defers.

        :param context: the task's context.
        :return: the asset's dict, see `MediaAsset`.
        :raises SeedanceError: the media can't be uploaded, or were refused, or the wait has timed out.
        """
        from airflow_provider_seedance.api.vendors import make_asset_adapter
        from airflow_provider_seedance.submissions.upload_record import AssetRecords

        hook = SeedanceHook(self.seedance_conn_id)
        try:
            with airflow_errors():
                library = make_asset_adapter(hook.get_conn().adapter).library(self.library)
                fields = {name: getattr(self, name) for name in _UPLOAD_FIELDS}
                records = AssetRecords(context, hook.account, fields)
                asset = self._obtain(hook, library, records)
                if not library.has_states or not self.wait_for_completion:
                    return returned(self, context, asset.to_dict())
                if library.takes == "body" and not self.status_query:
                    self.log.warning("Whether asset %s is active is not asked: no status_query.", asset.asset_id)
                    return returned(self, context, asset.to_dict())
                ready = self._wait(hook, asset, library, self._deadline(context["ti"]))
                return returned(self, context, ready)
        finally:
            hook.close()

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Resumes after the trigger's event: reads the asset again and returns it.

        :param context: the task's context.
        :param event: the trigger's event.
        :return: the asset's dict, see `MediaAsset`.
        :raises SeedanceError: the media were refused, or the wait has timed out.
        """
        from airflow_provider_seedance.api.asset_jobs import ASSET
        from airflow_provider_seedance.api.outcomes import read_event
        from airflow_provider_seedance.submissions.upload_record import AssetRecords

        hook = SeedanceHook(self.seedance_conn_id)
        try:
            with airflow_errors():
                asset_id, error = read_event(event, ASSET)
                if error is not None:
                    raise error
                fields = {name: getattr(self, name) for name in _UPLOAD_FIELDS}
                uploaded = AssetRecords(context, hook.account, fields).earlier().asset
                asset = self._wait_here(hook, asset_id, time.time() + LOOK_AGAIN)
                return returned(self, context, self._ready(asset, uploaded))
        finally:
            hook.close()

    def _obtain(self, hook: SeedanceHook, library: Library, records: AssetRecords) -> MediaAsset:
        from airflow_provider_seedance.api.assets import AssetUpload, to_upload

        earlier = records.earlier()
        if earlier.asset is not None:
            self.log.info("Uploaded by an earlier attempt: %s.", _label(earlier.asset))
            return earlier.asset
        upload: AssetUpload = to_upload(
            {"library": library.name, "kind": self.kind, "name": self.name, "extra": self.extra or {}}
        )
        with ExitStack() as opened:
            file = None
            if library.takes != "body":
                source = self._source()
                from airflow_provider_seedance.landing.upload_source import is_url, open_source

                if library.takes == "url" and earlier.file is not None:
                    self.log.info("The file was stored by an earlier attempt.")
                    stored_as = {"url": earlier.file.url, "kind": earlier.file.kind}
                    upload = upload.model_copy(update={**stored_as, "name": upload.name or earlier.file.name})
                elif library.takes == "url" and is_url(source):
                    upload = upload.model_copy(update={"url": source})
                else:
                    allow = hook.connection.allow_private_hosts
                    file = opened.enter_context(open_source(source, allow_private=allow, most_bytes=library.most_bytes))
                    self.log.info("Uploading %s, %d bytes.", file.name, file.size)
            asset = hook.upload_asset(upload, file, on_file=lambda stored: records.keep(file=stored))
        stored = records.record.file
        if stored is not None:
            asset = asset.model_copy(update={"size": stored.size, "content_type": stored.content_type})
        records.keep(asset=asset)
        self.log.info("Uploaded to %s: %s, %s.", asset.vendor, _label(asset), asset.status.value)
        return asset

    def _source(self) -> str:
        if not self.source:
            raise InvalidRequestError("Nothing was sent. source: a path or URL is needed.")
        return str(self.source)

    def _wait(self, hook: SeedanceHook, asset: MediaAsset, library: Library, deadline: float) -> dict[str, Any]:
        from airflow_provider_seedance.api.assets import AssetStatus

        if asset.status is AssetStatus.ACTIVE or asset.asset_id is None:
            return asset.to_dict()
        if not self.deferrable:
            return self._ready(self._wait_here(hook, asset.asset_id, deadline), asset)
        return self._defer(asset.asset_id, library, deadline)

    def _defer(self, asset_id: str, library: Library, deadline: float) -> NoReturn:
        from airflow_provider_seedance.triggers.assets import SeedanceAssetTrigger

        trigger = SeedanceAssetTrigger(
            seedance_conn_id=self.seedance_conn_id,
            asset_id=asset_id,
            library=library.name,
            deadline=deadline,
            poll_interval=self.poll_interval,
            query=self.status_query,
        )
        left = max(0.0, deadline - time.time())
        self.defer(
            trigger=trigger,
            method_name="execute_complete",
            timeout=timedelta(seconds=left + 2 * self.poll_interval + MARGIN),
        )

    def _wait_here(self, hook: SeedanceHook, asset_id: str, deadline: float) -> MediaAsset:
        from airflow_provider_seedance.api.asset_jobs import ASSET
        from airflow_provider_seedance.api.jobs import Wait
        from airflow_provider_seedance.api.waiting import wait_here
        from airflow_provider_seedance.compat.log_fields import teller

        def read() -> MediaAsset:
            return hook.get_asset(asset_id, library=self.library, query=self.status_query)

        wait = Wait(ASSET, asset_id, interval=self.poll_interval, deadline=deadline, started=time.time())
        return wait_here(wait, read, teller(self.log), hook.pause)

    def _ready(self, asset: MediaAsset, uploaded: MediaAsset | None) -> dict[str, Any]:
        """The dict of the asset as last read, completed with the fields that are known only from the upload."""
        from airflow_provider_seedance.api.assets import AssetStatus

        if asset.status is AssetStatus.FAILED:
            from airflow_provider_seedance.api.asset_jobs import rejection_of

            raise for_airflow(rejection_of(asset))
        self.log.info("Asset %s is %s.", asset.asset_id, asset.status.value)
        before = uploaded.to_dict() if uploaded else {}
        return {name: before.get(name) if value is None else value for name, value in asset.to_dict().items()}

    def _deadline(self, ti: Any) -> float:
        """Unix time of the deadline, which counts from now in each attempt."""
        return deadline_of(ti, time.time(), self.timeout, self.execution_timeout)


def _label(asset: MediaAsset) -> str:
    """The asset's name for the log, without its URL, which may be signed."""
    return asset.asset if asset.asset.startswith("asset://") else (asset.name or "a file")
