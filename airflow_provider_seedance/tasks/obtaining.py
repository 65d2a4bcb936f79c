"""Prepares the create task's fail-over from one vendor to the next, and publishes the vendors' refusals."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.http.json_values import outgoing
from airflow_provider_seedance.landing.path_template import run_facts
from airflow_provider_seedance.submissions.failover import FailOver
from airflow_provider_seedance.submissions.life import Life
from airflow_provider_seedance.tasks.checks import check_before_paying
from airflow_provider_seedance.tasks.connections import check_connections
from airflow_provider_seedance.tasks.deadlines import given_up_after

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_seedance.api.models import VideoRequest
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.store import SubmissionStore

log = logging.getLogger(__name__)

REFUSALS = "seedance_refusals"
"""The XCom key of the refusals, whether or not another vendor accepted the video afterwards."""


def fail_over_of(
    task: Any,
    context: Context,
    store: SubmissionStore | None,
    request: VideoRequest,
    *,
    saturated_since: float | None,
) -> FailOver:
    """The fail-over over the task's connections, in their order.

    :param task: the create task, rendered.
    :param context: the task's context.
    :param store: the store of the task's record; `None` where there is none.
    :param request: the requested video.
    :param saturated_since: Unix time of the first "no room", if the task has already waited for room.
    :raises ValueError: the rendered fall-back connections are no list of ids.
    """
    run = run_facts(context)

    def check(hook: SeedanceHook) -> None:
        check_before_paying(
            hook,
            request,
            run,
            max_cost=task.max_cost,
            lands=task.lands,
            output_path=task.output_path,
            object_storage_conn_id=task.object_storage_conn_id,
            store=store,
        )

    others = check_connections(task.seedance_conn_id, task.fallback_conn_ids)
    return FailOver(
        (task.seedance_conn_id, *others),
        store,
        request,
        life=Life.of(context, task.retries),
        on_unknown=task.on_unknown_submission,
        wait_for_room=not task.deferrable,
        check=check,
        pauses=task.pauses,
        room_patience=task.room_patience,
        after_moderation=task.fail_over_on_moderation,
        saturated_since=saturated_since,
        given_up_after=given_up_after(task),
    )


def tell_refusals(task: Any, ti: Any, over: FailOver) -> None:
    """Pushes the refusals as an XCom. It never fails the task.

    :param task: the create task; with `do_xcom_push=False` nothing is pushed.
    :param ti: the task instance.
    :param over: the fail-over, after `obtain`.
    """
    if not over.refusals or not task.do_xcom_push:
        return
    try:
        ti.xcom_push(key=REFUSALS, value=outgoing([refusal.to_dict() for refusal in over.refusals]))
    except Exception as error:
        log.warning("Who refused the video could not be told (%s).", type(error).__name__)
