"""The id of a video at fal, `owner/app/request`: the app and the request id, which a read needs."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from airflow_provider_seedance.api.errors import InvalidRequestError

QUEUE_HOSTS = ("queue.fal.run", "queue.falrun.com")
"""Hosts of fal's queue. The second is a fallback in fal's own client."""

_PART = r"[A-Za-z0-9_-][\w.-]{0,80}"
_ID = re.compile(rf"(?P<owner>{_PART})/(?P<alias>{_PART})/(?P<request>[\w-]{{1,64}})", re.ASCII)
_REQUEST = re.compile(r"[\w-]{1,64}", re.ASCII)


class FalId(NamedTuple):
    """The parts of a video's id.

    :param app: `owner/alias`, the first two parts of the endpoint.
    :param request: fal's own id.
    """

    app: str
    request: str

    @property
    def path(self) -> str:
        """The path of the request at the queue."""
        return f"/{self.app}/requests/{self.request}"

    def __str__(self) -> str:
        return f"{self.app}/{self.request}"


def read_id(video_id: str) -> FalId:
    """Splits a video's id.

    :param video_id: an id from `make_id`.
    :return: its parts.
    :raises InvalidRequestError: it doesn't have the form of fal's ids.
    """
    found = _ID.fullmatch(video_id)
    if found is None:
        problem = "video_id: an id at fal is `owner/app/request`, as the create operator returns it"
        raise InvalidRequestError(f"Nothing was sent. {problem}.", (problem,))
    return FalId(f"{found['owner']}/{found['alias']}", found["request"])


def make_id(endpoint: str, request_id: str, response_url: object = None) -> FalId | None:
    """The id of a created video.

    :param endpoint: the endpoint of the create. As in fal's own clients, its first two parts name the app.
    :param request_id: fal's request id.
    :param response_url: the URL of the result in the answer. If it is on a host of the queue and about this request,
        the app is taken from it. It is never called, since the key goes to the base URL only.
    :return: the id; `None` if the request id isn't valid.
    """
    if not _REQUEST.fullmatch(request_id):
        return None
    app = _app_in(response_url, request_id) or "/".join(endpoint.split("/")[:2])
    made = FalId(app, request_id)
    return made if _ID.fullmatch(str(made)) else None


def _app_in(response_url: object, request_id: str) -> str | None:
    if not isinstance(response_url, str):
        return None
    try:
        parts = urlsplit(response_url)
    except ValueError:
        return None
    app, separator, told = parts.path.strip("/").rpartition("/requests/")
    is_own = parts.scheme == "https" and parts.netloc in QUEUE_HOSTS
    return app if is_own and separator and told == request_id and _ID.fullmatch(f"{app}/{told}") else None
