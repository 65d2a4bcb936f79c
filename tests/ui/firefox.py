"""A Firefox, driven by WebDriver BiDi, which it speaks by itself: no driver and no patched browser is needed."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("firefox-esr", "firefox")
TIMEOUT = 60.0

PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.autoplay.default": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.type": 0,
    "toolkit.telemetry.enabled": False,
}
"""So that it asks nothing of anybody but the pages that it is told to open."""


def find() -> str | None:
    """The path of the system's Firefox."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Firefox:
    """One window.

    :param errors: what went wrong in the scripts of its pages.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.errors: list[str] = []
        self._send("session.new", {"capabilities": {}})
        self._send("session.subscribe", {"events": ["log.entryAdded"]})
        self._window = self._send("browsingContext.getTree", {})["contexts"][0]["context"]
        self._send("browsingContext.setViewport", {"context": self._window, "viewport": {"width": 1280, "height": 900}})

    def set_cookie(self, host: str, name: str, value: str) -> None:
        """As if the host had set it."""
        said = {"type": "string", "value": value}
        self._send("storage.setCookie", {"cookie": {"name": name, "value": said, "domain": host, "path": "/"}})

    def open(self, url: str) -> None:
        """Opens a page, and waits until it is loaded."""
        self._send("browsingContext.navigate", {"context": self._window, "url": url, "wait": "complete"})

    def run(self, script: str) -> Any:
        """What an expression is, as JSON; a promise is waited for.

        :raises AssertionError: it threw something.
        """
        wrapped = f"(async () => JSON.stringify(await ({script})) ?? 'null')()"
        asked = {"expression": wrapped, "target": {"context": self._window}, "awaitPromise": True}
        answer = self._send("script.evaluate", asked)
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def wait(self, script: str, seconds: float = TIMEOUT) -> Any:
        """The expression's value once it is true.

        :raises TimeoutError: it doesn't become true.
        """
        deadline = time.monotonic() + seconds
        while not (found := self.run(script)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true after {seconds:.0f} s: {script}")
            time.sleep(0.3)
        return found

    def shot(self, path: Path) -> None:
        """Keeps a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        answer = self._send("browsingContext.captureScreenshot", {"context": self._window})
        path.write_bytes(base64.b64decode(answer["data"]))

    def _send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=TIMEOUT))
            if message.get("method") == "log.entryAdded" and message["params"].get("type") == "javascript":
                self.errors.append(str(message["params"].get("text")))
            if message.get("id") == self._number:
                assert message["type"] == "success", f"{method}: {message.get('message')}"
                result: dict[str, Any] = message["result"]
                return result


@contextmanager
def firefox(program: str) -> Iterator[Firefox]:
    """Starts one without a screen, with an empty profile; ends it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines))
        command = [
            program,
            "--headless",
            "--no-remote",
            "--profile",
            profile,
            "--remote-debugging-port",
            "0",
            "about:blank",
        ]
        log = Path(profile) / "firefox.log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, env={"HOME": profile, "MOZ_HEADLESS": "1"})
        try:
            with connect(
                f"{_address(log, process)}/session", max_size=None, proxy=None, open_timeout=TIMEOUT
            ) as socket:
                yield Firefox(socket)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.2)
    raise RuntimeError(f"Firefox does not start:\n{log.read_text(errors='replace')[-2000:]}")
