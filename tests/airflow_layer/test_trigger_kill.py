"""The trigger when its task is killed: who asks, what the vendor is told, and Airflow's repeated cancellations."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.simulator import Fault
from airflow_provider_seedance.triggers import seedance
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

from .helpers import FIRST_PARTY, VENDORS, Simulator, conn_id, submit


def trigger_on(video_id: str, vendor: str = "byteplus", **fields: Any) -> SeedanceVideoTrigger:
    trigger = SeedanceVideoTrigger(
        seedance_conn_id=conn_id(vendor), video_id=video_id, **({"cancel_on_kill": True} | fields)
    )
    trigger.task_instance = SimpleNamespace(task_id="create")  # type: ignore[assignment]
    return trigger


def answer(monkeypatch: pytest.MonkeyPatch, ended: bool, seconds: float = 0.0) -> None:
    """What Airflow says about the task, and how long it takes to say it."""

    def has_ended(_ti: object) -> bool:
        time.sleep(seconds)
        return ended

    monkeypatch.setattr(seedance, "has_ended_for_good", has_ended)


def heard(monkeypatch: pytest.MonkeyPatch, trigger: SeedanceVideoTrigger) -> list[str]:
    """What the trigger tells its task's log."""
    said: list[str] = []
    for level in ("info", "warning"):
        monkeypatch.setattr(trigger.log, level, lambda text, *values: said.append(text % values if values else text))
    return said


async def killed(trigger: SeedanceVideoTrigger, cancellations: int) -> None:
    """As Airflow's triggerer does it: on_kill within a time-out, and a cancellation with every turn of its loop."""

    async def run() -> None:
        await asyncio.wait_for(trigger.on_kill(), 30)

    task = asyncio.create_task(run())
    for _ in range(cancellations):
        await asyncio.sleep(0.1)
        task.cancel("user action")
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("cancellations", [0, 1, 5])
async def test_a_slow_cancel_survives_that_airflow_cancels_the_trigger_again_and_again(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, cancellations: int
) -> None:
    video_id = await asyncio.to_thread(submit, "byteplus")
    answer(monkeypatch, ended=True, seconds=0.4)
    await killed(trigger_on(video_id), cancellations)
    deadline = time.monotonic() + 10
    while sim.videos[video_id].status != "cancelled":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_video_goes_on_while_its_task_has_not_ended(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = await asyncio.to_thread(submit, "byteplus")
    answer(monkeypatch, ended=False)
    await killed(trigger_on(video_id), 0)
    assert sim.videos[video_id].status == "queued"


def deletes(sim: Simulator) -> list[str]:
    return [request.path for request in sim.requests if request.method == "DELETE"]


@pytest.mark.parametrize("vendor", [name for name in FIRST_PARTY if not BUILT_IN[name].can_stop])
@pytest.mark.parametrize("status", ["running", "succeeded", "failed"])
async def test_a_killed_trigger_leaves_a_running_or_finished_video_alone(
    status: str, vendor: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A DELETE would erase the record of an ended one, and with it the way to fetch what was paid for."""
    video_id = await asyncio.to_thread(submit, vendor)
    if status == "running":
        while sim.videos[video_id].status == "queued":
            sim.advance(1)
    else:
        sim.finish(video_id, status)  # type: ignore[arg-type]
    assert sim.videos[video_id].status == status
    answer(monkeypatch, ended=True)
    trigger = trigger_on(video_id, vendor)
    said = heard(monkeypatch, trigger)
    await killed(trigger, 0)
    assert deletes(sim) == []
    assert sim.videos[video_id].status == status
    (sentence,) = said
    assert "running already" in sentence if status == "running" else "its record is kept" in sentence


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in FIRST_PARTY])
async def test_a_killed_trigger_says_so_where_the_vendor_cannot_cancel(
    vendor: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = await asyncio.to_thread(submit, vendor)
    answer(monkeypatch, ended=True)
    trigger = trigger_on(video_id, vendor)
    said = heard(monkeypatch, trigger)
    asked = len(sim.requests)
    await killed(trigger, 0)
    assert len(sim.requests) == asked
    (sentence,) = said
    assert "no documented way to cancel" in sentence


async def test_a_killed_trigger_does_not_say_cancelled_where_the_vendor_refused(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, no_backoff: None
) -> None:
    video_id = await asyncio.to_thread(submit, "byteplus")
    sim.faults.add(Fault("auth", on="cancel", times=None))
    answer(monkeypatch, ended=True)
    trigger = trigger_on(video_id)
    said = heard(monkeypatch, trigger)
    await killed(trigger, 0)
    (sentence,) = said
    assert "did not cancel" in sentence
    assert "may be billed" in sentence
    assert sim.videos[video_id].status == "queued"


async def test_the_trigger_of_a_sensor_cancels_nothing(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = await asyncio.to_thread(submit, "byteplus")
    answer(monkeypatch, ended=True)
    await killed(trigger_on(video_id, cancel_on_kill=False), 0)
    assert sim.videos[video_id].status == "queued"


async def test_if_airflow_does_not_answer_the_video_is_left_alone_and_the_log_says_so(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = await asyncio.to_thread(submit, "byteplus")
    monkeypatch.setattr(seedance, "KILL_PATIENCE", 0.1)
    answer(monkeypatch, ended=True, seconds=0.5)
    trigger = trigger_on(video_id)
    said = heard(monkeypatch, trigger)
    await killed(trigger, 0)
    assert sim.videos[video_id].status == "queued"
    assert said == [f"Video {video_id} was not cancelled (TimeoutError); it may be billed."]
