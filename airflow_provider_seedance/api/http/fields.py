"""The types of foreign values in our models: what such a field holds can be handed on, by construction.

Each poll makes a `Video`, so what is `None`, and what is plain, must cost next to nothing.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

from airflow_provider_seedance.api.http.json_values import Sound, is_sound_number
from airflow_provider_seedance.api.http.texts import LONGEST_CODE, LONGEST_NAME, LONGEST_URL, clean, one_line
from airflow_provider_seedance.api.video_ids import LONGEST_ID

log = logging.getLogger(__name__)

_ID = re.compile(rf"[^\s\"'`\u2018-\u201f{{}}\[\]()<>\\]{{1,{LONGEST_ID}}}")


def _address(text: str) -> str:
    if not 0 < len(text) <= LONGEST_URL or not text.isprintable():
        raise ValueError("is no address: empty, too long, or with characters that no address has")
    return text


@lru_cache(maxsize=16_384)  # each poll of a waiting video asks again
def is_sound_id(text: str) -> bool:
    """Whether this can be the id of one video, by the rules that hold for ids given by users too."""
    return _ID.fullmatch(text) is not None and text.isprintable()


def is_http_url(text: str | None) -> bool:
    """Whether this is an absolute http(s) URL, printable and not endless."""
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
    """What can't be handed on is unknown: a paid video isn't given up for its progress."""
    return value if is_sound_number(value) else None


def _usage(value: dict[Any, Any]) -> dict[str, Any]:
    sound = Sound(one_line, most_depth=6, most_values=200)
    kept = sound.mapping(value)
    if sound.has_dropped:
        log.warning("The vendor counted something that can't be handed on: a part of `usage` is left out.")
    return kept


Id = Annotated[str, StringConstraints(pattern=r"^[^\p{C}\s]+$", max_length=LONGEST_ID)]
"""The vendor's id of one thing. What can't be one is refused: it would be asked for in vain."""

Address = Annotated[str, AfterValidator(_address)]
"""How media are named to a vendor: `asset://ID` or a URL."""

Name = Annotated[str, AfterValidator(lambda text: one_line(text, LONGEST_NAME))]
"""A short word of the vendor's, such as a model's name."""

Code = Annotated[str, AfterValidator(lambda text: clean(text, LONGEST_CODE))]
"""A vendor's word for an error or a status. It can be anything, even the prompt or a signed URL."""

Line = Annotated[str, AfterValidator(clean)]
"""What the vendor says, in one line."""

Url = Annotated[str, AfterValidator(_url)] | None
"""Where media can be fetched; `None` for what is no such URL: some vendors put relative keys and nulls there."""

Whole = Annotated[int, AfterValidator(_whole)] | None
"""A number, `None` for one that nobody can hand on."""

Usage = Annotated[dict[Any, Any], AfterValidator(_usage)] | None
"""What the vendor counted, as far as it can be handed on."""
