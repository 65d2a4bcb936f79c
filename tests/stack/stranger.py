"""A vendor that turns hostile: it says that videos run until it is told to strike, and then what nobody should say."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler

from tests.support.served import Served

MEGABYTE = 1024 * 1024
BOMB_SIZE = 300 * MEGABYTE
ID = "cgt-1"


def failed(code: str = "X", message: str = "cut") -> bytes:
    """A failed task in Ark's shape, whatever is in the texts (`json.dumps` escapes all that is not ASCII)."""
    return json.dumps({"id": ID, "status": "failed", "error": {"code": code, "message": message}}).encode()


def bomb() -> bytes:
    """Some hundred kilobytes that a careless client makes 300 MB of."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as file:
        file.write(b'{"id": "' + ID.encode() + b'", "status": "running", "note": "')
        for _ in range(BOMB_SIZE // MEGABYTE):
            file.write(b"0" * MEGABYTE)
        file.write(b'"}')
    return packed.getvalue()


HALF_AN_EMOJI, NUL, LONG_CODE, BOMB, DRIP = "a1", "a2", "a3", "a6", "a7"
ATTACKS = (HALF_AN_EMOJI, NUL, LONG_CODE, BOMB, DRIP)
"""By the numbers of the cases, which are parts of the base URLs, too."""


class Stranger(Served):
    """The server; a context manager."""

    def __init__(self) -> None:
        self.struck: Counter[str] = Counter()
        """How often each attack was sent, or begun."""
        self._hostile, self._closing = threading.Event(), threading.Event()
        self._bodies = {
            HALF_AN_EMOJI: failed(message="cut \ud83d"),
            NUL: failed(message="cut \0"),
            LONG_CODE: failed(code="X" * 20 * MEGABYTE),
            BOMB: bomb(),
        }
        stranger = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stranger._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Keeps quiet."""

        super().__init__(Handler)

    def strike(self) -> None:
        """From now on it is hostile."""
        self._hostile.set()

    def connection(self, attack: str) -> str:
        """An Airflow connection to it, as JSON, on which this attack comes."""
        host = f"{self.url}/{attack}"
        return json.dumps(
            {"conn_type": "seedance", "host": host, "password": "sk-stranger", "extra": {"vendor": "byteplus"}}
        )

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        attack = request.path.split("/")[1]
        if not self._hostile.is_set():
            _send(request, json.dumps({"id": ID, "status": "running"}).encode())
            return
        self.struck[attack] += 1
        try:
            if attack == DRIP:
                self._drip(request)
            else:
                _send(request, self._bodies[attack], encoding="gzip" if attack == BOMB else None)
        except ConnectionError:
            request.close_connection = True  # it had enough

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(10**6))
        request.end_headers()
        request.wfile.write(b'{"id": "')
        while not self._closing.wait(1):
            request.wfile.write(b"c")

    def __exit__(self, *exc_info: object) -> None:
        self._closing.set()
        super().__exit__(*exc_info)


def _send(request: BaseHTTPRequestHandler, body: bytes, encoding: str | None = None) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    if encoding:
        request.send_header("Content-Encoding", encoding)
    request.end_headers()
    request.wfile.write(body)
