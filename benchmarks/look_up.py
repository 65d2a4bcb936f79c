"""What one connection look-up costs in a real triggerer: a request to its supervisor, which asks the API server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseHook, BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent


class LookUpTrigger(BaseTrigger):
    """Looks a connection up again and again; fires with the seconds that one look-up took."""

    def __init__(self, conn_id: str, times: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.conn_id = conn_id
        self.times = times

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "benchmarks.look_up.LookUpTrigger", {"conn_id": self.conn_id, "times": self.times}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await BaseHook.aget_connection(self.conn_id)  # the first one loads modules
        began = time.perf_counter()
        for _ in range(self.times):
            await BaseHook.aget_connection(self.conn_id)
        yield TriggerEvent((time.perf_counter() - began) / self.times)  # type: ignore[no-untyped-call]


class LookUpOperator(BaseOperator):
    """Has a trigger look a connection up; returns what it says."""

    def __init__(self, *, conn_id: str, times: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.times = times

    def execute(self, context: Any) -> None:
        self.defer(trigger=LookUpTrigger(self.conn_id, self.times), method_name="execute_complete")

    def execute_complete(self, context: Any, event: Any) -> Any:
        return event
