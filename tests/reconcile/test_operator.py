"""The operator: its span of time, its XCom, its metrics."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from airflow.providers.common.compat.sdk import Stats

from airflow_provider_seedance.api.errors import InvalidRequestError, SeedanceConfigError
from airflow_provider_seedance.operators.reconcile import SeedanceReconcileOperator
from airflow_provider_seedance.simulator import Simulator
from tests.ledger.conftest import Database

from .helpers import Story

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 26, tzinfo=UTC)


def run(interval: tuple[datetime, datetime] | None = None, **arguments: Any) -> dict[str, Any]:
    begin, end = interval or (datetime.now(tz=UTC) - DAY, datetime.now(tz=UTC) + DAY)
    task = SeedanceReconcileOperator(task_id="reconcile", **{"settle": 0, **arguments})
    return task.execute(cast("Any", {"data_interval_start": begin, "data_interval_end": end}))


def test_the_result_is_small_and_can_be_stored(ledger: Database, sim: Simulator) -> None:
    story = Story(sim)
    orphan, _ = story.orphaned("byteplus"), story.delivered("byteplus")
    told = run()
    assert json.loads(json.dumps(told)) == told
    assert told["counts"] == {"delivered": 1, "orphan": 1}
    assert told["costs"] == {"delivered": {"USD": 0.5}, "orphan": {"USD": 0.5}}
    assert told["calls_for_action"] is True
    assert [row["video_id"] for row in told["rows"]] == [orphan]
    assert told["left_off"] == 0


def test_of_many_rows_the_xcom_holds_some_and_the_file_all(
    ledger: Database, sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_seedance.operators.reconcile._ROWS", 2)
    story = Story(sim)
    for _ in range(3):
        story.orphaned("jimmyai")
    told = run(report_path=f"file://{tmp_path}/reports/today.json")
    assert (len(told["rows"]), told["left_off"]) == (2, 1)
    assert told["report"] == f"file://{tmp_path}/reports/today.json"
    assert len(json.loads((tmp_path / "reports" / "today.json").read_text())["rows"]) == 3


def test_it_looks_at_the_data_interval(ledger: Database, sim: Simulator) -> None:
    Story(sim).orphaned("jimmyai")
    now = datetime.now(tz=UTC)
    assert run((now - DAY, now + DAY))["counts"] == {"orphan": 1}
    assert run((now - 2 * DAY, now - DAY))["counts"] == {}


@pytest.mark.parametrize(
    ("arguments", "interval", "expected"),
    [
        ({}, (MIDNIGHT - DAY, MIDNIGHT), (MIDNIGHT - 2 * DAY, MIDNIGHT)),
        ({"overlap": 0}, (MIDNIGHT - DAY, MIDNIGHT), (MIDNIGHT - DAY, MIDNIGHT)),
        ({"overlap": timedelta(hours=1)}, (MIDNIGHT, MIDNIGHT), (MIDNIGHT - timedelta(hours=25), MIDNIGHT)),
        ({"since": "2026-11-20"}, (MIDNIGHT, MIDNIGHT), (MIDNIGHT - 6 * DAY, MIDNIGHT)),
        ({"since": "2026-11-20T00:00Z", "until": MIDNIGHT - DAY}, None, (MIDNIGHT - 6 * DAY, MIDNIGHT - DAY)),
    ],
)
def test_the_span_is_the_data_interval_and_some_overlap_unless_it_is_given(
    arguments: dict[str, Any], interval: Any, expected: tuple[datetime, datetime]
) -> None:
    task = SeedanceReconcileOperator(task_id="reconcile", **arguments)
    begin, end = interval or (None, None)
    span = task._span(cast("Any", {"data_interval_start": begin, "data_interval_end": end}))
    assert span == tuple(moment.timestamp() for moment in expected)


def test_without_a_data_interval_it_is_the_last_day_and_the_one_before() -> None:
    since, until = SeedanceReconcileOperator(task_id="reconcile")._span(cast("Any", {}))
    assert until - since == 2 * 86_400
    assert abs(until - datetime.now(tz=UTC).timestamp()) < 3600


@pytest.mark.parametrize("arguments", [{"since": "yesterday"}, {"since": "2026-11-27", "until": "2026-11-26"}])
def test_a_span_that_is_none_is_refused(ledger: Database, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match=r"Nothing was asked\."):
        run(**arguments)


def test_without_connection_and_ledger_there_is_nobody_to_ask() -> None:
    with pytest.raises(SeedanceConfigError, match="ledger_conn_id"):
        run()


def test_orphans_are_landed_and_the_next_run_knows(ledger: Database, sim: Simulator, tmp_path: Path) -> None:
    orphan = Story(sim).orphaned("byteplus")
    told = run(land_to=f"file://{tmp_path}/{{dag_id}}/{{video_id}}.{{ext}}")
    assert told["counts"] == {"rescued": 1}
    assert told["calls_for_action"] is False
    assert (tmp_path / "dag" / f"{orphan}.mp4").is_file()
    assert run()["counts"] == {"delivered": 1}


def test_a_path_that_nothing_can_be_landed_at_is_told_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match="not known"):
        SeedanceReconcileOperator(task_id="reconcile", land_to="file:///tmp/{colour}.mp4")


def test_every_kind_has_a_gauge_so_that_an_alert_ends(
    ledger: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, float, dict[str, str]]] = []
    monkeypatch.setattr(Stats, "gauge", lambda name, value, **more: seen.append((name, value, more["tags"])))
    Story(sim).orphaned("byteplus")
    run()
    whose = {"vendor": "byteplus", "conn_id": "seedance_byteplus"}
    assert ("seedance.reconciled_videos", 1, {**whose, "kind": "orphan"}) in seen
    assert ("seedance.reconciled_videos", 0, {**whose, "kind": "in_doubt"}) in seen
    assert ("seedance.reconciled_cost", 0.5, {**whose, "kind": "orphan", "currency": "USD"}) in seen


def test_metrics_that_fail_do_not_fail_the_task(
    ledger: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("no receiver")

    monkeypatch.setattr(Stats, "gauge", fail)
    Story(sim).orphaned("byteplus")
    assert run()["counts"] == {"orphan": 1}
