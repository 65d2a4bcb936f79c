"""What goes wrong on demand, and what the ledger says about it."""

from typing import Any

import httpx
import pytest

from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from tests.support.requests import own_id

from .conftest import Caller

SP_POLL = "/api/open-api/v1/videos/"


def test_two_identical_creates_are_two_bills(sim: Simulator, callers: Any) -> None:
    for vendor in VENDORS:
        first, second = callers[vendor].made(), callers[vendor].made()
        assert first != second
    assert len(sim.ledger) == 2 * len(VENDORS)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_reset_after_accept_is_billed_though_nobody_heard_the_answer(
    sim: Simulator, callers: Any, vendor: str
) -> None:
    sim.faults.add(Fault("reset_after", vendor=vendor))
    with pytest.raises(httpx.ReadError):
        callers[vendor].create()
    [bill], [request] = sim.ledger, sim.creates(vendor)
    assert (request.answered, request.fault, request.video_id) == ("reset", "reset_after", bill.video_id)
    assert callers[vendor].poll(bill.video_id)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_reset_before_is_seen_the_same_but_bills_nothing(sim: Simulator, callers: Any, vendor: str) -> None:
    sim.faults.add(Fault("reset_before"))
    with pytest.raises(httpx.ReadError):
        callers[vendor].create()
    assert sim.ledger == []
    assert sim.creates()[0].answered == "reset"


def test_a_closed_port_refuses_and_opens_again(sim: Simulator, callers: Any) -> None:
    caller, port = callers["gmicloud"], sim.url
    caller.made()
    with sim.refuse_connections(), pytest.raises(httpx.ConnectError):
        caller.create()
    caller.made()
    assert (len(sim.ledger), sim.url) == (2, port)


@pytest.mark.parametrize(
    ("kind", "status"), [("http_500", 500), ("http_502_html", 502), ("http_503", 503), ("http_status", 408)]
)
def test_an_error_before_the_call_bills_nothing_and_after_it_a_video(
    sim: Simulator, callers: Any, kind: str, status: int
) -> None:
    for vendor in VENDORS:
        sim.faults.add(Fault(kind, vendor=vendor))
        assert callers[vendor].create().status_code == status
    assert sim.ledger == []
    if kind == "http_503":
        return
    for vendor in VENDORS:
        sim.faults.add(Fault(f"{kind}_after", vendor=vendor))
        assert callers[vendor].create().status_code == status
    assert len(sim.ledger) == len(VENDORS)


@pytest.mark.parametrize("kind", ["torn_json", "not_json", "missing_id"])
def test_an_unreadable_answer_was_billed(sim: Simulator, callers: Any, kind: str) -> None:
    for vendor in VENDORS:
        sim.faults.add(Fault(kind, vendor=vendor))
        answer = callers[vendor].create()
        assert answer.is_success
        if kind == "missing_id":
            assert sim.ledger[-1].video_id not in str(answer.json())
        else:
            with pytest.raises(ValueError, match=r"."):
                answer.json()
    assert len(sim.ledger) == len(VENDORS)


def test_a_slow_answer_took_effect_before_it_came(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("timeout_after"))
    with pytest.raises(httpx.ReadTimeout):
        callers["modellix"].send("POST", "/bytedance/seedance-2.0-t2v", json={"prompt": "a boat"}, timeout=0.3)
    assert len(sim.ledger) == 1
    sim.faults.add(Fault("slow", seconds=0.2))
    assert callers["modellix"].create().status_code == 200
    assert [request.fault for request in sim.creates()] == ["timeout_after", "slow"]


