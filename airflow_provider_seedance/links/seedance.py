"""The "Video" button of a task that has a video."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


class SeedanceVideoLink(BaseOperatorLink):
    """Leads to the video at the vendor, until its URL expires; nowhere while there is none.

    Airflow 3 asks for it on the worker whenever a run of the task ends, also in a deferral, and keeps the answer as an
    XCom, which each new try erases. So it is the current try's; of earlier ones Airflow keeps none.
    """

    name = "Video"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """The URL of the video that the task has returned, else nothing."""
        if hasattr(operator, "delivered"):
            return (operator.delivered or {}).get("video_url") or ""
        # Airflow 2 asks in the webserver, with an operator that comes from its database.
        with suppress(Exception):
            from airflow.providers.common.compat.sdk import XCom

            return str(XCom.get_value(ti_key=ti_key, key="video_url") or "")
        return ""
