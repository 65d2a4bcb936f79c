"""The "Video" button of a task that has a video."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.providers.common.compat.sdk import AirflowPlugin, BaseOperatorLink, conf

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

TAB = "plugin/seedance-video"


class SeedanceVideoLink(BaseOperatorLink):
    """Leads to the *Video* tab of the task instance; below Airflow 3.1, which has none, to the video at the vendor.

    Not to the vendor's URL, where it can be helped: it is signed, and Airflow writes links into its logs at DEBUG. The
    tab is there while the task waits as well, shows the current try, and goes on where that URL has expired.
    """

    name = "Video"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """The address of the tab, or the URL of the video that the task has returned, or nothing."""
        if hasattr(AirflowPlugin, "react_apps"):
            return _tab_of(ti_key)
        if hasattr(operator, "delivered"):
            return (operator.delivered or {}).get("video_url") or ""
        # Airflow 2 asks in the webserver, with an operator that comes from its database.
        with suppress(Exception):
            from airflow.providers.common.compat.sdk import XCom

            return str(XCom.get_value(ti_key=ti_key, key="video_url") or "")
        return ""


def _tab_of(ti: Any) -> str:
    root = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    mapped = f"/mapped/{ti.map_index}" if ti.map_index is not None and ti.map_index >= 0 else ""
    run = quote(ti.run_id, safe="")
    return f"{root}/dags/{quote(ti.dag_id, safe='')}/runs/{run}/tasks/{quote(ti.task_id, safe='')}{mapped}/{TAB}"
