"""OpenLineage: names of datasets, and what the real client writes when a DAG runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.tasks.lineage import dataset_name, media_of, video_lineage

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://films/series/a.mp4", ("s3://films", "series/a.mp4")),
        ("s3://my_conn@films/a.mp4", ("s3://films", "a.mp4")),
        ("gs://films/a.mp4", ("gs://films", "a.mp4")),
        ("abfss://c@account.dfs.core.windows.net/a.mp4", ("abfss://c@account.dfs.core.windows.net", "a.mp4")),
        ("file:///data/a.mp4", ("file", "/data/a.mp4")),
        ("https://cdn.example/a/b.mp4?X-Amz-Signature=1#t=2", ("https://cdn.example", "/a/b.mp4")),
        ("https://user:key@cdn.example:8443/a.mp4", ("https://cdn.example:8443", "/a.mp4")),
        ("https://cdn.example", None),
        ("asset://abc", None),
        ("data:image/png;base64,AAAA", None),
        ("https://[broken/a.mp4", None),
        ("https://cdn.example:port/a.mp4", None),
        ("", None),
    ],
)
def test_a_url_becomes_a_dataset_without_its_secrets(url: str, expected: tuple[str, str] | None) -> None:
    assert dataset_name(url) == expected


def test_the_media_of_a_request_are_all_its_urls() -> None:
    fields = {"prompt": "p", "first_frame": "a", "reference_images": ["b", "c"], "reference_audios": None, "seed": 1}
    assert media_of(fields) == ["a", "b", "c"]
    assert media_of({"reference_images": [1, "d"], "last_frame": ""}) == ["", "d"]


def test_what_is_stored_is_an_output_with_its_size() -> None:
    lineage = video_lineage(
        BaseOperator(task_id="store"),
        vendor="byteplus",
        video_id="v-1",
        inputs=["https://tos.example/v.mp4?X-Tos-Signature=1", "https://tos.example/v.mp4?X-Tos-Signature=2"],
        outputs={"s3://films/v-1.mp4": 123, "file:///data/v-1.png": None},
    )
    assert [(each.namespace, each.name) for each in lineage.inputs] == [("https://tos.example", "/v.mp4")]
    assert [(each.namespace, each.name) for each in lineage.outputs] == [
        ("s3://films", "v-1.mp4"),
        ("file", "/data/v-1.png"),
    ]
    assert lineage.outputs[0].outputFacets["outputStatistics"].size == 123
    assert lineage.run_facets["externalQuery"].externalQueryId == "v-1"


@pytest.mark.dag
@pytest.mark.timeout(700)
def test_the_real_client_writes_media_assets_and_the_vendor_s_job(sim: Simulator, tmp_path: Path) -> None:
    log = tmp_path / "lineage.jsonl"
    transport = {"type": "file", "log_file_path": str(log), "append": True}
    env = os.environ | {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}
    script = [sys.executable, "-m", "tests.pipelines.lineage_run"]
    done = subprocess.run(script, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (bill,) = sim.ledger
    events = [json.loads(line) for line in log.read_text().splitlines()]
    create, wait = (complete_event(events, f"lineage.{name}") for name in ("create", "wait"))
    assert datasets(create["inputs"]) == {
        ("https://cdn.example", "/style.png"),
        ("https://media.s3.example:8443", "/takes/one.mp4"),
    }
    assert datasets(create["outputs"]) == {("s3://films", "series")}
    for event in (create, wait):
        facet = event["run"]["facets"]["externalQuery"]
        assert (facet["externalQueryId"], facet["source"]) == (bill.video_id, "byteplus")
    written = log.read_text()
    assert "5ec4e7" not in written
    assert "Zebedee" not in written


def complete_event(events: list[dict[str, Any]], job: str) -> dict[str, Any]:
    (event,) = (each for each in events if each["job"]["name"] == job and each["eventType"] == "COMPLETE")
    return event


def datasets(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(each["namespace"], each["name"]) for each in found}
