"""What a task says of its video in the events of its outlet assets, for the DAGs that these events start."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

NOT_FOR_EVENTS = frozenset(("video_url", "last_frame_url", "thumbnail_url", "url_expires_at"))
"""Asset events are shown to more people and kept for longer than XCom, and these URLs open the video to whoever has
them. A consumer gets fresh ones by the video's id, for nothing."""


def attach_to_outlets(context: Context, facts: Mapping[str, Any], uri: str | None = None) -> None:
    """Puts facts into the event of each outlet asset, all but the vendor's URLs and what is unknown.

    It never raises: the video is paid for.

    :param context: of the running task.
    :param facts: JSON types; the video's dict, or the manifest of what was stored.
    :param uri: where the video was stored: an `AssetAlias` among the outlets gets an asset of this URI.
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
