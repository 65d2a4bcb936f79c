"""When the vendor has no room."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.triggers.backoff import SeedanceBackoffTrigger
from dev.task_life import Result, TaskLife, watch

from .helpers import ARKS, PROMPT, Attempts, asks, bills

BACKOFF = "airflow_provider_seedance.triggers.backoff.SeedanceBackoffTrigger"


def waits(result: Result) -> float:
    """Seconds until the deferred task tries again."""
    assert result.trigger, result
    path, kwargs = result.trigger
    assert path == BACKOFF
    return float(kwargs["until"]) - time.time()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_saturated_vendor_costs_no_slot_and_one_bill(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("http_429"))
    task = Attempts(asks(vendor))
    result = task.next()
    assert result.trigger
    assert result.trigger[0] == BACKOFF
    assert result.method == "execute_when_room"
    assert task.record is None, "nothing was submitted, so nothing may be in doubt"
    assert task.resume(result.method, event=watch(*result.trigger)).kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_that_stays_saturated_for_a_while_is_asked_again_and_again(quick: Simulator, vendor: str) -> None:
    quick.faults.add(Fault("http_429", times=3))
    ended = TaskLife(asks(vendor)).live()
    assert (ended.attempts, len(quick.creates()), len(bills(quick))) == (1, 4, 1)
    assert ended.delivered


@pytest.mark.parametrize("wait_for_completion", [True, False])
def test_the_slot_is_given_back_also_if_the_task_does_not_wait_for_the_video(
    sim: Simulator, wait_for_completion: bool
) -> None:
    sim.faults.add(Fault("http_429"))
    assert waits(Attempts(asks("byteplus", wait_for_completion=wait_for_completion)).next()) < 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_retry_after_in_seconds_is_respected(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("http_429", retry_after=100))
    assert 99 < waits(Attempts(asks(vendor)).next()) <= 150


def test_retry_after_as_a_date_is_respected(sim: Simulator) -> None:
    date = datetime.now(tz=UTC) + timedelta(seconds=100)
    sim.faults.add(Fault("http_429", retry_after=format_datetime(date, usegmt=True)))
    assert 95 < waits(Attempts(asks("byteplus")).next()) <= 150


def test_the_rate_limit_s_reset_is_respected(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", reset_after=100))
    assert 95 < waits(Attempts(asks("modellix")).next()) <= 151


def test_waiting_for_room_does_not_outlive_the_timeout(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", retry_after=100))
    result = Attempts(asks("byteplus", timeout=90.0)).next()
    assert (result.kind, result.error, result.retryable) == ("failed", "SeedanceRateLimitError", True)
    assert "Nothing was created" in result.message


def test_waiting_for_room_does_not_outlive_execution_timeout(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", retry_after=100))
    result = Attempts(asks("byteplus", execution_timeout=timedelta(seconds=90))).next()
    assert (result.kind, result.error) == ("failed", "SeedanceRateLimitError")


def test_the_time_already_waited_for_room_counts(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", times=None, retry_after=100))
    task = Attempts(asks("byteplus", timeout=1000.0))
    first = task.next()
    assert first.trigger
    since = first.trigger[1]["since"]
    again = task.resume("execute_when_room", event={"since": since})
    assert again.trigger
    assert again.trigger[1]["since"] == since
    given_up = task.resume("execute_when_room", event={"since": since - 950})
    assert (given_up.error, given_up.retryable) == ("SeedanceRateLimitError", True)


@pytest.mark.parametrize("event", [None, {}, {"since": "x"}, [], "boom"], ids=repr)
def test_an_odd_event_of_the_wait_for_room_submits_once_all_the_same(sim: Simulator, event: Any) -> None:
    task = Attempts(asks("byteplus"))
    assert task.resume("execute_when_room", event=event).kind == "deferred"
    assert len(bills(sim)) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_without_deferring_the_task_waits_for_room_in_place(quick: Simulator, vendor: str) -> None:
    quick.faults.add(Fault("http_429", times=2))
    ended = TaskLife(asks(vendor, deferrable=False)).live()
    assert ended.delivered
    assert (ended.attempts, len(quick.creates()), len(bills(quick))) == (1, 3, 1)


def test_without_deferring_a_short_retry_after_is_waited_for(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.faults.add(Fault("http_429", retry_after=1))
    pauses: list[float] = []
    monkeypatch.setattr(SeedanceHook, "pause", staticmethod(pauses.append))
    assert TaskLife(asks("byteplus", deferrable=False)).live().delivered
    assert pauses[0] >= 1


def test_without_deferring_a_long_retry_after_ends_the_attempt_at_once(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", retry_after=900))
    started = time.monotonic()
    result = Attempts(asks("byteplus", deferrable=False)).next()
    assert (result.error, result.retryable) == ("SeedanceRateLimitError", True)
    assert time.monotonic() - started < 60
    assert len(sim.creates()) == 1


def test_without_deferring_a_vendor_without_room_is_asked_three_times(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429", times=None))
    task = Attempts(asks("byteplus", deferrable=False))
    assert task.next().error == "SeedanceRateLimitError"
    assert len(sim.creates()) == 3
    assert task.record is None


@pytest.mark.parametrize("vendor", ARKS)
@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("code", ["AccountQuotaExceeded", "SetLimitExceeded"])
def test_a_429_that_no_minute_clears_is_not_retried(sim: Simulator, vendor: str, deferrable: bool, code: str) -> None:
    sim.faults.add(Fault("http_429", code=code))
    task = Attempts(asks(vendor, deferrable=deferrable))
    result = task.next()
    assert (result.error, result.retryable) == ("SeedanceQuotaError", False)
    assert len(sim.creates()) == 1
    assert task.record is None


def test_a_lost_answer_after_waiting_for_room_is_looked_up_like_any_other(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429"), Fault("reset_after"))
    task = Attempts(asks("byteplus"))
    result = task.next()
    assert result.trigger
    task.resume(result.method, event=watch(*result.trigger))
    assert [task.video_id] == bills(sim)


async def test_the_trigger_fires_once_at_its_moment_and_is_stored_without_a_prompt() -> None:
    until = time.time() + 0.1
    path, kwargs = SeedanceBackoffTrigger(until=until, since=7.0).serialize()
    assert path == BACKOFF
    assert PROMPT not in json.dumps(kwargs)
    events = [event async for event in SeedanceBackoffTrigger(**json.loads(json.dumps(kwargs))).run()]
    assert [event.payload for event in events] == [{"since": 7.0}]
    assert time.time() >= until


async def test_a_trigger_taken_up_late_fires_at_once() -> None:
    trigger = SeedanceBackoffTrigger(until=time.time() - 100, since=7.0)
    await asyncio.wait_for(anext(trigger.run()), 60)
