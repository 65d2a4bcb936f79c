"""The first vendor refuses, the second one makes the video; whoever comes after finds it there."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.submissions.store import KEY
from dev.mp4 import inspect
from dev.stack import AirflowStack
from tests.any_airflow import AIRFLOW

pytestmark = pytest.mark.stack

DAG = "stack_fail_over"


def recorded_connection(stack: AirflowStack, run_id: str) -> str:
    """Where the task's record says that the video is, in Airflow's own store."""
    path = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/create/state-store/{KEY}"
    value = stack.api.get(path)["value"]
    record = json.loads(value) if isinstance(value, str) else value
    return str(record["seedance_conn_id"])


def test_sensor_and_landing_follow_the_video_to_the_vendor_that_made_it(
    stack: AirflowStack, simulator: Simulator
) -> None:
    simulator.faults.add(Fault("no_balance", vendor="volcengine"))
    before = len(simulator.ledger)
    run_id = stack.trigger_dag(DAG)
    assert stack.api.wait_for_run(DAG, run_id) == "success", stack.failures(DAG, run_id)

    made = stack.api.xcom(DAG, run_id, "create")
    assert (made["vendor"], made["seedance_conn_id"]) == ("modellix", "seedance_modellix")
    bills = simulator.ledger[before:]
    assert [(bill.vendor, bill.video_id) for bill in bills] == [("modellix", made["video_id"])]
    waited = stack.api.xcom(DAG, run_id, "wait")
    assert (waited["video_id"], waited["seedance_conn_id"]) == (made["video_id"], "seedance_modellix")
    (refusal,) = stack.api.xcom(DAG, run_id, "create", "seedance_refusals")
    assert (refusal["seedance_conn_id"], refusal["error"]) == ("seedance_volcengine", "SeedanceQuotaError")
    landed = stack.api.xcom(DAG, run_id, "land")
    assert inspect(Path(urlsplit(landed["uri"]).path)).seconds == pytest.approx(4, abs=0.5)
    if AIRFLOW >= (3, 3):
        assert recorded_connection(stack, run_id) == "seedance_modellix"
