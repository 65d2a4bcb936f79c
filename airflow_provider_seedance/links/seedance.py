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
    """Leads to the *Video* tab of the task instance; before Airflow 3.1, which has no such tab, to the vendor's URL.

    The vendor's URL is signed, and Airflow writes links into its logs at DEBUG, so it is avoided where possible. The
    tab also works while the task waits, shows the current try, and still works when that URL has expired.
    """

    name = "Video"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Gives the address of the tab, or the URL of the returned video; an empty text if there is neither.

        :param operator: the task's operator.
        :param ti_key: identifies the task instance.
        """
        if hasattr(AirflowPlugin, "react_apps"):
            return _tab_of(ti_key)
        if hasattr(operator, "delivered"):
            return (operator.delivered or {}).get("video_url") or ""
        # In Airflow 2 the webserver calls this, with an operator from the database.
        with suppress(Exception):
            from airflow.providers.common.compat.sdk import XCom

            return str(XCom.get_value(ti_key=ti_key, key="video_url") or "")
        return ""


def _tab_of(ti: Any) -> str:
    root = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    mapped = f"/mapped/{ti.map_index}" if ti.map_index is not None and ti.map_index >= 0 else ""
    run = quote(ti.run_id, safe="")
    return f"{root}/dags/{quote(ti.dag_id, safe='')}/runs/{run}/tasks/{quote(ti.task_id, safe='')}{mapped}/{TAB}"
