"""The *Video* tab of a task instance, *Videos* of a run, and *Seedance* in the navigation (Airflow 3.1 and later).

All pages are static files. They read their data from Airflow's own REST API and from this plugin's routes, with the
viewer's session.
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
"""The path of the static files. It contains the version, so that no browser mixes the files of two releases."""


API_PREFIX = f"/seedance-api/{__version__}"
"""The path of the plugin's routes."""


async def serve_routes(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application of the plugin's routes, each of which is under Airflow's own permissions."""
    await _routes()(scope, receive, send)


@cache
def _routes() -> Any:
    # Plugins are loaded in every process; only the API server needs this one.
    from airflow_provider_seedance.plugins.routes import make_app

    return make_app()


async def serve_static_files(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application of the static files, which hold no data, so that they need no login."""
    await _static_files()(scope, receive, send)


@cache
def _static_files() -> Any:
    # Plugins are loaded in every process; only the API server needs this one.
    from starlette.staticfiles import StaticFiles

    return StaticFiles(directory=STATIC)


def _url(file: str) -> str:
    """The URL of a static file, below the path of Airflow's `base_url`."""
    root = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{root}{URL_PREFIX}/{file}"


class SeedanceUiPlugin(AirflowPlugin):
    """Registers the pages. Before Airflow 3.1, which can't show them, it registers nothing."""

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
                # Airflow 3.4 and later shows it only on tasks with this template field, which includes subclasses.
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
