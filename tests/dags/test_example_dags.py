from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests_mock

from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from dev.mp4 import inspect
from tests.any_airflow import AIRFLOW
from tests.any_airflow import run_dag as run
from tests.dags.conftest import EXAMPLES
from tests.reconcile.helpers import Story

pytestmark = [
    pytest.mark.dag,
    pytest.mark.skipif(AIRFLOW < (3, 0), reason="the examples are written for Airflow 3 (airflow.sdk)"),
]

ALL = sorted(path.stem for path in EXAMPLES.glob("seedance_*.py"))
UPLOADS = "seedance_upload_http"
APPROVAL = "seedance_approval"
RECONCILE = "seedance_reconcile"
RUN_BELOW = ("seedance_all_vendors", "seedance_asset", "seedance_batch", "seedance_daily", "seedance_storyboard")
"""Those whose own tests run them as they are."""


def states(dag_run: Any) -> dict[str, str]:
    return {f"{ti.task_id}[{ti.map_index}]": str(ti.state) for ti in dag_run.get_task_instances()}


def file_of(uri: str) -> Path:
    return Path(urlsplit(uri).path)


def xcom(dag_run: Any, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
    ti = dag_run.get_task_instance(task_id, map_index=map_index)
    return ti.xcom_pull(task_ids=task_id, key=key, map_indexes=map_index)


def run_as_it_is(dag: Any, simulator: Simulator) -> Any:
    """The DAG's run, in which each task has succeeded and each video was paid once."""
    before = len(simulator.ledger)
    dag_run = run(dag)
    found = states(dag_run)
    assert set(found.values()) == {"success"}, found
    assert len(simulator.ledger) == len({bill.video_id for bill in simulator.ledger}) > before
    return dag_run


@pytest.mark.parametrize("dag_id", sorted({*ALL} - {UPLOADS, APPROVAL, RECONCILE, *RUN_BELOW}))
def test_an_example_dag_runs_as_it_is(dag_id: str, simulator: Simulator, load_dag: Callable[[str], Any]) -> None:
    run_as_it_is(load_dag(dag_id), simulator)


def test_the_example_with_fail_over_is_delivered_by_the_second_vendor_if_the_first_has_no_balance(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    simulator.faults.add(Fault("no_balance", vendor="byteplus", times=None))
    dag_run = run(load_dag("seedance_fail_over"))
    assert set(states(dag_run).values()) == {"success"}
    assert [bill.vendor for bill in simulator.ledger] == ["modellix"]
    assert xcom(dag_run, "wait", "seedance_conn_id") == "seedance_modellix"
    assert xcom(dag_run, "create", "seedance_refusals")[0]["seedance_conn_id"] == "seedance_byteplus"


def test_the_example_of_all_vendors_leaves_one_mp4_per_vendor(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    dag_run = run_as_it_is(load_dag("seedance_all_vendors"), simulator)
    assert sorted(bill.vendor for bill in simulator.ledger) == sorted(VENDORS)
    for vendor in VENDORS:
        path = Path(urlsplit(xcom(dag_run, f"store_{vendor}", "uri")).path)
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
    dag_run = run_as_it_is(load_dag("seedance_batch"), simulator)
    created = [xcom(dag_run, "create", "video_id", index) for index in range(3)]
    assert sorted(created) == sorted(bill.video_id for bill in simulator.ledger)
    for index in range(3):
        assert xcom(dag_run, "wait", "video_id", index) == created[index]
        assert created[index] in xcom(dag_run, "wait", "video_url", index)


def test_a_storyboard_s_clips_begin_where_the_one_before_ended(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    dag_run = run_as_it_is(load_dag("seedance_storyboard"), simulator)
    creates = simulator.creates()
    assert len(creates) == len(simulator.ledger) == 3
    for number in (1, 2):
        last_frame = xcom(dag_run, f"scene_{number}", "last_frame_url")
        (first,) = [item for item in creates[number].json["content"] if item.get("role") == "first_frame"]
        assert first["image_url"]["url"] == last_frame
    clips = [inspect(file_of(xcom(dag_run, f"scene_{number}", "uri"))) for number in (1, 2, 3)]
    assert [(clip.width, clip.height) for clip in clips] == [(1280, 720)] * 3


def test_the_days_of_a_series_share_seed_and_style(simulator: Simulator, load_dag: Callable[[str], Any]) -> None:
    dag = load_dag("seedance_daily")
    uris = [xcom(run_as_it_is(dag, simulator), "clip_of_the_day", "uri") for _ in range(2)]
    assert len(set(uris)) == 2
    asked = [create.json for create in simulator.creates()]
    assert asked[0]["seed"] == asked[1]["seed"]
    assert [c for c in asked[0]["content"] if c["type"] != "text"] == [
        c for c in asked[1]["content"] if c["type"] != "text"
    ]


def test_an_asset_s_event_says_what_was_landed_and_where(simulator: Simulator, load_dag: Callable[[str], Any]) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    dag_run = run_as_it_is(load_dag("seedance_asset"), simulator)
    with create_session() as session:
        events = session.query(AssetEvent).filter(AssetEvent.source_run_id == dag_run.run_id).all()
        (extra,) = [event.extra for event in events]
    assert extra["uri"] == xcom(dag_run, "make_trailer", "uri")
    assert extra["bytes"] == file_of(extra["uri"]).stat().st_size
    assert not any("url" in name for name in extra)


def test_what_nobody_fetched_is_landed_and_what_nobody_knows_raises_the_alarm(
    simulator: Simulator, load_dag: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow_provider_seedance.ledger.engine import open_engine
    from airflow_provider_seedance.ledger.migrations import migrate
    from airflow_provider_seedance.operators.reconcile import SeedanceReconcileOperator

    monkeypatch.setenv("SEEDANCE_OUTPUT", f"file://{tmp_path}/videos")
    monkeypatch.setenv("AIRFLOW_CONN_THE_LEDGER", json.dumps({"conn_type": "sqlite", "host": f"{tmp_path}/ledger.db"}))
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "the_ledger")
    migrate(open_engine("the_ledger"))
    now = datetime.now(tz=UTC)
    span = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}

    story = Story(simulator)
    orphan = story.orphaned("byteplus")
    dag = load_dag(RECONCILE)
    reconcile = dag.get_task("reconcile")
    assert isinstance(reconcile, SeedanceReconcileOperator)
    reconcile.since, reconcile.until, reconcile.settle = span["since"], span["until"], 0
    dag_run = run(dag)
    assert set(states(dag_run).values()) == {"success"}
    assert xcom(dag_run, "reconcile")["counts"] == {"rescued": 1}
    assert (tmp_path / "videos" / "orphans" / "byteplus" / f"{orphan}.mp4").is_file()
    assert file_of(xcom(dag_run, "reconcile")["report"]).is_file()

    story.not_sent("byteplus")
    assert states(run(dag))["raise_the_alarm[-1]"] == "failed"


def test_one_refused_clip_stops_no_other(simulator: Simulator, load_dag: Callable[[str], Any]) -> None:
    simulator.faults.add(Fault("moderation_submit", skip=1))
    dag_run = run(load_dag("seedance_lanes"))
    found = states(dag_run)
    assert sorted(found[f"lane.land[{index}]"] for index in range(3)) == ["success", "success", "upstream_failed"]
    assert sorted(found[f"lane.create[{index}]"] for index in range(3)) == ["failed", "success", "success"]
    assert len(xcom(dag_run, "what_is_there")) == len(simulator.ledger) == 2


def test_lanes_of_which_none_landed_anything_do_not_end_green(
    simulator: Simulator, load_dag: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a_file").touch()
    monkeypatch.setenv("SEEDANCE_OUTPUT", f"file://{tmp_path}/a_file")  # no folder: nothing can be written below it
    dag_run = run(load_dag("seedance_lanes"))
    found = states(dag_run)
    assert [found[f"lane.create[{index}]"] for index in range(3)] == ["success"] * 3
    assert [found[f"lane.land[{index}]"] for index in range(3)] == ["failed"] * 3
    assert found["what_is_there[-1]"] == "failed"


@pytest.mark.skipif(AIRFLOW < (3, 1), reason="Airflow 3.1 brought approvals")
def test_an_approved_batch_goes_from_the_table_to_s3_and_to_the_library(
    simulator: Simulator, load_dag: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    """The approval itself is a person's: here it is taken as given, on the real stack it is given."""
    monkeypatch.setenv("SEEDANCE_OUTPUT", f"s3://aws_default@{bucket}/videos")
    monkeypatch.setenv("AIRFLOW_CONN_VIDEO_LIBRARY", '{"conn_type": "http", "host": "https://library.example"}')
    received: dict[str, bytes] = {}

    def accept(request: Any, context: Any) -> str:
        received[request.url.rpartition("/")[2]] = request.body.read()
        context.status_code = 201
        return "stored"

    with requests_mock.Mocker(real_http=True) as mocker:
        mocker.put(re.compile("https://library.example/"), text=accept)
        dag_run = run(load_dag(APPROVAL), mark_success_pattern="approve")
    assert set(states(dag_run).values()) == {"success"}
    assert sorted(received) == sorted(f"{bill.video_id}.mp4" for bill in simulator.ledger)
    assert len(received) == 2
    for index in range(2):
        landed = xcom(dag_run, "land", map_index=index)
        assert landed["uri"].startswith(f"s3://{bucket}/videos/")
        assert hashlib.sha256(received[f"{landed['video_id']}.mp4"]).hexdigest() == landed["sha256"]


def test_the_example_for_running_again_asks_for_what_its_run_s_conf_says(
    simulator: Simulator, load_dag: Callable[[str], Any]
) -> None:
    dag = load_dag("seedance_again")
    conf = {"prompt": "A boat in the sun", "seed": 11, "duration": 10, "ratio": "9:16"}
    dag_run = run(dag, run_conf=conf)
    assert set(states(dag_run).values()) == {"success"}
    asked = xcom(dag_run, "create", "seedance_asked")
    assert {name: asked[name] for name in conf} == conf
    # By these names the pages offer the DAG's params, filled in.
    assert set(dag.params) <= set(asked)
