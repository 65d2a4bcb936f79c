"""Adds the facts about a video to the events of a task's outlet assets, for the DAGs that these events trigger."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

NOT_FOR_EVENTS = frozenset(("video_url", "last_frame_url", "thumbnail_url", "url_expires_at"))
"""Fields that are left out. Asset events are shown to more people and kept longer than XComs, and anyone with one of
these URLs can open the video. A consumer gets fresh URLs by the video's id, free of charge."""


def attach_to_outlets(context: Context, facts: Mapping[str, Any], uri: str | None = None) -> None:
    """Adds facts to the event of each outlet asset, without the vendor's URLs and without unknown values.

    It never raises: the video is paid for.

    :param context: the task's context.
    :param facts: the video's dict, or the manifest of the landed object, in JSON types.
    :param uri: the URI of the landed video; each `AssetAlias` among the outlets gets an asset with this URI. Default:
        an alias gets none.
    """
    try:
        from airflow.providers.common.compat.sdk import Asset, AssetAlias

        from airflow_provider_seedance.api.http.json_values import outgoing

        told = {name: value for name, value in facts.items() if name not in NOT_FOR_EVENTS and value is not None}
        extra = outgoing(told)
        for outlet in getattr(context.get("task"), "outlets", None) or ():
            event = context["outlet_events"][outlet]
            if not isinstance(outlet, AssetAlias):
                event.extra.update(extra)
            elif uri is not None:
                event.add(Asset(uri), extra=extra)
    except Exception:
        log.warning("The events of the outlets say nothing about the video.", exc_info=True)
