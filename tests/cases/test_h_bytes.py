# ruff: noqa: F811 - fixtures are imported by their names
"""H2, H4, H5: what a file is, whether it is whole and how much of it is looked at is decided by its bytes."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from pathlib import Path

import pytest

from airflow_provider_seedance.api.errors import LandingInterruptedError, NotAVideoError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.file_types import JPEG, PNG, WEBP, Kind, is_whole_picture
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.landing.mp4 import MAX_BOXES, MAX_INDEX, Mp4Reader
from tests.transfers.conftest import _no_proxy, _vendor, files_in, hook, host, no_pause, out, sim  # noqa: F401
from tests.transfers.mp4 import FTYP, box, content, moov, number, track, video
from tests.transfers.server import Answer, FileServer, Handler, chunked, says

pytestmark = pytest.mark.usefixtures("no_pause")

PLAIN = ["aws-chunked", "AWS-Chunked", "utf-8", "UTF8", "binary", "none", "identity", "8bit", "", "x-unknown", "null"]
LIES = ["gzip", "x-gzip", "deflate", "br", "zstd", "aws-chunked, gzip"]


@pytest.mark.parametrize("encoding", [*PLAIN, *LIES])
def test_case_h2_plain_bytes_are_taken_whatever_they_are_said_to_be_encoded_by(
    hook: SeedanceHook, host: FileServer, out: Path, encoding: str
) -> None:
    host.always = says(200, host.content, Content_Encoding=encoding)
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == host.content


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(video(5000))),
        ("x-gzip, aws-chunked", gzip.compress(video(5000))),
        ("deflate", zlib.compress(video(5000))),
        ("br", b"\x8b\x02\x80" + content(3000)),
        ("zstd", b"\x28\xb5\x2f\xfd" + content(3000)),
    ],
    ids=["gzip", "gzip in chunks", "deflate", "br", "zstd"],  # gzip's bytes hold the time, and each process has its own
)
def test_case_h2_a_body_that_really_is_compressed_is_refused_by_that_word(
    hook: SeedanceHook, host: FileServer, out: Path, encoding: str, body: bytes
) -> None:
    host.always = says(200, body, Content_Encoding=encoding)
    with pytest.raises(NotAVideoError, match=rf"compressed \({encoding.partition(',')[0]}\)"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert files_in(out.parent) == []


def test_case_h2_the_first_bytes_decide_even_if_they_trickle_in(
    hook: SeedanceHook, host: FileServer, out: Path
) -> None:
    pieces = [host.content[at : at + 1] for at in range(20)]
    answer = chunked(*pieces, host.content[20:])

    def as_gzip(handler: Handler, server: FileServer) -> None:
        handler.send_response_only(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.send_header("Connection", "close")
        handler.end_headers()
        for piece in [*pieces, host.content[20:]]:
            handler.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            handler.wfile.flush()
        handler.send(b"0\r\n\r\n")

    for number_, one in enumerate((answer, as_gzip)):
        host.always = one
        land_video(hook, {"video_url": host.url()}, f"file://{out}/{number_}.mp4")
        assert (out / f"{number_}.mp4").read_bytes() == host.content


# -- H4: neither Content-Length nor chunks ----------------------------------------------------------------------------


def offsets(*values: int, long: bool = False) -> bytes:
    """A track's table of where its content begins."""
    size = 8 if long else 4
    table = box(b"co64" if long else b"stco", bytes(4), number(len(values)), *(number(v, size) for v in values))
    inside = track()[8:]
    tkhd = inside[: int.from_bytes(inside[:4], "big")]
    media = box(b"mdia", box(b"hdlr", bytes(8), b"vide", bytes(13)), box(b"minf", box(b"stbl", table)))
    return box(b"trak", tkhd, media)


def in_two(*, long: bool = False) -> bytes:
    """A video whose content lies in two boxes."""
    parts = [box(b"mdat", content(900_000)), box(b"mdat", content(80_000, seed=2))]
    index = len(moov(offsets(0, 0, long=long)))
    first = len(FTYP) + index + 8
    return FTYP + moov(offsets(first, first + len(parts[0]), long=long)) + parts[0] + parts[1]


FRAGMENTED = FTYP + moov() + (box(b"moof", bytes(50)) + box(b"mdat", content(9000))) * 3
TO_THE_END = FTYP + moov() + number(0) + b"mdat" + content(9000)


def unending(body: bytes) -> Answer:
    """Without any word about its length; the connection's end is the body's."""
    return says(200, body, Content_Length=None)


@pytest.mark.parametrize(
    "body",
    [
        video(900_000),
        video(900_000, index_last=True),
        in_two(),
        in_two(long=True),
        FRAGMENTED + box(b"mfra", bytes(40)),
        video(900_000) + box(b"free", bytes(10)),
    ],
    ids=["index first", "index last", "two parts", "64-bit table", "fragments with a table", "something behind"],
)
def test_case_h4_a_whole_video_without_a_length_is_landed(
    hook: SeedanceHook, host: FileServer, out: Path, body: bytes
) -> None:
    host.always = unending(body)
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == body
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("body", "cut"),
    [
        (video(900_000), 10),
        (video(900_000), 32),
        (video(900_000), 899_999),
        (video(900_000, index_last=True), len(FTYP)),
        (video(900_000, index_last=True), 900_000 - len(moov())),
        (in_two(), len(in_two()) - 80_008),
        (in_two(long=True), len(in_two(long=True)) - 80_008),
    ],
)
def test_case_h4_a_cut_is_noticed_and_the_rest_asked_for(
    hook: SeedanceHook, host: FileServer, out: Path, body: bytes, cut: int
) -> None:
    """Between two boxes as well: the index knows better."""
    host.content = body

    def cut_short(handler: Handler, server: FileServer) -> None:
        handler.head(200, Content_Type="video/mp4", ETag=server.etag)
        handler.send(body[:cut])

    host.answers = [cut_short]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == body
    assert [asked.start for asked in host.asked] == [0, cut]


