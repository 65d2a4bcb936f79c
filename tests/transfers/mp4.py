"""The smallest files that are what they claim to be, of any length."""

from __future__ import annotations

import random

WIDTH, HEIGHT, SECONDS = 1280, 720, 5.5


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "big")


FTYP = box(b"ftyp", b"isom", number(512), b"isomiso2avc1mp41")


def track(handler: bytes = b"vide", width: int = WIDTH, height: int = HEIGHT, *, long: bool = False) -> bytes:
    head = number(1 << 24, 4) + bytes(32) if long else bytes(4) + bytes(20)
    tkhd = box(b"tkhd", head, bytes(16), bytes(36), number(width << 16), number(height << 16))
    return box(b"trak", tkhd, box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(13))))


def mvhd(seconds: float = SECONDS, *, long: bool = False) -> bytes:
    size = 8 if long else 4
    return box(
        b"mvhd",
        number((1 if long else 0) << 24),
        bytes(2 * size),
        number(1000),
        number(int(seconds * 1000), size),
        bytes(80),
    )


def moov(*tracks: bytes, header: bytes | None = None) -> bytes:
    return box(b"moov", header or mvhd(), *(tracks or (track(),)))


def content(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def video(size: int, *, index_last: bool = False, seed: int = 1) -> bytes:
    """A video of exactly so many bytes."""
    index = moov()
    mdat = box(b"mdat", content(size - len(FTYP) - len(index) - 8, seed))
    return FTYP + (mdat + index if index_last else index + mdat)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
JPEG = b"\xff\xd8\xff\xe0" + bytes(300)
