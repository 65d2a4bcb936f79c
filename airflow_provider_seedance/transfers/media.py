"""Is it what it should be? Read from the bytes while they pass by: nothing is kept but the index of the video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_seedance.api.errors import NotAVideoError

SNIFF = 16
"""Bytes that `sniff` needs."""

MAX_INDEX = 32 * 1024 * 1024
"""The largest `moov` box that is kept: that of a clip of seconds has a few KB, that of a feature film some MB."""


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    :param ext: how its name ends, without a dot.
    :param content_type: its MIME type.
    """

    ext: str
    content_type: str


MP4 = Kind("mp4", "video/mp4")
QUICKTIME = Kind("mov", "video/quicktime")
PNG = Kind("png", "image/png")
JPEG = Kind("jpg", "image/jpeg")
WEBP = Kind("webp", "image/webp")

VIDEOS = (MP4, QUICKTIME)
IMAGES = (PNG, JPEG, WEBP)


def sniff(head: bytes) -> Kind | None:
    """The kind of a file that begins so, `None` if it is none of ours."""
    if head[4:8] == b"ftyp":
        return QUICKTIME if head[8:12] == b"qt  " else MP4
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    return WEBP if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


@dataclass(frozen=True)
class Picture:
    """What an MP4 says of itself.

    :param duration: seconds, `None` where the file doesn't say.
    :param width: pixels.
    :param height: pixels.
    """

    duration: float | None
    width: int
    height: int


class Mp4Reader:
    """Walks through the boxes of an MP4 (ISO/IEC 14496-12) as the bytes come; the index may be at either end."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._header = b""
        self._left: int | None = 0
        self._index: bytearray | None = None
        self._moov = b""

    def feed(self, block: bytes) -> None:
        """The next bytes of the file.

        :raises NotAVideoError: they can't belong to an MP4.
        """
        view = memoryview(block)
        while view:
            if self._left is None:
                return  # the last box reaches to the end of the file
            if self._left == 0:
                view = self._read_header(view)
                continue
            part = view[: self._left]
            if self._index is not None:
                self._index += part
            self._left -= len(part)
            view = view[len(part) :]
            if self._left == 0:
                self._end_box()

    def finish(self) -> Picture:
        """What the whole file is.

        :raises NotAVideoError: it has an end too early, no index, no picture or no content.
        """
        if self._header or self._left:
            missing = f"{self._left} bytes of its last part are" if self._left else "a part is"
            raise NotAVideoError(f"The video is cut short: {missing} missing.")
        if b"moov" not in self._seen:
            raise NotAVideoError("The video has no index (moov), so nothing could play it.")
        if not self._seen & {b"mdat", b"moof"}:
            raise NotAVideoError("The video has an index, but no content (mdat).")
        return _picture_of(self._moov)

    def _read_header(self, view: memoryview) -> memoryview:
        need = 16 if self._header[:4] == b"\0\0\0\1" and len(self._header) >= 8 else 8
        take = need - len(self._header)
        self._header += bytes(view[:take])
        view = view[take:]
        if len(self._header) < need:
            return view
        size, kind = int.from_bytes(self._header[:4], "big"), self._header[4:8]
        if size == 1 and need == 8:
            return view  # the size follows in eight more bytes
        if size == 1:
            size = int.from_bytes(self._header[8:], "big")
        if size != 0 and size < need:
            raise NotAVideoError("The video is damaged: a part of it has an impossible length.")
        if kind == b"moov":
            if size == 0 or size - need > MAX_INDEX:
                raise NotAVideoError("The video's index (moov) is too large to be real.")
            self._index = bytearray()
        self._seen.add(kind)
        self._header = b""
        self._left = None if size == 0 else size - need
        if self._left == 0:
            self._end_box()
        return view

    def _end_box(self) -> None:
        if self._index is not None:
            self._moov, self._index = bytes(self._index), None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, start = int.from_bytes(data[at : at + 4], "big"), at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        end = len(data) if size == 0 else at + size
        if end < start or end > len(data):
            return
        yield data[at + 4 : at + 8], data[start:end]
        at = end


def _child(data: bytes, *path: bytes) -> bytes:
    for kind in path:
        data = next((body for name, body in _boxes(data) if name == kind), b"")
    return data


def _picture_of(moov: bytes) -> Picture:
    for track in (body for kind, body in _boxes(moov) if kind == b"trak"):
        if _child(track, b"mdia", b"hdlr")[8:12] != b"vide":
            continue
        header = _child(track, b"tkhd")
        # Sixteen bits before the point and sixteen behind it, at the end of either version of the box.
        width, height = int.from_bytes(header[-8:-4], "big") >> 16, int.from_bytes(header[-4:], "big") >> 16
        if len(header) >= 84 and width and height:
            return Picture(_duration(moov), width, height)
    raise NotAVideoError("The file is an MP4 without a picture.")


def _duration(moov: bytes) -> float | None:
    header = _child(moov, b"mvhd")
    if len(header) < 32:
        return None
    at, size = (20, 8) if header[0] == 1 else (12, 4)
    scale = int.from_bytes(header[at : at + 4], "big")
    units = int.from_bytes(header[at + 4 : at + 4 + size], "big")
    if units == 0:  # in fragments: the whole length stands elsewhere
        extends = _child(moov, b"mvex", b"mehd")
        units = int.from_bytes(extends[4:], "big") if extends else 0
    unknown = (1 << 8 * size) - 1
    return round(units / scale, 3) if scale and 0 < units < unknown else None