def test_case_h4_a_video_cut_short_for_ever_is_an_interruption(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    host.always = unending(host.content[:500_000])
    with pytest.raises(LandingInterruptedError, match="before the end of the file"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert len(host.asked) == 6
    assert files_in(out.parent) == []


@pytest.mark.parametrize("body", [FRAGMENTED, TO_THE_END], ids=["fragments", "a box to the end"])
def test_case_h4_where_the_file_does_not_tell_either_nobody_guesses(
    hook: SeedanceHook, host: FileServer, out: Path, body: bytes
) -> None:
    host.always = unending(body)
    with pytest.raises(NotAVideoError, match="nor does the file itself"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert files_in(out.parent) == []


@pytest.mark.parametrize("body", [video(2000), video(2000, index_last=True), FRAGMENTED[:2000]])
def test_case_h4_no_cut_anywhere_is_taken_for_the_end(body: bytes) -> None:
    for cut in range(len(body)):
        reader = Mp4Reader()
        reader.feed(body[:cut])
        assert reader.is_whole(cut) is not True, cut


PNG_FILE = b"\x89PNG\r\n\x1a\n" + content(400) + b"\0\0\0\0IEND\xaeB`\x82"
JPEG_FILE = b"\xff\xd8\xff\xe0" + content(400) + b"\xff\xd9"
WEBP_FILE = b"RIFF" + (4 + 400).to_bytes(4, "little") + b"WEBP" + content(400)


@pytest.mark.parametrize(
    ("kind", "picture"), [(PNG, PNG_FILE), (JPEG, JPEG_FILE), (WEBP, WEBP_FILE)], ids=["png", "jpg", "webp"]
)
def test_case_h4_a_picture_is_whole_when_its_own_end_has_come(
    hook: SeedanceHook, host: FileServer, out: Path, kind: Kind, picture: bytes
) -> None:
    clip = {"video_id": "cgt-1", "vendor": "byteplus", "model": "m", "video_url": host.url()}
    with FileServer(picture, etag=None) as pictures:
        pictures.answers = [unending(picture[:-1]), unending(picture[:200]), unending(picture)]
        frame = {"last_frame_url": pictures.url("/frame")}
        land_video(hook, clip | frame, f"file://{out}/", last_frame_path=f"file://{out}/")
        assert (out / f"cgt-1-last-frame.{kind.ext}").read_bytes() == picture
        assert len(pictures.asked) == 3


def test_case_h4_a_kind_without_an_end_is_not_judged() -> None:
    assert is_whole_picture(Kind("gif", "image/gif"), b"GIF89a", b";", 100) is None


# -- H5: bounded ------------------------------------------------------------------------------------------------------


def grown_by(body: bytes) -> int:
    """The most bytes that reading needs beside the body, until it is given up."""

    def read() -> None:
        reader = Mp4Reader()
        for at in range(0, len(body), 256 * 1024):
            reader.feed(body[at : at + 256 * 1024])
        reader.finish()

    tracemalloc.start()
    try:
        with pytest.raises(NotAVideoError):
            read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def tiny_boxes(size: int) -> bytes:
    """Each of eight bytes, each of another kind."""
    chance = random.Random(5).randbytes(size // 2)
    return b"".join(b"\0\0\0\x08" + chance[at : at + 4] for at in range(0, len(chance), 4))


def test_case_h5_a_file_of_nothing_but_tiny_boxes_costs_no_memory_and_soon_ends() -> None:
    body = FTYP + tiny_boxes(24_000_000)
    assert grown_by(body) < 2_000_000


def test_case_h5_an_index_of_nothing_but_tiny_boxes_is_kept_once_and_soon_given_up() -> None:
    inside = tiny_boxes(24_000_000)
    for index in (box(b"moov", inside), box(b"moov", box(b"trak", inside)), box(b"moov", box(b"mvex", inside))):
        assert grown_by(FTYP + index + box(b"mdat", bytes(9))) < len(index) * 1.2 + 2_000_000


def test_case_h5_what_is_larger_than_any_index_is_not_begun() -> None:
    reader = Mp4Reader()
    with pytest.raises(NotAVideoError, match="too large"):
        reader.feed(FTYP + number(MAX_INDEX + 9) + b"moov")


def test_case_h5_a_film_of_many_fragments_is_still_read() -> None:
    reader = Mp4Reader()
    reader.feed(FTYP + moov())
    for _ in range(MAX_BOXES // 2 - 10):
        reader.feed(box(b"moof") + box(b"mdat"))
    assert reader.finish().width == 1280


def test_case_h5_through_the_whole_landing_it_is_an_error_that_leaves_nothing(
    hook: SeedanceHook, host: FileServer, out: Path
) -> None:
    host.content = FTYP + tiny_boxes(2_000_000)
    with pytest.raises(NotAVideoError, match="too many parts"):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert files_in(out.parent) == []
