"""Passes of a loop (Airflow 3.4): each is a task instance of its own, and they all have the same map index."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from airflow_provider_seedance.compat import clearing
from airflow_provider_seedance.compat.loops import is_in_loop
from airflow_provider_seedance.compat.task_state import has_ended_for_good
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.submissions import submitter
from airflow_provider_seedance.submissions.ledger_table import TaskTry
from airflow_provider_seedance.submissions.places import identity_of
from dev.task_life import Run, Ti
from tests.any_airflow import AIRFLOW
from tests.pay_once.helpers import Attempts, asks, bills

REGION = UUID("01a21610-c853-79aa-ab89-bd265931d48d")


def context_in(number: int, region: UUID = REGION, **fields: Any) -> Any:
    ti = Ti(**fields)
    ti.region_id = region  # type: ignore[attr-defined]
    return {"ti": ti, "dag_run": Run(), "loop": SimpleNamespace(index=number)}


def buys(context: Any) -> str:
    """One attempt of a pass that doesn't wait; the video's id."""
    arguments = asks("byteplus", wait_for_completion=False)
    result = SeedanceCreateVideoOperator(task_id="create", **arguments).execute(context)
    return str(result["video_id"])


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path_factory.mktemp('ledger')}")


@pytest.mark.usefixtures("ledger")
def test_each_pass_buys_one_video_and_a_retry_of_a_pass_finds_its_own(sim: Simulator) -> None:
    takes = [buys(context_in(number)) for number in range(3)]
    assert bills(sim) == takes
    assert [buys(context_in(number, try_number=2)) for number in range(3)] == takes
    assert bills(sim) == takes


@pytest.mark.usefixtures("ledger")
def test_after_the_loop_s_gate_was_cleared_the_passes_are_bought_anew_and_the_old_videos_cancelled(
    sim: Simulator,
) -> None:
    old = buys(context_in(1))
    new = buys(context_in(1, region=UUID(int=7)))
    assert new != old
    assert sim.videos[old].status == "cancelled"
    assert bills(sim) == [new]


def test_a_pass_has_a_name_of_its_own_and_what_is_in_no_loop_has_the_one_that_it_had() -> None:
    plain = {"ti": Ti(), "dag_run": Run()}
    names = [identity_of(plain), *(identity_of(context_in(number)) for number in range(3))]  # type: ignore[arg-type]
    assert len(set(names)) == 4
    assert names[0] == ("dag", "create", "run", "-1")
    rows = {TaskTry.of(context).instance for context in (plain, context_in(0), context_in(1))}
    assert len(rows) == 3
    # On 3.4 a mapped task has a region, too; a record that an older Airflow left has to be found by its name.
    mapped = Ti(map_index=1)
    mapped.region_id = REGION  # type: ignore[attr-defined]
    assert identity_of({"ti": mapped, "dag_run": Run()}) == ("dag", "create", "run", "1")  # type: ignore[typeddict-item]


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2's task instances know their own state")
def test_a_video_of_a_loop_is_not_cancelled_by_a_kill_since_airflow_tells_the_state_of_another_pass() -> None:
    ti = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=-1, region_id=REGION)
    assert is_in_loop(ti)
    assert not has_ended_for_good(ti)
    assert not is_in_loop(SimpleNamespace(map_index=-1, region_id=UUID(int=0)))
    assert not is_in_loop(SimpleNamespace(map_index=3, region_id=REGION))
    assert not is_in_loop(SimpleNamespace(map_index=-1))


# -- what clearing does to Airflow's own store ------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "discards"), [("3.3.2", False), ("3.4.0b2", True), ("3.10.1", True)])
def test_from_3_4_on_clearing_discards_state(monkeypatch: pytest.MonkeyPatch, version: str, discards: bool) -> None:
    monkeypatch.setattr("airflow.__version__", version)
    assert clearing.clearing_discards_state() is discards


@pytest.fixture
def discarding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An Airflow in which clearing discards state."""
    monkeypatch.setattr(submitter, "clearing_discards_state", lambda: True)


@pytest.mark.usefixtures("discarding")
def test_state_that_is_kept_means_going_on_and_state_that_is_discarded_a_new_video(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    first = task.video_id
    task.clear()
    task.next()
    assert task.video_id == first
    assert bills(sim) == [first]
    task.clear()
    task.state.kept.clear()
    task.next()
    assert task.video_id != first
    assert len(bills(sim)) == 2


@pytest.mark.usefixtures("discarding")
def test_a_changed_request_after_a_clear_is_a_new_video_even_if_the_state_was_kept(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"))
    task.next()
    first = task.video_id
    task.clear()
    task.next(prompt="another one")
    assert task.video_id != first
