"""`make test`: the tests on the real stack beside all others, since either waits more than it computes.

Each line of the stack's run begins with `[stack]`. Ends with both results; fails if either does.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

PYTEST = (sys.executable, "-m", "pytest")
FAST = (*PYTEST, "--numprocesses", "4", "--dist", "worksteal", "-m", "not stack and not ui and not slow")
STACK = (*PYTEST, "-v", "-m", "stack and not slow", "--durations", "10")
PATIENCE = 60.0
"""Seconds that a run may take to end what it started, once it is told to stop."""


def main(fast: Sequence[str] = FAST, stack: Sequence[str] = STACK) -> int:
    """Run both; 0 if both passed."""
    # A shell starts what it runs in the background with SIGINT ignored, and children inherit that: none could be told
    # to clear up.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, _interrupt)
    began = time.monotonic()
    with _running(stack, stdout=subprocess.PIPE) as beside, _running(fast) as live:
        telling = threading.Thread(target=_tell, args=(beside,), daemon=True)
        telling.start()
        codes = [live.wait()]
        _say(f"== the tests without the stack: exit code {codes[0]} after {time.monotonic() - began:.0f} s")
        codes.append(beside.wait())
        telling.join(timeout=PATIENCE)
    _say(f"== those on the stack: exit code {codes[1]}; {time.monotonic() - began:.0f} s in all")
    return max(map(abs, codes))


@contextmanager
def _running(command: Sequence[str], stdout: int | None = None) -> Iterator[subprocess.Popen[str]]:
    # In a session of its own, so that Ctrl-C reaches it once, by us: a second one would keep it from clearing up.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stdout and subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tell(process: subprocess.Popen[str]) -> None:
    for line in process.stdout or ():
        _say(f"[stack] {line.rstrip()}")


def _say(line: str) -> None:
    """In one piece: two threads speak here."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())
