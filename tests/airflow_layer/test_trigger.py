"""The trigger: what is stored of it, what it puts up with, and its one event."""

from __future__ import annotations

import asyncio
import gc
import json
import time
import warnings
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from airflow.providers.common.compat import connection as compat_connection
from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_seedance.api import jobs, video_jobs
from airflow_provider_seedance.api.outcomes import read_event
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.triggers import waiting
from airflow_provider_seedance.triggers.backoff import SeedanceBackoffTrigger
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

from .helpers import (
    SIGNED,
    SOON,
    assert_names,
    assert_no_secret,
    conn_id,
    event_of,
    events_of,
    open_sockets,
    polled,
    polls,
    submit,
    submit_finished,
)

NOWHERE = "cgt-20261120000000-nosuc"


def trigger_for(video_id: str, vendor: str = "byteplus", **kwargs: Any) -> SeedanceVideoTrigger:
    defaults: dict[str, Any] = {"poll_interval": SOON, "deadline": time.time() + 60}
    return SeedanceVideoTrigger(seedance_conn_id=conn_id(vendor), video_id=video_id, **defaults | kwargs)


def error_of(event: dict[str, Any]) -> Any:
    """The exception that `execute_complete` will make of the event."""
    _, error = read_event(event)
    return error


# -- what is stored --------------------------------------------------------------------------------------------------


def test_the_stored_arguments_are_these() -> None:
    """Airflow stores them: a task that was deferred by the version before must wake up in this one."""
    trigger = SeedanceVideoTrigger(seedance_conn_id="c", video_id="v", poll_interval=3.0, deadline=1_800_000_000.5)
    path, kwargs = trigger.serialize()
    assert path == "airflow_provider_seedance.triggers.seedance.SeedanceVideoTrigger"
    golden = {"seedance_conn_id": "c", "video_id": "v", "poll_interval": 3.0, "deadline": 1_800_000_000.5}
    assert kwargs == golden


def test_only_a_trigger_that_owns_its_video_stores_that_it_may_cancel() -> None:
    owner = SeedanceVideoTrigger(seedance_conn_id="c", video_id="v", cancel_on_kill=True)
    assert owner.serialize()[1]["cancel_on_kill"] is True
    watcher = SeedanceVideoTrigger(seedance_conn_id="c", video_id="v")
    assert "cancel_on_kill" not in watcher.serialize()[1]


async def test_a_trigger_that_only_watches_sends_nothing_when_its_task_is_killed(sim: Simulator) -> None:
    watcher = trigger_for(submit("byteplus"))
    before = len(sim.requests)
    await watcher.on_kill()
    assert len(sim.requests) == before


def test_arguments_that_this_version_stored_wake_a_trigger_of_any_later_one() -> None:
    golden = {"seedance_conn_id": "c", "video_id": "v", "poll_interval": 3.0, "deadline": None}
    _, kwargs = SeedanceVideoTrigger(**golden).serialize()  # type: ignore[arg-type]
    assert kwargs.items() >= golden.items()


def test_a_stored_trigger_is_the_same_after_a_round_trip_and_holds_no_secret(sim: Simulator) -> None:
    trigger = trigger_for(submit("byteplus"))
    path, kwargs = trigger.serialize()
    stored = json.dumps(kwargs)
    assert_no_secret(stored, "http", "127.0.0.1")
    again = SeedanceVideoTrigger(**json.loads(stored))
    assert again.serialize() == (path, kwargs)
    module, _, name = path.rpartition(".")
    assert (SeedanceVideoTrigger.__module__, SeedanceVideoTrigger.__name__) == (module, name)


async def test_a_pause_fires_once_at_its_moment_and_hands_on_when_it_began() -> None:
    path, kwargs = SeedanceBackoffTrigger(until=time.time() - 1, since=1_800_000_000.5).serialize()
    module, _, name = path.rpartition(".")
    assert (SeedanceBackoffTrigger.__module__, SeedanceBackoffTrigger.__name__) == (module, name)
    (event,) = [event async for event in SeedanceBackoffTrigger(**json.loads(json.dumps(kwargs))).run()]
    assert event.payload == {"since": 1_800_000_000.5}
    asleep = asyncio.ensure_future(anext(SeedanceBackoffTrigger(until=time.time() + 3600, since=0).run()))
    await asyncio.sleep(SOON)
    assert not asleep.done()
    asleep.cancel()