def test_429_carries_what_it_was_given(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("http_429", retry_after=7), Fault("http_429", vendor="byteplus", code="QuotaExceeded"))
    refused = callers["jimmyai"].create()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")
    assert callers["byteplus"].create().json()["error"]["code"] == "QuotaExceeded"
    sim.faults.add(Fault("http_429", retry_after="Fri, 20 Nov 2026 09:00:00 GMT", reset_after=60))
    refused = callers["modellix"].create()
    assert refused.headers["Retry-After"] == "Fri, 20 Nov 2026 09:00:00 GMT"
    assert int(refused.headers["X-RateLimit-Reset"]) > 1_700_000_000
    assert refused.json() == {"code": 429, "message": "Too Many Requests: too many requests"}
    assert sim.ledger == []


def test_moderation_at_submission_has_each_vendors_shape(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("moderation_submit", times=None))
    answers = {vendor: callers[vendor].create() for vendor in VENDORS}
    assert answers["byteplus"].status_code == 400
    assert answers["byteplus"].json()["error"]["code"] == "InputTextSensitiveContentDetected"
    assert answers["gmicloud"].status_code == 500
    assert answers["gmicloud"].json()["error"].startswith("Backend error (400): ")
    assert (answers["jimmyai"].status_code, answers["jimmyai"].json()["code"]) == (200, "20002")
    assert (answers["modellix"].status_code, answers["modellix"].json()["code"]) == (400, 400)
    assert sim.ledger == []


def test_moderated_output_ends_failed_with_the_vendors_error(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("moderation_output", times=None))
    ids = {vendor: callers[vendor].made() for vendor in VENDORS}
    sim.advance(120)
    shown = {vendor: callers[vendor].poll(ids[vendor]) for vendor in VENDORS}
    assert shown["byteplus"]["error"]["code"] == "OutputVideoSensitiveContentDetected"
    assert shown["jimmyai"]["data"]["error_message"].startswith("PROVIDER_MODERATION_ERROR")
    assert "moderation" in shown["gmicloud"]["error"]
    assert shown["modellix"]["data"]["status"] == "failed"
    # Only Ark and GMI Cloud document that such a video is free.
    assert {bill.vendor for bill in sim.ledger if bill.refunded} == {"byteplus", "volcengine", "gmicloud"}


@pytest.mark.parametrize(
    ("kind", "status"), [("fail", "failed"), ("expire", "expired"), ("cancel", "cancelled"), ("stuck", "running")]
)
def test_a_video_comes_to_the_end_it_was_doomed_to(sim: Simulator, callers: Any, kind: str, status: str) -> None:
    sim.faults.add(Fault(kind))
    doomed, spared = callers["byteplus"].made(), callers["byteplus"].made()
    sim.advance(7200)
    assert callers["byteplus"].poll(doomed)["status"] == status
    assert callers["byteplus"].poll(spared)["status"] == "succeeded"


def test_a_polled_video_can_be_doomed_but_not_once_it_has_ended(sim: Simulator, callers: Any) -> None:
    ended, running = callers["byteplus"].made(), callers["byteplus"].made()
    sim.finish(ended)
    sim.faults.add(Fault("fail", on="poll", times=2))
    assert callers["byteplus"].poll(ended)["status"] == "succeeded"
    callers["byteplus"].poll(running)
    sim.advance(120)
    assert callers["byteplus"].poll(running)["status"] == "failed"


def test_success_may_come_without_a_usable_url(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("no_url", vendor="byteplus"), Fault("relative_url", vendor="jimmyai"))
    without, relative = callers["byteplus"].made(), callers["jimmyai"].made()
    sim.advance(120)
    assert callers["byteplus"].poll(without)["content"] is None
    assert callers["jimmyai"].url(relative) == f"videos/{relative}.mp4"


def test_an_undocumented_status_shows_for_some_polls(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("unknown_status", word="dreaming", polls=2))
    video_id = callers["gmicloud"].made()
    assert [callers["gmicloud"].poll(video_id)["status"] for _ in range(3)] == ["dreaming", "dreaming", "queued"]


