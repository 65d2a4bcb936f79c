"""Who is compared: for each, what waits for one video until it is ready."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks import openai_provider

KEY = "sk-benchmark-0123456789"
Waiter = Callable[[str, float], Awaitable[object]]
"""Waits for the video of this id, polling at this interval."""


@dataclass(frozen=True)
class Contender:
    """One way to wait.

    :param title: for the tables.
    :param make: builds the waiter, after Airflow is set up; given the server's URL.
    :param vendor: whose ids.
    """

    title: str
    make: Callable[[str], Waiter]
    vendor: str = "gmicloud"

    def video_id(self, number: int) -> str:
        """An id in the vendor's form; its number tells the server when it is ready."""
        if self.vendor == "byteplus":
            return f"cgt-20261120000000-{number:06d}"
        # Where the caller chooses the id, as at Runware, it has the same form.
        return f"11111111-2222-4333-8444-{number:012d}"


def connections(url: str) -> dict[str, str]:
    """The connections of all contenders, as environment variables."""
    ours = {"conn_type": "seedance", "password": KEY}
    # The raised rate is no limit that anybody reaches: what is compared is the cost of a poll.
    gmi = {**ours, "host": f"{url}/gmi", "extra": {"vendor": "gmicloud", "polls_per_second": 100_000}}
    ark = {**ours, "host": f"{url}/ark", "extra": {"vendor": "byteplus"}}
    runware = {**ours, "host": f"{url}/runware", "extra": {"vendor": "runware"}}
    http = {"conn_type": "http", "host": url, "extra": {"Authorization": f"Bearer {KEY}"}}
    openai = {"conn_type": "openai", "host": url, "password": KEY}
    named = {"GMI": gmi, "ARK": ark, "RUNWARE": runware, "HTTP": http, "OPENAI": openai}
    return {f"AIRFLOW_CONN_BENCH_{name}": json.dumps(connection) for name, connection in named.items()}


def prepare(url: str) -> None:
    """Sets this process's environment, before Airflow is imported."""
    os.environ |= connections(url)


def _ours(conn_id: str) -> Waiter:
    from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

    async def wait(video_id: str, interval: float) -> object:
        trigger = SeedanceVideoTrigger(seedance_conn_id=conn_id, video_id=video_id, poll_interval=interval)
        async for event in trigger.run():
            if event.payload["outcome"] != "succeeded":
                raise RuntimeError(f"unexpected event {event.payload}")
            return event
        raise RuntimeError("no event")

    return wait


def _http_hook_per_poll(url: str) -> Waiter:
    """As `HttpTrigger` asks, which is made for one request: a hook, a session and so a connection look-up each time."""
    import aiohttp
    from airflow.providers.http.hooks.http import HttpAsyncHook

    async def wait(video_id: str, interval: float) -> object:
        while True:
            hook = HttpAsyncHook(method="GET", http_conn_id="bench_http")
            async with aiohttp.ClientSession() as session:
                response = await hook.run(session=session, endpoint=f"gmi/requests/{video_id}")
                answer = await response.json()
            if answer["status"] == "success":
                return answer
            await asyncio.sleep(interval)

    return wait


def _http_hook_kept(url: str) -> Waiter:
    """As `HttpSensorTrigger` and `HttpEventTrigger` ask: a session each time, but one hook, which keeps its look-up."""
    import aiohttp
    from airflow.providers.http.hooks.http import HttpAsyncHook

    async def wait(video_id: str, interval: float) -> object:
        hook = HttpAsyncHook(method="GET", http_conn_id="bench_http")
        while True:
            async with aiohttp.ClientSession() as session:
                response = await hook.run(session=session, endpoint=f"gmi/requests/{video_id}")
                answer = await response.json()
            if answer["status"] == "success":
                return answer
            await asyncio.sleep(interval)

    return wait


def _httpx_per_poll(url: str) -> Waiter:
    import httpx
    from airflow.providers.common.compat.connection import get_async_connection

    async def wait(video_id: str, interval: float) -> object:
        connection = await get_async_connection("bench_gmi")
        headers = {"Authorization": f"Bearer {connection.password}"}
        while True:
            async with httpx.AsyncClient(headers=headers, timeout=60) as client:
                answer = (await client.get(f"{url}/gmi/requests/{video_id}")).json()
            if answer["status"] == "success":
                return answer
            await asyncio.sleep(interval)

    return wait


def _httpx_shared(url: str) -> Waiter:
    """The least that httpx can cost: one client for all triggers of the process, each connection looked up once."""
    import httpx
    from airflow.providers.common.compat.connection import get_async_connection

    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    client = httpx.AsyncClient(timeout=60, limits=limits, trust_env=False)

    async def wait(video_id: str, interval: float) -> object:
        connection = await get_async_connection("bench_gmi")
        headers = {"Authorization": f"Bearer {connection.password}"}
        while True:
            answer = (await client.get(f"{url}/gmi/requests/{video_id}", headers=headers)).json()
            if answer["status"] == "success":
                return answer
            await asyncio.sleep(interval)

    return wait


CONTENDERS = {
    "ours-single": Contender("ours, single GETs", lambda url: _ours("bench_gmi")),
    "ours-batch": Contender("ours, batches (Ark)", lambda url: _ours("bench_ark"), "byteplus"),
    "ours-runware": Contender("ours, batches (Runware)", lambda url: _ours("bench_runware"), "runware"),
    "http": Contender("HTTP provider, hook per poll", _http_hook_per_poll),
    "http-kept": Contender("HTTP provider, hook per trigger", _http_hook_kept),
    "httpx": Contender("httpx client per poll", _httpx_per_poll),
    "httpx-shared": Contender("httpx, one shared client", _httpx_shared),
    "openai": Contender("OpenAI provider's batch trigger", lambda url: openai_provider.waiter(url, KEY)),
}

BATCHES = ("ours-batch", "ours-runware")
"""Who asks for many videos at once, as often as the vendor's limit allows, which may be less often than asked for."""
