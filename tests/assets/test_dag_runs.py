# mypy: disable-error-code="index"
"""Whole DAGs in this process: upload, wait, and make a video of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.simulator.assets import digest
from tests.any_airflow import run_dag

from .helpers import PNG, called

pytestmark = pytest.mark.dag

RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": 0.01}
QUICK: dict[str, Any] = {"poll_interval": 0.05, **RETRIES}


@pytest.fixture(scope="module")
def _running() -> Iterator[Simulator]:
    with Simulator(speed=100.0, known_assets_only=True) as simulator:
        yield simulator


@pytest.fixture
def fast(_running: Simulator, airflow_db: None, submission_records: None, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A simulator in which an asset is looked at within a fifth of a second, and which takes no made-up ids."""
    _running.reset()
    for vendor in VENDORS:
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", _running.connection_json(vendor))
    return _running


def run(dag: DAG) -> dict[str, Any]:
    return {f"{ti.task_id}[{ti.map_index}]": ti for ti in run_dag(dag).get_task_instances()}


def states(tasks: dict[str, Any]) -> dict[str, str]:
    return {name: str(ti.state) for name, ti in sorted(tasks.items())}


def xcom(ti: Any, key: str = "return_value") -> Any:
    return ti.xcom_pull(task_ids=ti.task_id, key=key, map_indexes=ti.map_index)


def test_a_local_file_becomes_an_sp_asset_and_that_a_video(fast: Simulator, files: Path) -> None:
    with DAG("upload_and_create", schedule=None) as dag:
        upload = SeedanceUploadAssetOperator(
            task_id="upload",
            source=str(files / "girl.png"),
            library="sp",
            seedance_conn_id="seedance_jimmyai",
            **QUICK,
        )
        SeedanceCreateVideoOperator(
            task_id="create",
            model="seedance2.0-sp",
            prompt="the girl of image 1",
            reference_images=[upload.output["asset"]],
            seedance_conn_id="seedance_jimmyai",
            **RETRIES,
        )
    tasks = run(dag)
    assert states(tasks) == {"create[-1]": "success", "upload[-1]": "success"}
    file, asset = fast.assets.values()
    assert file.sha256 == digest(PNG)
    assert (xcom(tasks["upload[-1]"], "status"), xcom(tasks["upload[-1]"], "size")) == ("active", len(PNG))
    (bill,) = fast.ledger
    assert bill.request["images"] == [f"asset://{asset.id}"]


@pytest.mark.parametrize(
    ("vendor", "model", "where"),
    [
        ("jimmyai", "seedance2.0-fast-i2v", ("images",)),
        ("modellix", "seedance-2.0-i2v", ("reference_images",)),
        ("gmicloud", "seedance-2-0-260128", ("payload", "reference_images")),
    ],
)
def test_a_stored_file_s_url_goes_straight_into_a_video(
    fast: Simulator, files: Path, vendor: str, model: str, where: tuple[str, ...]
) -> None:
    conn: dict[str, Any] = {"seedance_conn_id": f"seedance_{vendor}"}
    with DAG(f"store_and_create_{vendor}", schedule=None, params={"folder": str(files)}) as dag:
        upload = SeedanceUploadAssetOperator(task_id="upload", source="{{ params.folder }}/girl.png", **conn)
        SeedanceCreateVideoOperator(
            task_id="create", model=model, prompt="a", duration=5, reference_images=[upload.output["asset"]], **conn
        )
    assert states(run(dag)) == {"create[-1]": "success", "upload[-1]": "success"}
    (bill,) = fast.ledger
    (asset,) = fast.assets.values()
    found: Any = bill.request
    for key in where:
        found = found[key]
    assert found == [asset.url]


def test_many_files_are_mapped_and_a_refused_one_fails_alone_and_is_not_tried_again(
    fast: Simulator, files: Path
) -> None:
    fast.faults.add(Fault("fail", on="upload", skip=1, message="a trademark"))
    with DAG("mapped_upload", schedule=None) as dag:
        SeedanceUploadAssetOperator.partial(
            task_id="upload", library="sp", seedance_conn_id="seedance_jimmyai", **QUICK
        ).expand(source=[f"https://cdn.example/{name}.jpg" for name in ("a", "b", "c")])
    tasks = run(dag)
    assert sorted(states(tasks).values()) == ["failed", "success", "success"]
    assert [ti.try_number for ti in tasks.values() if str(ti.state) == "failed"] == [1]
    assert called(fast, "upload") == 3


def test_a_retry_after_a_lost_answer_ends_well(fast: Simulator, files: Path) -> None:
    fast.faults.add(Fault("reset_after", on="upload"))
    with DAG("retried_upload", schedule=None) as dag:
        SeedanceUploadAssetOperator(
            task_id="upload", source=str(files / "girl.png"), seedance_conn_id="seedance_modellix", **QUICK
        )
    assert states(run(dag)) == {"upload[-1]": "success"}
    assert called(fast, "upload") == 2
