"""`@task.seedance_video`: the function returns the prompt, the task makes the video."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow import __version__
from airflow.providers.common.compat.sdk import (
    SET_DURING_EXECUTION,
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import REQUEST_FIELDS
from airflow_provider_seedance.api.pricing import quantities
from airflow_provider_seedance.api.url_signatures import without_queries
from airflow_provider_seedance.exceptions import airflow_errors, for_airflow
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.tasks.lineage import MEDIA_FIELDS

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator

ASKED = "seedance_request"
"""XCom key of the function's request, for the end of a deferred wait: without prompt, `extra` and signatures."""


class SeedanceVideoDecoratedOperator(DecoratedOperator, SeedanceCreateVideoOperator):
    """Calls the function, makes the requested video, and waits for it.

    :param python_callable: returns the prompt, or a dict of request fields, which override the decorator's.
    :param op_args: positional arguments of the function. (templated)
    :param op_kwargs: keyword arguments of the function. (templated)
    :param model: the model; not needed if the function returns one. (templated)
    :param prompt: the prompt, if the function returns only other fields. (templated)
    :param wait_for_completion: whether to wait for the video in this task. Default: yes.
    """

    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *SeedanceCreateVideoOperator.template_fields)
    template_fields_renderers = {
        **DecoratedOperator.template_fields_renderers,
        **SeedanceCreateVideoOperator.template_fields_renderers,
    }
    custom_operator_name = "@task.seedance_video"
    # Before a retry, Airflow 3.0 sends the task's fields to an id that no longer exists, and fails the task for it.
    overwrite_rtif_after_execution = not __version__.startswith("3.0.")

    def __init__(
        self,
        *,
        model: Any = SET_DURING_EXECUTION,
        prompt: Any = SET_DURING_EXECUTION,
        wait_for_completion: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(model=model, prompt=prompt, wait_for_completion=wait_for_completion, **kwargs)

    def execute(self, context: Context) -> dict[str, Any]:
        """Calls the function, then does the same as `SeedanceCreateVideoOperator`."""
        self._ask(context)
        # Not `DecoratedOperator.execute`: it adds nothing, and breaks on Airflow 3.0, where a method it uses is gone.
        return SeedanceCreateVideoOperator.execute(self, context)

    def execute_when_room(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Resumes after the vendor had no room: nothing has been submitted, so the function is called again."""
        self._ask(context)
        return super().execute_when_room(context, event)

    def execute_complete(
        self, context: Context, event: Any = None, seedance_conn_id: str | None = None
    ) -> dict[str, Any]:
        """Takes the trigger's event. The function is not called again."""
        with suppress(Exception):  # needed only for usage and lineage
            self._take(context["ti"].xcom_pull(task_ids=self.task_id, key=ASKED, map_indexes=context["ti"].map_index))
        return super().execute_complete(context, event, seedance_conn_id)

    def _ask(self, context: Context) -> None:
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        answer = self.python_callable(*self.op_args, **kwargs)
        fields = {"prompt": answer} if isinstance(answer, str) else answer
        if not isinstance(fields, Mapping):
            name = getattr(self.python_callable, "__name__", "The function")
            raise for_airflow(
                InvalidRequestError(
                    f"Nothing was sent. {name} returned a {type(answer).__name__}; "
                    "it must return the prompt, or a dict of fields of the request."
                )
            )
        self._check(fields)
        self._take(fields)
        if self.wait_for_completion and self.deferrable:
            context["ti"].xcom_push(key=ASKED, value=_kept(self._request_fields()))

    def _check(self, fields: Mapping[str, Any]) -> None:
        """Refuses unknown fields before any of them becomes an attribute."""
        from airflow_provider_seedance.api.validation import to_request

        with airflow_errors():
            to_request(
                {**self._request_fields(), **{name: value for name, value in fields.items() if value is not None}}
            )

    def _take(self, fields: Mapping[str, Any]) -> None:
        for name in REQUEST_FIELDS:
            if name in fields:
                setattr(self, name, fields[name])

    def _request_fields(self) -> dict[str, Any]:
        fields = super()._request_fields()
        return {name: value for name, value in fields.items() if value is not SET_DURING_EXECUTION}

    def _undecided(self, fields: Mapping[str, Any]) -> set[str]:
        # The function may set all fields that the decorator leaves open.
        return super()._undecided(fields) | (set(REQUEST_FIELDS) - fields.keys())


def seedance_video_task(
    python_callable: Callable[..., Any] | None = None, multiple_outputs: bool | None = True, **kwargs: Any
) -> TaskDecorator:
    """Makes the video that the function requests: `@task.seedance_video(model=..., duration=5)`.

    The function returns the prompt, or a dict of request fields, which override the decorator's; neither is rendered as
    a template. It is called in each attempt, and again after the vendor had no room, so it should always return the
    same: a retry whose request differs from the submitted one is refused (`RequestChangedError`). Anything that may
    vary belongs in an upstream task, whose result is kept.

    :param python_callable: the function.
    :param multiple_outputs: whether each field of the video is an XCom of its own. Default: yes.
    :param kwargs: arguments of `SeedanceCreateVideoOperator`, with `wait_for_completion=True` as default.
    """
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=multiple_outputs,
        decorated_operator_class=SeedanceVideoDecoratedOperator,
        **kwargs,
    )


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    known = quantities(fields)
    media = {name: value for name in MEDIA_FIELDS if (value := _urls(fields.get(name)))}
    return {"model": known.model, "duration": known.seconds, "resolution": known.resolution, **media}


def _urls(value: Any) -> Any:
    """The URLs in a value, without signatures; other data is left out."""
    if isinstance(value, str):
        return None if value.startswith("data:") else without_queries(value)
    return [url for item in value or () if (url := _urls(item))]
