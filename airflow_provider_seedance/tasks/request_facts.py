"""What the create task tells the pages before it waits: one small XCom with what was asked for.

Airflow keeps rendered fields for a DAG's last runs only, and some versions don't list them, so the pages need a source
of their own. It holds no more than the rendered fields do: a field that isn't templated isn't told, secrets are masked,
and addresses go without their signatures.
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
    """Around the submission: the XCom is there before it, and says it if the vendor has no room, or nobody knows.

    :param task: the create task. With `do_xcom_push=False` nothing is told.
    :param ti: its task instance.
    :param request: what is asked for.
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
    """Tells the pages that another connection than the task's first one has the video.

    :param task: the create task.
    :param ti: its task instance.
    :param request: what was asked for.
    :param seedance_conn_id: of the vendor that has taken it.
    """
    _push(task, ti, request, seedance_conn_id=seedance_conn_id)


def _push(task: BaseOperator, ti: Any, request: VideoRequest, **more: str) -> None:
    """It never fails the task: what it tells is for the eye."""
    try:
        if task.do_xcom_push:
            facts = facts_of(request, fields=task.template_fields, with_prompt=prompts_are_told())
            facts["seedance_conn_id"] = getattr(task, "seedance_conn_id", None)
            ti.xcom_push(key=KEY, value=outgoing(facts | more))
    except Exception as error:
        log.warning("The pages are not told what was asked for (%s).", type(error).__name__)


def prompts_are_told() -> bool:
    """Whether `[seedance] prompts_in_xcom` allows it. Default: yes."""
    return bool(conf.getboolean("seedance", "prompts_in_xcom", fallback=True))


def facts_of(request: VideoRequest, *, fields: Collection[str], with_prompt: bool) -> dict[str, Any]:
    """What may be told of a request.

    :param fields: the task's templated fields: Airflow shows these anyway, and others it doesn't.
    :param with_prompt: whether the prompt may be among them.
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
    """A media reference that can be told: without its query, user and password, and without its content."""
    scheme = url.partition(":")[0].lower()
    if scheme == "data":
        return url.partition(",")[0].partition(";")[0][:100]
    if scheme == "asset":
        return url.partition("?")[0].partition("#")[0]
    where = dataset_name(url)
    if where is None:
        return "…"  # an address of some other kind may hold anything
    namespace, path = where
    return f"{namespace}{'' if path.startswith('/') else '/'}{path}"
