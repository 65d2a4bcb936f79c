"""What the tests of the Airflow layer share: valid requests, secrets to look for, and small ways to run things."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import psutil
from airflow.triggers.base import TriggerEvent

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Simulator
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from tests.support.requests import CAN_CANCEL as FIRST_PARTY
from tests.support.requests import simple

PROMPT = "a paper boat named Zebedee in rain"

SIMPLE = simple(PROMPT)
"""The least that each vendor takes."""

SIGNED = "https://cdn.example/v.mp4?X-Tos-Signature=5ec4e7"
"""A vendor's message may quote such a URL; `5ec4e7` must not come through."""

SOON = 0.01
"""Seconds between polls."""


def conn_id(vendor: str) -> str:
    return f"seedance_{vendor}"


def submit(vendor: str, **fields: Any) -> str:
    """Creates a video and gives its id."""
    hook = SeedanceHook(conn_id(vendor))
    try:
        return hook.create_video(SIMPLE[vendor] | fields).video_id
    finally:
        hook.close()


def submit_finished(sim: Simulator, vendor: str) -> str:
    video_id = submit(vendor)
    sim.finish(video_id)
    return video_id


def call(form: str, hook: SeedanceHook, method: str, *args: Any, **kwargs: Any) -> Any:
    """Calls a method of the hook, or its asynchronous twin."""
    if form == "sync":
        try:
            return getattr(hook, method)(*args, **kwargs)
        finally:
            hook.close()

    async def awaited() -> Any:
        return await getattr(hook, f"a{method}")(*args, **kwargs)

    return asyncio.run(awaited())


async def events_of(trigger: SeedanceVideoTrigger) -> list[TriggerEvent]:
    """Every event that the trigger fires until it stops."""
    return [event async for event in trigger.run()]


async def event_of(trigger: SeedanceVideoTrigger) -> dict[str, Any]:
    """The payload of the trigger's only event, as it comes back from Airflow's database."""
    (event,) = await events_of(trigger)
    payload: dict[str, Any] = json.loads(json.dumps(event.payload))
    return payload


def polls(sim: Simulator) -> int:
    return sum(count for (_, name), count in sim.counts.items() if name == "poll")


async def polled(sim: Simulator, times: int) -> None:
    """Waits until the simulator was asked so often."""
    while polls(sim) < times:  # noqa: ASYNC110 - another thread counts
        await asyncio.sleep(SOON)


def open_sockets(sim: Simulator) -> int:
    """How many connections this process holds to the simulator as a client."""
    port = int(sim.url.rpartition(":")[2])
    found = psutil.Process().net_connections(kind="tcp")
    return sum(c.status == psutil.CONN_ESTABLISHED and bool(c.raddr) and c.raddr.port == port for c in found)


def assert_no_secret(text: str, *others: str) -> None:
    """No key, prompt or signature; `others` are further things that must not be in the text."""
    for secret in ("sk-simulator", "Zebedee", "5ec4e7", "Signature=", *others):
        assert secret not in text, f"{secret!r} is in: {text}"


def assert_names(message: str, words: Iterable[str]) -> None:
    for word in words:
        assert word in message


__all__ = ["FIRST_PARTY", "PROMPT", "SIGNED", "SIMPLE", "SOON", "VENDORS", "Simulator"]
