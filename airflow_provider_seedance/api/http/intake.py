"""Reads the body of an answer up to a limit, which counts decompressed bytes as they come."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import NamedTuple

MOST_OF_ONE = 2 * 1024 * 1024
"""The most bytes of an answer about one job: a create, a read, a refusal. Real ones have a few thousand."""

MOST_OF_A_LIST = 8 * 1024 * 1024
"""The most bytes of a list. 500 videos of Ark have less than one million."""

SLOWEST_UPLOAD = 65_536
"""Bytes a second at which a request's body must at least be sent; a slower one runs into the call's deadline."""

ACCEPT_ENCODING = "gzip, deflate"
"""The encodings that `BoundedBody` can read, and that servers are asked for."""


class TooLargeError(Exception):
    """The answer is larger than any real one.

    :param most: the limit in bytes.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


class LateError(Exception):
    """The answer was not complete in time.

    :param seconds: the time limit of the whole call.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"more than {seconds:.0f} seconds")
        self.seconds = seconds


class Limits(NamedTuple):
    """The limits of one call.

    :param seconds: from its start to the last byte of its answer.
    :param most_bytes: the largest answer, decompressed.
    """

    seconds: float
    most_bytes: int = MOST_OF_ONE


class Answer(NamedTuple):
    """An answer as a transport returns it.

    :param status: HTTP status.
    :param headers: names in lower case.
    :param body: decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


_GZIP = b"\x1f\x8b"
_GZIP_BITS = zlib.MAX_WBITS | 16
_MOST_DIGITS = 18


class BoundedBody:
    """Collects a body piece by piece.

    Its bytes decide whether it is compressed, not the header: gzip begins with bytes that no JSON begins with. For
    `deflate`, which has no such mark, the header is believed if decompression works.

    :param most: the limit in bytes, decompressed.
    :param headers: names in lower case.
    :raises TooLargeError: the header announces more than the limit.
    """

    def __init__(self, most: int, headers: Mapping[str, str]) -> None:
        length = headers.get("content-length")
        self.is_surely_small = False
        """Whether the body may be read at once, because its known length is within the limit."""
        if length is not None and length.isascii() and length.isdigit():
            if len(length) > _MOST_DIGITS or int(length) > most:
                raise TooLargeError(most)
            self.is_surely_small = True
        self._most = most
        self._encoding = headers.get("content-encoding")
        self._pieces: list[bytes] = []
        self._length = 0
        self._unpacked: _Unpacked | None = None
        self._has_begun = False

    def feed(self, piece: bytes) -> None:
        """Takes the next piece.

        :param piece: as it came, perhaps compressed.
        :raises TooLargeError: the body exceeds the limit.
        :raises zlib.error: the body begins like compressed data, but isn't.
        """
        if self._unpacked is not None:
            self._unpacked.feed(piece)
            return
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > self._most:
            raise TooLargeError(self._most)
        if not self._has_begun and self._length >= len(_GZIP):
            self._has_begun = True
            start = b"".join(self._pieces)
            inflate = _inflate_for(start, self._encoding)
            if inflate is not None:
                self._unpacked = _Unpacked(self._most, inflate)
                self._unpacked.feed(start)

    def whole(self) -> bytes:
        """The whole body, decompressed."""
        return b"".join(self._pieces) if self._unpacked is None else bytes(self._unpacked.kept)


def _inflate_for(start: bytes, encoding: str | None) -> zlib._Decompress | None:
    """The decompressor for a body with this beginning, `None` for an uncompressed one."""
    if start.startswith(_GZIP):
        return zlib.decompressobj(_GZIP_BITS)
    if encoding is None or "deflate" not in encoding.lower() or start[:1] in (b"{", b"[", b"<"):
        return None
    # With zlib's two bytes at the beginning or, as some servers send it, without.
    has_header = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)


class _Unpacked:
    """A compressed body, decompressed as it comes."""

    def __init__(self, most: int, inflate: zlib._Decompress) -> None:
        self.kept = bytearray()
        self._most = most
        self._inflate = inflate

    def feed(self, piece: bytes) -> None:
        while piece:
            self.kept += self._inflate.decompress(piece, self._most + 1 - len(self.kept))
            if len(self.kept) > self._most:
                raise TooLargeError(self._most)
            piece = self._inflate.unconsumed_tail
            if self._inflate.eof:
                # Some servers join several members.
                piece = self._inflate.unused_data
                if not piece.startswith(_GZIP):
                    return
                self._inflate = zlib.decompressobj(_GZIP_BITS)
