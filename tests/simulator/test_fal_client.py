"""fal's own client, unchanged, takes the simulator for the real thing. Only its addresses are others."""

from __future__ import annotations

from typing import Any

import fal_client
import httpx
import pytest
from fal_client import client as fal_module

from airflow_provider_seedance.simulator import Fault, Simulator

TEXT = "bytedance/seedance-2.0/text-to-video"
BOAT = {"prompt": "a paper boat", "duration": "5", "resolution": "720p"}


@pytest.fixture
def fal(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(fal_module, "QUEUE_URL_FORMAT", f"{sim.base_url('fal')}/")
    monkeypatch.setattr(fal_module, "REST_URL", sim.base_url("fal"))
    monkeypatch.setattr(fal_module, "BASE_DELAY", 0.01)
    return fal_client.SyncClient(key=sim.api_key)


def test_the_client_submits_waits_and_has_the_result(sim: Simulator, fal: Any) -> None:
    handle = fal.submit(TEXT, arguments=BOAT)
    assert [bill.video_id for bill in sim.ledger] == [f"bytedance/seedance-2.0/{handle.request_id}"]
    assert handle.status() == fal_client.Queued(position=0)
    sim.advance(10)
    assert isinstance(handle.status(with_logs=True), fal_client.InProgress)
    sim.advance(60)
    assert isinstance(handle.status(), fal_client.Completed)
    shown = handle.get()
    assert httpx.head(shown["video"]["url"], timeout=60).status_code == 200
    assert isinstance(shown["seed"], int)
    # By the application and the request's id alone, as another process would.
    assert fal.result(TEXT, handle.request_id)["video"]["content_type"] == "video/mp4"


def test_the_client_cancels_what_is_queued(sim: Simulator, fal: Any) -> None:
    handle = fal.submit(TEXT, arguments=BOAT)
    handle.cancel()
    seen = handle.status()
    assert (type(seen), seen.error_type) == (fal_client.Completed, "client_cancelled")
    with pytest.raises(fal_client.FalClientHTTPError) as cancelled:
        handle.get()
    assert (cancelled.value.status_code, cancelled.value.error_type) == (499, "client_cancelled")
    with pytest.raises(fal_client.FalClientHTTPError) as late:
        handle.cancel()
    assert (late.value.status_code, late.value.response.json()) == (400, {"status": "ALREADY_COMPLETED"})
    assert [bill.refunded for bill in sim.ledger] == [True]


def test_the_client_hears_only_from_the_result_that_the_input_was_wrong(sim: Simulator, fal: Any) -> None:
    handle = fal.submit(TEXT, arguments={**BOAT, "duration": 5})
    sim.advance(100)
    assert isinstance(handle.status(), fal_client.Completed)
    with pytest.raises(fal_client.FalClientHTTPError) as wrong:
        handle.get()
    assert (wrong.value.status_code, wrong.value.error_type) == (422, "one_of")
    assert wrong.value.response.json()["detail"][0]["loc"] == ["body", "duration"]


def test_the_client_reads_our_refusals(sim: Simulator, fal: Any) -> None:
    for fault, status in ((Fault("auth", "fal"), 401), (Fault("no_balance", "fal"), 403)):
        sim.faults.add(fault)
        with pytest.raises(fal_client.FalClientHTTPError) as refused:
            fal.submit(TEXT, arguments=BOAT)
        assert refused.value.status_code == status
    with pytest.raises(fal_client.FalClientHTTPError) as unknown:
        fal.status(TEXT, "00000000-0000-4000-8000-000000000000")
    assert unknown.value.status_code == 404
    assert sim.ledger == []


def test_the_client_uploads_to_the_place_that_it_asked_for(sim: Simulator, fal: Any) -> None:
    url = fal.upload(b"\x89PNG\r\n\x1a\n", "image/png", "a.png", repository="fal")
    (asset,) = sim.assets.values()
    assert (asset.url, asset.content_type, asset.size) == (url, "image/png", 8)


def test_the_clients_own_retries_bill_a_lost_answer_twice(sim: Simulator, fal: Any) -> None:
    sim.faults.add(Fault("reset_after", "fal"))
    fal.submit(TEXT, arguments=BOAT)
    assert len(sim.ledger) == 2  # the reason why a client must not build on them
