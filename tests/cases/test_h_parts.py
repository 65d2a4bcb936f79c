# ruff: noqa: F811 - fixtures are imported by their names
"""H1: an S3 that wants equal parts gets them, and a completion that fails leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing import destination
from airflow_provider_seedance.landing.destination import MIB, PART_SIZE
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.manifest import SUFFIX
from tests.transfers.conftest import _no_proxy, _vendor, hook, no_pause, sim  # noqa: F401
from tests.transfers.mp4 import video
from tests.transfers.s3 import Bucket, EqualParts, bucket_behind
from tests.transfers.server import FileServer, chunked, cut_at

pytest.importorskip("s3fs", reason="needs the Amazon provider's extra s3fs")
pytest.importorskip("moto", reason="needs moto's server")
pytestmark = pytest.mark.usefixtures("no_pause")

CLIP = {"video_id": "cgt-1", "vendor": "byteplus", "model": "m"}
TARGET = "s3://aws_default@clips/"
KEYS = ["cgt-1.mp4", f"cgt-1.mp4{SUFFIX}"]
SIZE = 30_000_000


@pytest.fixture(scope="module")
def _strict() -> Iterator[tuple[Bucket, EqualParts]]:
    with bucket_behind(EqualParts) as found:
        yield found


@pytest.fixture
def strict(_strict: tuple[Bucket, EqualParts], sim: object, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket that refuses unequal parts."""
    store, book = _strict
    store.empty()
    book.parts.clear()
    book.refuses_to_complete = False
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", store.connection)
    return store


@pytest.fixture
def book(_strict: tuple[Bucket, EqualParts]) -> EqualParts:
    """What it was asked for."""
    return _strict[1]


@pytest.fixture(scope="module")
def large() -> Iterator[FileServer]:
    with FileServer(video(SIZE)) as server:
        yield server


def lengths(book: EqualParts) -> list[int]:
    """The parts of the only upload."""
    (parts,) = book.parts.values()
    return [length for _, length in sorted(parts.items())]


def test_case_h1_all_parts_but_the_last_are_equal(
    hook: SeedanceHook, large: FileServer, strict: Bucket, book: EqualParts
) -> None:
    land_video(hook, CLIP | {"video_url": large.url()}, TARGET)
    assert strict.read("cgt-1.mp4") == large.content
    assert lengths(book) == [PART_SIZE, PART_SIZE, PART_SIZE, SIZE - 3 * PART_SIZE]
    assert (strict.keys, strict.uploads) == (KEYS, [])


def test_case_h1_parts_stay_equal_however_the_bytes_come(
    hook: SeedanceHook, large: FileServer, strict: Bucket, book: EqualParts
) -> None:
    large.answers = [cut_at(position) for position in (1, 333_333, PART_SIZE - 1, PART_SIZE + 1, 20_000_001)]
    land_video(hook, CLIP | {"video_url": large.url()}, TARGET)
    assert strict.read("cgt-1.mp4") == large.content
    assert lengths(book)[:-1] == [PART_SIZE] * 3


def test_case_h1_parts_are_equal_where_nobody_says_how_long_the_file_is(
    hook: SeedanceHook, large: FileServer, strict: Bucket, book: EqualParts
) -> None:
    large.answers = [chunked(large.content[:7_000_001], large.content[7_000_001:])]
    land_video(hook, CLIP | {"video_url": large.url()}, TARGET)
    assert strict.read("cgt-1.mp4") == large.content
    assert lengths(book)[:-1] == [PART_SIZE] * 3


@pytest.mark.parametrize("parts", [1, 2])
def test_case_h1_a_file_that_ends_with_a_part_has_no_empty_one(
    hook: SeedanceHook, strict: Bucket, book: EqualParts, parts: int
) -> None:
    with FileServer(video(parts * PART_SIZE)) as even:
        land_video(hook, CLIP | {"video_url": even.url()}, TARGET)
        assert strict.read("cgt-1.mp4") == even.content
    assert lengths(book) == [PART_SIZE] * parts


def test_case_h1_a_large_file_has_larger_parts_not_more_than_are_taken(
    hook: SeedanceHook, large: FileServer, strict: Bucket, book: EqualParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with more than 80 GB, at 10,000 parts."""
    monkeypatch.setattr(destination, "MAX_PARTS", 3)
    land_video(hook, CLIP | {"video_url": large.url()}, TARGET)
    assert strict.read("cgt-1.mp4") == large.content
    assert lengths(book) == [10 * MIB, 10 * MIB, SIZE - 20 * MIB]


def test_case_h1_a_file_that_turns_out_larger_gets_its_own_size_of_parts(
    hook: SeedanceHook, strict: Bucket, book: EqualParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has changed at its host after the first connection was lost."""
    monkeypatch.setattr(destination, "MAX_PARTS", 2)
    with FileServer(video(9_000_000)) as host:

        def changed(handler: Any, server: FileServer) -> None:
            server.content, server.etag = video(SIZE, seed=2), '"two"'
            server.always(handler, server)

        host.answers = [cut_at(8_900_000), changed]
        land_video(hook, CLIP | {"video_url": host.url()}, TARGET)
        assert strict.read("cgt-1.mp4") == host.content
    assert max(map(len, book.parts.values())) == 2
    assert strict.uploads == []


def test_case_h1_an_upload_that_cannot_be_completed_is_an_error_and_leaves_nothing(
    hook: SeedanceHook, large: FileServer, strict: Bucket, book: EqualParts
) -> None:
    """Also test gap 3."""
    book.refuses_to_complete = True
    with pytest.raises(OSError, match="non-trailing parts"):
        land_video(hook, CLIP | {"video_url": large.url()}, TARGET)
    assert (strict.keys, strict.uploads) == ([], [])
    book.refuses_to_complete = False
    assert land_video(hook, CLIP | {"video_url": large.url()}, TARGET)["bytes"] == SIZE


def test_case_h1_a_completion_that_fails_while_it_overwrites_changes_nothing(
    hook: SeedanceHook, large: FileServer, strict: Bucket, book: EqualParts
) -> None:
    with FileServer(video(SIZE, seed=2)) as other:
        land_video(hook, CLIP | {"video_id": "cgt-0", "video_url": other.url()}, f"{TARGET}a.mp4")
        before = strict.read(f"a.mp4{SUFFIX}")
        book.refuses_to_complete = True
        with pytest.raises(OSError, match="non-trailing parts"):
            land_video(hook, CLIP | {"video_url": large.url()}, f"{TARGET}a.mp4", overwrite=True)
        assert strict.read("a.mp4") == other.content
    assert strict.read(f"a.mp4{SUFFIX}") == before
    assert strict.uploads == []