def test_account_troubles_have_each_vendors_shape(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("no_balance", times=len(VENDORS)))
    told = {vendor: callers[vendor].create() for vendor in VENDORS}
    assert told["byteplus"].json()["error"]["code"] == "AccountOverdueError"
    assert (told["modellix"].status_code, told["jimmyai"].json()["msg"]) == (402, "insufficient balance")
    sim.faults.add(Fault("model_not_open", vendor="volcengine"), Fault("auth", vendor="gmicloud", on="poll"))
    refused = callers["volcengine"].create()
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "ModelNotOpen")
    video_id = callers["gmicloud"].made()
    assert callers["gmicloud"].send("GET", f"/requests/{video_id}").status_code == 401
    assert callers["gmicloud"].send("GET", f"/requests/{video_id}").status_code == 200


def test_answers_take_the_other_forms_that_were_seen(sim: Simulator, callers: Any) -> None:
    jimmy, gmi = callers["jimmyai"], callers["gmicloud"]
    done, failed, lost = jimmy.made(), gmi.made(), gmi.made()
    sim.finish(failed, "failed", "moderation", "refused")
    sim.finish(lost)
    sim.faults.add(Fault("answer_variant", vendor="jimmyai", code=20000))
    assert jimmy.poll(done)["code"] == 20000
    sim.faults.add(Fault("answer_variant", vendor="jimmyai", flat=True))
    assert jimmy.poll(done)["task_id"] == done
    sim.faults.add(Fault("answer_variant", vendor="jimmyai", http_errors=True))
    assert jimmy.create(model="unheard-of").status_code == 400
    sim.faults.add(Fault("answer_variant", vendor="gmicloud", error="outcome_object"))
    assert gmi.poll(failed)["outcome"]["error"] == {"code": "moderation", "message": "refused", "status": 400}
    sim.faults.add(Fault("answer_variant", vendor="gmicloud", outcome="media_urls"))
    assert gmi.poll(lost)["outcome"]["media_urls"][0]["url"].startswith("http")
    ark = callers["byteplus"].made()
    modellix = callers["modellix"].made()
    sim.advance(100)
    sim.faults.add(Fault("answer_variant", vendor="byteplus", content_null=True))
    sim.faults.add(Fault("answer_variant", vendor="modellix", status="completed"))
    assert callers["byteplus"].poll(ark)["content"] is None
    assert callers["modellix"].poll(modellix)["data"]["status"] == "completed"


def test_faults_count_skip_and_depend_on_chance(sim: Simulator, callers: Any) -> None:
    caller = callers["modellix"]
    sim.faults.add(Fault("http_500", skip=1, times=2))
    assert [caller.create().status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    sim.faults.add(Fault("http_500", times=None, probability=0.5))
    seen = {caller.create().status_code for _ in range(40)}
    assert seen == {200, 500}
    sim.faults.clear()
    assert caller.create().status_code == 200


def test_a_refused_create_uses_up_no_fault_that_follows_acceptance(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("http_500_after"))
    assert callers["byteplus"].create(duration=99).status_code == 400
    assert callers["byteplus"].create().status_code == 500


def test_the_free_probe_can_fail_too(sim: Simulator, callers: Any) -> None:
    sim.faults.add(Fault("http_503", on="auth_probe", times=None))
    assert callers["gmicloud"].send("GET", "/models").status_code == 503
    assert callers["byteplus"].send("GET", "/contents/generations/tasks?page_size=1").status_code == 503
    assert callers["byteplus"].send("GET", "/contents/generations/tasks").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "nothing"},
        {"kind": "slow", "vendor": "nobody"},
        {"kind": "slow", "on": "never"},
        {"kind": "slow", "skip": -1},
    ],
)
def test_a_fault_that_cannot_be_is_told_at_once(sim: Simulator, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"known|must be"):
        sim.faults.add(Fault(**wrong))


