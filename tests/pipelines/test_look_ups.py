"""How often a task's life looks its connection up: each look-up asks Airflow's API server or a secrets backend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook, Connection

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import Simulator
from dev.task_life import TaskLife

from .helpers import CREATE, MODEL

PRICES = {MODEL: {"currency": "USD", "per_second": {"720p": 0.1}}}
ASKS = {"duration": 5, "resolution": "720p", "max_cost": 1}


class LookUps:
    """Counts the synchronous look-ups of the connection, by what the task was about."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.step = ""
        self.counts: Counter[str] = Counter()
        original = BaseHook.get_connection.__func__  # type: ignore[attr-defined]
        look_ups = self

        def get_connection(cls: type[BaseHook], conn_id: str) -> Any:
            if conn_id == "seedance_byteplus":
                look_ups.counts[look_ups.step] += 1
            return original(cls, conn_id)

        monkeypatch.setattr(BaseHook, "get_connection", classmethod(get_connection))

    def begin(self, attempt: int, method: str) -> None:
        self.step = method


@pytest.fixture
def look_ups(sim: Simulator, connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> LookUps:
    connect("byteplus", prices=PRICES, allow_private_hosts=True)
    return LookUps(monkeypatch)


@pytest.mark.parametrize("lands", [True, False])
def test_a_task_looks_its_connection_up_once_per_step(look_ups: LookUps, tmp_path: Path, lands: bool) -> None:
    path = {"output_path": f"file://{tmp_path}/{{video_id}}.mp4"} if lands else {}
    ended = TaskLife(CREATE | ASKS | path, retries=0, before=look_ups.begin).live()
    assert ended.delivered, ended
    assert ended.delivered["cost"] == 0.5
    # Below 3.3.2 an asynchronous look-up can bring Airflow to a deadlock, so a thread makes a synchronous one.
    in_trigger = {} if hasattr(Connection, "aextra_dejson") else {"watch": 1}
    assert dict(look_ups.counts) == {"execute": 1, "execute_complete": 1} | in_trigger


def test_a_task_that_waits_on_its_worker_looks_its_connection_up_once(look_ups: LookUps, tmp_path: Path) -> None:
    path = f"file://{tmp_path}/{{video_id}}.mp4"
    ended = TaskLife(CREATE | ASKS | {"output_path": path, "deferrable": False}, before=look_ups.begin).live()
    assert ended.delivered, ended
    assert dict(look_ups.counts) == {"execute": 1}


def test_a_hook_that_is_used_again_looks_up_nothing_and_a_new_one_sees_a_new_key(
    look_ups: LookUps, connect: Callable[..., None]
) -> None:
    hook = SeedanceHook("seedance_byteplus")
    first = hook.connection
    assert hook.account
    hook.get_conn()
    hook.close()
    assert hook.get_conn().settings.api_key == first.settings.api_key
    hook.close()
    assert sum(look_ups.counts.values()) == 1
    connect("byteplus", prices={})
    assert hook.connection.prices
    assert not SeedanceHook("seedance_byteplus").connection.prices
