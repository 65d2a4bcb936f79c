"""The wait in the triggerer: one event, whatever happens; told in plain data; no longer than its deadline."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    AssetRejectedError,
    AssetTimeoutError,
    SeedanceAuthError,
    SeedanceConfigError,
    SeedanceError,
    TransientApiError,
)
from airflow_provider_seedance.api.jobs import MOST_REFUSALS, Decision, Outcome
from airflow_provider_seedance.exceptions import for_airflow
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.triggers.assets import SeedanceAssetTrigger, asset_event, read_asset_event

from .helpers import called, hook

LIMIT = 20.0


def registered(sim: Simulator) -> str:
    made = hook("jimmyai").upload_asset({"library": "sp", "url": "https://cdn.example/girl.jpg"})
    return str(made.asset_id)


def trigger(asset_id: str, *, seconds: float = 10.0, conn_id: str = "seedance_jimmyai") -> SeedanceAssetTrigger:
    return SeedanceAssetTrigger(
        seedance_conn_id=conn_id, asset_id=asset_id, library="sp", deadline=time.time() + seconds, poll_interval=0.02
    )


async def error_of(waiting: SeedanceAssetTrigger) -> SeedanceError | None:
    """Why the only event says that the wait failed."""

    async def events() -> list[Any]:
        return [event.payload async for event in waiting.run()]

    (payload,) = await asyncio.wait_for(events(), LIMIT)
    asset_id, error = read_asset_event(json.loads(json.dumps(payload)))
    assert asset_id == waiting.asset_id
    return error


async def test_it_fires_when_the_asset_becomes_active(sim: Simulator) -> None:
    asset_id = registered(sim)
    running = asyncio.create_task(error_of(trigger(asset_id)))
    while called(sim, "asset") < 3:  # noqa: ASYNC110 - another thread counts
        await asyncio.sleep(0.01)
    assert not running.done()
    sim.finish_asset(asset_id)
    assert await running is None


async def test_a_vendor_that_is_away_for_a_moment_ends_no_wait(sim: Simulator) -> None:
    asset_id = registered(sim)
    sim.faults.add(*(Fault(kind, on="asset") for kind in ("http_500", "reset_before", "http_502_html", "torn_json")))
    sim.finish_asset(asset_id)
    assert await error_of(trigger(asset_id)) is None


async def test_the_deadline_holds_whatever_the_vendor_says(sim: Simulator) -> None:
    asset_id = registered(sim)
    assert isinstance(await error_of(trigger(asset_id, seconds=0.2)), AssetTimeoutError)
    sim.faults.add(Fault("http_429", on="asset", times=None, retry_after=3600))
    began = time.monotonic()
    assert isinstance(await error_of(trigger(asset_id, seconds=0.3)), AssetTimeoutError)
    assert time.monotonic() - began < LIMIT


async def test_a_restarted_triggerer_goes_on_with_the_same_deadline(sim: Simulator) -> None:
    first = trigger(registered(sim), seconds=0.3)
    _, kwargs = first.serialize()
    assert isinstance(await error_of(SeedanceAssetTrigger(**json.loads(json.dumps(kwargs)))), AssetTimeoutError)
    again = SeedanceAssetTrigger(**kwargs)
    assert again.deadline == first.deadline
    assert isinstance(await error_of(again), AssetTimeoutError)


async def test_a_refused_key_and_a_refused_asset_end_it_and_a_missing_connection_this_try(sim: Simulator) -> None:
    asset_id = registered(sim)
    sim.faults.add(Fault("auth", on="asset", times=MOST_REFUSALS))
    assert isinstance(await error_of(trigger(asset_id)), SeedanceAuthError)
    sim.finish_asset(asset_id, "failed", "a trademark")
    refused = await error_of(trigger(asset_id))
    assert isinstance(refused, AssetRejectedError)
    assert "a trademark" in str(refused)
    missing = await error_of(trigger(asset_id, conn_id="no_such_connection"))
    assert isinstance(missing, TransientApiError)
    assert "no_such_connection" in str(missing)


@pytest.mark.parametrize(
    "error",
    [
        AssetRejectedError("a logo", vendor="jimmyai", code="7"),
        AssetNotFoundError("gone", status_code=404),
        AssetTimeoutError("late"),
        SeedanceAuthError("no", request_id="r1"),
        SeedanceConfigError("not defined"),
    ],
)
def test_an_error_survives_airflow_s_database(error: SeedanceError) -> None:
    for raised in (error, for_airflow(error)):
        event = asset_event("a1", Decision(Outcome.FAILED, error=raised))
        _, read = read_asset_event(json.loads(json.dumps(event)))
        assert type(read) is type(error)
        assert str(read) == str(error)
        assert {k: v for k, v in vars(read).items() if v} == {k: v for k, v in vars(error).items() if v}


@pytest.mark.parametrize("event", [None, {}, {"asset_id": 7}, {"asset_id": "a1", "outcome": "failed"}])
def test_an_event_that_nobody_wrote_is_worth_a_retry(event: Any) -> None:
    with pytest.raises(TransientApiError):
        read_asset_event(event)
