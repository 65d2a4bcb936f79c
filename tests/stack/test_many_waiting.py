"""Promise 2 in numbers, on a real Airflow: many videos wait in one triggerer, which asks for them together."""

import time
from collections.abc import Callable

import httpx
import pytest

from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.simulator.videos import RecordedRequest
from dev.stack import AirflowStack

pytestmark = [pytest.mark.stack, pytest.mark.slow]

DAG = "stack_many_waiting"
MANY = 200


def submit(simulator: Simulator, count: int) -> list[str]:
    with httpx.Client(headers={"Authorization": f"Bearer {simulator.api_key}"}, trust_env=False) as client:
        body = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "One of many"}]}
        url = f"{simulator.base_url('byteplus')}/contents/generations/tasks"
        return [client.post(url, json=body).raise_for_status().json()["id"] for _ in range(count)]


def wait_until(true: Callable[[], bool], what: str, timeout: float = 400) -> None:
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"not after {timeout:.0f} s: {what}"
        time.sleep(0.5)


def count(stack: AirflowStack, run_id: str, state: str) -> int:
    """How many of the run's tasks are in this state."""
    path = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances"
    return int(stack.api.get(path, state=state, limit=1)["total_entries"])


def ids_in(request: RecordedRequest) -> list[str]:
    return [value for name, value in request.query if name == "filter.task_ids"]


def test_two_hundred_sensors_survive_their_triggerer_and_are_polled_together(
    stack: AirflowStack, patient: Simulator
) -> None:
    ids, bills = submit(patient, MANY), len(patient.ledger)

    def requests(call: str, since: float = 0.0) -> list[RecordedRequest]:
        return [r for r in patient.requests if (r.vendor, r.call) == ("byteplus", call) and r.at >= since]

    def all_asked(since: float) -> bool:
        return {video_id for request in requests("list", since) for video_id in ids_in(request)} >= set(ids)

    gets = len(requests("poll"))
    run_id = stack.trigger_dag(DAG, {"video_ids": ids})
    wait_until(lambda: count(stack, run_id, "deferred") == MANY, "all are deferred")
    wait_until(lambda: all_asked(since=time.time() - 5), "one triggerer asks for all")

    stack.kill_component("triggerer")
    stack.start_component("triggerer")
    restarted = time.time()
    wait_until(lambda: all_asked(since=restarted), "the new triggerer asks for all")
    merged_since = time.time()
    time.sleep(6)
    lists = requests("list", merged_since)

    for video_id in ids:
        patient.finish(video_id)
    state = stack.api.wait_for_run(DAG, run_id, timeout=400)
    assert state == "success", stack.failures(DAG, run_id)
    assert count(stack, run_id, "success") == MANY + 1  # with the task that names the videos
    assert len(patient.ledger) == bills

    # Asked for one by one, they would be 100 requests a second.
    asked_for = sum(len(ids_in(request)) for request in lists)
    assert asked_for >= 2 * MANY
    assert len(lists) <= asked_for / 40
    assert len(lists) <= 6 + 1
    # Each sensor looks once when it is woken up, and some look before they defer.
    assert len(requests("poll")) - gets <= 2 * MANY + MANY // 4
