"""Evaluates the range and condition headers of an HTTP request for a file (RFC 9110). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """The part of a file to send.

    :param status: the HTTP status: 200, 206, 304 or 416.
    :param start: the offset of the first byte. Default: 0.
    :param stop: the offset after the last byte. Default: 0, that is, no content.
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
    """Decides which part of a file to send. Headers default to `None`, that is, not sent.

    :param size: the file's length in bytes.
    :param etag: the file's strong entity tag, including the quotes.
    :param wanted: the header `Range`. Several ranges, other units and invalid values are answered with the whole file.
    :param if_range: the header `If-Range`. A date never matches, so the whole file is sent.
    :param if_none_match: the header `If-None-Match`.
    :return: the part, and the status of the response.
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
