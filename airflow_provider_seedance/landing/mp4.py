"""Tells whether an MP4 is a complete video, by its boxes as they pass by; only the index is kept."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_provider_seedance.api.errors import NotAVideoError

MAX_INDEX = 32 * 1024 * 1024
"""The largest `moov` box that is kept, in bytes: a short clip's has a few KB, a feature film's some MB."""

MAX_BOXES = 100_000
"""The most boxes in a file, and in its index. A clip has some ten, hours of fragments some ten thousand."""

_NEEDED = (b"moov", b"mdat", b"moof", b"mfra")


@dataclass(frozen=True)
class Picture:
    """Facts from the index of an MP4.

    :param duration: in seconds, `None` if the file doesn't tell.
    :param width: in pixels.
    :param height: in pixels.
    """

    duration: float | None
    width: int
    height: int


class Mp4Reader:
    """Walks through the boxes of an MP4 (ISO/IEC 14496-12) as the bytes come; the index may be at either end."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._boxes = 0
        self._last = b""
        self._header = b""
        self._left: int | None = 0
        self._index: bytearray | None = None
        self._moov = bytearray()

    def feed(self, block: bytes) -> None:
        """Takes the next bytes of the file.

        :raises NotAVideoError: they can't belong to an MP4.
        """
        view = memoryview(block)
        while view:
            if self._left is None:
                return  # the last box, which extends to the end of the file
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

    def is_whole(self, size: int) -> bool | None:
        """Whether the boxes show that the file ends after so many bytes; `None` if they don't show it.

        A cut between two boxes leaves no trace in them. Then the index tells where the content is; for fragments, only
        the table at their end does.

        :param size: the number of bytes so far.
        """
        if self._left is None:
            return None
        if self._header or self._left or b"moov" not in self._seen or not self._seen & {b"mdat", b"moof"}:
            return False
        if b"moof" in self._seen:
            return True if self._last == b"mfra" else None
        return _last_chunk(_Boxes(self._moov)) < size

    def finish(self) -> Picture:
        """Judges the whole file.

        :return: facts from its index.
        :raises NotAVideoError: it ends too early, or has no index, no picture or no content.
        """
        if self._header or self._left:
            missing = f"{self._left} bytes of its last part are" if self._left else "a part is"
            raise NotAVideoError(f"The video is cut short: {missing} missing.")
        if b"moov" not in self._seen:
            raise NotAVideoError("The video has no index (moov), so nothing could play it.")
        if not self._seen & {b"mdat", b"moof"}:
            raise NotAVideoError("The video has an index, but no content (mdat).")
        return _picture_of(_Boxes(self._moov))

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
        self._note(kind)
        self._header = b""
        self._left = None if size == 0 else size - need
        if self._left == 0:
            self._end_box()
        return view

    def _note(self, kind: bytes) -> None:
        self._boxes += 1
        if self._boxes > MAX_BOXES:
            raise NotAVideoError("The video has too many parts to be real.")
        self._last = kind
        if kind in _NEEDED:
            self._seen.add(kind)

    def _end_box(self) -> None:
        if self._index is not None:
            self._moov, self._index = self._index, None


class _Boxes:
    """The boxes inside the index; the number that is read is limited, and none is copied."""

    def __init__(self, moov: bytearray) -> None:
        self.moov = memoryview(moov)
        self._seen = 0

    def inside(self, data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
        """Type and content of each box."""
        at = 0
        while at + 8 <= len(data):
            self._seen += 1
            if self._seen > MAX_BOXES:
                raise NotAVideoError("The video's index (moov) has too many parts to be real.")
            size, start = int.from_bytes(data[at : at + 4], "big"), at + 8
            if size == 1:
                size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
            end = len(data) if size == 0 else at + size
            if end < start or end > len(data):
                return
            yield bytes(data[at + 4 : at + 8]), data[start:end]
            at = end

    def child(self, data: memoryview, *path: bytes) -> memoryview:
        """The content of the first box at a path; empty if there is none."""
        for kind in path:
            data = next((body for name, body in self.inside(data) if name == kind), data[:0])
        return data

    @property
    def tracks(self) -> Iterator[memoryview]:
        """The tracks: pictures, sound, texts."""
        return (body for kind, body in self.inside(self.moov) if kind == b"trak")


def _last_chunk(boxes: _Boxes) -> int:
    """The offset in the file at which the last chunk of content begins, by the index."""
    found = [0]
    for track in boxes.tracks:
        table = boxes.child(track, b"mdia", b"minf", b"stbl")
        for kind, form in ((b"stco", ">I"), (b"co64", ">Q")):
            offsets = boxes.child(table, kind)[8:]
            usable = offsets[: len(offsets) - len(offsets) % struct.calcsize(form)]
            found += [max((offset for (offset,) in struct.iter_unpack(form, usable)), default=0)]
    return max(found)


def _picture_of(boxes: _Boxes) -> Picture:
    for track in boxes.tracks:
        if bytes(boxes.child(track, b"mdia", b"hdlr")[8:12]) != b"vide":
            continue
        header = boxes.child(track, b"tkhd")
        # Fixed point, sixteen bits on either side, at the end of either version of the box.
        width, height = int.from_bytes(header[-8:-4], "big") >> 16, int.from_bytes(header[-4:], "big") >> 16
        if len(header) >= 84 and width and height:
            return Picture(_duration(boxes), width, height)
    raise NotAVideoError("The file is an MP4 without a picture.")


def _duration(boxes: _Boxes) -> float | None:
    header = boxes.child(boxes.moov, b"mvhd")
    if len(header) < 32:
        return None
    at, size = (20, 8) if header[0] == 1 else (12, 4)
    scale = int.from_bytes(header[at : at + 4], "big")
    units = int.from_bytes(header[at + 4 : at + 4 + size], "big")
    if units == 0:  # in fragments: the total length is elsewhere
        extends = boxes.child(boxes.moov, b"mvex", b"mehd")
        units = int.from_bytes(extends[4:], "big") if extends else 0
    unknown = (1 << 8 * size) - 1
    return round(units / scale, 3) if scale and 0 < units < unknown else None
