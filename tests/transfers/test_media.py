"""What a video says of itself, read while it passes by."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.errors import NotAVideoError
from airflow_provider_seedance.landing.file_types import JPEG as JPEG_KIND
from airflow_provider_seedance.landing.file_types import MP4, QUICKTIME, WEBP, sniff
from airflow_provider_seedance.landing.file_types import PNG as PNG_KIND
from airflow_provider_seedance.landing.mp4 import Mp4Reader, Picture

from .mp4 import FTYP, HEIGHT, JPEG, PNG, SECONDS, WIDTH, box, moov, mvhd, number, track, video

FILM = Picture(SECONDS, WIDTH, HEIGHT)
MDAT = box(b"mdat", bytes(100))


def read(content: bytes, step: int) -> Picture:
    reader = Mp4Reader()
    for at in range(0, len(content), step):
        reader.feed(content[at : at + step])
    return reader.finish()


LONG_BOX = number(1) + b"mdat" + number(16 + 100, 8) + bytes(100)
TO_THE_END = number(0) + b"mdat" + bytes(100)
FRAGMENTED = moov(box(b"mvex", box(b"mehd", bytes(4), number(5500))), track(), header=mvhd(0))


@pytest.mark.parametrize("step", [1, 7, 64, 10_000])
@pytest.mark.parametrize(
    ("content", "picture"),
    [
        (video(3000), FILM),
        (video(3000, index_last=True), FILM),
        (FTYP + moov() + LONG_BOX, FILM),
        (FTYP + moov() + TO_THE_END, FILM),
        (FTYP + box(b"free") + moov() + MDAT, FILM),
        (FTYP + moov(track(b"soun", 0, 0), track()) + MDAT, FILM),
        (FTYP + moov(track(long=True), header=mvhd(long=True)) + MDAT, FILM),
        (FTYP + FRAGMENTED + box(b"moof") + MDAT, FILM),
        (FTYP + moov(header=mvhd(0)) + MDAT, Picture(None, WIDTH, HEIGHT)),
        (FTYP + moov(track(width=720, height=1280)) + MDAT, Picture(SECONDS, 720, 1280)),
    ],
    ids=[
        "index first",
        "index last",
        "64-bit box",
        "box to the end",
        "gap",
        "sound first",
        "64-bit times",
        "fragments",
        "no duration",
        "upright",
    ],
)
def test_a_video_is_read_in_pieces_of_any_size(content: bytes, picture: Picture, step: int) -> None:
    assert read(content, step) == picture


@pytest.mark.parametrize("missing", [1, 8, 100, 1000])
@pytest.mark.parametrize("index_last", [False, True])
def test_a_video_that_lacks_its_end_is_noticed(missing: int, index_last: bool) -> None:
    with pytest.raises(NotAVideoError):
        read(video(3000, index_last=index_last)[:-missing], 512)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (FTYP + MDAT, "no index"),
        (FTYP + moov(), "no content"),
        (FTYP + moov(track(b"soun")) + MDAT, "without a picture"),
        (FTYP + box(b"moov", b"\0\0\0\1\0\0\0\0") + MDAT, "without a picture"),
        (FTYP + moov() + MDAT + b"\0\0", "a part is missing"),
        (FTYP + number(4) + b"moov", "impossible length"),
        (FTYP + number(0) + b"moov" + bytes(10), "too large"),
        (FTYP + number(200_000_000) + b"moov", "too large"),
    ],
)
def test_what_nothing_could_play_is_noticed(content: bytes, words: str) -> None:
    with pytest.raises(NotAVideoError, match=words):
        read(content, 100)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (FTYP, MP4),
        (box(b"ftyp", b"qt  "), QUICKTIME),
        (PNG, PNG_KIND),
        (JPEG, JPEG_KIND),
        (b"RIFF\0\0\0\0WEBPVP8 ", WEBP),
        (b"<!doctype html>", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_first_bytes(head: bytes, kind: object) -> None:
    assert sniff(head) is kind
