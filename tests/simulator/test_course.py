"""The way of a video from create to its end, in each vendor's words."""

import time
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.support.requests import SAMPLES, TELLS_UNKNOWN_IDS


def word_of(shown: Any) -> Any:
    if isinstance(shown.get("data"), list):  # Runware's
        return [*shown["data"], *shown.get("errors", [])][0]["status"]
    return shown.get("data", shown)["status"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_video_goes_through_the_vendors_statuses_to_a_url(sim: Simulator, callers: Any, vendor: str) -> None:
    caller = callers[vendor]
    video_id = caller.made()
    assert word_of(caller.poll(video_id)) == SAMPLES[vendor].course[0]
    sim.advance(10)
    assert word_of(caller.poll(video_id)) == SAMPLES[vendor].course[1]
    sim.advance(60)
    assert word_of(caller.poll(video_id)) == SAMPLES[vendor].course[2]
    assert caller.url(video_id).startswith(f"{sim.url}/media/{vendor}/{video_id}.mp4?")
    assert list(sim.videos[video_id].timeline) == ["queued", "running", "succeeded"]
    assert sim.videos[video_id].polls == 4


@pytest.mark.parametrize("vendor", VENDORS)
def test_finish_ends_a_video_at_once_and_says_why(sim: Simulator, callers: Any, vendor: str) -> None:
    video_id = callers[vendor].made()
    sim.finish(video_id, "failed", "SomeCode", "no paper in store")
    shown = callers[vendor].poll(video_id)
    assert word_of(shown) == SAMPLES[vendor].course[3]
    assert "no paper in store" in callers[vendor].end(video_id).text


def test_create_answers_have_the_documented_shapes(callers: Any) -> None:
    answers = {vendor: callers[vendor].create().json() for vendor in VENDORS}
    assert set(answers["jimmyai"]) == {"code", "msg", "data"}
    assert set(answers["jimmyai"]["data"]) == {"task_id", "status", "model", "created_at"}
    assert answers["jimmyai"]["data"]["task_id"].startswith("vid_")
    assert set(answers["gmicloud"]) == {"request_id", "model", "status", "created_at", "updated_at", "queued_at"}
    assert set(answers["modellix"]["data"]) == {"status", "task_id", "model_id", "get_result"}
    assert set(answers["byteplus"]) == {"id"}
    assert answers["volcengine"]["id"].startswith("cgt-2")


def test_modellix_gives_the_absolute_address_of_the_result_and_takes_both_paths(callers: Any) -> None:
    caller = callers["modellix"]
    for path in ("/bytedance/seedance-2.0-t2v", "/bytedance/seedance-2.0-t2v/async"):
        shown = caller.create(path).json()["data"]
        assert caller.http.get(shown["get_result"]["url"]).json()["data"]["task_id"] == shown["task_id"]


def test_jimmy_shows_progress_along_the_run(sim: Simulator, callers: Any) -> None:
    video_id, seen = callers["jimmyai"].made(), []
    for _ in range(7):
        seen.append(callers["jimmyai"].poll(video_id)["data"]["progress"])
        sim.advance(11)
    assert seen[0] == 0
    assert seen[-1] == 100
    assert seen == sorted(seen)
    assert any(0 < value < 100 for value in seen)


def test_stamps_are_unix_time_and_agree_with_the_jumps(sim: Simulator, callers: Any) -> None:
    video_id = callers["byteplus"].made()
    sim.advance(3600)
    shown = callers["byteplus"].poll(video_id)
    assert abs(shown["created_at"] - time.time()) < 30
    assert 55 <= shown["updated_at"] - shown["created_at"] <= 65


def test_speed_shortens_the_wait_but_not_the_stamps() -> None:
    with Simulator(speed=2000) as fast:
        headers = {"Authorization": f"Bearer {fast.api_key}"}
        body = {"model": "seedance-2-0-fast-260128", "payload": {"prompt": "a boat"}}
        made = httpx.post(f"{fast.base_url('gmicloud')}/requests", json=body, headers=headers).json()
        video = fast.videos[made["request_id"]]
        while video.status != "succeeded":
            time.sleep(0.01)
        assert video.completed_at is not None
        assert abs(video.completed_at - video.created_at - 60 / 2000) < 0.001


def test_an_ark_task_expires_after_the_time_it_was_given(sim: Simulator, callers: Any) -> None:
    video_id = callers["byteplus"].made(execution_expires_after=3600)
    sim.videos[video_id].ending = "stuck"
    sim.advance(3599)
    assert callers["byteplus"].poll(video_id)["status"] == "running"
    sim.advance(2)
    assert callers["byteplus"].poll(video_id)["status"] == "expired"


@pytest.mark.parametrize("vendor", VENDORS)
def test_one_vendor_does_not_know_anothers_videos(sim: Simulator, callers: Any, vendor: str) -> None:
    other = callers["byteplus" if vendor != "byteplus" else "gmicloud"]
    answer = callers[vendor].ask(SAMPLES[vendor].id_of(other.made()))
    if vendor == "jimmyai":
        assert (answer.status_code, answer.json()["code"]) == (200, "20002")
    elif vendor not in TELLS_UNKNOWN_IDS:
        assert (answer.status_code, answer.json()) == (200, {"data": []})
    else:
        assert answer.status_code == 404
        assert answer.json()


def test_free_calls_answer_and_bill_nothing(sim: Simulator, callers: Any) -> None:
    jimmy, gmi, modellix = callers["jimmyai"], callers["gmicloud"], callers["modellix"]
    assert "available" in jimmy.send("GET", "/api/open-api/v1/user/balance").json()["data"]
    assert jimmy.send("GET", "/api/open-api/v1/key/balance").json()["data"]["unlimited"] is True
    assert "seedance-2-0-260128" in gmi.send("GET", "/models").json()["model_ids"]
    assert gmi.send("GET", "/models/seedance-2-0-260128").json()["model"] == "seedance-2-0-260128"
    assert gmi.send("GET", "/models/nothing").status_code == 404
    assert modellix.send("GET", "/apikey/validate").json()["data"] == {"is_valid": True}
    assert "balance" in modellix.send("GET", "/team/balance").json()["data"]
    assert modellix.send("GET", "/models").status_code == 200
    assert callers["byteplus"].send("GET", "/contents/generations/tasks?page_size=1").json() == {
        "total": 0,
        "items": [],
    }
    assert sim.ledger == []


def test_gmi_lists_pages_of_one_model_with_the_payloads(sim: Simulator, callers: Any) -> None:
    caller = callers["gmicloud"]
    made = [caller.made() for _ in range(3)]
    assert caller.send("GET", "/requests").status_code == 400
    page = caller.send("GET", "/requests?model_id=seedance-2-0-fast-260128&limit=2&offset=0").json()
    rest = caller.send("GET", "/requests?model_id=seedance-2-0-fast-260128&limit=2&offset=2").json()
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert [shown["request_id"] for shown in page["requests"] + rest["requests"]] == made[::-1]
    assert page["requests"][0]["payload"] == {"prompt": "a paper boat"}


def test_gmi_cannot_cancel_unless_told_to(callers: Any) -> None:
    caller = callers["gmicloud"]
    assert caller.send("DELETE", f"/requests/{caller.made()}").status_code == 405


def test_ark_delete_depends_on_the_status(sim: Simulator, callers: Any) -> None:
    caller, path = callers["byteplus"], "/contents/generations/tasks/"
    queued, running, ended = (caller.made() for _ in range(3))
    sim.videos[running].queue_seconds = 0
    sim.finish(ended)
    assert caller.send("DELETE", path + queued).json() == {}
    assert caller.poll(queued)["status"] == "cancelled"
    assert caller.send("DELETE", path + queued).status_code == 409
    refused = caller.send("DELETE", path + running)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "InvalidAction.RunningTaskDeletion")
    assert caller.send("DELETE", path + ended).json() == {}
    assert caller.send("GET", path + ended).status_code == 404
    assert [bill.refunded for bill in sim.ledger] == [True, False, False]


