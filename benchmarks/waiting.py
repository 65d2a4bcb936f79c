"""Triggers as of a task that waits, which count their connection look-ups; on demand each makes its own, as it was."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import BaseOperator
from airflow.triggers.base import StartTriggerArgs

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


class WaitOperator(BaseOperator):
    """Its task begins in the trigger, so that no worker is needed to have thousands of them wait."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs("benchmarks.waiting.WaitTrigger", next_method="execute_complete")

    def __init__(self, *, conn_id: str, video_id: str, interval: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        wanted = {"seedance_conn_id": conn_id, "video_id": video_id, "poll_interval": interval}
        self.start_trigger_args = StartTriggerArgs(
            "benchmarks.waiting.WaitTrigger", trigger_kwargs=wanted, next_method="execute_complete"
        )

    def execute_complete(self, context: Any, event: Any) -> None:
        """No video becomes ready."""
