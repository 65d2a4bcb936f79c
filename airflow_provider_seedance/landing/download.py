"""Downloads one file, each byte once and in order, with as many requests as it takes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from airflow_provider_seedance.api.errors import (
    LandingInterruptedError,
    LandingRefusedError,
    NotAVideoError,
)
from airflow_provider_seedance.landing.file_answers import AnotherFileError, Head, UnavailableError, read_head
from airflow_provider_seedance.landing.file_host import FileHost
from airflow_provider_seedance.landing.file_types import SNIFF, sniff

PATIENCE = 6
"""Consecutive failures, with next to no progress in between, after which the attempt is given up."""

LEAST_GAIN = 16 * 1024
"""Bytes that count as progress: with only a few per request, no file would ever be complete."""

SLOW_AFTER = 60.0
"""Seconds in which at least `LEAST_GAIN` must come; a slower host counts as stalled."""

LONGEST_PAUSE = 30.0
PROGRESS_EVERY = 30.0
"""Seconds between two log lines about progress."""

MIB = 1024 * 1024


class Source(Protocol):
    """The source of a file."""

    @property
    def url(self) -> str:
        """The URL for the next request."""

    def renew(self, why: str) -> str | None:
        """Gets another URL for the same file.

        :param why: the host's reason for refusing this one.
        :return: `None` if there is another, else a sentence with the reason: this URL is tried again later.
        :raises LandingError: the file is surely gone.
        """


class Sink(Protocol):
    """Receives the bytes."""

    def take(self, block: bytes) -> None:
        """Takes the next bytes."""

    def start_over(self) -> None:
        """Discards everything: the file starts again."""

    def is_whole(self) -> bool | None:
        """Whether the file is complete by its own content; `None` if that doesn't tell."""


def pause_after(failures: int, asked: float | None) -> float:
    """Seconds until the next request: doubled with each consecutive failure, or as the host asks, up to a limit."""
    return min(LONGEST_PAUSE, max(0.25 * 2.0 ** (failures - 1), asked or 0.0))


