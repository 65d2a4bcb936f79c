"""Assets wait on the poller of their connection, beside its videos: one client, one rate, one look-up."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from airflow_provider_seedance.api.polling_client import PollingClient
from airflow_provider_seedance.polling import poller, watching
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.videos import RecordedRequest
from airflow_provider_seedance.triggers.assets import SeedanceAssetTrigger
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

from .helpers import hook

CONN = "seedance_jimmyai"
PATIENCE = 60.0
VIDEO: dict[str, Any] = {"model": "seedance2.0-fast-i2v", "prompt": "rain", "duration": 5}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Each client that a poller opens."""
    opened = list[Any]()

    def open_(*args: Any) -> Any:
        opened.append(PollingClient(*args))
        return opened[-1]

    monkeypatch.setattr(poller, "PollingClient", open_)
    return opened


def connect(sim: Simulator, monkeypatch: pytest.MonkeyPatch, **rates: float) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN.upper()}", sim.connection_json("jimmyai", **rates))


def registered(count: int) -> list[str]:
    with_key = hook("jimmyai")
    try:
        upload = {"library": "sp", "url": "https://cdn.example/girl.jpg"}
        return [str(with_key.upload_asset(upload).asset_id) for _ in range(count)]
    finally:
        with_key.close()


def trigger(asset_id: str, **kwargs: Any) -> SeedanceAssetTrigger:
    fields: dict[str, Any] = {"library": "sp", "deadline": time.time() + 3600, "poll_interval": 0.05} | kwargs
    return SeedanceAssetTrigger(seedance_conn_id=CONN, asset_id=asset_id, **fields)


async def event_of(waiting: SeedanceAssetTrigger | SeedanceVideoTrigger) -> dict[str, Any]:
    """The only event, as Airflow stores it."""
    (payload,) = [event.payload async for event in waiting.run()]
    stored: dict[str, Any] = json.loads(json.dumps(payload))
    return stored


def start(ids: Sequence[str], **kwargs: Any) -> list[asyncio.Task[dict[str, Any]]]:
    return [asyncio.create_task(event_of(trigger(asset_id, **kwargs))) for asset_id in ids]


async def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def asked(sim: Simulator) -> list[RecordedRequest]:
    return [request for request in sim.requests if request.call == "asset"]


async def all_become_active(sim: Simulator, ids: Sequence[str], tasks: Sequence[asyncio.Task[dict[str, Any]]]) -> None:
    for asset_id in ids:
        sim.finish_asset(asset_id)
    events = await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
    assert [(event["asset_id"], event["outcome"], event["error"]) for event in events] == [
        (asset_id, "succeeded", None) for asset_id in ids
    ]


async def test_many_assets_share_one_client_one_poller_and_one_look_up(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, opened: list[Any], look_ups: list[str]
) -> None:
    connect(sim, monkeypatch, polls_per_second=1000)
    ids = registered(40)
    tasks = start(ids)
    await until(lambda: len(asked(sim)) >= 120)
    assert (len(opened), len(watching.shared().pollers)) == (1, 1)
    await all_become_active(sim, ids, tasks)
    assert len(opened) == 1
    assert look_ups == [CONN]
    assert watching.shared().pollers == {}


async def test_all_assets_of_a_connection_keep_its_rate(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(sim, monkeypatch, polls_per_second=10)
    ids = registered(30)
    began = time.monotonic()
    tasks = start(ids)
    await until(lambda: len(asked(sim)) >= 20)
    # 20 polls at 10 a second: 19 gaps of a tenth of a second each, whatever the machine does.
    assert time.monotonic() - began >= 1.9
    for task in tasks:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE)


async def test_videos_and_assets_of_a_connection_share_client_and_rate(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, opened: list[Any]
) -> None:
    connect(sim, monkeypatch, polls_per_second=10)
    ids = registered(5)
    with_key = hook("jimmyai")
    videos = [with_key.create_video(VIDEO).video_id for _ in range(5)]
    with_key.close()
    waits = [
        SeedanceVideoTrigger(seedance_conn_id=CONN, video_id=video_id, poll_interval=0.05, deadline=time.time() + 3600)
        for video_id in videos
    ]
    began = time.monotonic()
    tasks = start(ids) + [asyncio.create_task(event_of(waiting)) for waiting in waits]

    def polls() -> Counter[str]:
        return Counter(request.call for request in sim.requests if request.call in ("asset", "poll"))

    await until(lambda: polls().total() >= 20)
    assert time.monotonic() - began >= 1.9
    assert min(polls()["asset"], polls()["poll"]) >= 5
    assert len(opened) == 1
    for video_id in videos:
        sim.finish(video_id)
    for asset_id in ids:
        sim.finish_asset(asset_id)
    events = await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
    assert {event["outcome"] for event in events} == {"succeeded"}


async def test_a_429_slows_all_assets_down_and_counts_against_none(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(sim, monkeypatch, polls_per_second=1000)
    ids = registered(10)
    refusal = Fault("http_429", on="asset", times=8, retry_after=1)
    sim.faults.add(refusal)
    tasks = start(ids)
    await until(lambda: refusal.fired >= 1)
    before = len(asked(sim))
    await asyncio.sleep(0.5)
    # What was under way when the refusal came may still arrive; nothing else is sent within that second.
    assert len(asked(sim)) - before <= 16
    await until(lambda: refusal.fired == 8)
    await all_become_active(sim, ids, tasks)


async def test_cancelled_triggers_leave_nothing_behind_and_harm_no_other(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, opened: list[Any]
) -> None:
    connect(sim, monkeypatch, polls_per_second=1000)
    ids = registered(10)
    tasks = start(ids)
    await until(lambda: len(asked(sim)) >= 20)
    for task in tasks[:5]:
        task.cancel()
    await asyncio.gather(*tasks[:5], return_exceptions=True)
    await all_become_active(sim, ids[5:], tasks[5:])
    assert watching.shared().pollers == {}
    assert len(opened) == 1


async def test_a_triggerer_that_is_killed_and_started_again_waits_on(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(sim, monkeypatch, polls_per_second=1000)
    ids = registered(3)
    stored = [trigger(asset_id).serialize()[1] for asset_id in ids]
    tasks = start(ids)
    await until(lambda: len(asked(sim)) >= 6)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    again = [SeedanceAssetTrigger(**json.loads(json.dumps(kwargs))) for kwargs in stored]
    await all_become_active(sim, ids, [asyncio.create_task(event_of(each)) for each in again])


async def test_a_trigger_whose_connection_is_missing_fails_alone(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(sim, monkeypatch, polls_per_second=1000)
    ids = registered(2)
    tasks = start(ids)
    await until(lambda: len(asked(sim)) >= 2)
    lost = SeedanceAssetTrigger(
        seedance_conn_id="no_such_connection",
        asset_id="a1",
        library="sp",
        poll_interval=0.05,
        deadline=time.time() + 60,
    )
    event = await asyncio.wait_for(event_of(lost), PATIENCE)
    assert event["error"]["kind"] == "TransientApiError"
    await all_become_active(sim, ids, tasks)


async def test_a_library_that_the_vendor_does_not_have_ends_the_wait_at_its_first_poll(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(sim, monkeypatch, polls_per_second=1000)
    event = await asyncio.wait_for(event_of(trigger("a1", library="no-such")), PATIENCE)
    assert event["error"]["kind"] == "InvalidRequestError"
    assert asked(sim) == []
