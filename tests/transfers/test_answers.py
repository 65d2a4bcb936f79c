"""What a file host's answer means."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.errors import LandingInterruptedError, NotAVideoError
from airflow_provider_seedance.transfers.download import (
    AnotherFileError,
    Head,
    UnavailableError,
    pause_after,
    read_head,
)

LENGTH = {"content-length": "10"}


@pytest.mark.parametrize(
    ("status", "headers", "wanted", "head"),
    [
        (200, LENGTH | {"etag": '"a"'}, 0, Head(0, 10, '"a"')),
        (200, LENGTH | {"etag": 'W/"a"'}, 0, Head(0, 10, None)),
        (200, LENGTH | {"etag": 'W/"a"', "last-modified": "Sat, 21 Nov"}, 0, Head(0, 10, "Sat, 21 Nov")),
        (200, LENGTH, 5, Head(0, 10, None)),
        (200, {"transfer-encoding": "chunked"}, 0, Head(0, None, None)),
        (206, {"content-range": "bytes 5-9/10"}, 5, Head(5, 10, None)),
        (206, {"content-range": "bytes 5-9/*"}, 5, Head(5, None, None)),
        (206, {"content-range": "bytes 0-9/10"}, 0, Head(0, 10, None)),
    ],
)
def test_a_body_is_placed(status: int, headers: dict[str, str], wanted: int, head: Head) -> None:
    assert read_head(status, headers, wanted) == head


@pytest.mark.parametrize(
    ("status", "headers", "wanted", "error"),
    [
        (206, {"content-range": "bytes 4-9/10"}, 5, AnotherFileError),
        (206, {"content-range": "lines 5-9/10"}, 5, AnotherFileError),
        (206, {}, 5, AnotherFileError),
        (416, {}, 5, AnotherFileError),
        (416, {}, 0, NotAVideoError),
        (204, {}, 0, NotAVideoError),
        (304, {}, 0, NotAVideoError),
        (200, {}, 0, NotAVideoError),
        (200, LENGTH | {"content-type": "text/html; charset=utf-8"}, 0, NotAVideoError),
        (400, {}, 0, UnavailableError),
        (403, {}, 5, UnavailableError),
        (408, {}, 0, LandingInterruptedError),
        (503, {}, 0, LandingInterruptedError),
    ],
)
def test_an_answer_without_the_file_is_an_error(
    status: int, headers: dict[str, str], wanted: int, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        read_head(status, headers, wanted)
    assert type(caught.value) is error


def test_the_pause_that_a_host_asks_for_is_kept() -> None:
    with pytest.raises(LandingInterruptedError) as caught:
        read_head(503, {"retry-after": "7"}, 0)
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("failures", "asked", "pause"),
    [(1, None, 0.25), (3, None, 1.0), (20, None, 30.0), (1, 7.0, 7.0), (1, 3600.0, 30.0)],
)
def test_pauses_grow_and_are_bounded(failures: int, asked: float | None, pause: float) -> None:
    assert pause_after(failures, asked) == pause