class Download:
    """Fetches one file.

    :param host: sends the requests.
    :param source: gives the URL, and another one if the host refuses it.
    :param sink: receives the bytes.
    :param max_bytes: the largest file that is accepted.
    :param name: the file's name in the log; no URL.
    :param log: gets the progress.
    """

    sleep: Callable[[float], None] = staticmethod(time.sleep)
    """Waits before the next request; tests replace it."""

    def __init__(self, host: FileHost, source: Source, sink: Sink, *, max_bytes: int, name: str, log: Any) -> None:
        self._host = host
        self._source = source
        self._sink = sink
        self._max_bytes = max_bytes
        self._name = name
        self._log = log
        self._offset = 0
        self._furthest = 0
        self._first: Head | None = None
        self._total: int | None = None
        self._whole = False
        self._failures = 0
        self._gain_from = 0
        self._started = self._told = time.monotonic()

    @property
    def most(self) -> int:
        """The most bytes that will come: the file's length once the host has told it."""
        return self._max_bytes if self._total is None else self._total

    def run(self) -> int:
        """Fetches the file.

        :return: its length in bytes.
        :raises LandingError: it can't be fetched; the class says why.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(LandingInterruptedError),
            stop=lambda state: self._failures >= PATIENCE,
            wait=self._pause,
            sleep=self.sleep,
            before_sleep=self._say_why,
            reraise=True,
        )
        try:
            while not self._whole:
                retrying(self._go_on)
        except LandingInterruptedError as error:
            known = "" if self._total is None else f" of {self._total}"
            raise LandingInterruptedError(
                f"{error} {self._name} was given up after {self._failures} failures in a row, "
                f"at byte {self._furthest}{known}. Nothing was written."
            ) from None
        return self._offset

    def _go_on(self) -> None:
        """Sends one request, for the whole file or for the rest of it."""
        start = self._offset
        headers = {}
        if start and self._first and self._first.validator:
            headers = {"Range": f"bytes={start}-", "If-Range": self._first.validator}
        elif start:
            self._start_over()  # nothing proves that it is still the same file
        try:
            with self._host.get(self._source.url, headers) as answer:
                head = read_head(answer.status, answer.headers, self._offset)
                self._begin(head)
                self._receive(head, answer.blocks)
        except UnavailableError as refused:
            self._fail()
            self._renew(refused)
        except LandingInterruptedError as error:
            self._fail()
            if isinstance(error, AnotherFileError):
                self._start_over()
            raise
        else:
            self._end(head, start)

    def _renew(self, refused: UnavailableError) -> None:
        """Renews a refused URL: a fresh one is tried at once, the old one again after a pause."""
        problem = self._source.renew(str(refused))
        if problem is None and self._failures > 1:
            problem = f"{self._name}: the file host refuses fresh URLs as well ({refused})."
        if problem is not None:
            raise LandingInterruptedError(problem)

    def _begin(self, head: Head) -> None:
        if self._offset and head.start == 0:
            self._log.info("%s has changed at its host, or the host can't resume: starting over.", self._name)
            self._start_over()
        if head.start and not (self._first and self._first.is_same_file(head)):
            raise AnotherFileError("The file host doesn't say that what follows belongs to the same file.")
        if head.start == 0:
            self._first = head
        self._total = head.total if self._total is None else self._total
        if self._total is not None and self._total > self._max_bytes:
            raise self._too_large(f"is {self._total} bytes long")

    def _receive(self, head: Head, blocks: Iterable[bytes]) -> None:
        since, before = time.monotonic(), self._offset
        for block in blocks if before else _with_head(blocks):
            if self._offset == 0 and head.compressed and sniff(block) is None:
                raise NotAVideoError(
                    f"The file host sent the file compressed ({head.compressed}), which it was asked not to."
                )
            self._take(block)
            now = time.monotonic()
            if now - since >= SLOW_AFTER:
                if self._offset - before < LEAST_GAIN:
                    raise LandingInterruptedError(
                        f"The file host sent only {self._offset - before} bytes in {now - since:.0f} seconds."
                    )
                since, before = now, self._offset

    def _take(self, block: bytes) -> None:
        end = self._offset + len(block)
        if end > self._max_bytes:
            raise self._too_large(f"goes on after {self._max_bytes} bytes")
        if self._total is not None and end > self._total:
            raise AnotherFileError(f"The file host sends more than the {self._total} bytes that it promised.")
        self._sink.take(block)
        self._offset = end
        self._furthest = max(self._furthest, end)
        if self._furthest - self._gain_from >= LEAST_GAIN:
            self._failures, self._gain_from = 0, self._furthest
        now = time.monotonic()
        if now - self._told >= PROGRESS_EVERY:
            self._told = now
            self._log.info("%s", self._progress(now))

    def _end(self, head: Head, start: int) -> None:
        """Judges whether the end of a body is the end of the file."""
        if self._total is None:
            if not head.has_end:
                self._ask_the_file()
            self._total = self._offset
        self._whole = self._offset == self._total
        if not self._whole and self._offset - start < LEAST_GAIN:
            self._fail()
            raise LandingInterruptedError(
                f"The file host sent {self._offset - start} bytes after byte {start} of {self._total}, and no more."
            )

    def _ask_the_file(self) -> None:
        """Asks the file itself: if the host states neither length nor end, a lost connection looks like the end."""
        whole = self._sink.is_whole()
        if whole is None:
            raise NotAVideoError(
                "The file host doesn't say how long the file is, nor does the file itself, "
                "so it can't be known whether it is whole. Nothing was written."
            )
        if not whole:
            self._fail()
            raise LandingInterruptedError(f"The connection ended at byte {self._offset}, before the end of the file.")

    def _fail(self) -> None:
        self._failures += 1
        self._gain_from = self._furthest

    def _progress(self, now: float) -> str:
        done, rate = self._offset / MIB, self._offset / MIB / max(now - self._started, 1e-6)
        if self._total is None:
            return f"{self._name}: {done:.1f} MiB, {rate:.1f} MiB/s."
        return (
            f"{self._name}: {done:.1f} of {self._total / MIB:.1f} MiB "
            f"({100 * self._offset // self._total} %), {rate:.1f} MiB/s."
        )

    def _start_over(self) -> None:
        self._sink.start_over()
        self._offset, self._total, self._first = 0, None, None

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


def _with_head(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks, the first of them long enough to tell the file's type."""
    rest, head = iter(blocks), b""
    for block in rest:
        head += block
        if len(head) >= SNIFF:
            break
    if head:
        yield head
    yield from rest
