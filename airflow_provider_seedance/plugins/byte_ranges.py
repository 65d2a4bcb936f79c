"""The part of a file that an HTTP request asks for (RFC 9110). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """The answer to a request.

    :param status: 200, 206, 304 or 416.
    :param start: offset of the first byte.
    :param stop: offset after the last byte.
    """

    status: int
    start: int = 0
    stop: int = 0


_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


def part_of(
    size: int,
    etag: str,
    *,
    wanted: str | None = None,
    if_range: str | None = None,
    if_none_match: str | None = None,
) -> Part:
    """Decides which part of a file is sent.

    :param size: the file's length in bytes.
    :param etag: its strong entity tag, quotes included.
    :param wanted: the header `Range`. Several ranges, other units and unreadable values are answered with the whole.
    :param if_range: the header `If-Range`; a date never matches, so the whole is sent.
    :param if_none_match: the header `If-None-Match`.
    """
    if if_none_match is not None and _matches(if_none_match, etag):
        return Part(304)
    whole = Part(200, 0, size)
    found = _RANGE.fullmatch(wanted) if wanted is not None else None
    if found is None or found[1] == found[2] == "" or (if_range is not None and if_range.strip() != etag):
        return whole
    if found[1] == "":
        last = int(found[2])
        return Part(206, max(size - last, 0), size) if last and size else Part(416)
    start = int(found[1])
    stop = min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return whole  # no valid range
    return Part(206, start, stop) if start < size else Part(416)


def _matches(header: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag in tags
