"""The types of foreign values in our models: by construction, a value of such a field can be handed on.

Each poll makes a `Video`, so `None` and plain values must cost next to nothing.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from airflow_provider_seedance.api.http.json_values import Sound, is_sound_number
from airflow_provider_seedance.api.http.texts import LONGEST_CODE, LONGEST_NAME, LONGEST_URL, clean, one_line
from airflow_provider_seedance.api.video_ids import LONGEST_ID, why_no_id

log = logging.getLogger(__name__)


def _address(text: str) -> str:
    if not 0 < len(text) <= LONGEST_URL or not text.isprintable():
        raise ValueError("is no address: empty, too long, or with characters that no address has")
    return text


@lru_cache(maxsize=16_384)  # each poll of a waiting video asks again
def is_sound_id(text: str) -> bool:
    """Whether a text can be the id of one video, by the same rules as for ids given by users."""
    return why_no_id(text) is None


def is_http_url(text: str | None) -> bool:
    """Whether a text is an absolute http(s) URL, printable and of reasonable length."""
    if not text or len(text) > LONGEST_URL or not text.isprintable():
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _url(text: str) -> str | None:
    return text if is_http_url(text) else None


def _whole(value: int) -> int | None:
    """The number, or `None` if it can't be handed on: a paid video isn't given up for its progress."""
    return value if is_sound_number(value) else None


def _usage(value: dict[Any, Any]) -> dict[str, Any]:
    sound = Sound(one_line, most_depth=6, most_values=200)
    kept = sound.mapping(value)
    if sound.has_dropped:
        log.warning("The vendor counted something that can't be handed on: a part of `usage` is left out.")
    return kept


Id = Annotated[str, StringConstraints(pattern=r"^[^\p{C}\s]+$", max_length=LONGEST_ID)]
"""The vendor's id of a video or an asset. A text that can't be an id is refused: asking for it would be in vain."""

Address = Annotated[str, AfterValidator(_address)]
"""A reference to media in a request: `asset://ID` or a URL."""

Name = Annotated[str, AfterValidator(lambda text: one_line(text, LONGEST_NAME))]
"""A short word from the vendor, such as a model's name."""

Code = Annotated[str, AfterValidator(lambda text: clean(text, LONGEST_CODE))]
"""A vendor's word for an error or a status. It can be anything, even the prompt or a signed URL."""

Line = Annotated[str, AfterValidator(clean)]
"""A text from the vendor, in one line."""

Url = Annotated[str, AfterValidator(_url)] | None
"""A URL from which media can be fetched, else `None`: some vendors put relative keys and nulls there."""

Whole = Annotated[int, AfterValidator(_whole)] | None
"""A whole number; `None` for one that can't be handed on."""

Usage = Annotated[dict[Any, Any], AfterValidator(_usage)] | None
"""The vendor's usage counts, as far as they can be handed on."""
