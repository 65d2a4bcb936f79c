"""A server that says what it is told to, byte by byte: for answers that no vendor's document says."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Self

HowSent = str
LENGTH, CHUNKED, TO_THE_END, CUT, PACKED, NOT_PACKED = "length", "chunked", "to the end", "cut", "packed", "not packed"
WAYS = (LENGTH, CHUNKED, TO_THE_END, CUT, PACKED, NOT_PACKED)


@dataclass(frozen=True)
class Said:
    """One answer.

    :param status: of HTTP.
    :param body: before it is packed or cut.
    :param headers: more of them, in latin-1.
    :param how: with its length, in chunks, until the connection is closed, cut off half way, packed, or said to be.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    how: HowSent = LENGTH

    def on_the_wire(self) -> bytes:
        """Everything from the status line on."""
        body, lines = self.body, [f"HTTP/1.1 {self.status} So"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.how in (PACKED, NOT_PACKED):
            lines.append("Content-Encoding: gzip")
            body = gzip.compress(body, 1) if self.how == PACKED else body
        if self.how == CHUNKED:
            lines.append("Transfer-Encoding: chunked")
            half = len(body) // 2
            pieces = [piece for piece in (body[:half], body[half:]) if piece]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif self.how != TO_THE_END:
            lines.append(f"Content-Length: {len(body)}")
            body = body[: len(body) // 2] if self.how == CUT else body
        if self.ends_the_connection:
            lines.append("Connection: close")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    @property
    def ends_the_connection(self) -> bool:
        """Whether nothing can follow on the same connection."""
        return self.how in (TO_THE_END, CUT) or self.status in (204, 304)


Sayer = Callable[[str, str, bytes], Said]
"""What to say to a method, path and body."""


class Wire:
    """Serves in a thread of its own; a context manager."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bytes]] = []
        """Method, path and body of each request; for the test to empty."""
        self.sayer: Sayer = lambda method, path, body: Said(404, b"{}")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._connections: set[asyncio.BaseTransport] = set()
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(self._listen())
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=256)

    async def _close(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._wire._connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire._connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (request := self._take()) is not None:
            self._wire.seen.append(request)
            said = self._wire.sayer(*request)
            self._transport.write(said.on_the_wire())
            if said.ends_the_connection:
                self._transport.close()
                return

    def _take(self) -> tuple[str, str, bytes] | None:
        """The next whole request."""
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines)
        length = int(fields.get("content-length", 0))
        if len(rest) < length:
            return None
        self._read = rest[length:]
        method, path, _ = first.split(" ", 2)
        return method, path, rest[:length]
