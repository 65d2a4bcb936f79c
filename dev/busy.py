"""`make test-busy`: a command while Python loops keep every core busy. What it demands of the machine shows then."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LOOPS_PER_CORE = 2
# Ends by itself when its parent is gone: no run that was killed leaves a machine that stays busy.
LOOP = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): sum(range(100_000))"


@contextmanager
def busy(loops: int) -> Iterator[list[int]]:
    """Keep the machine busy meanwhile; gives the loops' process ids.

    :param loops: how many; each takes as much of a core as it gets
    """
    command = [sys.executable, "-I", "-c", LOOP, str(os.getpid())]
    silence = subprocess.DEVNULL
    running = [subprocess.Popen(command, stdin=silence, stdout=silence, stderr=silence) for _ in range(loops)]
    try:
        yield [loop.pid for loop in running]
    finally:
        for loop in running:
            loop.kill()
        for loop in running:
            loop.wait()


def main(command: Sequence[str]) -> int:
    """Run the command under load; its exit code."""
    cores = os.cpu_count() or 1
    with busy(cores * LOOPS_PER_CORE) as loops:
        print(f"== {len(loops)} loops keep {cores} cores busy", flush=True)
        code = subprocess.run(command, check=False).returncode
        print(f"== load of the last minute: {os.getloadavg()[0]:.1f}", flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
