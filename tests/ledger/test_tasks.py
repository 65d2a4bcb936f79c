"""A task, its attempts and its bills, with a ledger in a database: on every Airflow, and when the ledger is away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.submissions.store import KEY
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator
from dev.task_life import AFTER_POST, AFTER_RECORD, IN_EXECUTE_COMPLETE, Ended, Run, Step, TaskLife, TaskState, Ti, work
from tests.support.requests import MODELS

from .conftest import Database, use

ASKS: dict[str, Any] = {
    "model": "dreamina-seedance-2-0-260128",
    "prompt": "a paper boat named Zebedee in rain",
    "duration": 5,
    "wait_for_completion": True,
    "poll_interval": 0.01,
}
ENDS = "outcome, seconds, cost_micros, estimated_micros, currency, delivered"


def bills(sim: Simulator) -> list[str]:
    return [bill.video_id for bill in sim.ledger if not bill.refunded]


def live(
    *,
    state: TaskState | None = None,
    dies: str | None = None,
    before: Callable[[int, str], None] | None = None,
    **more: Any,
) -> Ended:
    """One task instance and all its attempts; without a state it is on an Airflow below 3.3."""
    life = TaskLife({**ASKS, **more}, dies=dies, before=before)
    life.state = state
    return life.live()


@pytest.mark.parametrize("place", [AFTER_POST, AFTER_RECORD, IN_EXECUTE_COMPLETE])
def test_without_a_state_store_the_ledger_alone_makes_a_death_good(
    database: Database, sim: Simulator, place: str
) -> None:
    ended = live(dies=place)
    assert ended.delivered, ended
    assert [ended.delivered["video_id"]] == bills(sim)
    assert database.all(f"SELECT {ENDS}, try_number, conn_id FROM seedance_submissions") == [
        ("succeeded", 5, 500_000, 500_000, "USD", 1, 1, "seedance_default")
    ]


def test_what_the_state_store_loses_is_not_paid_again(database: Database, sim: Simulator) -> None:
    state = TaskState()

    def lose(attempt: int, method: str) -> None:
        if attempt == 2:
            state.kept.clear()

    ended = live(state=state, dies=AFTER_RECORD, before=lose)
    assert ended.delivered
    assert [ended.delivered["video_id"]] == bills(sim)


@pytest.mark.parametrize("has_state", [True, False])
def test_a_ledger_that_is_away_before_the_intent_stops_the_task_before_the_money(
    database: Database, sim: Simulator, has_state: bool
) -> None:
    database.go_away()
    ended = live(state=TaskState() if has_state else None)
    assert ended.error == "LedgerDownError"
    assert ended.attempts == 3, "it may be back for the next attempt"
    assert "seedance_ledger" in ended.message
    assert "Zebedee" not in ended.message
    assert bills(sim) == []


@pytest.mark.parametrize("has_state", [True, False])
def test_a_ledger_that_goes_away_after_the_post_keeps_no_video_from_its_user(
    database: Database,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    has_state: bool,
) -> None:
    create = SeedanceHook.create_video

    def create_and_lose(hook: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        video = create(hook, *args, **kwargs)
        database.go_away()
        return video

    monkeypatch.setattr(SeedanceHook, "create_video", create_and_lose)
    state = TaskState() if has_state else None
    ended = live(state=state)
    assert ended.delivered, ended
    assert [ended.delivered["video_id"]] == bills(sim)
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert [text for text in told if ended.delivered["video_id"] in text], told
    if state is not None:
        assert state.get(KEY)["video_id"] == ended.delivered["video_id"]
    database.come_back()
    assert database.all("SELECT video_id, withdrawn FROM seedance_submissions") == [(None, 0)]


def test_a_retry_goes_on_with_the_video_whose_id_the_ledger_has_missed(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = SeedanceHook.create_video

    def create_and_lose(hook: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        video = create(hook, *args, **kwargs)
        database.go_away()
        return video

    monkeypatch.setattr(SeedanceHook, "create_video", create_and_lose)

    def mend(attempt: int, method: str) -> None:
        if attempt == 2 and method == "execute":
            database.come_back()

    ended = live(state=TaskState(), dies=AFTER_RECORD, before=mend)
    assert ended.delivered
    assert [ended.delivered["video_id"]] == bills(sim)
    assert database.all("SELECT video_id, outcome FROM seedance_submissions") == [(bills(sim)[0], "succeeded")]


@pytest.mark.parametrize("has_state", [True, False])
def test_a_ledger_that_is_away_at_the_end_is_a_warning(
    database: Database, sim: Simulator, caplog: pytest.LogCaptureFixture, has_state: bool
) -> None:
    def lose(attempt: int, method: str) -> None:
        if method == "execute_complete":
            database.go_away()

    ended = live(state=TaskState() if has_state else None, before=lose)
    assert ended.delivered
    assert [ended.delivered["video_id"]] == bills(sim)
    assert "The ledger does not know how video" in caplog.text
    database.come_back()
    assert database.all("SELECT outcome FROM seedance_submissions") == [(None,)]


def test_a_refused_request_leaves_nothing_that_is_in_doubt(database: Database, sim: Simulator) -> None:
    ended = live(prompt=f"{ASKS['prompt']} {'x' * 10}", model="no-such-model")
    assert ended.error
    assert bills(sim) == []
    assert database.all("SELECT * FROM seedance_in_doubt") == []
    assert database.all("SELECT * FROM seedance_spend") == []


def test_what_is_spent_is_told_by_day_dag_vendor_and_model(database: Database, sim: Simulator) -> None:
    assert live().delivered
    told = "dag_id, vendor, model, currency, submissions, videos, in_doubt, seconds, spent"
    (row,) = database.all(f"SELECT {told} FROM seedance_spend")
    assert row[:8] == ("dag", "byteplus", ASKS["model"], "USD", 1, 1, 0, 5)
    assert float(str(row[8])) == 0.5
    assert database.all("SELECT * FROM seedance_undelivered") == []


def test_a_model_family_stands_beside_the_model_that_was_sent(database: Database, sim: Simulator) -> None:
    assert live(model="seedance-2.0").delivered
    assert database.all("SELECT family, model FROM seedance_submissions") == [("seedance-2.0", ASKS["model"])]


def test_where_a_video_was_landed_is_in_its_row_whoever_landed_it(
    database: Database, sim: Simulator, tmp_path: Path
) -> None:
    landed = live(output_path=f"file://{tmp_path}/{{video_id}}.mp4").delivered
    assert landed
    assert database.all("SELECT uri FROM seedance_submissions") == [(landed["uri"],)]
    transfer = SeedanceVideoToObjectStorageOperator(
        task_id="land", video_id=landed["video_id"], output_path=f"file://{tmp_path}/again.mp4"
    )
    transfer.execute(cast("Any", {"ti": Ti(), "dag_run": Run()}))
    assert database.all("SELECT uri, outcome, cost_micros FROM seedance_submissions") == [
        (f"file://{tmp_path}/again.mp4", "succeeded", 500_000)
    ]


def test_a_video_that_failed_is_an_end_and_still_counts_with_its_estimate(database: Database, sim: Simulator) -> None:
    sim.faults.add(Fault("fail", times=None))
    ended = live()
    assert ended.error
    told = "outcome, cost_micros, estimated_micros"
    assert set(database.all(f"SELECT {told} FROM seedance_submissions")) == {("failed", None, 500_000)}
    assert database.all("SELECT * FROM seedance_undelivered") == []


def test_a_failed_video_is_an_end_however_the_connection_spells_its_vendor(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(sim, monkeypatch, vendor=" BytePlus ")
    sim.faults.add(Fault("fail", times=None))
    assert live().error
    assert set(database.all("SELECT vendor, outcome FROM seedance_submissions")) == {("byteplus", "failed")}


def test_a_sensor_that_is_not_told_the_model_records_no_other_model_s_price(
    database: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modellix's reads name no model; by the price of `*` the budget would count a fifth of what was spent."""
    prices = {MODELS["modellix"]: {"currency": "USD", "per_video": 5}, "*": {"currency": "USD", "per_video": 1}}
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_DEFAULT", sim.connection_json("modellix", prices=prices))
    asked = {**ASKS, "model": MODELS["modellix"], "wait_for_completion": False}
    made = work(Step(asked, Ti()), None)
    sim.finish(made.value["video_id"])
    sensor = SeedanceVideoSensor(task_id="wait", video_id=made.value["video_id"], deferrable=False, poke_interval=0.05)
    assert sensor.poke({"ti": None}).xcom_value  # type: ignore[typeddict-item]
    assert database.all("SELECT outcome, estimated_micros, cost_micros FROM seedance_submissions") == [
        ("succeeded", 5_000_000, None)
    ]
