"""Tells a file's type, and whether a picture is complete, by the first and last bytes."""

from __future__ import annotations

from dataclasses import dataclass

SNIFF = 16
"""The number of first bytes that `sniff` needs."""


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    :param ext: its suffix, without a dot.
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
    """The kind of a file with this beginning, `None` if it is none of ours."""
    if head[4:8] == b"ftyp":
        return QUICKTIME if head[8:12] == b"qt  " else MP4
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    return WEBP if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
TAIL = len(_PNG_END)
"""The number of last bytes that `is_whole_picture` needs."""


def is_whole_picture(kind: Kind, head: bytes, tail: bytes, size: int) -> bool | None:
    """Whether a picture is complete, by the mark at its end; `None` for a kind without such a mark.

    :param kind: of the picture.
    :param head: its first `SNIFF` bytes.
    :param tail: its last `TAIL` bytes.
    :param size: the number of bytes so far.
    """
    if kind is PNG:
        return tail.endswith(_PNG_END)
    if kind is JPEG:
        return tail.endswith(_JPEG_END)
    if kind is WEBP:
        return size >= 8 + int.from_bytes(head[4:8], "little")
    return None
