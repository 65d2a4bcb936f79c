"""A file host over real HTTP, that can be told to misbehave, once per answer."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PIECE = 64 * 1024


class Asked:
    """One request, as the host saw it."""

    def __init__(self, path: str, headers: dict[str, str]) -> None:
        self.path, self.headers = path, headers
        self.sent = 0

    @property
    def start(self) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(match[1]) if match else 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        host = self.server.host
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
        with host.lock:
            host.asked.append(asked)
            answer = host.answers.pop(0) if host.answers else host.always
        self.asked = asked
        self.close_connection = True
        with suppress(OSError):  # the caller has left
            answer(self, host)

    def log_message(self, *args: Any) -> None:
        pass

    def head(self, status: int, **headers: Any) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()

    def send(self, body: bytes) -> None:
        host = self.server.host
        for at in range(0, len(body), PIECE):
            piece = body[at : at + PIECE]
            self.wfile.write(piece)
            self.asked.sent += len(piece)
            host.sent += len(piece)
            if host.pause:
                time.sleep(host.pause)

    def reset(self) -> None:
        """Ends the connection with an RST."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Answer = Callable[[Handler, "FileServer"], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    host: FileServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # connections are cut on purpose here


class FileServer:
    """Serves one file at every path. `answers` are given first, one per request; then `always`."""

    def __init__(
        self,
        content: bytes,
        *,
        etag: str | None = '"one"',
        content_type: str = "video/mp4",
        certificate: Path | None = None,
    ) -> None:
        self.content, self.etag, self.content_type = content, etag, content_type
        self.answers: list[Answer] = []
        self.always: Answer = whole
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self.pause = 0.0
        self.sent = 0
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.host = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake is left to the thread of the request.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/clip.mp4?X-Tos-Signature=5ec4e7") -> str:
        return self.origin + path


def _part(handler: Handler, host: FileServer) -> tuple[int, bytes]:
    """What this request may have, after its headers have been sent."""
    start, size = handler.asked.start, len(host.content)
    same = handler.asked.headers.get("if-range") in (None, host.etag)
    facts = {"Content_Type": host.content_type, "ETag": host.etag, "Accept_Ranges": "bytes"}
    if start >= size > 0:
        handler.head(416, Content_Range=f"bytes */{size}", Content_Length=0)
        return start, b""
    if start and same:
        span = f"bytes {start}-{size - 1}/{size}"
        handler.head(206, Content_Length=size - start, Content_Range=span, **facts)
        return start, host.content[start:]
    handler.head(200, Content_Length=size, **facts)
    return 0, host.content


def whole(handler: Handler, host: FileServer) -> None:
    """As a good host does, with ranges."""
    handler.send(_part(handler, host)[1])


def cut_at(position: int, *, reset: bool = False) -> Answer:
    """The connection ends at this byte of the file."""

    def answer(handler: Handler, host: FileServer) -> None:
        start, body = _part(handler, host)
        handler.send(body[: max(0, position - start)])
        if reset:
            handler.reset()

    return answer


def from_the_start(handler: Handler, host: FileServer) -> None:
    """Knows no ranges."""
    handler.head(200, Content_Length=len(host.content), Content_Type=host.content_type)
    handler.send(host.content)


def says(status: int, body: bytes = b"", *, content_type: str = "video/mp4", **headers: Any) -> Answer:
    """A fixed answer with a right Content-Length, unless it is given."""

    def answer(handler: Handler, host: FileServer) -> None:
        handler.head(status, **({"Content_Length": len(body), "Content_Type": content_type} | headers))
        handler.send(body)

    return answer


def redirects(location: str, status: int = 302) -> Answer:
    return says(status, Location=location)


def chunked(*pieces: bytes, end: bool = True) -> Answer:
    """A body that tells its end itself, or never comes to one."""

    def answer(handler: Handler, host: FileServer) -> None:
        handler.head(200, Transfer_Encoding="chunked", Content_Type=host.content_type)
        for piece in pieces:
            handler.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        if end:
            handler.send(b"0\r\n\r\n")

    return answer


def until_the_client_goes(handler: Handler, host: FileServer) -> None:
    """Says nothing at all."""
    handler.rfile.read(1)


def endless(handler: Handler, host: FileServer) -> None:
    """Goes on for as long as somebody reads."""
    handler.head(200, Transfer_Encoding="chunked", Content_Type=host.content_type)
    first = host.content[:PIECE]
    handler.send(b"%x\r\n%b\r\n" % (len(first), first))
    more = b"%x\r\n%b\r\n" % (PIECE, bytes(PIECE))
    while True:
        handler.send(more)
