"""Explains what becomes of the video when Airflow itself has ended an operator's deferral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class EndedWaits:
    """A mixin for operators that submit a video and wait for it."""

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resumes after a deferral. If Airflow itself ended it, the error says what becomes of the video.

        :param next_method: the name of the method to resume with.
        :param next_kwargs: its arguments.
        :param context: the task's context.
        :return: the method's result.
        :raises VideoTimeoutError: Airflow ended the wait; the message says whether a retry can resume it.
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)  # type: ignore[misc]  # the operator's
        except Exception as error:
            if type(error).__name__ not in ("TaskDeferralTimeout", "TaskDeferralError"):
                raise
            from airflow_provider_seedance.submissions.store import reopen_store
            from airflow_provider_seedance.tasks.deferral import ended_by_airflow

            ended = ended_by_airflow(error, reopen_store(context))
            if ended is None:
                raise
            raise ended from None
