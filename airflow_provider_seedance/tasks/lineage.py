"""The inputs and outputs of a video for OpenLineage, which is imported only inside the functions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_seedance.api.http.json_values import outgoing

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.common.compat.sdk import BaseOperator
    from airflow.providers.openlineage.extractors import OperatorLineage

log = logging.getLogger(__name__)

MEDIA_FIELDS = ("first_frame", "last_frame", "reference_images", "reference_videos", "reference_audios")

_BUCKETS = frozenset(("s3", "gs", "abfs", "abfss", "wasbs"))
"""Schemes whose datasets OpenLineage names by bucket and key: the namespace is the scheme and the bucket (for Azure the
container and its host), the name is the key."""


def media_of(fields: Mapping[str, Any]) -> list[str]:
    """The URLs of the media in a request.

    :param fields: the request's fields.
    """
    found: list[str] = []
    for name in MEDIA_FIELDS:
        value = fields.get(name)
        found += [value] if isinstance(value, str) else list(value or ())
    return [url for url in found if isinstance(url, str)]


def dataset_name(url: str) -> tuple[str, str] | None:
    """The OpenLineage name of the dataset at a URL.

    Queries and fragments are left out, since they hold signatures. OpenLineage has no rule for HTTP; here the namespace
    is the scheme and the host, as in its rules for other network addresses.

    :param url: the URL of a file or an object.
    :return: namespace and name; `None` for URLs that have no meaning outside of a request, such as `data:` and
        `asset://`, and for invalid ones.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    path = parts.path.lstrip("/")
    if parts.scheme in _BUCKETS and parts.netloc and path:
        return f"{parts.scheme}://{_bucket(parts.netloc)}", path
    if parts.scheme in ("http", "https") and host and path:
        # Not `netloc`, which may contain a user name and a password.
        return f"{parts.scheme}://{host}{f':{port}' if port else ''}", f"/{path}"
    if parts.scheme == "file" and path:
        return f"file://{parts.netloc}" if parts.netloc else "file", f"/{path}"
    return None


def _bucket(netloc: str) -> str:
    """The bucket without a connection id, as in Airflow's `s3://my_conn@bucket`. Azure's `container@host` is kept."""
    host = netloc.rpartition("@")[2]
    return netloc if host.endswith(".dfs.core.windows.net") else host


def video_lineage(
    task: BaseOperator,
    *,
    vendor: str | None,
    video_id: str | None,
    inputs: Iterable[str] = (),
    outputs: Mapping[str, int | None] | None = None,
) -> OperatorLineage[Any, Any]:
    """The lineage that a task reports to OpenLineage at its end.

    :param task: the task; its inlets and outlets are added, since OpenLineage uses them only if a task reports nothing.
    :param vendor: the vendor's name; `None` if it is unknown.
    :param video_id: the vendor's id, which is reported with the vendor as the external job (`externalQuery`); `None` if
        it is unknown.
    :param inputs: the URLs of the request's media, or of the file that was copied. Default: none.
    :param outputs: the sizes of the stored objects in bytes, by URI; a size may be `None`. Default: none.
    """
    from airflow.providers.common.compat.openlineage.facet import ExternalQueryRunFacet
    from airflow.providers.openlineage.extractors import OperatorLineage

    facets = {}
    if vendor and video_id:
        facets["externalQuery"] = ExternalQueryRunFacet(externalQueryId=outgoing(video_id), source=outgoing(vendor))
    came_from = [*(_input(url) for url in inputs), *(_of_asset(asset) for asset in task.inlets)]
    went_to = [_output(url, size) for url, size in (outputs or {}).items()]
    return OperatorLineage(
        inputs=_once(came_from),
        outputs=_once([*went_to, *(_of_asset(asset) for asset in task.outlets)]),
        run_facets=facets,
    )


def _input(url: str) -> Dataset | None:
    from airflow.providers.common.compat.openlineage.facet import Dataset

    name = dataset_name(url)
    return Dataset(*outgoing(name)) if name else None


def _output(url: str, size: int | None) -> Dataset | None:
    from airflow.providers.common.compat.openlineage.facet import OutputDataset, OutputStatisticsOutputDatasetFacet

    name = dataset_name(url)
    if name is None:
        return None
    facets: dict[str, Any] = {}
    if size is not None:
        facets["outputStatistics"] = OutputStatisticsOutputDatasetFacet(size=size)
    namespace, path = outgoing(name)
    return OutputDataset(namespace, path, outputFacets=facets)


def _of_asset(asset: Any) -> Dataset | None:
    """The dataset of an asset, by the OpenLineage provider's own translation, which knows all providers' assets."""
    try:
        from airflow.providers.openlineage.utils.utils import translate_airflow_asset

        return translate_airflow_asset(asset, None)
    except Exception:
        log.debug("An asset was not translated for OpenLineage.", exc_info=True)
        return None


def _once(datasets: Iterable[Dataset | None]) -> list[Dataset]:
    found: dict[tuple[str, str], Dataset] = {}
    for dataset in datasets:
        if dataset is not None:
            found.setdefault((dataset.namespace, dataset.name), dataset)
    return list(found.values())


def created_lineage(
    task: BaseOperator, video: Mapping[str, Any], fields: Mapping[str, Any]
) -> OperatorLineage[Any, Any]:
    """The lineage of a task that creates a video, and may land it.

    :param task: the create task.
    :param video: the dict that the task returned; empty if there is none.
    :param fields: the fields of its request.
    """
    return video_lineage(
        task,
        vendor=video.get("vendor"),
        video_id=video.get("video_id"),
        inputs=media_of(fields),
        outputs={video["uri"]: video["bytes"]} if video.get("uri") else None,
    )
