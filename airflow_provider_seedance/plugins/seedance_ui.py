"""The *Video* tab of a task instance, *Videos* of a run, and *Seedance* in the navigation (Airflow 3.1 and later).

All are static files. What they show they read from Airflow's own REST API and from routes of this plugin, with the
session of whoever looks.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.common.compat.sdk import AirflowPlugin, conf

from airflow_provider_seedance import __version__

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"

URL_PREFIX = f"/seedance-ui/{__version__}"
"""Where the files are. The version is in it so that no browser mixes the files of two releases."""


API_PREFIX = f"/seedance-api/{__version__}"
"""Where the pages' own routes are."""


async def serve_routes(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application with the routes, each under Airflow's own permissions."""
    await _routes()(scope, receive, send)


@cache
def _routes() -> Any:
    # Plugins are loaded in every process; only the API server needs this one.
    from airflow_provider_seedance.plugins.routes import make_app

    return make_app()


async def serve_static_files(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application over the files. They hold no data, so they need no login."""
    await _static_files()(scope, receive, send)


@cache
def _static_files() -> Any:
    # Plugins are loaded in every process; only the API server needs this one.
    from starlette.staticfiles import StaticFiles

    return StaticFiles(directory=STATIC)


def _url(file: str) -> str:
    """A file's URL; Airflow may live below a path of its host."""
    root = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{root}{URL_PREFIX}/{file}"


class SeedanceUiPlugin(AirflowPlugin):
    """Registers the pages; below Airflow 3.1, which has no place for them, nothing."""

    name = "seedance"

    if hasattr(AirflowPlugin, "react_apps"):
        fastapi_apps = [
            {"app": serve_static_files, "url_prefix": URL_PREFIX, "name": "Seedance UI"},
            {"app": serve_routes, "url_prefix": API_PREFIX, "name": "Seedance API"},
        ]
        react_apps = [
            {
                "name": "Video",
                "bundle_url": _url("video-tab.js"),
                "destination": "task_instance",
                "url_route": "seedance-video",
                # Airflow 3.4 and later: only on tasks that name one of our connections; subclasses are among them.
                "applies_to": {"task.template_fields": ["seedance_conn_id"]},
                "icon": _url("icon.svg"),
                "icon_dark_mode": _url("icon-dark.svg"),
            },
            {
                "name": "Videos",
                "bundle_url": _url("run-videos.js"),
                "destination": "dag_run",
                "url_route": "seedance-videos",
                "icon": _url("icon.svg"),
                "icon_dark_mode": _url("icon-dark.svg"),
            },
            {
                "name": "Seedance",
                "bundle_url": _url("gallery.js"),
                "destination": "nav",
                "nav_top_level": True,
                "url_route": "seedance",
                "icon": _url("icon.svg"),
                "icon_dark_mode": _url("icon-dark.svg"),
            },
        ]
    else:
        log.debug("The pages in Airflow's UI need Airflow 3.1 or later.")
