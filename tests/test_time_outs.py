"""No test can hang: what one may take is bounded, and the load that shows speed-bound tests goes when it should."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dev.busy import busy

ROOT = Path(__file__).parent.parent


def test_every_test_has_a_time_out(request: pytest.FixtureRequest) -> None:
    assert float(request.config.getini("timeout")) > 0
    assert request.config.getini("timeout_method") == "signal"
    for item in request.session.items:
        if item.get_closest_marker("stack"):
            assert item.get_closest_marker("timeout") is not None, item.nodeid


def test_a_test_that_hangs_fails_and_its_fixtures_are_torn_down(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(
        """
import time, pytest
@pytest.fixture
def something():
    yield
    print("torn down")
@pytest.mark.timeout(0.5)
def test_hangs(something):
    time.sleep(60)
"""
    )
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-s"]
    done = subprocess.run([*command, str(tmp_path / "test_hanging.py")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Timeout (>0.5s)" in done.stdout
    assert "torn down" in done.stdout


def test_the_busy_loops_are_gone_when_they_are_not_wanted_any_more() -> None:
    with busy(2) as loops:
        assert all(psutil.pid_exists(pid) for pid in loops)
    assert not any(psutil.pid_exists(pid) for pid in loops)


def test_the_busy_loops_end_with_the_process_that_started_them() -> None:
    code = """
import os, signal, dev.busy
with dev.busy.busy(2) as loops:
    print(*loops, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT).stdout
    left, end = [int(pid) for pid in said.split()], time.monotonic() + 60
    assert len(left) == 2
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in left):
        assert time.monotonic() < end
        time.sleep(0.05)
