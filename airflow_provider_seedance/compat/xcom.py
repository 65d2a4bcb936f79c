"""Pushes a result's fields as separate XComs, also on a version of Airflow that can't store null values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context


def returned(task: BaseOperator, context: Context, fields: dict[str, Any]) -> dict[str, Any]:
    """Makes the return value of a task with `multiple_outputs`.

    Airflow 3.0 fails a task that pushes a null (apache/airflow #55062), after the video is paid for. On that version
    only fields with a value are pushed here; the others have no XCom, and pulling them by their key gives `None` too.

    :param task: the task.
    :param context: the task's context.
    :param fields: the fields of the result.
    :return: the fields in JSON types, for `execute` to return.
    """
    from airflow import __version__

    from airflow_provider_seedance.api.http.json_values import outgoing

    fields = outgoing(fields)
    ti = context.get("ti")
    if __version__.startswith("3.0.") and task.multiple_outputs and task.do_xcom_push and ti is not None:
        task.multiple_outputs = False
        for name, value in fields.items():
            if value is not None:
                ti.xcom_push(key=name, value=value)
    return fields
