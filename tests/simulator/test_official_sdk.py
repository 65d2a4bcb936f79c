"""The vendor's own SDK, unchanged, takes the simulator for the real thing."""

from typing import Any

import httpx
import pytest
from byteplussdkarkruntime import Ark
from byteplussdkarkruntime._exceptions import ArkAPIError, ArkNotFoundError

from airflow_provider_seedance.simulator import Fault, Simulator

MODEL = "dreamina-seedance-2-0-260128"


@pytest.fixture
def tasks(sim: Simulator) -> Any:
    return Ark(base_url=sim.base_url("byteplus"), api_key=sim.api_key).content_generation.tasks


def test_the_sdk_creates_gets_lists_and_deletes(sim: Simulator, tasks: Any) -> None:
    content = [
        {"type": "text", "text": "day to night"},
        {"type": "image_url", "image_url": {"url": "https://files.example/a.jpg"}, "role": "first_frame"},
    ]
    first = tasks.create(model=MODEL, content=content, duration=6, return_last_frame=True, safety_identifier="me")
    second = tasks.create(model=MODEL, content=content[:1])
    assert [bill.video_id for bill in sim.ledger] == [first.id, second.id]
    assert None in sim.creates()[0].json.values()  # it sends every unset argument as null
    assert tasks.get(task_id=first.id).status == "queued"

    sim.finish(first.id)
    done = tasks.get(task_id=first.id)
    assert (done.status, done.duration, done.safety_identifier) == ("succeeded", 6, "me")
    assert done.usage.completion_tokens == 1280 * 720 * 145 // 1024
    assert httpx.head(done.content.video_url, timeout=60).status_code == 200
    assert httpx.head(done.content.last_frame_url, timeout=60).status_code == 200

    listed = tasks.list(task_ids=[first.id, second.id])
    assert (listed.total, {item.id for item in listed.items}) == (2, {first.id, second.id})
    assert [item.id for item in tasks.list(status="queued", page_size=5).items] == [second.id]

    tasks.delete(task_id=second.id)
    assert tasks.get(task_id=second.id).status == "cancelled"
    tasks.delete(task_id=first.id)
    with pytest.raises(ArkNotFoundError):
        tasks.get(task_id=first.id)


def test_the_sdk_reads_our_refusals(sim: Simulator, tasks: Any) -> None:
    with pytest.raises(ArkAPIError) as refused:
        tasks.create(model=MODEL, content=[{"type": "text", "text": "a boat"}], frames=57)
    assert "InvalidParameter" in str(refused.value)
    assert sim.ledger == []


def test_the_sdks_own_retries_bill_a_lost_answer_twice(sim: Simulator, tasks: Any) -> None:
    sim.faults.add(Fault("reset_after"))
    tasks.create(model=MODEL, content=[{"type": "text", "text": "a boat"}])
    assert len(sim.ledger) == 2  # the reason why a client must not build on them
