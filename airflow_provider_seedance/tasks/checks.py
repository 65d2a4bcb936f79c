"""The create operator's checks before anything is paid: when its DAG is parsed, and again before each submission."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.tasks.literals import is_literal

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import VideoRequest
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.store import SubmissionStore


def check_choice(name: str, value: object, choices: tuple[str, str]) -> None:
    """Checks that an argument has one of its two allowed values.

    :param name: the argument's name.
    :param value: its value.
    :param choices: the allowed values.
    :raises ValueError: it has neither.
    """
    if value not in choices:
        raise ValueError(f"{name} must be {choices[0]!r} or {choices[1]!r}, not {value!r}")


def check_when_parsed(
    fields: Mapping[str, Any],
    undecided: Collection[str],
    *,
    max_cost: Any,
    output_path: Any,
    conn_id: Any = None,
    fallback_conn_ids: Any = None,
) -> None:
    """Checks the literal arguments, as far as that is possible without reading a connection.

    :param fields: the request's fields that are set.
    :param undecided: the names of the fields whose values are known only when the task runs.
    :param max_cost: the cost limit, literal or a template; `None` for no limit.
    :param output_path: the video's destination, literal or a template; `None` if it isn't landed.
    :param conn_id: the id of the first connection.
    :param fallback_conn_ids: the ids of the fall-back connections.
    :raises InvalidRequestError: fields are invalid; the message names them.
    :raises ValueError: nothing can be landed at this path, or the fall-back connections are no list of ids.
    """
    from airflow_provider_seedance.api.validation import check_literals
    from airflow_provider_seedance.tasks.connections import check_connections

    try:
        check_literals(fields, set(undecided))
        check_connections(conn_id, fallback_conn_ids)
        if max_cost is not None and is_literal(max_cost):
            from airflow_provider_seedance.api.pricing import read_limit

            read_limit(max_cost)
    except SeedanceError as error:
        raise for_airflow(error) from None
    if output_path is not None:
        from airflow_provider_seedance.landing.path_template import check_paths
        from airflow_provider_seedance.tasks.path_limits import check_literal

        if isinstance(output_path, str):
            check_paths(output_path, None, None, has_id=True)
        check_literal("output_path", output_path)


def check_before_paying(
    hook: SeedanceHook,
    request: VideoRequest,
    run: Mapping[str, Any],
    *,
    max_cost: float | str | None,
    lands: bool,
    output_path: Any,
    object_storage_conn_id: str | None,
    store: SubmissionStore | None = None,
) -> None:
    """Checks, before each submission, the vendor's rules, the destination, and the cost.

    :param hook: the hook of the vendor's connection.
    :param request: the request to be submitted.
    :param run: the task's facts, from `run_facts`.
    :param max_cost: the cost limit; `None` for no limit.
    :param lands: whether the task lands the video, in which case an empty path is an error.
    :param output_path: the rendered destination.
    :param object_storage_conn_id: the connection that opens the storage, if it is named.
    :param store: the store of the task's record; a ledger in a database gets the expected cost.
    :raises SeedanceError: nothing may be submitted; the class tells the reason.
    """
    from airflow_provider_seedance.api.validation import for_vendor
    from airflow_provider_seedance.tasks.cost_check import check_cost
    from airflow_provider_seedance.tasks.ledger import expect

    adapter, asked = hook.get_conn().adapter, request.model
    request = for_vendor(request, adapter)
    hook.get_conn().check_video(request)  # warnings are logged only when the video is created
    if lands:
        from airflow_provider_seedance.tasks.output_check import check_output

        facts = {**run, "vendor": adapter.name, "model": request.model}
        check_output("output_path", output_path, conn_id=object_storage_conn_id, facts=facts, is_new=True)
    expect(store, hook, check_cost(hook, request, max_cost), asked)
