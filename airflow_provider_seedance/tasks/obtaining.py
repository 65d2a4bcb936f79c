"""How the create task asks one vendor after another, and what it tells of those that refused."""

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
"""XCom key of who refused the video before another vendor took it, or before nobody did."""


def fail_over_of(
    task: Any,
    context: Context,
    store: SubmissionStore | None,
    request: VideoRequest,
    *,
    saturated_since: float | None,
) -> FailOver:
    """The task's connections, in their order.

    :param task: the create task, rendered.
    :param context: its context.
    :param store: keeps its record.
    :param request: what it asks for.
    :param saturated_since: Unix time since when it waits for room.
    :raises ValueError: the connections, as rendered, are no list of names.
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
    """Pushes who refused, and why. It never fails the task.

    :param task: the create task. With `do_xcom_push=False` nothing is told.
    :param ti: its task instance.
    :param over: has asked.
    """
    if not over.refusals or not task.do_xcom_push:
        return
    try:
        ti.xcom_push(key=REFUSALS, value=outgoing([refusal.to_dict() for refusal in over.refusals]))
    except Exception as error:
        log.warning("Who refused the video could not be told (%s).", type(error).__name__)
