from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests_mock
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.any_airflow import AIRFLOW
from tests.dags.conftest import EXAMPLES

pytestmark = [
    pytest.mark.dag,
    pytest.mark.skipif(AIRFLOW < (3, 0), reason="the examples are written for Airflow 3 (airflow.sdk)"),
]

ALL = sorted(path.stem for path in EXAMPLES.glob("seedance_*.py"))
UPLOADS = "seedance_upload_http"


def run(dag: DAG) -> Any:
    return dag.test(use_executor=False)


def xcom(dag_run: Any, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
    ti = dag_run.get_task_instance(task_id, map_index=map_index)
    return ti.xcom_pull(task_ids=task_id, key=key, map_indexes=map_index)


@pytest.mark.parametrize("dag_id", [name for name in ALL if name != UPLOADS])
def test_an_example_dag_runs_as_it_is(dag_id: str, simulator: Simulator, load_dag: Callable[[str], Any]) -> None:
    dag_run = run(load_dag(dag_id))
    states = {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in dag_run.get_task_instances()}
    assert set(states.values()) == {"success"}, states
    assert len(simulator.ledger) == len({bill.video_id for bill in simulator.ledger}) > 0


def test_the_example_of_all_vendors_leaves_one_mp4_per_vendor(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    dag_run = run(load_dag("seedance_all_vendors"))
    assert sorted(bill.vendor for bill in simulator.ledger) == sorted(VENDORS)
    for vendor in VENDORS:
        path = Path(urlsplit(xcom(dag_run, f"store_{vendor}")).path)
        assert path.read_bytes()[4:8] == b"ftyp"


def test_the_upload_example_sends_the_video_s_bytes(
    simulator: Simulator, load_dag: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_VIDEO_LIBRARY", '{"conn_type": "http", "host": "https://library.example"}')
    received: list[bytes] = []

    def accept(request: Any, context: Any) -> str:
        received.append(request.body.read())
        context.status_code = 201
        return "stored"

    with requests_mock.Mocker(real_http=True) as mocker:
        mocker.put(requests_mock.ANY, text=accept)
        dag_run = run(load_dag(UPLOADS))
    put = next(request for request in mocker.request_history if request.method == "PUT")
    assert put.url == f"https://library.example/videos/{simulator.ledger[0].video_id}.mp4"
    assert received[0][4:8] == b"ftyp"
    assert xcom(dag_run, "upload") == 201


def test_a_mapped_batch_hands_each_video_on_by_its_own_index(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    dag_run = run(load_dag("seedance_batch"))
    created = [xcom(dag_run, "create", "video_id", index) for index in range(3)]
    assert sorted(created) == sorted(bill.video_id for bill in simulator.ledger)
    for index in range(3):
        assert xcom(dag_run, "wait", "video_id", index) == created[index]
        assert created[index] in xcom(dag_run, "wait", "video_url", index)
