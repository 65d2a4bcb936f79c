"""Reads fields of a vendor's answer about a video. Shared by all adapters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from airflow_provider_seedance.api.http.fields import is_sound_id
from airflow_provider_seedance.api.http.json_values import is_sound_number, text_of
from airflow_provider_seedance.api.models import VideoStatus

if TYPE_CHECKING:
    from airflow_provider_seedance.api.http.messages import HttpResponse


def read_status(word: object, words: Mapping[str, VideoStatus]) -> tuple[VideoStatus, str | None]:
    """Our status for a vendor's word.

    :param word: the word in the answer.
    :param words: our statuses by the vendor's documented words in lower case.
    :return: the status, and the word itself if it is undocumented; then the video counts as running.
    """
    if not isinstance(word, str):
        return VideoStatus.RUNNING, "None" if word is None else text_of(word)
    known = words.get(word) or words.get(word.strip().casefold())
    return (known, None) if known else (VideoStatus.RUNNING, word)


def text_or_none(value: object) -> str | None:
    """A text without surrounding blanks, `None` if there is none. It isn't checked for being a URL."""
    return value.strip() or None if isinstance(value, str) else None


def positive_or_none(value: object) -> int | None:
    """A whole number above 0, else `None`."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def seed_or_none(value: object) -> int | None:
    """A seed that can be used again; `None` for invalid values and for negative numbers, which mean a random seed."""
    return value if type(value) is int and 0 <= value < 2**63 else None


_SIGNATURE_STYLES = ("X-Tos", "X-Goog", "X-Amz")


def signed_url_expiry(url: str | None) -> datetime | None:
    """The expiry time in a signed URL (AWS, Google and TOS signatures); `None` if it has none."""
    if not url:
        return None
    try:
        query = parse_qs(urlsplit(url).query)
        for style in _SIGNATURE_STYLES:
            signed_at, lives = query.get(f"{style}-Date"), query.get(f"{style}-Expires")
            if signed_at and lives:
                date = datetime.strptime(signed_at[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                return date + timedelta(seconds=int(lives[0]))
    except (ValueError, OverflowError):
        return None
    return None


def earliest(*moments: datetime | None) -> datetime | None:
    """The earliest of the known moments."""
    return min((moment for moment in moments if moment), default=None)


def dig(value: Any, *path: str) -> Any:
    """Follows keys through nested JSON objects; `None` as soon as one is missing or not an object."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def as_id(value: object) -> str | None:
    """An id as text, from a text or a whole number; `None` for a value that can't be an id."""
    if isinstance(value, str):
        text = value.strip()
        return text if is_sound_id(text) else None
    is_number = isinstance(value, int) and not isinstance(value, bool) and is_sound_number(value)
    return str(value) if is_number else None


_PLAIN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def id_in(response: HttpResponse, *paths: tuple[str, ...]) -> str | None:
    """The id in a create's answer, even in a truncated one or an error.

    It is only a hint: only a read shows whether there is such a video.

    :param response: the answer.
    :param paths: the possible paths of keys to the id in the vendor's answers.
    :return: the first id that is found; `None` if there is none.
    """
    decoded = response.json()
    found = [as_id(dig(decoded, *path)) for path in paths]
    if decoded is None and response.body.lstrip()[:1] == b"{":
        torn = response.body[:65536].decode("utf-8", "replace")
        found = [hit.group(1) for path in paths for hit in re.finditer(rf'"{path[-1]}"\s*:\s*"([^"\\]*)"', torn)]
    return next((video_id for video_id in found if video_id and _PLAIN_ID.fullmatch(video_id)), None)


def as_progress(value: object) -> int | None:
    """A percentage from 0 to 100, without decimals; `None` if the value is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(100, max(0, value)))
