"""fal's list of an account's requests, a part of its platform API, which has its own host."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.vendors.fal.ids import make_id
from airflow_provider_seedance.api.vendors.json_fields import as_id, dig, text_or_none
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest

PLATFORM = "https://api.fal.ai"
MARKED = "end_user_id"
"""The input field that holds a submission's mark."""


def build_listing(endpoints: tuple[str, ...], *params: tuple[str, str]) -> HttpRequest:
    """Makes the request for one page.

    :param endpoints: the endpoints whose requests are listed; at most 50, as documented.
    :param params: further query parameters.
    """
    asked = (("endpoint_id", ",".join(endpoints)), *params)
    return HttpRequest("GET", "/v1/models/requests/by-endpoint", params=asked, origin=PLATFORM)


def listed(item: dict[str, Any], vendor: str) -> Video | None:
    """The video of one entry, with a preliminary status: only the queue says how it ended.

    :param item: the entry.
    :param vendor: the vendor's name.
    :return: the video; `None` if the entry has no valid id.
    """
    endpoint, request_id = text_or_none(item.get("endpoint_id")), as_id(item.get("request_id"))
    made = make_id(endpoint, request_id) if endpoint and request_id else None
    if made is None:
        return None
    code = item.get("status_code")
    status = VideoStatus.RUNNING
    if item.get("ended_at") and type(code) is int:
        status = VideoStatus.SUCCEEDED if 200 <= code < 300 else VideoStatus.FAILED
    return Video(
        video_id=str(made),
        vendor=vendor,
        model=endpoint,
        status=status,
        created_at=_moment(item.get("sent_at")),
        completed_at=_moment(item.get("ended_at")),
        mark=text_or_none(dig(item, "json_input", MARKED)),
    )


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
