"""One file, each byte once and in order, over as many requests as that takes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from airflow_provider_seedance.api.errors import (
    LandingError,
    LandingInterruptedError,
    LandingRefusedError,
    NotAVideoError,
    VideoUrlExpiredError,
)
from airflow_provider_seedance.api.vendors.answers import retry_after
from airflow_provider_seedance.transfers.transport import FileHost

PATIENCE = 6
"""Failures in a row, without a byte gained, after which the task's attempt is given up."""

LONGEST_PAUSE = 30.0
PROGRESS_EVERY = 30.0
"""Seconds between two lines of progress in the log."""

MAX_RENEWALS = 2

# What storages answer when a signature has run out or the file is gone: 403 most, 400 Google, 401, 404, 410 others.
_UNAVAILABLE = (400, 401, 403, 404, 410)
# What error pages call themselves. Of the rest, the bytes tell what they are: many hosts call an MP4 anything.
_PAGES = ("text/html", "application/xhtml+xml", "application/json", "application/xml", "text/xml")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
MIB = 1024 * 1024


class Source(Protocol):
    """Where the file is."""

    @property
    def url(self) -> str:
        """The URL to ask next."""

    def renew(self, why: str) -> None:
        """Gets another URL for the same file.

        :raises VideoUrlExpiredError: there is none.
        """


class Taker(Protocol):
    """Who takes the bytes."""

    def take(self, block: bytes) -> None:
        """The next bytes."""

    def start_over(self) -> None:
        """Forget everything: the file begins anew."""


@dataclass(frozen=True)
class Head:
    """What an answer says about the body that follows.

    :param start: where in the file the body begins.
    :param total: bytes of the whole file, `None` if the body tells its end itself (chunked).
    :param validator: what `If-Range` takes to be sure of the same file later on.
    """

    start: int
    total: int | None
    validator: str | None


class UnavailableError(LandingError):
    """The host refuses this URL. A fresh one may work."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")


class AnotherFileError(LandingInterruptedError):
    """The host can't go on where the connection was lost; what came so far is worthless."""


