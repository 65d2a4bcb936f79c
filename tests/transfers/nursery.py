"""Lands videos in processes of their own, so that they can be killed.

Started once, because importing Airflow takes seconds; each line on stdin makes a child, by fork. Said on stdout: the
child's process id, and, once it has ended, how.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


class Child:
    """One landing in another process."""

    def __init__(self, nursery: Nursery) -> None:
        self._nursery = nursery
        self.pid = int(nursery.hear()["pid"])

    def kill(self) -> None:
        """SIGKILL: nothing is cleaned up. Does nothing if it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """The exit code; negative for a signal."""
        return int(self._nursery.hear()["ended"])


class Nursery:
    """Starts landings, one at a time.

    :param environment: connections, for example.
    :param storages: URLs of the storages that will be used.
    """

    def __init__(self, environment: dict[str, str], *storages: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.transfers.nursery"],
            cwd=ROOT,
            env=os.environ | environment | {"NURSERY_STORAGES": json.dumps(storages)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self.hear() == {"ready": True}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)

    def land(self, video: dict[str, Any], output_path: str, *, die_at: int = 0, **options: Any) -> Child:
        """Starts a landing.

        :param die_at: the change to the file system at which the child kills itself, counted from 1; 0 for none.
        :param options: further arguments of `land_video`.
        """
        assert self._process.stdin
        self._process.stdin.write(json.dumps([video, output_path, die_at, options]) + "\n")
        self._process.stdin.flush()
        return Child(self)

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the nursery has ended"
        heard: dict[str, Any] = json.loads(line)
        return heard


def _die_at(number: int) -> None:
    """Kills this process just before it changes the file system for the n-th time."""
    left = number

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in ("os.rename", "os.remove", "os.link", "os.mkdir", "os.truncate") or writes:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def _main() -> None:
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Airflow logs to stdout

    def say(**words: Any) -> None:
        said.write(json.dumps(words) + "\n")
        said.flush()

    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.landing.lander import land_video
    from tests.transfers.s3 import forget_storages

    # What is slow the first time: Airflow's providers, botocore's models, the adapters.
    SeedanceHook().get_conn()
    for url in json.loads(os.environ["NURSERY_STORAGES"]):
        ObjectStoragePath(url).exists()
    forget_storages()  # their connections and threads don't survive a fork
    say(ready=True)
    for line in sys.stdin:
        video, output_path, die_at, options = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                if die_at:
                    _die_at(die_at)
                land_video(SeedanceHook(), video, output_path, **options)
                status = 0
            finally:
                os._exit(status)
        say(pid=pid)
        say(ended=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    _main()
