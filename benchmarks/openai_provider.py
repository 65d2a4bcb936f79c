"""The OpenAI provider's batch trigger, over a stub of OpenAI's SDK that asks our server.

The provider is no dependency of ours. It is put into a folder of its own, without what it depends on; if it can't be
had, the loop of its trigger, written anew, takes its place.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

PACKAGE = "apache-airflow-providers-openai"
VERSION = "2.2.0"
FOLDER = Path(__file__).resolve().parent.parent / ".work" / "bench-openai"


def is_there() -> bool:
    """Whether the provider itself takes part."""
    return (FOLDER / "airflow/providers/openai").is_dir()


def install() -> bool:
    """Puts the provider into its folder; says whether it is there."""
    if not is_there():
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(FOLDER)]
        subprocess.run([*uv, f"{PACKAGE}=={VERSION}"], check=False, stderr=subprocess.DEVNULL, timeout=60)
    return is_there()


def waiter(url: str, key: str) -> Callable[[str, float], Awaitable[object]]:
    """Waits for one video with the provider's trigger, which blocks the event loop while it asks.

    The stub is generous: one HTTP client for all triggers, where the SDK makes one for each.
    """
    import httpx

    client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def retrieve(batch_id: str) -> Any:
        done = client.get(f"{url}/gmi/requests/{batch_id}").json()["status"] == "success"
        return SimpleNamespace(status="completed" if done else "in_progress")

    if not is_there():
        return _written_anew(retrieve)
    _stub_sdk(lambda **kwargs: SimpleNamespace(batches=SimpleNamespace(retrieve=retrieve)))
    import airflow.providers

    airflow.providers.__path__.append(str(FOLDER / "airflow/providers"))
    from airflow.providers.openai.triggers.openai import (  # type: ignore[import-not-found,unused-ignore]
        OpenAIBatchTrigger,
    )

    async def wait(video_id: str, interval: float) -> object:
        trigger = OpenAIBatchTrigger(conn_id="bench_openai", batch_id=video_id, poll_interval=interval, timeout=3600)
        async for event in trigger.run():
            if event.payload["status"] != "success":
                raise RuntimeError(f"unexpected event {event.payload}")
            return event
        raise RuntimeError("no event")

    return wait


def _stub_sdk(client: Callable[..., Any]) -> None:
    package, auth = ModuleType("openai"), ModuleType("openai.auth")
    package.__dict__.update(OpenAI=client, AsyncOpenAI=client, auth=auth)
    names = ("azure_managed_identity_token_provider", "gcp_id_token_provider", "k8s_service_account_token_provider")
    auth.__dict__.update(dict.fromkeys(names))
    sys.modules |= {"openai": package, "openai.auth": auth}


def _written_anew(retrieve: Callable[[str], Any]) -> Callable[[str, float], Awaitable[object]]:
    async def wait(video_id: str, interval: float) -> object:
        batch = retrieve(video_id)
        while batch.status == "in_progress":
            await asyncio.sleep(interval)
            batch = retrieve(video_id)
        return batch

    return wait