def test_ark_lists_by_ids_status_and_page(sim: Simulator, callers: Any) -> None:
    caller, path = callers["volcengine"], "/contents/generations/tasks"
    made = [caller.made() for _ in range(25)]
    sim.finish(made[0])
    by_ids = caller.send("GET", path, params=[("filter.task_ids", made[3]), ("filter.task_ids", made[5])]).json()
    assert (by_ids["total"], {shown["id"] for shown in by_ids["items"]}) == (2, {made[3], made[5]})
    done = caller.send("GET", path, params={"filter.status": "succeeded"}).json()
    assert [shown["id"] for shown in done["items"]] == [made[0]]
    assert len(caller.send("GET", path).json()["items"]) == 20
    assert len(caller.send("GET", path, params={"page_num": 2, "page_size": 20}).json()["items"]) == 5
    assert caller.send("GET", path, params={"page_size": 501}).status_code == 400
    assert caller.send("GET", path, params={"filter.status": "expired"}).status_code == 400  # in no document
    assert caller.send("GET", path, params={"filter.model": "other"}).json()["total"] == 0


def test_ark_forgets_records_after_a_week_and_cancelled_ones_after_a_day(sim: Simulator, callers: Any) -> None:
    caller, path = callers["byteplus"], "/contents/generations/tasks"
    done, cancelled = caller.made(), caller.made()
    sim.finish(done)
    sim.finish(cancelled, "cancelled")
    sim.advance(90_000)
    assert caller.send("GET", f"{path}/{cancelled}").status_code == 404
    assert caller.poll(done)["content"] is None
    sim.advance(7 * 86_400)
    assert caller.send("GET", f"{path}/{done}").status_code == 404
    assert caller.send("GET", path).json()["total"] == 0
