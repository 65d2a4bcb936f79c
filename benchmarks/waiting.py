"""The provider's trigger, but that it counts its connection look-ups; on demand each makes its own, as it was."""

from __future__ import annotations

import os
from typing import Any

from airflow_provider_seedance.api.client import ClientSettings
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter
from airflow_provider_seedance.polling.look_ups import Found, LookUp, SharedLookUp
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

COUNTER = "BENCH_LOOK_UPS"
"""Environment variable: the file that grows by a byte for each look-up."""

BEFORE = "BENCH_BEFORE"
"""Environment variable: if it is set, each trigger looks its connection up by itself, as until November 2026."""


async def _by_itself(_shared: SharedLookUp, look_up: LookUp) -> Found:
    return await look_up()


if os.environ.get(BEFORE):
    SharedLookUp.recent = _by_itself  # type: ignore[assignment,method-assign]


class WaitTrigger(SeedanceVideoTrigger):
    """The provider's own, but for the count."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "benchmarks.waiting.WaitTrigger", super().serialize()[1]

    async def _look_up(self) -> tuple[VendorAdapter, ClientSettings]:
        if path := os.environ.get(COUNTER):
            with open(path, "ab") as counter:  # noqa: ASYNC230 - a byte to a local file
                counter.write(b".")
        return await super()._look_up()