# -- the one event ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_finished_video_is_told_once_and_without_its_url(vendor: str, sim: Simulator) -> None:
    video_id = submit_finished(sim, vendor)
    trigger = trigger_for(video_id, vendor)
    (event,) = await events_of(trigger)
    told = {"video_id": video_id, "outcome": "succeeded", "error": None, "deadline": trigger.deadline}
    assert event.payload == told


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
async def test_a_video_without_a_result_is_told_with_the_vendor_s_reason(status: Any, sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.finish(video_id, status, "OutOfLuck", f"see {SIGNED}")
    event = await event_of(trigger_for(video_id))
    assert event["outcome"] == "failed"
    error = error_of(event)
    assert type(error).__name__ == "VideoFailedError"
    assert status in str(error)
    assert error.vendor == "byteplus"
    if status == "failed":
        assert error.code == "OutOfLuck"
    assert_no_secret(json.dumps(event))


@pytest.mark.parametrize("fault", ["no_url", "relative_url"])
async def test_a_success_without_a_url_is_a_failure_after_a_while(
    fault: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_jobs, "URL_PATIENCE", 0.2)
    sim.faults.add(Fault(fault))
    event = await event_of(trigger_for(submit_finished(sim, "byteplus")))
    assert event["outcome"] == "failed"
    assert "without a URL" in str(error_of(event))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """The triggers' log, which Airflow shows as the task's."""
    log = Mock()
    monkeypatch.setattr(SeedanceVideoTrigger, "log", log)
    return log


async def test_each_change_of_status_is_logged_once(sim: Simulator, log: Mock) -> None:
    video_id = submit("byteplus")
    task = asyncio.create_task(event_of(trigger_for(video_id)))
    await polled(sim, 4)
    sim.finish(video_id)
    await task
    said = [entry.args[0] for entry in log.info.call_args_list]
    assert said == [f"Video {video_id}: queued.", f"Video {video_id}: succeeded."]
    assert log.warning.call_args_list == []


# -- what it puts up with --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", ["http_500", "http_502_html", "torn_json", "not_json", "reset_after", "reset_before"])
async def test_four_failed_polls_in_a_row_are_put_up_with(fault: str, vendor: str, sim: Simulator) -> None:
    video_id = submit_finished(sim, vendor)
    sim.faults.add(Fault(fault, on="poll", times=jobs.MOST_FAILURES - 1))
    event = await event_of(trigger_for(video_id, vendor))
    assert event["outcome"] == "succeeded"
    # aiohttp itself asks once more when a kept connection is lost, which costs nothing at a read.
    assert polls(sim) >= jobs.MOST_FAILURES


@pytest.mark.parametrize("fault", ["http_500", "http_502_html", "torn_json", "reset_after"])
async def test_the_fifth_failed_poll_in_a_row_ends_the_wait(fault: str, sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault(fault, on="poll", times=None))
    event = await event_of(trigger_for(video_id))
    assert event["outcome"] == "failed"
    assert type(error_of(event)).__name__ == "TransientApiError"
    assert polls(sim) >= jobs.MOST_FAILURES
    assert_no_secret(json.dumps(event))


async def test_a_good_answer_in_between_starts_the_count_again(sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=4), Fault("http_500", on="poll", times=4, skip=1))
    trigger = trigger_for(video_id)
    task = asyncio.create_task(event_of(trigger))
    await polled(sim, 10)
    sim.finish(video_id)
    assert (await task)["outcome"] == "succeeded"


async def test_a_vendor_that_cannot_be_reached_for_a_while_is_put_up_with(sim: Simulator) -> None:
    video_id = submit_finished(sim, "byteplus")
    trigger = trigger_for(video_id, poll_interval=0.1)
    with sim.refuse_connections():
        task = asyncio.create_task(event_of(trigger))
        await asyncio.sleep(0.15)
        assert not task.done()
    assert (await task)["outcome"] == "succeeded"


async def test_a_vendor_that_asks_for_a_pause_gets_it(sim: Simulator) -> None:
    video_id = submit_finished(sim, "byteplus")
    sim.faults.add(Fault("http_429", on="poll", retry_after=1))
    assert (await event_of(trigger_for(video_id)))["outcome"] == "succeeded"
    first, second = [request.at for request in sim.requests if request.call == "poll"]
    assert second - first >= 0.89


