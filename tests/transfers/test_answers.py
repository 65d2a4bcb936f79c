"""What a file host's answer means."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.errors import LandingInterruptedError, NotAVideoError
from airflow_provider_seedance.landing.download import pause_after
from airflow_provider_seedance.landing.file_answers import AnotherFileError, Head, UnavailableError, read_head

LENGTH = {"content-length": "10"}
CHUNKED = {"transfer-encoding": "chunked"}
DAY, LATER = "Sat, 21 Nov 2026 09:00:00 GMT", "Sat, 21 Nov 2026 09:00:01 GMT"


@pytest.mark.parametrize(
    ("status", "headers", "wanted", "head"),
    [
        (200, LENGTH | {"etag": '"a"'}, 0, Head(0, 10, '"a"')),
        (200, LENGTH | {"etag": 'W/"a"', "last-modified": DAY}, 0, Head(0, 10, 'W/"a"', DAY)),
        (200, LENGTH, 5, Head(0, 10)),
        (200, CHUNKED, 0, Head(0, None)),
        (200, CHUNKED | LENGTH, 0, Head(0, None)),
        (200, {}, 0, Head(0, None, has_end=False)),
        (206, LENGTH | {"content-range": "bytes 5-9/10"}, 5, Head(5, 10)),
        (206, LENGTH | {"content-range": "bytes 5-9/*"}, 5, Head(5, None)),
        (206, {"content-range": "bytes 0-9/10"}, 0, Head(0, 10, has_end=False)),
        (200, {"content-length": "\xb2"}, 0, Head(0, None, has_end=False)),
        (200, {"content-length": "5, 5"}, 0, Head(0, None, has_end=False)),
        (200, {"content-length": "9" * 5000}, 0, Head(0, None, has_end=False)),
        (200, LENGTH | {"content-encoding": "aws-chunked"}, 0, Head(0, 10)),
        (200, LENGTH | {"content-encoding": "aws-chunked, GZip"}, 0, Head(0, 10, compressed="gzip")),
    ],
)
def test_a_body_is_placed(status: int, headers: dict[str, str], wanted: int, head: Head) -> None:
    assert read_head(status, headers, wanted) == head


@pytest.mark.parametrize(
    ("status", "headers", "wanted", "error"),
    [
        (206, {"content-range": "bytes 4-9/10"}, 5, AnotherFileError),
        (206, {"content-range": "lines 5-9/10"}, 5, AnotherFileError),
        (206, {"content-range": f"bytes 5-9/{'9' * 5000}"}, 5, AnotherFileError),
        (206, {}, 5, AnotherFileError),
        (416, {}, 5, AnotherFileError),
        (416, {}, 0, NotAVideoError),
        (204, {}, 0, NotAVideoError),
        (304, {}, 0, NotAVideoError),
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


@pytest.mark.parametrize(
    ("first", "validator"),
    [
        (Head(0, 10, '"a"', DAY), '"a"'),
        (Head(0, 10, 'W/"a"', DAY), DAY),
        (Head(0, 10, 'W/"a"'), None),
        (Head(0, 10), None),
    ],
)
def test_only_what_stands_for_the_same_bytes_is_asked_by(first: Head, validator: str | None) -> None:
    assert first.validator == validator


@pytest.mark.parametrize(
    ("first", "later", "same"),
    [
        (Head(0, 10, '"a"'), Head(5, 10, '"a"'), True),
        (Head(0, None, '"a"'), Head(5, 10, '"a"'), True),
        (Head(0, 10, '"a"'), Head(5, None, '"a"'), True),
        (Head(0, 10, '"a"', DAY), Head(5, 10, None, DAY), True),
        (Head(0, 10, None, DAY), Head(5, 10, None, DAY), True),
        (Head(0, 10, 'W/"a"', DAY), Head(5, 10, 'W/"a"', DAY), True),
        (Head(0, 10, '"a"'), Head(5, 10, '"b"'), False),
        (Head(0, 10, '"a"'), Head(5, 11, '"a"'), False),
        (Head(0, 10, '"a"'), Head(5, 10), False),
        (Head(0, 10, '"a"', DAY), Head(5, 10, None, LATER), False),
        (Head(0, 10, '"a"', DAY), Head(5, 10, '"b"', DAY), False),
        (Head(0, 10, None, DAY), Head(5, 11, None, DAY), False),
        (Head(0, 10, None, DAY), Head(5, None, None, DAY), False),
        (Head(0, None, None, DAY), Head(5, None, None, DAY), False),
        (Head(0, 10, 'W/"a"'), Head(5, 10, 'W/"a"'), False),
        (Head(0, 10), Head(5, 10), False),
    ],
)
def test_a_continuation_needs_a_proof_that_it_is_the_same_file(first: Head, later: Head, same: bool) -> None:
    assert first.is_same_file(later) is same


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
