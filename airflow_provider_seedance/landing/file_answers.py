"""Reads a file host's answer: whether the file comes, from which byte on, and how long it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_seedance.api.errors import LandingError, LandingInterruptedError, NotAVideoError
from airflow_provider_seedance.api.vendors.refusals import retry_after

# Storages answer so if a signature has expired or the file is gone: most 403, Google 400, others 401, 404, 410.
# But so do, for a moment, gateways in front of them and storages whose replicas are not in step yet.
_UNAVAILABLE = (400, 401, 403, 404, 410)
# Encodings that change the bytes. Other values of that header (`aws-chunked`, `utf-8`, `binary`) are mistakes of the
# host and change nothing.
_COMPRESSIONS = ("gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd", "dcb", "dcz")
# The types of error pages. Everything else is judged by its bytes: hosts give an MP4 all sorts of types.
_PAGES = ("text/html", "application/xhtml+xml", "application/json", "application/xml", "text/xml")
_LENGTH = r"\d{1,18}"  # longer ones aren't lengths, and beyond 4300 digits Python refuses to read them
_CONTENT_RANGE = re.compile(rf"bytes ({_LENGTH})-({_LENGTH})/({_LENGTH}|\*)", re.ASCII)
_CONTENT_LENGTH = re.compile(_LENGTH, re.ASCII)


@dataclass(frozen=True)
class Head:
    """The head of an answer: facts about the body that follows.

    :param start: the offset in the file at which the body begins.
    :param total: length of the whole file in bytes, `None` if the host doesn't state it.
    :param etag: the file's ETag as it was sent, even a weak one.
    :param modified: the time of the file's last change, as it was sent.
    :param has_end: whether the transfer itself marks the end of the body; if not, it ends like a lost connection.
    :param compressed: the compression that the host states, if any.
    """

    start: int
    total: int | None
    etag: str | None = None
    modified: str | None = None
    has_end: bool = True
    compressed: str | None = None

    @property
    def validator(self) -> str | None:
        """The value for `If-Range`, which makes sure of the same file later on."""
        return self._strong_etag or self.modified

    def is_same_file(self, later: Head) -> bool:
        """Whether a later answer surely has the rest of this file; without proof, it doesn't."""
        if None not in (self.total, later.total) and self.total != later.total:
            return False
        if self.etag and later.etag and self.etag != later.etag:
            return False
        if self._strong_etag and later.etag:
            return True
        known = self.modified is not None and self.total is not None
        return known and (self.modified, self.total) == (later.modified, later.total)

    @property
    def _strong_etag(self) -> str | None:
        # A weak ETag promises the same meaning, not the same bytes.
        return self.etag if self.etag and not self.etag.startswith("W/") else None


class UnavailableError(LandingError):
    """The host refuses this URL. A fresh one may work."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")


class AnotherFileError(LandingInterruptedError):
    """The host can't continue where the connection was lost; the bytes so far are worthless."""


def read_head(status: int, headers: Mapping[str, str], wanted: int) -> Head:
    """Reads the head of an answer to a request for the file from byte `wanted` on.

    :param status: HTTP status.
    :param headers: names in lower case.
    :param wanted: offset of the first requested byte.
    :raises UnavailableError: the URL doesn't work (any more).
    :raises AnotherFileError: it is no continuation.
    :raises LandingInterruptedError: the host can't serve the file now.
    :raises NotAVideoError: the answer can't be a file.
    """
    if status in _UNAVAILABLE:
        raise UnavailableError(status)
    if status == 416 and wanted:
        raise AnotherFileError(f"The file host promised more, but has only {wanted} bytes.")
    if status in (408, 425, 429) or status >= 500:
        raise LandingInterruptedError(f"The file host answered HTTP {status}.", retry_after=_asked_pause(headers))
    if status not in (200, 206):
        raise NotAVideoError(f"The file host answered HTTP {status} instead of the file.")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if status == 200 and content_type in _PAGES:
        raise NotAVideoError(
            f"The file host sent a web page or a message ({content_type}) instead of the file. Nothing was written."
        )
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    length = None if chunked else content_length(headers)
    facts: dict[str, Any] = {
        "etag": headers.get("etag", "").strip() or None,
        "modified": headers.get("last-modified", "").strip() or None,
        "has_end": chunked or length is not None,
        "compressed": next((word for word in _words(headers.get("content-encoding")) if word in _COMPRESSIONS), None),
    }
    if status == 206:
        match = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        if match is None or int(match[1]) != wanted:
            raise AnotherFileError("The file host answered with another part of the file than it was asked for.")
        return Head(wanted, None if match[3] == "*" else int(match[3]), **facts)
    return Head(0, length, **facts)


def content_length(headers: Mapping[str, str]) -> int | None:
    """The stated length of a body in bytes, `None` if there is none, or none that can be used.

    :param headers: names in lower case.
    """
    found = _CONTENT_LENGTH.fullmatch(headers.get("content-length", "").strip())
    return int(found[0]) if found else None


def _words(header: str | None) -> list[str]:
    return [word.strip().lower() for word in (header or "").split(",")]


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    return retry_after(headers, datetime.now(UTC))