@pytest.mark.parametrize("fault", ["auth", "no_balance"])
async def test_a_refusal_ends_the_wait_after_the_third_in_a_row(fault: str, sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault(fault, on="poll", times=jobs.MOST_REFUSALS))
    event = await event_of(trigger_for(video_id))
    assert event["outcome"] == "failed"
    assert polls(sim) == jobs.MOST_REFUSALS
    assert "goes on at the vendor" in str(error_of(event))
    assert error_of(event).status_code in (401, 403)
    assert_no_secret(json.dumps(event))


async def test_an_unknown_id_is_put_up_with_until_records_must_have_caught_up(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "NOT_FOUND_GRACE", 0.1)
    event = await event_of(trigger_for(NOWHERE))
    error = error_of(event)
    assert type(error).__name__ == "VideoNotFoundError"
    assert_names(str(error), ["404", "7 days"])
    assert polls(sim) > 1


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_undocumented_status_waits_on_and_warns_once(vendor: str, sim: Simulator, log: Mock) -> None:
    sim.faults.add(Fault("unknown_status", polls=3, word="pondering"))
    video_id = submit_finished(sim, vendor)
    event = await event_of(trigger_for(video_id, vendor))
    assert event["outcome"] == "succeeded"
    (warned,) = log.warning.call_args_list
    assert_names(warned.args[0], [video_id, "pondering"])
    assert polls(sim) == 4


# -- the deadline ----------------------------------------------------------------------------------------------------


async def test_the_deadline_ends_the_wait_and_says_that_the_video_may_still_come(sim: Simulator) -> None:
    video_id = submit("byteplus")
    event = await event_of(trigger_for(video_id, deadline=time.time() + 0.1))
    error = error_of(event)
    assert type(error).__name__ == "VideoTimeoutError"
    assert_names(str(error), [video_id, "queued", "not cancelled", "billed"])
    assert sim.counts.get(("byteplus", "cancel"), 0) == 0


async def test_a_restart_does_not_extend_the_deadline_but_looks_once_more(sim: Simulator) -> None:
    late = trigger_for(submit("byteplus"), deadline=time.time() - 3600)
    _, stored = late.serialize()
    event = await event_of(SeedanceVideoTrigger(**json.loads(json.dumps(stored))))
    assert type(error_of(event)).__name__ == "VideoTimeoutError"
    assert polls(sim) == 1


async def test_a_video_that_is_ready_is_taken_even_after_the_deadline(sim: Simulator) -> None:
    video_id = submit_finished(sim, "byteplus")
    assert (await event_of(trigger_for(video_id, deadline=time.time() - 3600)))["outcome"] == "succeeded"


async def test_a_failing_vendor_does_not_extend_the_deadline(sim: Simulator) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=None))
    event = await event_of(trigger_for(video_id, deadline=time.time() - 1))
    assert type(error_of(event)).__name__ == "VideoTimeoutError"
    assert polls(sim) == 1


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_pause_that_the_vendor_asks_for_does_not_extend_the_deadline(vendor: str, sim: Simulator) -> None:
    video_id = submit(vendor)
    sim.faults.add(Fault("http_429", on="poll", retry_after=3600))
    waiting = event_of(trigger_for(video_id, vendor, deadline=time.time() + 0.1))
    event = await asyncio.wait_for(waiting, 100)  # or else it is 300 s
    assert type(error_of(event)).__name__ == "VideoTimeoutError"


async def test_the_deadline_is_met_with_one_last_poll_not_with_a_burst(sim: Simulator) -> None:
    video_id = submit("byteplus")
    await event_of(trigger_for(video_id, poll_interval=60, deadline=time.time() + 1))
    assert polls(sim) == 1


