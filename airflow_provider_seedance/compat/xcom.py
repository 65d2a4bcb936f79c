"""What tasks return as XComs of their own, where Airflow can't keep all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context


def returned(task: BaseOperator, context: Context, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields, for a task with `multiple_outputs` to return.

    Airflow 3.0 fails a task that pushes a null (apache/airflow #55062), after the video is paid for. There the fields
    that have a value are pushed here, the others have no XCom of their own: pulled by their key they are `None` too.
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
