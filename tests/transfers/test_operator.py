# mypy: disable-error-code="index"
"""The operator in DAGs: what is refused when they are parsed, templates, mapping, XCom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator
from dev.mp4 import inspect
from tests.airflow_layer.test_imports import DAG_FILE, HTTP_CLIENTS, PACKAGE, loaded_by, within
from tests.any_airflow import run_dag

from .conftest import files_in
from .server import FileServer

Land = SeedanceVideoToObjectStorageOperator
MODEL = "dreamina-seedance-2-0-fast-260128"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "give video_id, video_url or both"),
        ({"video_id": "a", "output_path": "s3://b/{prompt}.mp4"}, "{prompt} is not known"),
        ({"video_id": "a", "output_path": "s3://b/{{ ds }}/{vidoe_id}.mp4"}, "{vidoe_id} is not known"),
        ({"video_url": "https://a.example/b", "output_path": "s3://b/{video_id}.mp4"}, "give video_id"),
        ({"video_id": "a", "thumbnail_path": "s3://b/a.mp4"}, "must be different"),
    ],
)
def test_what_cannot_work_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Land(task_id="land", **({"output_path": "s3://b/a.mp4"} | arguments))


def test_a_dag_file_loads_no_client_and_no_storage() -> None:
    imports = f"from {PACKAGE}.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator as L"
    modules = loaded_by(f"{imports}\nL(task_id='a', video_id='b', output_path='s3://c/')", first=DAG_FILE)
    assert within(modules, *HTTP_CLIENTS, "httpx", "httpcore", "tenacity", "s3fs", f"{PACKAGE}.api.client") == []
    assert within(modules, f"{PACKAGE}.transfers.landing", f"{PACKAGE}.api.vendors") == []


def values(run: Any, task_id: str, key: str = "return_value") -> list[Any]:
    """XComs of a task, by map index."""
    tis = sorted(run.get_task_instances(), key=lambda ti: ti.map_index)
    return [
        ti.xcom_pull(task_ids=task_id, key=key, map_indexes=ti.map_index)
        for ti in tis
        if ti.task_id == task_id and ti.map_index >= -1
    ]


@pytest.mark.dag
def test_create_wait_land(sim: Simulator, airflow_db: None, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(speed=200) as vendor:
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_DEFAULT", vendor.connection_json("byteplus"))
        with DAG("land_one", schedule=None, params={"folder": str(out)}) as dag:
            create = SeedanceCreateVideoOperator(task_id="create", model=MODEL, prompt="a boat", duration=5)
            wait = SeedanceVideoSensor(task_id="wait", video_id=create.output["video_id"], poke_interval=0.1)
            Land(
                task_id="land",
                video_id=wait.output["video_id"],
                video_url=wait.output["video_url"],
                output_path="file://{{ params.folder }}/{run_id}/{task_id}-{map_index}.{ext}",
            )
        run = run_dag(dag)
    assert {ti.state for ti in run.get_task_instances()} == {"success"}
    (manifest,) = values(run, "land")
    (uri,) = values(run, "land", "uri")
    assert uri == manifest["uri"]
    assert manifest["model"] == MODEL
    assert uri.startswith(f"file://{out}/")
    assert uri.endswith("/land--1.mp4")
    assert inspect(Path(uri.removeprefix("file://"))).width == manifest["width"]


@pytest.mark.dag
def test_a_mapped_create_is_landed_clip_by_clip(sim: Simulator, airflow_db: None, out: Path) -> None:
    with DAG("land_many", schedule=None) as dag:
        create = SeedanceCreateVideoOperator.partial(
            task_id="create", model=MODEL, duration=5, wait_for_completion=True, deferrable=False, poll_interval=0.1
        ).expand(prompt=["a boat", "a kite"])
        Land.partial(task_id="land", output_path=f"file://{out}/").expand(video_id=create.output)
    with Simulator(speed=200) as vendor, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SEEDANCE_DEFAULT", vendor.connection_json("byteplus"))
        run = run_dag(dag)
        ids = sorted(bill.video_id for bill in vendor.ledger)
    assert files_in(out) == sorted([f"{name}.mp4" for name in ids] + [f"{name}.mp4{SUFFIX}" for name in ids])
    assert sorted(manifest["video_id"] for manifest in values(run, "land")) == ids


@pytest.mark.dag
def test_what_a_retry_cannot_help_is_not_retried(
    sim: Simulator, airflow_db: None, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_STRICT", sim.connection_json("byteplus", allow_private_hosts=False))
    with DAG("land_never", schedule=None) as dag:
        Land(
            task_id="land",
            video_url=host.url(),
            output_path=f"file://{out}/a.mp4",
            seedance_conn_id="strict",
            retries=3,
            retry_delay=0.01,
        )
    (ti,) = run_dag(dag).get_task_instances()
    assert (ti.state, ti.try_number) == ("failed", 1)
    assert files_in(out.parent) == []
