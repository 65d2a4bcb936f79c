"""Runware's own SDK, unchanged, takes the simulator for the real thing.

It speaks over a WebSocket, which carries the same tasks and answers as the POST; a bridge here passes them on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import runware.base
from runware import IModelSearch, IVideoInference, Runware
from runware.utils import RunwareAPIError
from websockets.asyncio.server import ServerConnection, serve

from airflow_provider_seedance.simulator import Fault, Simulator

MODEL = "bytedance:seedance@2.0"
SESSION = "5ee7a6c0-0000-4000-8000-000000000000"


def _own(task: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The answer to what belongs to the socket alone."""
    if task["taskType"] == "ping":
        return {"data": [{"taskType": "ping", "pong": True}]}
    if task["taskType"] != "authentication":
        return None
    if task["apiKey"] == key:
        return {"data": [{"taskType": "authentication", "connectionSessionUUID": SESSION}]}
    return {"errors": [{"code": "invalidApiKey", "message": "Invalid API key", "taskType": "authentication"}]}


@asynccontextmanager
async def connected(sim: Simulator, key: str | None = None) -> AsyncIterator[Runware]:
    """The SDK, connected to the bridge."""

    async def bridge(socket: ServerConnection) -> None:
        headers = {"Authorization": f"Bearer {sim.api_key}"}
        async with httpx.AsyncClient(headers=headers, timeout=60, verify=False) as http:
            async for message in socket:
                tasks = json.loads(message)
                answer = _own(tasks[0], sim.api_key)
                if answer is None:
                    answer = (await http.post(sim.base_url("runware"), json=tasks)).json()
                await socket.send(json.dumps(answer))

    async with serve(bridge, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        client = Runware(api_key=key or sim.api_key, url=f"ws://127.0.0.1:{port}")
        try:
            await client.connect()
            yield client
        finally:
            await client.disconnect()


def run(sim: Simulator, act: Callable[[Runware], Awaitable[Any]]) -> Any:
    """What an act with the SDK returns."""

    async def acting() -> Any:
        async with connected(sim) as client:
            return await act(client)

    return asyncio.run(asyncio.wait_for(acting(), 120))


def asked(**fields: Any) -> IVideoInference:
    return IVideoInference(model=MODEL, positivePrompt="day to night", deliveryMethod="async", **fields)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runware.base, "VIDEO_POLLING_DELAY", 50)


def test_the_sdk_creates_waits_and_has_the_result(sim: Simulator) -> None:
    async def act(client: Runware) -> Any:
        accepted = await client.videoInference(asked(duration=5, width=1280, height=720, includeCost=True))
        assert [bill.video_id for bill in sim.ledger] == [accepted.taskUUID]
        sim.finish(accepted.taskUUID)
        return await client.getResponse(taskUUID=accepted.taskUUID), await client.getTaskDetails(accepted.taskUUID)

    [video], details = run(sim, act)
    assert video.taskUUID == sim.ledger[0].video_id
    assert video.cost == 1.152
    assert httpx.head(video.videoURL, timeout=60).status_code == 200
    assert details.request[0].positivePrompt == "day to night"
    assert details.response[0].videoURL.partition("?")[0] == video.videoURL.partition("?")[0]


def test_the_sdk_waits_while_the_video_is_processed(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(client: Runware) -> Any:
        accepted = await client.videoInference(asked())
        # The SDK overlooks "processing", and asks again when it has waited for a result for this long (ms).
        monkeypatch.setattr(runware.base, "VIDEO_INITIAL_TIMEOUT", 1000)
        waiting = asyncio.create_task(client.getResponse(taskUUID=accepted.taskUUID))
        while sim.videos[accepted.taskUUID].polls < 2:  # noqa: ASYNC110 - the simulator has no event for it
            await asyncio.sleep(0.02)
        sim.finish(accepted.taskUUID)
        return await waiting

    [video] = run(sim, act)
    assert video.videoURL


@pytest.mark.parametrize(
    ("fields", "code"), [({"duration": 3}, "unsupportedDuration"), ({"width": 7, "height": 7}, "unsupportedDimensions")]
)
def test_the_sdk_reads_our_refusals(sim: Simulator, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(RunwareAPIError) as refused:
        run(sim, lambda client: client.videoInference(asked(**fields)))
    assert refused.value.code == code
    assert sim.ledger == []


def test_the_sdk_reads_why_a_video_failed(sim: Simulator) -> None:
    async def act(client: Runware) -> Any:
        accepted = await client.videoInference(asked())
        sim.finish(accepted.taskUUID, "failed", "timeoutProvider", "no answer in time")
        return await client.getResponse(taskUUID=accepted.taskUUID)

    with pytest.raises(RunwareAPIError, match="no answer in time") as failed:
        run(sim, act)
    assert failed.value.code == "timeoutProvider"


def test_the_sdk_is_told_of_an_id_that_was_used(sim: Simulator) -> None:
    async def act(client: Runware) -> Any:
        first = await client.videoInference(asked())
        await client.videoInference(asked(taskUUID=first.taskUUID))

    with pytest.raises(RunwareAPIError) as conflict:
        run(sim, act)
    assert conflict.value.code == "conflictTaskUUID"
    assert len(sim.ledger) == 1


def test_the_sdk_is_told_that_the_balance_is_used_up(sim: Simulator) -> None:
    sim.faults.add(Fault("no_balance"))
    with pytest.raises(RunwareAPIError) as refused:
        run(sim, lambda client: client.videoInference(asked()))
    assert refused.value.code == "insufficientCredits"


def test_the_sdk_finds_models_and_stores_media(sim: Simulator) -> None:
    async def act(client: Runware) -> Any:
        found = await client.modelSearch(IModelSearch(search="seedance", limit=5))
        return found, await client.uploadMedia("https://files.example/a.png")

    found, stored = run(sim, act)
    assert MODEL in [model.air for model in found.results]
    assert [asset.id for asset in sim.assets.values()] == [stored.mediaUUID]