def test_rates_are_enforced_only_when_asked_for() -> None:
    with Simulator(rate_limits=True) as sim:
        ark = Caller(sim, "byteplus")
        codes = [ark.send("GET", "/contents/generations/tasks").status_code for _ in range(2)]
        assert codes == [200, 429]
        modellix = Caller(sim, "modellix")
        codes = [modellix.send("GET", "/models").status_code for _ in range(101)]
        assert codes.count(429) == 1
        assert sim.max_rate_seen["byteplus", "list"] == 2


# -- what comes from outside -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [403, 404, 502])
def test_a_strangers_page_refuses_each_call_and_bills_nothing(
    sim: Simulator, callers: Any, vendor: str, status: int
) -> None:
    video_id = callers[vendor].made()
    sim.faults.add(*(Fault("stranger_page", vendor, on=call, status=status) for call in ("create", "poll", "media")))
    url = callers[vendor].base
    answers = [callers[vendor].create(), callers[vendor].ask(video_id)]
    sim.finish(video_id)
    answers.append(httpx.get(callers[vendor].url(video_id), timeout=60))
    assert [answer.status_code for answer in answers] == [status] * 3, url
    assert all(answer.headers["content-type"].startswith("text/html") and "<html>" in answer.text for answer in answers)
    assert len(sim.ledger) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_poisoned_text_spoils_no_call_but_holds_what_nobody_can_keep(
    sim: Simulator, callers: Any, vendor: str
) -> None:
    sim.faults.add(*(Fault("poisoned_text", vendor, on=call) for call in ("create", "poll")))
    created = callers[vendor].create()
    (bill,) = sim.ledger
    assert own_id(bill.video_id) in created.text
    sim.finish(bill.video_id)
    polled = callers[vendor].ask(bill.video_id)
    for answer in (created, polled):
        assert answer.is_success
        assert "\\ud83d\\u0000" in answer.text
        assert answer.json()["note"].startswith("\ud83d\0")
    if vendor in ("byteplus", "volcengine"):
        assert polled.json()["usage"]["completion_tokens"] == 10**400
    assert "http" in callers[vendor].url(bill.video_id)


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_id_in_an_error_is_that_of_a_video_that_is_billed(sim: Simulator, callers: Any, vendor: str) -> None:
    sim.faults.add(Fault("id_in_error", vendor))
    answer = callers[vendor].create()
    (bill,) = sim.ledger
    assert answer.status_code == 504
    assert own_id(bill.video_id) in answer.text


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_late_url_comes_some_polls_after_the_success(sim: Simulator, callers: Any, vendor: str) -> None:
    sim.faults.add(Fault("late_url", vendor, polls=2))
    video_id = callers[vendor].made()
    callers[vendor].poll(video_id)  # one that is too early counts for nothing
    sim.finish(video_id)
    shown = [callers[vendor].told(video_id) for _ in range(4)]
    assert ["mp4?" in text for text in shown] == [False, False, True, True]
    assert all("succe" in text or "completed" in text.casefold() for text in shown)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_flapping_status_takes_the_success_back_for_some_polls(sim: Simulator, callers: Any, vendor: str) -> None:
    sim.faults.add(Fault("flapping_status", vendor, polls=2))
    video_id = callers[vendor].made()
    callers[vendor].poll(video_id)
    sim.finish(video_id)
    shown = [callers[vendor].told(video_id) for _ in range(4)]
    assert ["mp4?" in text for text in shown] == [True, False, False, True]
    words = ("running", "processing", "IN_PROGRESS", "in_progress")
    assert [any(word in text for word in words) for text in shown] == [False, True, True, False]


@pytest.mark.parametrize("vendor", VENDORS)
def test_half_an_emoji_in_an_error_text_comes_over_the_wire(sim: Simulator, callers: Any, vendor: str) -> None:
    video_id = callers[vendor].made()
    sim.finish(video_id, "failed", "X", "cut \ud83d")
    assert "cut \\ud83d" in callers[vendor].told(video_id)