def read_head(status: int, headers: Mapping[str, str], wanted: int) -> Head:
    """What an answer to "from byte `wanted` on" means.

    :raises UnavailableError: the URL doesn't work (any more).
    :raises AnotherFileError: it is no continuation.
    :raises LandingInterruptedError: the host can't now.
    :raises NotAVideoError: it can't be a file.
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
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise NotAVideoError(f"The file host sent the file compressed ({encoding}), which it was asked not to.")
    validator = _validator(headers)
    if status == 206:
        match = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        if match is None or int(match[1]) != wanted:
            raise AnotherFileError("The file host answered with another part of the file than it was asked for.")
        return Head(wanted, None if match[3] == "*" else int(match[3]), validator)
    length = headers.get("content-length", "").strip()
    if length.isdigit():
        return Head(0, int(length), validator)
    if "chunked" not in headers.get("transfer-encoding", "").lower():
        raise NotAVideoError("The file host doesn't say how long the file is, so nobody can tell whether it is whole.")
    return Head(0, None, validator)


def pause_after(failures: int, asked: float | None) -> float:
    """Seconds until the next request: longer with each failure in a row, or what the host asked for, within a bound."""
    return min(LONGEST_PAUSE, max(0.25 * 2.0 ** (failures - 1), asked or 0.0))


class Download:
    """Fetches one file.

    :param host: whom to ask.
    :param source: where the file is.
    :param taker: who gets the bytes.
    :param max_bytes: the largest file that is taken.
    :param name: what the log calls the file; no URL.
    """

    def __init__(self, host: FileHost, source: Source, taker: Taker, *, max_bytes: int, name: str, log: Any) -> None:
        self._host = host
        self._source = source
        self._taker = taker
        self._max_bytes = max_bytes
        self._name = name
        self._log = log
        self._offset = 0
        self._furthest = 0
        self._total: int | None = None
        self._validator: str | None = None
        self._whole = False
        self._failures = 0
        self._renewals = 0
        self._started = self._told = time.monotonic()

    @property
    def most(self) -> int:
        """Bytes that will come, at most: known once the first of them has."""
        return self._max_bytes if self._total is None else self._total

    def run(self) -> int:
        """Fetches the file and gives its length in bytes.

        :raises LandingError: it can't be had; the class says why.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(LandingInterruptedError),
            stop=lambda state: self._failures >= PATIENCE,
            wait=self._pause,
            before_sleep=self._say_why,
            reraise=True,
        )
        try:
            while not self._whole:
                retrying(self._go_on)
        except LandingInterruptedError as error:
            known = "its end" if self._total is None else str(self._total)
            raise LandingInterruptedError(
                f"{error} {self._name} was given up after {self._failures} failures in a row, "
                f"at byte {self._furthest} of {known}. Nothing was written."
            ) from None
        return self._offset

    def _go_on(self) -> None:
        """One request: the whole file, or the rest of it."""
        start = self._offset
        headers = {}
        if start and self._validator:
            headers = {"Range": f"bytes={start}-", "If-Range": self._validator}
        elif start:
            self._start_over()  # nothing says that it is still the same file
        try:
            with self._host.get(self._source.url, headers) as answer:
                self._begin(read_head(answer.status, answer.headers, self._offset))
                for block in answer.blocks:
                    self._take(block)
        except UnavailableError as refused:
            self._renewals += 1
            if self._renewals > MAX_RENEWALS:
                raise VideoUrlExpiredError(
                    f"The file host refuses fresh URLs of {self._name} as well ({refused}). Nothing was written."
                ) from None
            self._source.renew(str(refused))
            return
        except LandingInterruptedError as error:
            self._failures += 1
            if isinstance(error, AnotherFileError):
                self._start_over()
            raise
        if self._total is None:
            self._total = self._offset  # a chunked body that has come to its end
        self._whole = self._offset == self._total
        if not self._whole and self._offset == start:
            self._failures += 1
            raise LandingInterruptedError(f"The file host sent nothing after byte {start} of {self._total}.")

    def _begin(self, head: Head) -> None:
        if self._offset and head.start == 0:
            self._log.info("%s has changed at its host, or the host can't resume: starting over.", self._name)
            self._start_over()
        if head.start and self._total is not None and head.total not in (None, self._total):
            raise AnotherFileError("The file has another length than before.")
        if head.start and head.validator not in (None, self._validator):
            raise AnotherFileError("The file is another one than before.")
        if head.start == 0:
            self._total, self._validator = head.total, head.validator
        if self._total is not None and self._total > self._max_bytes:
            raise self._too_large(f"is {self._total} bytes long")

    def _take(self, block: bytes) -> None:
        if self._offset + len(block) > self._max_bytes:
            raise self._too_large(f"goes on after {self._max_bytes} bytes")
        self._taker.take(block)
        self._offset += len(block)
        if self._offset > self._furthest:
            self._furthest = self._offset
            self._failures = self._renewals = 0
        now = time.monotonic()
        if now - self._told >= PROGRESS_EVERY:
            self._told = now
            self._log.info("%s", self._progress(now))

    def _progress(self, now: float) -> str:
        done, rate = self._offset / MIB, self._offset / MIB / max(now - self._started, 1e-6)
        if self._total is None:
            return f"{self._name}: {done:.1f} MiB, {rate:.1f} MiB/s."
        return (
            f"{self._name}: {done:.1f} of {self._total / MIB:.1f} MiB "
            f"({100 * self._offset // self._total} %), {rate:.1f} MiB/s."
        )

    def _start_over(self) -> None:
        self._taker.start_over()
        self._offset, self._total, self._validator = 0, None, None

    def _too_large(self, what: str) -> LandingRefusedError:
        return LandingRefusedError(
            f"{self._name} {what}, more than `max_bytes` allows ({self._max_bytes}). Nothing was written."
        )

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, LandingInterruptedError) else None
        return pause_after(self._failures, asked) * random.uniform(1, 1.25)  # noqa: S311 - no secret

    def _say_why(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._log.info("%s At byte %d of %s; going on.", error, self._offset, self._name)


def _validator(headers: Mapping[str, str]) -> str | None:
    etag = headers.get("etag", "").strip()
    if etag and not etag.startswith("W/"):
        return etag  # a weak one promises the same meaning, not the same bytes
    return headers.get("last-modified", "").strip() or None


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    return retry_after(headers, datetime.now(UTC))
