"""Stopping leaves nothing behind: the promise that makes the stack safe to start on anybody's machine."""

import sys
import time
from pathlib import Path

import pytest

from dev.processes import ManagedProcess, session_members
from dev.stack import StackError, lock_home

# A leader that ignores SIGTERM, with a child in a process group of its own, as Airflow's supervisors make them.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgid(0, 0)
print("ready", flush=True)
time.sleep(600)
"""


def start_stubborn(log: Path) -> ManagedProcess:
    process = ManagedProcess("stubborn", [sys.executable, "-c", STUBBORN], {}, log)
    deadline = time.monotonic() + 30
    while process.tail().count("ready") < 2:
        assert time.monotonic() < deadline, process.tail()
        time.sleep(0.05)
    return process


def test_a_process_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    process = start_stubborn(tmp_path / "stubborn.log")
    assert len(process.members()) == 2
    process.stop(grace=0.2)
    assert session_members(process.pid) == []
    assert process.exit_code() is not None


def test_children_are_found_after_their_leader_is_gone(tmp_path: Path) -> None:
    process = start_stubborn(tmp_path / "stubborn.log")
    leader = next(member for member in process.members() if member.pid == process.pid)
    leader.kill()
    leader.wait(timeout=10)
    assert len(process.members()) == 1
    process.stop(grace=0.2)
    assert process.members() == []


def test_a_second_run_in_the_same_home_is_refused(tmp_path: Path) -> None:
    first = lock_home(tmp_path)
    with pytest.raises(StackError, match="in use by another run"):
        lock_home(tmp_path)
    first.close()
    lock_home(tmp_path).close()
