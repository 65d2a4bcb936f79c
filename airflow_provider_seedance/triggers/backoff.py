"""The trigger that gives a worker slot back while a vendor has no room for another video."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class SeedanceBackoffTrigger(BaseTrigger):
    """Fires at a given moment. Nothing has been submitted while it waits.

    :param until: Unix time.
    :param since: Unix time of the first refusal, handed on in the event.
    """

    def __init__(self, *, until: float, since: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.until = until
        self.since = since

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as stored in Airflow's database."""
        path = "airflow_provider_seedance.triggers.backoff.SeedanceBackoffTrigger"
        return path, {"until": self.until, "since": self.since}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleeps, then fires once."""
        await asyncio.sleep(max(0.0, self.until - time.time()))
        yield TriggerEvent({"since": self.since})  # type: ignore[no-untyped-call]
