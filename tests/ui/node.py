"""Runs functions of the pages' modules in Node.js: what needs no browser."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from threading import Timer
from typing import Any

from airflow_provider_seedance.plugins.seedance_ui import STATIC

SERVER = Path(__file__).parent / "node_server.mjs"
TIMEOUT = 60


class Node:
    """One process of Node.js that runs a script after the other."""

    def __init__(self, program: str) -> None:
        self._process = subprocess.Popen(
            [program, str(SERVER), str(STATIC)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, script: str, argument: Any = None) -> Any:
        """What a function returns, as JSON.

        :param script: the source of a function of one argument; `await load("model.js")` gives it a module.
        :raises AssertionError: with the error's stack, if it threw one.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        guard = Timer(TIMEOUT, self._process.kill)
        guard.start()
        try:
            self._process.stdin.write(json.dumps({"script": script, "argument": argument}) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline() or '{"error": "Node.js has ended."}')
        finally:
            guard.cancel()
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def call(self, module: str, function: str, *arguments: Any) -> Any:
        """What a module's function returns for these arguments."""
        script = "async ([module, name, all]) => (await load(module))[name](...all)"
        return self.run(script, [module, function, arguments])

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
