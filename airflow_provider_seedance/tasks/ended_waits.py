"""What an operator says when Airflow itself has ended its deferral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class EndedWaits:
    """Mixed into an operator that has submitted a video and waits for it."""

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Takes the deferral's end, also where Airflow itself ended it: what became of the video is said then.

        :raises VideoTimeoutError: Airflow ended the wait; whether a retry can go on with the video stands in it.
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
