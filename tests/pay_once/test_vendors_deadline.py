"""A vendor's own deadline: told only where nobody can still be waiting for the video when it passes."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from airflow_provider_seedance.tasks.deadlines import MARGIN

from .helpers import Attempts, asks, conn_id

TIMEOUT, INTERVAL = 600.0, 10.0
TOLD = f"{TIMEOUT + 2 * INTERVAL + MARGIN:.0f}s"
WAITS = {"timeout": TIMEOUT, "poll_interval": INTERVAL, "retries": 0}


def told(sim: Simulator, **fields: Any) -> str | None:
    Attempts(asks("replicate", **WAITS | fields)).next()
    (sent,) = sim.creates("replicate")
    return sent.headers.get("cancel-after")


@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({}, TOLD),
        # A retry takes a video that is ready by then, however late it comes.
        ({"retries": 1}, None),
        # A sensor waits as long as it likes.
        ({"wait_for_completion": False}, None),
        ({"execution_expires_after": 3600}, "3600s"),
        ({"execution_expires_after": 30, "retries": 1}, "30s"),
        ({"timeout": 0.5, "poll_interval": 0.1}, "121s"),
    ],
    ids=str,
)
def test_replicate_ends_what_nobody_waits_for_any_more(
    sim: Simulator, fields: dict[str, Any], header: str | None
) -> None:
    assert told(sim, **fields) == header


@pytest.mark.parametrize("vendor", [name for name in VENDORS if name != "replicate"])
def test_other_vendors_are_sent_what_they_always_were(sim: Simulator, vendor: str) -> None:
    Attempts(asks(vendor, **WAITS)).next()
    Attempts(asks(vendor, **WAITS | {"wait_for_completion": False})).next()
    waiting, handing_on = sim.creates(vendor)
    assert "cancel-after" not in waiting.headers
    assert "execution_expires_after" not in waiting.body.decode()
    assert len(waiting.body) == len(handing_on.body) or vendor in ("gmicloud",)  # a drawn seed has its own length


def test_the_vendor_whose_turn_is_second_is_told_too(sim: Simulator) -> None:
    from airflow_provider_seedance.simulator import Fault

    sim.faults.add(Fault("no_balance", vendor="byteplus"))
    asked = asks("byteplus", model="seedance-2.0", fallback_conn_ids=[conn_id("replicate")], **WAITS)
    Attempts(asked).next()
    (sent,) = sim.creates("replicate")
    assert sent.headers["cancel-after"] == TOLD


def test_a_time_out_says_how_long_the_vendor_goes_on(sim: Simulator) -> None:
    task = Attempts(asks("replicate", **WAITS), retries=0)
    task.next()
    error = {"kind": "VideoTimeoutError", "message": "Video x was not ready in time.", "facts": {}}
    event = {"video_id": task.video_id, "outcome": "failed", "error": error}
    result = task.resume("execute_complete", event=event)
    assert result.error == "VideoTimeoutError"
    assert "The vendor was told to cancel it 740 s after its creation" in result.message


def test_the_deadline_is_kept_after_ours_and_ends_the_video(sim: Simulator) -> None:
    task = Attempts(asks("replicate", **WAITS), retries=0)
    task.next()
    (video,) = sim.videos.values()
    video.run_seconds = 10_000
    sim.advance(TIMEOUT + 10)
    assert video.look().status == "running"
    sim.advance(200)
    assert video.look().status == "expired"


def test_what_the_vendor_has_removed_is_told_at_once_and_not_waited_for(sim: Simulator) -> None:
    task = Attempts(asks("replicate", **WAITS | {"retries": 2}))
    task.next()
    sim.finish(task.video_id)
    sim.advance(3 * 3600)
    event = {"video_id": task.video_id, "outcome": "succeeded", "error": None, "deadline": 9e9}
    result = task.resume("execute_complete", event=event)
    assert (result.kind, result.error, result.retryable) == ("failed", "VideoUrlExpiredError", False), result
    assert "one hour after their end" in result.message
    assert "paid again" in result.message
    assert len(sim.ledger) == 1
