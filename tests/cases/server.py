"""A server that answers as written, byte by byte if need be: for what no vendor's document says."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread

Script = Iterator[bytes | float]
"""What a connection sends: bytes, and between them pauses in seconds."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def http(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A whole answer; bytes and texts are sent as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    lines = {"content-type": "application/json", "content-length": str(len(raw)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{head}connection: close\r\n\r\n".encode() + raw


class Server:
    """Answers each connection's one request by a script, until the block ends.

    :param script: what is sent for a request.
    :param tls: speaks TLS with this.
    :param host: a loopback address.
    """

    def __init__(
        self, script: Callable[[Asked], Script], *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.asked: list[Asked] = []
        self._script, self._tls = script, tls
        self._over = Event()
        self._socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._socket.getsockname()[1]
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def of(cls, answer: bytes) -> Server:
        """One that has the same answer for everything."""
        return cls(lambda _: iter([answer]))

    def __enter__(self) -> Server:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._over.set()
        self._socket.close()

    def count(self, method: str) -> int:
        """How many requests of this method came."""
        return sum(asked.method == method for asked in self.asked)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            asked = _read(connection)
            if asked is None:
                return
            self.asked.append(asked)
            for piece in self._script(asked):
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                elif self._over.wait(piece):
                    return
            connection.close()


class Tunnel(Server):
    """A proxy that leads to a port of this machine, whatever host it is asked for, and notes what it was told."""

    def __init__(self, port: int) -> None:
        super().__init__(lambda _: iter([b"HTTP/1.1 200 Connected\r\n\r\n"]))
        self._goal = port

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, socket.create_connection(("127.0.0.1", self._goal)) as goal:
            asked = _read(connection)
            if asked is None:
                return
            self.asked.append(asked)
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = Thread(target=_pass_on, args=(goal, connection), daemon=True)
            back.start()
            _pass_on(connection, goal)
            back.join(10)


def _pass_on(source: socket.socket, goal: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            goal.sendall(piece)
    with suppress(OSError):
        goal.shutdown(socket.SHUT_WR)


def _read(connection: socket.socket) -> Asked | None:
    if not isinstance(connection, ssl.SSLSocket) and connection.recv(1, socket.MSG_PEEK) == b"\x16":
        return Asked("TLS", "", {}, b"")
    with connection.makefile("rb") as file:
        first = file.readline().split()
        if len(first) < 2:
            return None
        headers: dict[str, str] = {}
        while (line := file.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        body = file.read(int(headers.get("content-length", 0)))
        return Asked(first[0].decode("latin-1"), first[1].decode("latin-1"), headers, body)
