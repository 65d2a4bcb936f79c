"""No key, prompt or signature in any log, with every logger of the process at its most talkative."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_seedance.api.errors import SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from tests.any_airflow import AIRFLOW
from tests.support.requests import SENDS_ONCE

from .helpers import PROMPT, SIGNED, SIMPLE, SOON, assert_no_secret, conn_id, event_of, submit_finished


class Everything(logging.Handler):
    """Keeps what every logger says, unmasked."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def by(self, *loggers: str) -> list[str]:
        return [line for line in self.lines if line.startswith(loggers)]


@pytest.fixture
def heard(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> Iterator[Everything]:
    """What all loggers say at DEBUG, those that were told to keep quiet included; at the end it is searched."""
    names = ["", *logging.root.manager.loggerDict]
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.level, logger.disabled, logger.propagate) for logger in loggers]
    everything = Everything()
    for logger in loggers:
        logger.setLevel(logging.NOTSET if logger.name != "root" else logging.DEBUG)
        logger.disabled, logger.propagate = False, True
    logging.root.addHandler(everything)
    try:
        yield everything
    finally:
        logging.root.removeHandler(everything)
        for logger, level, disabled, propagate in before:
            logger.setLevel(level)
            logger.disabled, logger.propagate = disabled, propagate
    printed = capfd.readouterr()
    text = "\n".join([*everything.lines, printed.out, printed.err])
    assert everything.by("httpx", "httpcore"), "the HTTP client was not heard at all"
    assert_no_secret(text)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_synchronous_create_and_wait_tells_nothing_secret(
    vendor: str, sim: Simulator, heard: Everything, no_backoff: None
) -> None:
    hook = SeedanceHook(conn_id(vendor))
    video = hook.create_video(SIMPLE[vendor] | {"prompt": PROMPT})
    sim.finish(video.video_id)
    sim.faults.add(Fault("http_500", on="poll", message=f"{SIGNED}"))
    done = hook.wait_for_video(video.video_id, poll_interval=SOON)
    assert done.video_url
    assert done.video_url not in "\n".join(heard.lines)
    hook.test_connection()
    hook.close()


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2 executes operators in a process's main thread only")
@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_asynchronous_create_and_a_deferred_wait_tell_nothing_secret(
    vendor: str, sim: Simulator, heard: Everything
) -> None:
    video = await SeedanceHook(conn_id(vendor)).acreate_video(SIMPLE[vendor] | {"prompt": PROMPT})
    sensor = SeedanceVideoSensor(
        task_id="wait", video_id=video.video_id, seedance_conn_id=conn_id(vendor), poke_interval=SOON
    )
    with pytest.raises(TaskDeferred) as caught:
        await asyncio.to_thread(sensor.execute, {})
    trigger = caught.value.trigger
    assert isinstance(trigger, SeedanceVideoTrigger)
    sim.finish(video.video_id)
    event = await event_of(trigger)
    result: dict[str, Any] = await asyncio.to_thread(sensor.execute_complete, {}, event)
    assert result["video_url"] not in "\n".join(heard.lines)


@pytest.mark.parametrize("vendor", SENDS_ONCE)
@pytest.mark.parametrize("fault", ["auth", "moderation_submit", "no_balance", "http_500", "torn_json", "reset_after"])
def test_a_refused_create_tells_nothing_secret(fault: str, vendor: str, sim: Simulator, heard: Everything) -> None:
    sim.faults.add(Fault(fault, message=f"no: {PROMPT} {SIGNED}"))
    hook = SeedanceHook(conn_id(vendor))
    with pytest.raises(SeedanceError):
        hook.create_video(SIMPLE[vendor])
    hook.close()


def test_a_failed_wait_tells_nothing_secret(sim: Simulator, heard: Everything) -> None:
    video_id = submit_finished(sim, "byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=None, message=SIGNED))
    trigger = SeedanceVideoTrigger(seedance_conn_id=conn_id("byteplus"), video_id=video_id, poll_interval=SOON)
    event = asyncio.run(event_of(trigger))
    assert_no_secret(json.dumps(event))
