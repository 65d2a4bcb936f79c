"""Replicate's own client, unchanged, takes the simulator for the real thing."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError

from airflow_provider_seedance.simulator import Fault, Simulator

MODEL = "bytedance/seedance-2.0"
BOAT = {"prompt": "a paper boat", "duration": 5, "resolution": "720p"}


@pytest.fixture
def client(sim: Simulator) -> Any:
    # The client's paths begin with /v1 themselves.
    made = Client(api_token=sim.api_key, base_url=sim.base_url("replicate").removesuffix("/v1"))
    made.poll_interval = 0.05
    return made


def test_the_client_creates_waits_and_lists(sim: Simulator, client: Any) -> None:
    made = client.models.predictions.create(MODEL, input=BOAT, webhook="https://hooks.example/x?mark=1")
    assert ([bill.video_id for bill in sim.ledger], made.status, made.version) == ([made.id], "starting", "hidden")
    assert [item.id for item in client.predictions.list()] == [made.id]
    sim.finish(made.id)
    made.wait()
    assert made.status == "succeeded"
    assert httpx.head(made.output, timeout=60).status_code == 200
    sim.advance(3601)
    made.reload()
    assert (made.output, made.input) == (None, {})


def test_the_client_cancels_what_runs(sim: Simulator, client: Any) -> None:
    made = client.models.predictions.create(MODEL, input=BOAT)
    sim.advance(10)
    assert made.status == "starting"
    made.cancel()
    made.wait()
    assert made.status == "canceled"


def test_the_client_reads_our_refusals_and_failures(sim: Simulator, client: Any) -> None:
    with pytest.raises(ReplicateError) as refused:
        client.models.predictions.create(MODEL, input={**BOAT, "duration": 99})
    assert (refused.value.status, refused.value.title) == (422, "Input validation failed")
    with pytest.raises(ReplicateError) as unknown:
        client.predictions.get("nobody")
    assert unknown.value.status == 404
    assert sim.ledger == []
    sim.faults.add(Fault("moderation_output", "replicate"))
    made = client.models.predictions.create(MODEL, input=BOAT)
    sim.advance(100)
    made.reload()
    assert made.status == "failed"
    assert "(E005)" in str(ModelError(made))


def test_the_client_reads_account_model_and_files(sim: Simulator, client: Any) -> None:
    assert client.accounts.current().username == "simulator"
    stored = client.files.create(io.BytesIO(b"\x89PNG"), filename="a.png")
    assert (stored.name, stored.size, client.files.get(stored.id).urls) == ("a.png", 4, stored.urls)


def test_the_client_repeats_no_create(sim: Simulator, client: Any) -> None:
    sim.faults.add(Fault("http_503", "replicate"))
    with pytest.raises(ReplicateError):
        client.models.predictions.create(MODEL, input=BOAT)
    assert len(sim.creates()) == 1
