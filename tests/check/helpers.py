"""What the tests of first contact share: a vendor bent on purpose, and a run of the command."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_seedance.check.command import CONFIRMATION, main
from airflow_provider_seedance.simulator import Simulator
from tests.support.served import Served

CONN_ID = "first_one"


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answered:
    """An answer as it goes."""

    status: int
    body: bytes
    content_type: str = "application/json"
    location: str | None = None

    def bent(self, change: Callable[[Any], Any]) -> Answered:
        """The same with its JSON changed."""
        return replace(self, body=json.dumps(change(json.loads(self.body))).encode())


def told(body: object, status: int = 200) -> Answered:
    """An answer of JSON."""
    return Answered(status, json.dumps(body).encode())


Bend = Callable[[Asked, Callable[[Asked], Answered]], Answered]
"""Answers a request, with the vendor's help: the second argument asks the simulator."""


class Bent(Served):
    """The simulator behind somebody who changes what it says."""

    def __init__(self, sim: Simulator, bend: Bend) -> None:
        bent, port = self, urlsplit(sim.url).port

        def ask(asked: Asked) -> Answered:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            try:
                connection.request(asked.method, asked.target, asked.body or None, dict(asked.headers))
                answer = connection.getresponse()
                return Answered(answer.status, answer.read(), answer.getheader("content-type") or "")
            finally:
                connection.close()

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
                asked = Asked(self.command, self.path, headers, body)
                bent.asked.append(asked)
                answer = bend(asked, ask)
                self.send_response(answer.status)
                self.send_header("content-type", answer.content_type)
                if answer.location is not None:
                    self.send_header("location", answer.location)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_DELETE = do_PUT = _answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.asked: list[Asked] = []
        super().__init__(Handler)


@dataclass(frozen=True)
class Result:
    """What a run left.

    :param code: its exit code.
    :param report: its JSON.
    :param text: all that it wrote and printed.
    """

    code: int
    report: dict[str, Any]
    text: str

    @property
    def verdicts(self) -> dict[str, str]:
        return {finding["key"]: finding["verdict"] for finding in self.report["findings"]}

    @property
    def seen(self) -> dict[str, str]:
        return {finding["key"]: finding["seen"] for finding in self.report["findings"]}

    @property
    def broken(self) -> list[str]:
        return [key for key, verdict in self.verdicts.items() if verdict == "doesn't"]


class Run:
    """Runs the command as a user does, at a connection to the simulator.

    :param folder: where it writes.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys

    def connect(self, sim: Simulator, vendor: str, url: str | None = None, **extra: Any) -> None:
        """Defines the connection.

        :param url: of a bent simulator.
        """
        extra = {"polls_per_second": 1000, "lists_per_second": 1000, **extra}
        connection = json.loads(sim.connection_json(vendor, **extra))
        connection["host"] = connection["host"].replace(sim.url, url or sim.url)
        self._monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(connection))

    def code(self, *arguments: str) -> int:
        """Runs it, and gives the exit code alone."""
        return main(["--conn-id", CONN_ID, "--report", str(self.folder / "report"), *arguments])

    def __call__(self, *arguments: str, types: str | None = CONFIRMATION) -> Result:
        """Runs it.

        :param types: what somebody types when asked; `None` = there is no terminal.
        """
        path = self.folder / "report"
        answer = None if types is None else lambda _: types
        code = main(["--conn-id", CONN_ID, "--report", str(path), "--poll-interval", "0.1", *arguments], answer=answer)
        data = self.folder / "report.json"
        report = json.loads(data.read_text(encoding="utf-8")) if data.exists() else {}
        printed = self._capsys.readouterr()
        written = [file.read_text(encoding="utf-8") for file in sorted(self.folder.iterdir())]
        return Result(code, report, "\n".join([printed.out, printed.err, *written]))
