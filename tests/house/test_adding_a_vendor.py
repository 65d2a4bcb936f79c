"""The steps of `docs/adding-a-vendor.md`, carried out: a vendor of another distribution, from the form to the file."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.api.vendors import VENDORS, all_vendors, make_adapter, vendor_of_model
from airflow_provider_seedance.get_provider_info import get_provider_info
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from dev.mp4 import inspect
from dev.task_life import TaskLife

from .conftest import install

ROOT = Path(__file__).parents[2]
ASKS: dict[str, Any] = {"model": "other-seedance-2", "prompt": "a paper boat", "duration": 5}


@pytest.fixture
def sim(other_vendor: None, submission_records: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator that knows the vendor by its entry point, and the connection `other` to it."""
    with Simulator(speed=1000) as simulator:
        monkeypatch.setenv("AIRFLOW_CONN_OTHER", simulator.connection_json("other", other_region="asia"))
        monkeypatch.setenv("AIRFLOW_CONN_AGAIN", simulator.connection_json("again"))
        yield simulator


@pytest.fixture
def still(other_vendor: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """As `sim`, but videos stay where they are."""
    with Simulator(speed=0.001) as simulator:
        monkeypatch.setenv("AIRFLOW_CONN_OTHER", simulator.connection_json("other"))
        monkeypatch.setenv("AIRFLOW_CONN_AGAIN", simulator.connection_json("again"))
        yield simulator


def task(folder: Path, **changes: Any) -> TaskLife:
    """A create operator that waits and lands, with all its attempts."""
    how = {"seedance_conn_id": "other", "wait_for_completion": True, "poll_interval": 0.01}
    return TaskLife(ASKS | how | {"output_path": f"file://{folder}/video.mp4"} | changes)


def calls(sim: Simulator) -> list[str]:
    return [request.call for request in sim.requests if request.vendor == "other"]


def test_the_form_has_the_vendor_and_its_settings(other_vendor: None) -> None:
    (connection_type,) = get_provider_info()["connection-types"]
    fields = connection_type["conn-fields"]
    assert fields["vendor"]["schema"]["enum"] == [*VENDORS, "other", "again"]
    assert fields["other_region"]["label"] == "Other Video: region"
    assert fields["other_region"]["schema"] == {"type": ["string", "null"], "default": "eu"}


def test_a_request_is_judged_by_the_vendors_rules_when_the_dag_is_parsed(other_vendor: None) -> None:
    assert vendor_of_model("other-seedance-2") == "other"
    with pytest.raises(ValueError, match=r"Other Video.*4 to 15"):
        SeedanceCreateVideoOperator(task_id="create", **ASKS | {"duration": 16})


def test_the_hook_speaks_its_dialect(still: Simulator) -> None:
    with SeedanceHook("other").get_conn() as client:
        video = client.create_video(ASKS)
        assert video.video_id.startswith("other-seedance-2/")
        assert (video.vendor, video.status) == ("other", VideoStatus.QUEUED)
        assert [seen.video_id for seen in client.list_videos().videos] == [video.video_id]
        still.finish(video.video_id)
        assert client.get_video(video.video_id).is_deliverable
    created = still.creates("other")[0]
    assert created.headers["authorization"] == f"Key {still.api_key}"
    assert (created.headers["x-region"], created.path) == ("eu", "/v1/other-seedance-2/requests")


def test_what_the_queue_has_completed_may_have_failed(still: Simulator) -> None:
    with SeedanceHook("other").get_conn() as client:
        video_id = client.create_video(ASKS).video_id
        still.finish(video_id, "failed", error_message="the model failed")
        video = client.get_video(video_id)
    assert (video.status, str(video.error)) == (VideoStatus.FAILED, "the model failed")


def test_cancelling_is_a_put(still: Simulator) -> None:
    hook = SeedanceHook("other")
    video_id = hook.create_video(ASKS).video_id
    assert hook.cancel_if_not_started(video_id).cancelled
    hook.close()
    (cancel,) = [request for request in still.requests if request.call == "cancel"]
    assert (cancel.method, cancel.path) == ("PUT", f"/v1/{video_id.replace('/', '/requests/')}/cancel")


def test_test_connection_probes_the_key(still: Simulator) -> None:
    assert SeedanceHook("other").test_connection() == (True, "The key works.")


def test_the_triggerer_waits_for_it_and_fetches_the_result(sim: Simulator) -> None:
    hook = SeedanceHook("other")
    video_id = hook.create_video(ASKS).video_id
    hook.close()
    trigger = SeedanceVideoTrigger(video_id=video_id, seedance_conn_id="other", poll_interval=0.01)

    async def event() -> dict[str, Any]:
        found = [event.payload async for event in trigger.run()]
        return dict(json.loads(json.dumps(found[0])))

    assert asyncio.run(asyncio.wait_for(event(), 60))["video_id"] == video_id
    assert calls(sim)[0] == "create"
    assert calls(sim)[-2:] == ["poll", "result"]


def test_a_task_submits_waits_and_lands(sim: Simulator, tmp_path: Path) -> None:
    ended = task(tmp_path).live()
    assert ended.delivered is not None, ended
    assert inspect(tmp_path / "video.mp4").seconds
    assert ended.delivered["vendor"] == "other"
    assert len(sim.ledger) == 1


@pytest.mark.parametrize("kind", ["reset_after", "http_500_after", "torn_json"])
def test_a_create_whose_answer_is_lost_is_found_by_its_mark_and_paid_once(
    sim: Simulator, tmp_path: Path, kind: str
) -> None:
    sim.faults.add(Fault(kind, vendor="other"))
    ended = task(tmp_path).live()
    assert ended.delivered is not None, ended
    assert [bill.video_id for bill in sim.ledger] == [ended.delivered["video_id"]]
    assert sim.creates("other")[0].headers["x-client-mark"].startswith("airflow-")


@pytest.mark.parametrize("place", ["after POST, before the record", "while deferred"])
def test_a_task_that_dies_takes_up_its_own_video(sim: Simulator, tmp_path: Path, place: str) -> None:
    life = task(tmp_path)
    life.dies = place
    ended = life.live()
    assert ended.delivered is not None, ended
    assert [bill.video_id for bill in sim.ledger] == [ended.delivered["video_id"]]


AGAIN = {"seedance_conn_id": "again", "model": "another-seedance-2"}


@pytest.mark.parametrize("kind", ["reset_after", "http_500_after", "torn_json", "reset_before", "http_500"])
def test_where_a_create_is_repeatable_a_lost_one_is_sent_again_with_the_same_id(
    sim: Simulator, tmp_path: Path, kind: str
) -> None:
    sim.faults.add(Fault(kind, vendor="again"))
    ended = task(tmp_path, **AGAIN).live()
    assert ended.delivered is not None, ended
    assert [bill.video_id for bill in sim.ledger] == [ended.delivered["video_id"]]
    marks = [request.headers["x-client-mark"] for request in sim.creates("again")]
    assert marks == [marks[0], marks[0]]


@pytest.mark.parametrize("place", ["before POST", "after POST, before the record"])
def test_where_a_create_is_repeatable_the_next_attempt_sends_the_same_id(
    sim: Simulator, tmp_path: Path, place: str
) -> None:
    life = task(tmp_path, **AGAIN)
    life.dies = place
    ended = life.live()
    assert ended.delivered is not None, ended
    assert [bill.video_id for bill in sim.ledger] == [ended.delivered["video_id"]]


def test_a_repeatable_create_is_not_repeated_for_another_request(sim: Simulator, tmp_path: Path) -> None:
    life = task(tmp_path, **AGAIN)
    life.dies = "after POST, before the record"

    def changed(attempt: int, method: str) -> None:
        life.operator["prompt"] = "a paper boat" if attempt == 1 else "a paper plane"

    life.before = changed
    ended = life.live()
    assert ended.delivered is None
    assert [request.json["prompt"] for request in sim.creates("again")] == ["a paper boat"]


def test_polls_of_many_videos_in_one_post_ride_the_shared_poller(still: Simulator) -> None:
    hook = SeedanceHook("again")
    ids = [hook.create_video(ASKS | {"model": "another-seedance-2"}).video_id for _ in range(3)]
    hook.close()

    async def outcomes() -> list[str]:
        triggers = [
            SeedanceVideoTrigger(video_id=video_id, seedance_conn_id="again", poll_interval=0.05) for video_id in ids
        ]

        async def outcome(trigger: SeedanceVideoTrigger) -> str:
            events = [event.payload async for event in trigger.run()]
            return str(events[0]["outcome"])

        waiting = asyncio.gather(*map(outcome, triggers))
        while not any(len(request.json) == 3 for request in still.requests if request.call == "list"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another thread takes the requests
        for video_id in ids:
            still.finish(video_id)
        return await waiting

    assert asyncio.run(asyncio.wait_for(outcomes(), 60)) == ["succeeded"] * 3


def test_nothing_outside_its_own_folder_knows_it() -> None:
    own = ROOT / "tests" / "support" / "othervendor"
    named = [
        str(path.relative_to(ROOT))
        for top in ("airflow_provider_seedance", "dev", "tests", "benchmarks", "docs/_ext")
        for path in (ROOT / top).rglob("*.py")
        if own not in path.parents and path.parent.name != "house" and "othervendor" in path.read_text()
    ]
    assert named == []


def test_a_broken_vendor_of_somebody_else_leaves_the_others_alone(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    install(site, "broken_vendor", "[airflow_provider_seedance.vendors]\nbroken = nowhere.at_all:DESCRIPTOR\n")
    with caplog.at_level(logging.WARNING):
        assert tuple(all_vendors()) == VENDORS
    assert "'broken' is left out" in caplog.text
    with pytest.raises(SeedanceConfigError, match="Its entry point can't be loaded: ModuleNotFoundError"):
        make_adapter("broken")
    assert make_adapter("byteplus").title == "BytePlus ModelArk"


def test_an_entry_point_takes_no_built_in_name(site: Path) -> None:
    entry = "[airflow_provider_seedance.vendors]\nbyteplus = tests.support.othervendor:DESCRIPTOR\n"
    install(site, "pretender", entry)
    assert tuple(all_vendors()) == VENDORS
    assert make_adapter("byteplus").title == "BytePlus ModelArk"


def test_a_built_in_vendor_is_found_without_reading_entry_points(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_seedance.api import vendors

    def fail(**_: Any) -> Any:
        raise AssertionError("entry points were read")

    monkeypatch.setattr(vendors, "entry_points", fail)
    assert make_adapter("jimmyai").name == "jimmyai"
    assert vendor_of_model("seedance-2.0-t2v") == "modellix"
