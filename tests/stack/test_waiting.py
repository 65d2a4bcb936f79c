"""Promise 2 on a real Airflow: who waits for a video holds no worker process."""

import time

import pytest

from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.simulator import Fault, Simulator
from dev.stack import AirflowStack

pytestmark = pytest.mark.stack

WAITING = 3


def busy_workers(stack: AirflowStack, seconds: float) -> list[int]:
    """How many processes run a task, looked at several times a second."""
    end = time.monotonic() + seconds
    counts = []
    while time.monotonic() < end:
        counts.append(len(stack.worker_pids()))
        time.sleep(0.1)
    return counts


def wait_until_idle(stack: AirflowStack, timeout: float = 60) -> None:
    """A task's state changes shortly before its process ends."""
    deadline = time.monotonic() + timeout
    while pids := stack.worker_pids():
        assert time.monotonic() < deadline, f"still running: {pids}"
        time.sleep(0.1)


def finish(stack: AirflowStack, simulator: Simulator, dag_id: str, run_id: str, map_index: int = -1) -> None:
    simulator.finish(stack.api.xcom(dag_id, run_id, "create", "video_id", map_index))


def test_a_waiting_sensor_holds_no_worker_process(stack: AirflowStack, simulator: Simulator) -> None:
    simulator.faults.add(Fault("stuck", vendor="byteplus", times=WAITING))
    run_id = stack.trigger_dag("stack_waiting")
    for index in range(WAITING):
        stack.api.wait_for_task("stack_waiting", run_id, "wait", {"deferred"}, map_index=index)
    wait_until_idle(stack)
    assert set(busy_workers(stack, seconds=5)) == {0}
    states = [stack.api.task_state("stack_waiting", run_id, "wait", index) for index in range(WAITING)]
    assert states == ["deferred"] * WAITING

    for index in range(WAITING):
        finish(stack, simulator, "stack_waiting", run_id, index)
    state = stack.api.wait_for_run("stack_waiting", run_id)
    assert state == "success", stack.failures("stack_waiting", run_id)


def test_a_sensor_that_is_told_not_to_defer_holds_one(stack: AirflowStack, simulator: Simulator) -> None:
    """The counter-test: it shows that a worker process that waits would have been seen."""
    simulator.faults.add(Fault("stuck", vendor="byteplus", times=1))
    run_id = stack.trigger_dag("stack_holding")
    stack.api.wait_for_task("stack_holding", run_id, "wait", {"running"})
    assert set(busy_workers(stack, seconds=3)) == {1}

    finish(stack, simulator, "stack_holding", run_id)
    state = stack.api.wait_for_run("stack_holding", run_id)
    assert state == "success", stack.failures("stack_holding", run_id)


def test_a_wait_goes_on_after_the_triggerer_was_killed_and_replaced(stack: AirflowStack, simulator: Simulator) -> None:
    simulator.faults.add(Fault("stuck", vendor="byteplus", times=WAITING))
    bills = len(simulator.ledger)
    run_id = stack.trigger_dag("stack_waiting")
    for index in range(WAITING):
        stack.api.wait_for_task("stack_waiting", run_id, "wait", {"deferred"}, map_index=index)

    stack.kill_component("triggerer")
    stack.start_component("triggerer")
    for index in range(WAITING):
        finish(stack, simulator, "stack_waiting", run_id, index)
    state = stack.api.wait_for_run("stack_waiting", run_id)
    assert state == "success", stack.failures("stack_waiting", run_id)
    assert len(simulator.ledger) - bills == WAITING


def test_a_sensor_that_starts_in_the_triggerer_needs_a_worker_only_at_the_end(
    stack: AirflowStack, simulator: Simulator
) -> None:
    simulator.faults.add(Fault("stuck", vendor="byteplus", times=1))
    with SeedanceClient(
        make_adapter("byteplus"), ClientSettings(api_key=simulator.api_key, base_url=simulator.base_url("byteplus"))
    ) as client:
        video = client.create_video({"model": "dreamina-seedance-2-0-260128", "prompt": "A kite over the dunes"})
    wait_until_idle(stack)
    run_id = stack.trigger_dag("stack_from_trigger", {"video_id": video.video_id})
    stack.api.wait_for_task("stack_from_trigger", run_id, "wait", {"deferred"})
    assert set(busy_workers(stack, seconds=4)) == {0}

    simulator.finish(video.video_id)
    state = stack.api.wait_for_run("stack_from_trigger", run_id)
    assert state == "success", stack.failures("stack_from_trigger", run_id)
    assert stack.api.xcom("stack_from_trigger", run_id, "wait", "video_id") == video.video_id
    assert str(stack.api.xcom("stack_from_trigger", run_id, "wait", "video_url")).startswith("http")
