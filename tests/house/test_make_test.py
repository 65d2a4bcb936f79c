"""`make test` runs two sets of tests side by side: it passes if both do, and leaves nothing running."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
BOTH = """
import sys
from dev.run_tests import main
sys.exit(main(*([sys.executable, "-c", code] for code in sys.argv[1:])))
"""
PASSES, FAILS = "print('well')", "print('oh'); raise SystemExit(1)"
# Ends only when it is told to, and says so.
STAYS = (
    "import pathlib, sys, time\n"
    "try:\n"
    "    print('here\\n', end='', flush=True)\n"
    "    time.sleep(600)\n"
    "except KeyboardInterrupt:\n"
    "    pathlib.Path({path!r}).touch()"
)


def run(fast: str, stack: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BOTH, fast, stack]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("fast", "stack", "passes"), [(PASSES, PASSES, True), (FAILS, PASSES, False), (PASSES, FAILS, False)]
)
def test_it_passes_if_both_do(fast: str, stack: str, passes: bool) -> None:
    assert (run(fast, stack).returncode == 0) is passes


def test_the_lines_of_the_stack_are_marked_as_such() -> None:
    lines = run("print('fast\\n', end='')", "print('slow')").stdout.splitlines()
    assert "[stack] slow" in lines
    assert "fast" in lines


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_stops_both_and_lets_them_clear_up(told: signal.Signals, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    codes = [STAYS.format(path=str(path)) for path in (first, second)]
    with subprocess.Popen(
        [sys.executable, "-c", BOTH, *codes], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        seen = {process.stdout.readline().strip() for _ in range(2)}
        assert seen == {"here", "[stack] here"}
        process.send_signal(told)
        assert process.wait(timeout=120) != 0
    assert first.exists()
    assert second.exists()
