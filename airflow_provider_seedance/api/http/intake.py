"""The body of an answer, taken in within a bound that is counted after decompression, while it is read."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

MOST_OF_ONE = 2 * 1024 * 1024
"""Bytes of an answer about one thing: a create, a read, a refusal. Real ones have a few thousand."""

MOST_OF_A_LIST = 8 * 1024 * 1024
"""Bytes of an answer about many. 500 videos of Ark have less than one million."""

SLOWEST_UPLOAD = 65_536
"""Bytes a second with which a request's body is sent at the slowest; slower ones run into the call's deadline."""

ACCEPT_ENCODING = "gzip, deflate"
"""What `BoundedBody` can read. Servers that send something else were not asked to."""


class TooLargeError(Exception):
    """The answer is larger than any real one.

    :param most: bytes that were allowed.
    """

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


class LateError(Exception):
    """The answer was not complete in time.

    :param seconds: how long the whole call was allowed to take.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"more than {seconds:.0f} seconds")
        self.seconds = seconds


@dataclass(frozen=True)
class Limits:
    """What one call may take.

    :param seconds: from its start to the last byte of its answer.
    :param most_bytes: of the answer, decompressed.
    """

    seconds: float
    most_bytes: int = MOST_OF_ONE


@dataclass(frozen=True)
class Answer:
    """What a transport brings back.

    :param status: HTTP status.
    :param headers: names in lower case.
    :param body: decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


_GZIP = b"\x1f\x8b"


class BoundedBody:
    """Collects a body piece by piece.

    The bytes decide whether it is compressed, not the header: gzip begins with a mark that no JSON has. `deflate` has
    none, so for that the header is believed if it works out.

    :param most: bytes that it may have, decompressed.
    :param headers: names in lower case.
    """

    def __init__(self, most: int, headers: Mapping[str, str]) -> None:
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > most):
            raise TooLargeError(most)
        self._most = most
        self._is_deflate = "deflate" in headers.get("content-encoding", "").lower()
        self._raw = bytearray()
        """What has come, until it is known how to read it."""
        self._kept = bytearray()
        self._is_plain: bool | None = None
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def feed(self, piece: bytes) -> None:
        """Takes the next piece.

        :raises TooLargeError: it is too much.
        :raises zlib.error: it begins like compressed data, but isn't.
        """
        if self._is_plain is None:
            self._raw += piece
            if len(self._raw) < len(_GZIP):
                return
            piece = bytes(self._raw)
            self._begin(piece)
        if self._is_plain:
            self._keep(piece)
        else:
            self._unpack(piece)

    def whole(self) -> bytes:
        """All of it."""
        return bytes(self._raw if self._is_plain is None else self._kept)

    def _begin(self, start: bytes) -> None:
        if start.startswith(_GZIP):
            self._is_plain = False
        elif self._is_deflate:
            # With zlib's two bytes in front or, as some servers have it, without.
            has_header = start[0] & 0x0F == 8 and int.from_bytes(start[:2], "big") % 31 == 0
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
            self._is_plain = start[:1] in (b"{", b"[", b"<")
        else:
            self._is_plain = True

    def _keep(self, piece: bytes) -> None:
        self._kept += piece
        if len(self._kept) > self._most:
            raise TooLargeError(self._most)

    def _unpack(self, piece: bytes) -> None:
        while piece:
            self._keep(self._inflate.decompress(piece, self._most + 1 - len(self._kept)))
            piece = self._inflate.unconsumed_tail
            if self._inflate.eof:
                # Some servers join several members.
                piece = self._inflate.unused_data
                if not piece.startswith(_GZIP):
                    return
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
