"""fal's list of an account's requests, a part of its platform API, which has its own host."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_provider_seedance.api.errors import SeedanceError, TransientApiError
from airflow_provider_seedance.api.http.intake import MOST_OF_A_LIST
from airflow_provider_seedance.api.http.steps import Call, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.vendors.fal.errors import explain
from airflow_provider_seedance.api.vendors.fal.ids import make_id, read_id
from airflow_provider_seedance.api.vendors.fal.routes import ENDPOINTS
from airflow_provider_seedance.api.vendors.json_fields import as_id, dig, text_or_none
from airflow_provider_seedance.api.vendors.refusals import read_error
from airflow_provider_seedance.api.vendors.video_adapter import HttpRequest, HttpResponse

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


def parse_items(response: HttpResponse, title: str, vendor: str) -> tuple[tuple[Video, ...], str | None]:
    """The videos of one page, and the cursor of the next page; `None` if this is the last one.

    :param response: the answer.
    :param title: the vendor's display name.
    :param vendor: its name.
    :raises SeedanceApiError: the answer holds no list.
    """
    data = response.json_object() if 200 <= response.status_code < 300 else {}
    items = data.get("items")
    if not isinstance(items, list):
        raise read_error(title, response, explain(response))
    videos = (listed(item, vendor) for item in items if isinstance(item, dict))
    cursor = text_or_none(data.get("next_cursor")) if data.get("has_more") is not False else None
    return tuple(video for video in videos if video), cursor


def confirm_failure(video_id: str, title: str, vendor: str) -> Steps[None]:
    """Asks the account's list whether a run has failed, where the result call doesn't say it with certainty.

    :param video_id: the id of the video.
    :param title: the vendor's display name.
    :param vendor: its name.
    :raises TransientApiError: the list doesn't say so. The video may be there, and paid for: read it again later.
    """
    own = read_id(video_id).request
    asked = build_listing(ENDPOINTS, ("request_id", own), ("limit", "1"))
    found: tuple[Video, ...] = ()
    try:
        page = Step(Call.READ, asked, lambda answer: parse_items(answer, title, vendor), most_bytes=MOST_OF_A_LIST)
        found, _cursor = yield from page
    except TransientApiError:
        raise
    except SeedanceError:
        pass  # a key that may not list, say: that is no word about the video
    if not any(video.status is VideoStatus.FAILED and read_id(video.video_id).request == own for video in found):
        raise TransientApiError(
            f"{title} answered the call for the result of video {video_id} with an error that may be about that call, "
            "and its list doesn't say that the video failed. It is read again.",
            vendor=title,
        )


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
