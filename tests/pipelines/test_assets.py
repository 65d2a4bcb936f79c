# mypy: disable-error-code="index, call-arg, arg-type"
"""What the DAGs that an asset starts learn of the video."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.tasks.asset_events import attach_to_outlets
from tests.any_airflow import AIRFLOW

from .helpers import CREATE, MODEL, run, states

pytestmark = pytest.mark.dag

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Airflow 2 wants it of each DAG that has a schedule."""


def events_of(asset: Asset) -> list[dict[str, Any]]:
    """The extras of the asset's events, as Airflow has stored them."""
    from airflow.utils.session import create_session

    if AIRFLOW >= (3, 0):
        from airflow.models.asset import AssetEvent as Event
        from airflow.models.asset import AssetModel as Model

        key: Any = Event.asset_id
    else:
        from airflow.models.dataset import DatasetEvent as Event  # type: ignore
        from airflow.models.dataset import DatasetModel as Model  # type: ignore[no-redef]

        key = Event.dataset_id
    with create_session() as session:
        rows = session.query(Event).join(Model, Model.id == key)
        return [row.extra for row in rows.filter(Model.uri == asset.uri).order_by(Event.id)]


def is_about(extra: dict[str, Any], video_id: str) -> None:
    """Says which video, and opens it to nobody."""
    told = {name: extra[name] for name in ("video_id", "vendor", "model", "status")}
    assert told == {"video_id": video_id, "vendor": "byteplus", "model": MODEL, "status": "succeeded"}
    assert extra["usage"]["completion_tokens"] == extra["tokens"] > 0
    assert "://" not in str(extra)
    assert "Zebedee" not in str(extra)


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_asset_scheduled_dag_reads_which_video_was_made(sim: Simulator, deferrable: bool) -> None:
    asset = Asset(f"seedance-test://made/{deferrable}")
    with DAG(f"asset_producer_{deferrable}", schedule=None) as producer:
        SeedanceCreateVideoOperator(task_id="create", outlets=[asset], deferrable=deferrable, **CREATE)
    read: list[dict[str, Any]] = []
    with DAG(f"asset_consumer_{deferrable}", schedule=[asset], start_date=START) as consumer:

        @task(inlets=[asset])
        def learn(*, inlet_events: Any) -> str:
            read.append(dict(inlet_events[asset][-1].extra))
            return str(read[0]["video_id"])

        SeedanceVideoSensor(task_id="wait", video_id=learn(), seedance_conn_id="seedance_byteplus")
    assert states(run(producer)) == {"create": "success"}
    (bill,) = sim.ledger
    (event,) = events_of(asset)
    is_about(event, bill.video_id)
    assert states(run(consumer)) == {"learn": "success", "wait": "success"}
    assert read == [event]
    assert len(sim.ledger) == 1


def test_a_sensor_s_outlets_tell_it_too(sim: Simulator) -> None:
    asset = Asset("seedance-test://waited")
    with DAG("asset_sensor", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(task_id="create", **CREATE | {"wait_for_completion": False})
        SeedanceVideoSensor(
            task_id="wait",
            video_id=created.output["video_id"],
            seedance_conn_id="seedance_byteplus",
            poke_interval=0.05,
            outlets=[asset],
        )
    assert states(run(dag)) == {"create": "success", "wait": "success"}
    (event,) = events_of(asset)
    is_about(event, sim.ledger[0].video_id)


def test_each_mapped_task_has_an_event_of_its_own(sim: Simulator) -> None:
    asset = Asset("seedance-test://mapped")
    with DAG("asset_mapped", schedule=None) as dag:
        fields = {name: value for name, value in CREATE.items() if name != "prompt"}
        SeedanceCreateVideoOperator.partial(task_id="create", outlets=[asset], **fields).expand(prompt=["a", "b"])
    assert states(run(dag)) == {"create[0]": "success", "create[1]": "success"}
    assert {event["video_id"] for event in events_of(asset)} == {bill.video_id for bill in sim.ledger}


def test_an_alias_becomes_the_asset_of_what_was_stored(airflow_db: None) -> None:
    alias, plain = AssetAlias("stored-videos"), Asset("seedance-test://plain")
    manifest = {"uri": "s3://films/a.mp4", "video_id": "v-1", "bytes": 9, "video_url": "https://x.example/?sig=1"}
    with DAG("asset_alias", schedule=None) as dag:

        @task(outlets=[alias, plain])
        def store(**context: Any) -> None:
            attach_to_outlets(context, manifest, uri=manifest["uri"])

        store()
    assert states(run(dag)) == {"store": "success"}
    told = {"uri": "s3://films/a.mp4", "video_id": "v-1", "bytes": 9}
    assert events_of(Asset("s3://films/a.mp4")) == [told]
    assert events_of(plain) == [told]


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="this way to break Airflow is of Airflow 3")
def test_outlets_that_cannot_be_told_do_not_fail_the_task(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.execution_time.context import OutletEventAccessors

    def breaking(self: Any, key: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(OutletEventAccessors, "__getitem__", breaking)
    asset = Asset("seedance-test://broken")
    with DAG("asset_broken", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", outlets=[asset], **CREATE)
    assert states(run(dag)) == {"create": "success"}
    assert events_of(asset) == [{}]
    assert len(sim.ledger) == 1
