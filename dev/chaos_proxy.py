"""A proxy in front of the simulator that now and then speaks for itself: pages, resets and drips.

What it does to a call that it passes on, it says to the simulator in a header; what it doesn't pass on, it notes in its
log. So the simulator's records and this log together tell what a caller can have heard of each create.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

HOST = "127.0.0.1"
SHARE = 0.05
"""Of all calls, how many are spoilt."""
HEADER = "x-chaos-proxy"
"""Tells the simulator what becomes of its answer."""

PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
REASONS = {403: "Forbidden", 404: "Not Found", 429: "Too Many Requests", 502: "Bad Gateway", 504: "Gateway Time-out"}
# Where something that can't have passed the call on refuses it, nothing was created: an honest 4xx.
TURNED_AWAY = ("page 403", "page 404", "json 404", "page 502", "reset")
PASSED_ON = ("page 502 after", "page 504 after", "reset after", "cut after", "drip after")
KINDS = (*TURNED_AWAY, *PASSED_ON)
DRIP_EVERY = 0.5
"""Seconds between two bytes."""


@dataclass(frozen=True)
class Spoilt:
    """A call that the proxy did not pass on.

    :param at: Unix time.
    :param kind: one of `KINDS`.
    :param body: of the request.
    """

    at: float
    kind: str
    method: str
    path: str
    body: str


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def to_upstream(self, kind: str) -> bytes:
        """The same, for a connection of its own."""
        kept = [(name, value) for name, value in self.headers if name.lower() not in ("connection", HEADER)]
        kept += [("Connection", "close"), (HEADER, kind or "none")]
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in kept)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


def answer(status: int, body: str, content_type: str = "text/html") -> bytes:
    """What the proxy says for itself."""
    raw = body.encode()
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {content_type}\r\nContent-Length: {len(raw)}"
    return f"{head}\r\nServer: nginx\r\nConnection: close\r\n\r\n".encode() + raw


def page(status: int) -> bytes:
    """A web page."""
    return answer(status, PAGE.format(f"{status} {REASONS[status]}"))


@dataclass
class Proxy:
    """The proxy itself.

    :param upstream: host and port that calls are passed on to.
    :param share: of all calls, how many are spoilt.
    :param seed: repeats the choices, as far as calls come in the same order.
    :param log: gets a JSON line for each call that was not passed on.
    """

    upstream: tuple[str, int]
    share: float
    seed: int
    log: Path
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - repeatable, not secret

    def choose(self) -> str:
        """What becomes of the next call, "" for nothing."""
        kind = self._chance.choice(KINDS) if self._chance.random() < self.share else ""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return kind

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which carries one call."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            request = await read_request(reader)
            kind = self.choose()
            if kind in TURNED_AWAY:
                self._note(request, kind)
                await self._turn_away(kind, writer)
            else:
                answered = await self._pass_on(request, kind)
                await self._hand_back(answered, kind, reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    def _note(self, request: Request, kind: str) -> None:
        spoilt = Spoilt(time.time(), kind, request.method, request.path, request.body.decode(errors="replace"))
        with self.log.open("a") as log:
            log.write(json.dumps(vars(spoilt)) + "\n")

    async def _turn_away(self, kind: str, writer: asyncio.StreamWriter) -> None:
        if kind == "reset":
            reset(writer)
            return
        body, _, status = kind.partition(" ")
        said = '{"message": "no Route matched with those values"}'
        writer.write(answer(int(status), said, "application/json") if body == "json" else page(int(status)))
        await writer.drain()

    async def _pass_on(self, request: Request, kind: str) -> bytes:
        reader, writer = await asyncio.open_connection(*self.upstream)
        try:
            writer.write(request.to_upstream(kind))
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()

    async def _hand_back(
        self, answered: bytes, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if kind == "reset after" or not answered:
            reset(writer)  # upstream may have been reset itself
        elif kind == "cut after":
            writer.write(answered[: len(answered) // 2])
            await writer.drain()
        elif kind == "drip after":
            await drip(answered, reader, writer)
        else:
            writer.write(page(int(kind.split()[1])) if kind else answered)
            await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The whole request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Request(method, path, headers, await reader.readexactly(length))


async def drip(answered: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The answer, byte by byte, until the caller has had enough; its last byte never comes."""
    gone = asyncio.ensure_future(reader.read())
    try:
        for place in range(len(answered) - 1):
            writer.write(answered[place : place + 1])
            await writer.drain()
            if (await asyncio.wait({gone}, timeout=DRIP_EVERY))[0]:
                return
        await gone
    finally:
        gone.cancel()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a TCP reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def spoilt_calls(log: Path) -> list[Spoilt]:
    """Those that were not passed on, from the log."""
    if not log.exists():
        return []
    return [Spoilt(**json.loads(line)) for line in log.read_text().splitlines()]


def fate_of(headers: Mapping[str, str]) -> str:
    """What became of the answer to a call that was passed on, "" for nothing.

    :param headers: of the request as the simulator saw it, with lower-case names
    """
    kind = headers.get(HEADER, "none")
    return "" if kind == "none" else kind


@contextlib.contextmanager
def proxy_before(url: str, *, seed: int, log: Path, share: float = SHARE) -> Iterator[str]:
    """A proxy in a process of its own; gives its URL.

    :param url: what it stands in front of
    """
    command = [sys.executable, "-u", "-m", "dev.chaos_proxy", "--to", url, "--log", str(log)]
    command += ["--share", str(share), "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                raise RuntimeError(f"the proxy ended with {process.wait()}")
            yield said.split()[-1]
        finally:
            process.terminate()


async def run(proxy: Proxy, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await asyncio.start_server(proxy.serve, HOST, port)
    print(f"proxy on http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await stopped.wait()
    server.close()
    print(json.dumps(proxy.counts), flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m dev.chaos_proxy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--to", required=True, metavar="URL", help="what it stands in front of")
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--share", type=float, default=SHARE, help=f"of the calls that it spoils (default: {SHARE})")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True, help="gets a JSON line for each call that is not passed on")
    options = parser.parse_args(arguments)
    to = urlsplit(options.to)
    proxy = Proxy((to.hostname or HOST, to.port or 80), options.share, options.seed, options.log)
    asyncio.run(run(proxy, options.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
