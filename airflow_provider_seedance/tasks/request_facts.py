"""Publishes the facts of a request for the pages in Airflow's UI, in one small XCom, before the create task waits.

Airflow keeps rendered fields only for a DAG's last runs, and some versions don't list them, so the pages need a source
of their own. It holds no more than the rendered fields do: fields that aren't templated are left out, secrets are
masked, and URLs lose their signatures.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from airflow_provider_seedance.api.errors import SeedanceRateLimitError, SubmissionUnknownError
from airflow_provider_seedance.api.http.json_values import outgoing
from airflow_provider_seedance.tasks.lineage import MEDIA_FIELDS, dataset_name

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_seedance.api.models import VideoRequest

log = logging.getLogger(__name__)

KEY = "seedance_asked"
"""The XCom's key."""

TOLD = (
    *("model", "prompt", "seed", "ratio", "resolution", "duration", "generate_audio", "watermark", "camera_fixed"),
    *("task", "draft", "draft_id", "output_format"),
)

NO_ROOM = "no_room"
IN_DOUBT = "in_doubt"


@contextmanager
def request_told(task: BaseOperator, ti: Any, request: VideoRequest) -> Iterator[None]:
    """A context manager around the submission that keeps the XCom up to date.

    The XCom is pushed before the submission. It is pushed again, with the outcome, if the vendor has no room, or if it
    is unknown whether the vendor accepted the video.

    :param task: the create task; with `do_xcom_push=False` nothing is pushed.
    :param ti: the task instance.
    :param request: the requested video.
    """
    _push(task, ti, request)
    try:
        yield
    except SeedanceRateLimitError:
        _push(task, ti, request, outcome=NO_ROOM, at=datetime.now(UTC).isoformat())
        raise
    except SubmissionUnknownError:
        _push(task, ti, request, outcome=IN_DOUBT)
        raise


def connection_told(task: BaseOperator, ti: Any, request: VideoRequest, seedance_conn_id: str) -> None:
    """Updates the XCom after a connection other than the task's first has accepted the video.

    :param task: the create task; with `do_xcom_push=False` nothing is pushed.
    :param ti: the task instance.
    :param request: the requested video.
    :param seedance_conn_id: the id of the connection that has the video.
    """
    _push(task, ti, request, seedance_conn_id=seedance_conn_id)


def _push(task: BaseOperator, ti: Any, request: VideoRequest, **more: str) -> None:
    """Pushes the XCom. It never fails the task, since only the UI reads the XCom."""
    try:
        if task.do_xcom_push:
            facts = facts_of(request, fields=task.template_fields, with_prompt=prompts_are_told())
            facts["seedance_conn_id"] = getattr(task, "seedance_conn_id", None)
            ti.xcom_push(key=KEY, value=outgoing(facts | more))
    except Exception as error:
        log.warning("The pages are not told what was asked for (%s).", type(error).__name__)


def prompts_are_told() -> bool:
    """Whether the provider config `[seedance] prompts_in_xcom` allows prompts in the XCom. Default: yes."""
    return bool(conf.getboolean("seedance", "prompts_in_xcom", fallback=True))


def facts_of(request: VideoRequest, *, fields: Collection[str], with_prompt: bool) -> dict[str, Any]:
    """The facts of a request that may be shown, in JSON types.

    :param request: the requested video.
    :param fields: the names of the task's templated fields; only these are included, since Airflow shows them anyway.
    :param with_prompt: whether to include the prompt.
    """
    from airflow.providers.common.compat.sdk import redact

    asked: Mapping[str, Any] = request.model_dump(mode="json", include={*TOLD, *MEDIA_FIELDS}, exclude_none=True)
    told: dict[str, Any] = {
        name: redact(value, name)
        for name, value in asked.items()
        if name in fields and name in TOLD and value != "" and (with_prompt or name != "prompt")
    }
    for name in MEDIA_FIELDS:
        if name in fields and asked.get(name):
            value = asked[name]
            told[name] = _reference(value) if isinstance(value, str) else [_reference(url) for url in value]
    return told


def _reference(url: str) -> str:
    """A media reference that may be shown: without query, user, password and inline content."""
    scheme = url.partition(":")[0].lower()
    if scheme == "data":
        return url.partition(",")[0].partition(";")[0][:100]
    if scheme == "asset":
        return url.partition("?")[0].partition("#")[0]
    where = dataset_name(url)
    if where is None:
        return "…"  # an address of an unknown form may hold secrets
    namespace, path = where
    return f"{namespace}{'' if path.startswith('/') else '/'}{path}"
