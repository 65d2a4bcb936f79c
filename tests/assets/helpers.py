"""What the tests of reference media share."""

from __future__ import annotations

import asyncio
import io
import json
from importlib import import_module
from typing import Any, cast

from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_seedance.api.assets import MediaFile
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.simulator.assets import SimulatedAsset
from dev.task_life import TaskState, Ti

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
JPEG = b"\xff\xd8\xff\xe0" + bytes(5000)
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(9000)

SECRETS = ("sk-simulator", "X-Goog-Signature", "5ec4e7")


def media(name: str = "girl.png", content: bytes = PNG) -> MediaFile:
    return MediaFile(name=name, content=io.BytesIO(content), size=len(content))


def hook(vendor: str) -> SeedanceHook:
    return SeedanceHook(f"seedance_{vendor}")


def only_asset(sim: Simulator) -> SimulatedAsset:
    (asset,) = sim.assets.values()
    return asset


def called(sim: Simulator, call: str) -> int:
    return sum(count for (_, name), count in sim.counts.items() if name == call)


class Attempts:
    """Attempts of one upload task, over one task state; each one is a new operator, as in a new worker."""

    def __init__(self, vendor: str, *, state: TaskState | None = None, **fields: Any) -> None:
        self.fields: dict[str, Any] = {"seedance_conn_id": f"seedance_{vendor}", "poll_interval": 0.01} | fields
        self.state: TaskState | None = state or TaskState()
        self.ti = Ti(task_id="upload")

    @property
    def context(self) -> Any:
        return cast("Any", {"ti": self.ti} | ({"task_state_store": self.state} if self.state else {}))

    def operator(self, **changes: Any) -> SeedanceUploadAssetOperator:
        return SeedanceUploadAssetOperator(task_id="upload", **(self.fields | changes))

    def next(self, **changes: Any) -> dict[str, Any]:
        """One attempt that ends on the worker."""
        return self.operator(**changes).execute(self.context)

    def deferred(self, **changes: Any) -> TaskDeferred:
        """One attempt that defers."""
        try:
            self.operator(**changes).execute(self.context)
        except TaskDeferred as deferral:
            return deferral
        raise AssertionError("it did not defer")

    def resume(self, event: dict[str, Any]) -> dict[str, Any]:
        return self.operator().execute_complete(self.context, event)

    def clear(self) -> None:
        """As the user does: Airflow gives the task new tries."""
        self.ti.max_tries += 1


def watch(deferral: TaskDeferred, within: float = 20.0) -> dict[str, Any]:
    """Runs the trigger from what Airflow stores of it; its one event as Airflow stores it."""
    path, kwargs = deferral.trigger.serialize()
    module, _, name = path.rpartition(".")
    trigger = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))

    async def first() -> Any:
        events = [event.payload async for event in trigger.run()]
        (payload,) = events
        return payload

    payload: dict[str, Any] = json.loads(json.dumps(asyncio.run(asyncio.wait_for(first(), within))))
    return payload


def fails_for_good(error: BaseException) -> bool:
    """Whether Airflow leaves the task's retries alone."""
    return isinstance(error, AirflowFailException)


def assert_no_secret(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text, f"{secret!r} is in: {text}"