async def test_a_clock_that_is_set_back_delays_no_event(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger, clock, back = trigger_for(submit_finished(sim, "byteplus")), time.time, [0.0]
    ti: Any = SimpleNamespace(task_id="wait")
    trigger.task_instance = ti
    monkeypatch.setattr(waiting, "SETTLED_AFTER", 0.1)
    monkeypatch.setattr(time, "time", lambda: clock() - back[0])
    wait = trigger._event

    async def hour_lost(started: float) -> dict[str, Any]:
        event = await wait(started)
        back[0] = 3600.0
        return event

    monkeypatch.setattr(trigger, "_event", hour_lost)
    assert (await asyncio.wait_for(event_of(trigger), 30))["outcome"] == "succeeded"


# -- the connection --------------------------------------------------------------------------------------------------


async def test_an_undefined_connection_is_an_event_not_a_crash(sim: Simulator) -> None:
    event = await event_of(SeedanceVideoTrigger(seedance_conn_id="never_defined", video_id="v", poll_interval=SOON))
    error = error_of(event)
    assert (type(error).__name__, error.retryable) == ("TransientApiError", True)
    assert_names(str(error), ["never_defined", "not defined"])
    assert sim.requests == []


@pytest.mark.parametrize("failures", [1, jobs.MOST_FAILURES - 1])
async def test_a_connection_that_airflow_does_not_find_for_a_moment_ends_no_wait(
    failures: int, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says "not defined" also while its API server, its database or a secrets backend is away."""
    video_id, get, left = submit_finished(sim, "byteplus"), SeedanceHook.get_connection, [failures]

    async def never(name: str) -> Any:
        raise AirflowNotFoundException(f"The conn_id `{name}` isn't defined")

    def not_at_first(name: str) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise AirflowNotFoundException(f"The conn_id `{name}` isn't defined")
        return get(name)

    monkeypatch.setattr(compat_connection, "get_async_connection", never)
    monkeypatch.setattr(SeedanceHook, "get_connection", staticmethod(not_at_first))
    assert (await event_of(trigger_for(video_id)))["outcome"] == "succeeded"


async def test_a_connection_that_became_useless_is_an_event(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    video_id = submit("byteplus")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_BYTEPLUS", '{"conn_type": "seedance", "extra": {"vendor": "byteplus"}}')
    event = await event_of(trigger_for(video_id))
    assert type(error_of(event)).__name__ == "SeedanceConfigError"


@pytest.mark.parametrize(("failures", "outcome"), [(4, "succeeded"), (99, "failed")])
async def test_a_look_up_that_fails_for_another_reason_counts_as_a_failed_poll(
    failures: int, outcome: str, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    video_id = submit_finished(sim, "byteplus")
    look_up, left = compat_connection.get_async_connection, [failures]

    async def sometimes(name: str) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise RuntimeError("the API server is away: sk-simulator")
        return await look_up(name)

    monkeypatch.setattr(compat_connection, "get_async_connection", sometimes)
    event = await event_of(trigger_for(video_id))
    assert event["outcome"] == outcome
    assert_no_secret(json.dumps(event))
    if outcome == "failed":
        assert "RuntimeError" in str(error_of(event))
        assert left[0] == 99 - jobs.MOST_FAILURES


async def test_the_connection_is_looked_up_once_however_long_the_wait(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up, seen = compat_connection.get_async_connection, []

    async def counted(name: str) -> Any:
        seen.append(name)
        return await look_up(name)

    monkeypatch.setattr(compat_connection, "get_async_connection", counted)
    video_id = submit("byteplus")
    task = asyncio.create_task(event_of(trigger_for(video_id)))
    await polled(sim, 5)
    sim.finish(video_id)
    await task
    assert seen == [conn_id("byteplus")]


# -- what is left behind ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["cancelled", "finished", "closed"])
async def test_a_trigger_leaves_no_connection_open(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.collect()
    with Simulator(speed=0.001) as sim, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id('byteplus').upper()}", sim.connection_json("byteplus"))
        video_id = await asyncio.to_thread(submit, "byteplus")
        trigger = trigger_for(video_id, poll_interval=0.05)
        run = trigger.run()
        task = asyncio.ensure_future(anext(run))
        await polled(sim, 2)
        assert open_sockets(sim) == 1
        if end == "finished":
            sim.finish(video_id)
            await task
        else:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        if end == "closed":
            await run.aclose()  # type: ignore[attr-defined]
        await trigger.cleanup()
        await asyncio.sleep(0)
        assert open_sockets(sim) == 0
        del run, task
        gc.collect()
    assert [str(w.message) for w in caught if issubclass(w.category, ResourceWarning)] == []


async def test_many_triggers_wait_side_by_side(sim: Simulator) -> None:
    ids = [submit(vendor) for vendor in VENDORS for _ in range(4)]
    tasks = [asyncio.create_task(event_of(trigger_for(i, sim.videos[i].vendor))) for i in ids]
    await polled(sim, 3 * len(ids))
    for video_id in ids:
        sim.finish(video_id)
    events = await asyncio.gather(*tasks)
    assert [event["video_id"] for event in events] == ids
    assert {event["outcome"] for event in events} == {"succeeded"}
