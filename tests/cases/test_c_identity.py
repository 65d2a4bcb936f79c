"""C: what is adopted, skipped or called "the same" is so by a mark, an id or a hash, never because it looks alike."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from airflow_provider_seedance.api.calls import is_past
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.url_signatures import unsigned
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.vendors.ark.videos import Ark
from airflow_provider_seedance.submissions.fingerprint import fingerprint_of
from airflow_provider_seedance.submissions.store import KEY, LedgerSubmissionStore
from dev.task_life import AFTER_POST, DeathError, Run, Step, TaskState, Ti, work
from tests.any_airflow import AIRFLOW
from tests.pay_once.helpers import ARKS, CAN_LIST, Attempts, asks, bills, conn_id
from tests.support.pauses import shorten_pauses

UNKNOWN = "SubmissionUnknownError"


def lost(sim: Simulator, task: Attempts) -> None:
    """The first attempt's create never arrives."""
    sim.faults.add(Fault("reset_before"))
    assert task.next().error == UNKNOWN


# -- C1, C4: a lost create beside a sibling --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"first_frame": "https://d.example/uc?id=HORSE"}, {"first_frame": "https://d.example/uc?id=COW"}),
        ({}, {}),
        ({"seed": 7}, {"seed": 7}),
        ({"reference_images": ["https://d.example/a.png"]}, {"reference_images": ["https://d.example/a.png"]}),
    ],
    ids=["frames that differ in their query", "the same prompt", "the same seed of the user's", "the same media"],
)
@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_c1_a_create_that_never_arrived_is_not_taken_for_its_sibling_s_video(
    sim: Simulator, vendor: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    if vendor in ARKS and "seed" in one:
        pytest.skip("a seed is not what Ark's submissions are marked with")
    made, missing = Attempts(asks(vendor, **one)), Attempts(asks(vendor, **other))
    assert made.next().kind == "deferred"
    lost(sim, missing)
    assert missing.next().error == UNKNOWN
    assert missing.record
    assert missing.record["video_id"] is None
    assert bills(sim) == [made.video_id]


@pytest.mark.parametrize("vendor", ARKS)
def test_case_c1_where_ark_repeats_no_mark_another_prompt_s_video_is_not_taken(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    original = Ark.shown

    def shown(self: Ark, video: Any, call: Any) -> dict[str, Any]:
        return {name: value for name, value in original(self, video, call).items() if name != "safety_identifier"}

    monkeypatch.setattr(Ark, "shown", shown)
    assert Attempts(asks(vendor, prompt="a horse")).next().kind == "deferred"
    missing = Attempts(asks(vendor, prompt="a cow"))
    lost(sim, missing)
    assert missing.next().error == UNKNOWN


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_c1_twins_whose_answers_were_all_lost_find_each_its_own(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("reset_after", times=None))
    twins = [Attempts(asks(vendor)) for _ in range(3)]
    for twin in twins:
        with pytest.raises(DeathError):
            twin.next(die=AFTER_POST)
    sim.faults.clear()
    for twin in twins:
        assert twin.next().kind == "deferred"
    assert [twin.video_id for twin in twins] == bills(sim)


@pytest.mark.parametrize(
    ("vendor", "setting"),
    [("byteplus", "mark_safety_identifier"), ("volcengine", "mark_safety_identifier"), ("gmicloud", "draw_seed")],
)
def test_case_c1_a_setting_turns_the_mark_off_and_a_lost_create_stays_unknown(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str, setting: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", sim.connection_json(vendor, **{setting: False}))
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor))
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, False)
    (create,) = sim.creates()
    assert "safety_identifier" not in create.json
    assert "seed" not in create.json.get("payload", {})


def test_case_c1_the_drawn_seed_is_in_the_vendor_s_range_and_never_the_same() -> None:
    adapter = make_adapter("gmicloud")
    request = VideoRequest(model="seedance-2-0-260128", prompt="p")
    marks = [adapter.draw_mark(request) for _ in range(200)]
    seeds = [adapter.mark(request, mark).seed for mark in marks if mark]
    assert len(set(seeds)) == len(marks)
    assert all(seed is not None and 1 <= seed <= 4294967295 for seed in seeds)


def test_case_c1_no_seed_is_drawn_for_a_model_of_which_no_document_lists_one() -> None:
    for vendor, model in (
        ("gmicloud", "seedance-9-9"),
        ("jimmyai", "seedance2.0-fast-i2v"),
        ("modellix", "seedance-2.0-t2v"),
    ):
        assert make_adapter(vendor).draw_mark(VideoRequest(model=model, prompt="p")) is None


@pytest.mark.parametrize("wait", [True, False])
def test_case_c1_the_drawn_seed_is_handed_on_so_that_the_take_can_be_made_again(quick: Simulator, wait: bool) -> None:
    from dev.task_life import TaskLife

    life = TaskLife(asks("gmicloud", wait_for_completion=wait))
    ended = life.live()
    assert ended.delivered
    (create,) = quick.creates()
    assert ended.delivered["seed"] == create.json["payload"]["seed"] > 0
    assert create.json["payload"] == {
        "prompt": asks("gmicloud")["prompt"],
        "duration": 5,
        "seed": ended.delivered["seed"],
    }
    again = TaskLife(asks("gmicloud", wait_for_completion=wait, seed=ended.delivered["seed"])).live()
    assert again.delivered
    assert again.delivered["seed"] == ended.delivered["seed"]
    assert quick.creates()[1].json["payload"] == create.json["payload"]


@pytest.mark.parametrize(
    ("vendor", "seed"), [("gmicloud", 7), ("gmicloud", "7"), ("modellix", 7), ("byteplus", 7), ("gmicloud", 0)]
)
def test_case_c1_the_user_s_own_seed_is_handed_on_too(quick: Simulator, vendor: str, seed: Any) -> None:
    from dev.task_life import TaskLife

    ended = TaskLife(asks(vendor, seed=seed)).live()
    assert ended.delivered
    assert ended.delivered["seed"] == int(seed)


def test_case_c1_a_seed_that_asks_for_any_seed_is_not_handed_on_as_one(quick: Simulator) -> None:
    from dev.task_life import TaskLife

    ended = TaskLife(asks("modellix", seed=-1)).live()
    assert ended.delivered
    assert ended.delivered["seed"] is None


def test_case_c1_the_seed_that_ark_tells_is_handed_on(quick: Simulator) -> None:
    from dev.task_life import TaskLife

    ended = TaskLife(asks("byteplus")).live()
    assert ended.delivered
    assert ended.delivered["seed"] == quick.videos[ended.delivered["video_id"]].seed


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_c4_a_worker_s_wrong_clock_brings_nobody_last_hour_s_video(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str, hours: int
) -> None:
    assert Attempts(asks(vendor)).next().kind == "deferred"
    next(iter(sim.videos.values())).created_at -= 3600
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 3600 * hours)
    missing = Attempts(asks(vendor))
    lost(sim, missing)


@pytest.mark.parametrize("hours", [-1, 1, 6])
@pytest.mark.parametrize("vendor", CAN_LIST)
def test_case_c4_with_a_wrong_clock_too_the_mark_finds_the_video(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str, hours: int
) -> None:
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 3600 * hours)
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_of_two_videos_with_one_mark_the_living_one_is_taken_and_the_other_is_told(
    sim: Simulator, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Something on the way has sent the one POST twice: both are this task's, and billed."""
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    (first,) = sim.videos.values()
    request = VideoRequest(model=first.model, prompt=first.prompt, duration=5)
    assert task.record
    adapter = SeedanceHook(conn_id(vendor)).get_conn().adapter
    SeedanceHook(conn_id(vendor)).create_video(adapter.mark(request, task.record["marker"]))
    sim.finish(first.id, "failed", "InternalServiceError", "it broke")
    with caplog.at_level(logging.WARNING):
        assert task.next().kind == "deferred"
    assert task.video_id != first.id
    assert first.id in caplog.text


# -- C2, C3: what is asked of Ark's list -----------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARKS)
def test_case_c2_the_list_is_not_asked_by_model(sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str) -> None:
    """The documents call that filter an exact match of the endpoint's id, which a model's name may not be."""
    whole = Ark.list

    def by_endpoint(self: Ark, call: Any) -> Any:
        if call.first("filter.model"):
            call.query.append(("filter.task_ids", "none"))
        return whole(self, call)

    monkeypatch.setattr(Ark, "list", by_endpoint)
    sim.faults.add(Fault("reset_after"))
    task = Attempts(asks(vendor))
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", ARKS)
def test_case_c3_a_task_of_the_flex_tier_is_found_too(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    next(iter(sim.videos.values())).request["service_tier"] = "flex"
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


def submit(vendor: str, count: int) -> None:
    hook = SeedanceHook(conn_id(vendor))
    fields = {name: value for name, value in asks(vendor).items() if name in ("model", "prompt", "duration")}
    for _ in range(count):
        hook.create_video(fields)
    hook.close()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_pauses(monkeypatch)
    for vendor in CAN_LIST:
        monkeypatch.setattr(type(make_adapter(vendor)), "page_size", 2)


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("vendor", CAN_LIST)
def test_the_list_is_read_to_the_page_that_has_the_submission(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    submit(vendor, 5)
    assert task.next().kind == "deferred"
    assert task.video_id == sim.ledger[0].video_id


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("vendor", [name for name in CAN_LIST if name != "replicate"])  # always 100 a page
def test_a_list_that_could_not_be_read_to_its_end_is_no_reason_to_submit_again(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    monkeypatch.setattr(type(make_adapter(vendor)), "most_pages", 2)
    task = Attempts(asks(vendor, on_unknown_submission="resubmit"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    submit(vendor, 6)
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, True)
    assert len(sim.creates()) == 7


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("vendor", CAN_LIST)
def test_the_list_is_read_no_further_than_to_what_is_older_than_the_submission(sim: Simulator, vendor: str) -> None:
    submit(vendor, 9)
    for number, video in enumerate(sim.videos.values()):
        video.created_at -= 3 * 86400 - number
    sim.faults.add(Fault("reset_before"))
    assert Attempts(asks(vendor)).next().error == UNKNOWN
    lists = [request for request in sim.requests if request.call == "list"]
    # Two look-ups, in each of Ark's two lists, the second of which is empty.
    assert len(lists) == (4 if vendor in ARKS else 2)


def test_a_list_out_of_order_is_read_on() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    old, older = now - timedelta(days=2), now - timedelta(days=3)
    since = now - timedelta(days=1)
    assert is_past([now, old], since)
    assert is_past([older], since)
    assert not is_past([now], since)
    assert not is_past([older, now, old], since)
    assert not is_past([now, None, old], since)
    assert not is_past([], since)


# -- C5: what is left out of a comparison ----------------------------------------------------------------------------

AWS = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={0}&X-Amz-Date={0}&X-Amz-Expires=9&X-Amz-Signature={0}"
GOOGLE = "X-Goog-Algorithm=G&X-Goog-Credential=c&X-Goog-Date={0}&X-Goog-Expires=9&X-Goog-SignedHeaders=h"
COS = "q-sign-algorithm=sha1&q-ak=a&q-sign-time={0}&q-key-time={0}&q-header-list=&q-url-param-list="
SIGNED = {
    "AWS 4": AWS,
    "AWS 4, with a token": AWS + "&X-Amz-Security-Token={0}&X-Amz-SignedHeaders=host&x-id=GetObject",
    "AWS 2": "AWSAccessKeyId=A&Expires={0}&Signature={0}",
    "CloudFront": "Expires={0}&Signature={0}&Key-Pair-Id=K{0}",
    "CloudFront with a policy": "Policy={0}&Signature={0}&Key-Pair-Id=K",
    "Google 4": GOOGLE + "&X-Goog-Signature={0}",
    "Google 2": "GoogleAccessId=a%40b&Expires={0}&Signature={0}",
    "TOS": "X-Tos-Algorithm=T&X-Tos-Credential=c&X-Tos-Date={0}&X-Tos-SignedHeaders=host&X-Tos-Signature={0}",
    "OSS 1": "OSSAccessKeyId=a&Expires={0}&Signature={0}&security-token={0}",
    "OSS 4": "x-oss-signature-version=OSS4&x-oss-credential=c&x-oss-date={0}&x-oss-expires=9&x-oss-signature={0}",
    "COS": COS + "&q-signature={0}",
    "Azure": "sv=2024-11-04&st={0}&se={0}&sr=b&sp=r&spr=https&sig={0}",
    "Azure, for a user": "sv=2024-11-04&se={0}&sr=b&sp=r&skoid=1&sktid=2&skt={0}&ske={0}&sks=b&skv=3&sig={0}",
}


@pytest.mark.parametrize("kind", SIGNED)
def test_case_c5_a_new_signature_is_no_new_request(sim: Simulator, kind: str) -> None:
    url = "https://cdn.example/a.png?" + SIGNED[kind]
    task = Attempts(asks("byteplus", first_frame=url.format(1)))
    assert task.next().kind == "deferred"
    assert task.next(first_frame=url.format(2)).kind == "deferred"
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("kind", SIGNED)
def test_case_c5_beside_a_signature_all_else_is_compared(kind: str) -> None:
    url = "https://cdn.example/a.png?id={0}&" + SIGNED[kind]
    assert unsigned(url.format(1)) != unsigned(url.format(2))
    assert "id=1" in unsigned(url.format(1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://d.example/uc?id=1", "https://d.example/uc?id=2"),
        ("https://d.example/uc?ID=1#a", "https://d.example/uc?ID=1#b"),
        ("https://d.example/?Expires=1", "https://d.example/?Expires=2"),
        ("https://d.example/?se=1&sp=2", "https://d.example/?se=2&sp=2"),
        ("https://d.example/?X-Amz-Date=1", "https://d.example/?X-Amz-Date=2"),
        (
            "https://d.example/?x-tos-process=1&X-Tos-Signature=1",
            "https://d.example/?x-tos-process=2&X-Tos-Signature=1",
        ),
        ("https://d.example/?versionId=1&X-Amz-Signature=1", "https://d.example/?versionId=2&X-Amz-Signature=1"),
        ("https://d.example/?token=1", "https://d.example/?token=2"),
        ("HTTPS://d.example/?id=1", "HTTPS://d.example/?id=2"),
    ],
)
@pytest.mark.parametrize("name", ["first_frame", "reference_images", "extra"])
def test_case_c5_a_retry_with_another_reference_does_not_get_the_first_one_s_video(
    sim: Simulator, name: str, before: str, after: str
) -> None:
    def field(url: str) -> dict[str, Any]:
        return {name: {"first_frame": url, "reference_images": [url], "extra": {"priority": url}}[name]}

    request = {"model": "m", "prompt": "p"}
    prints = [fingerprint_of(VideoRequest(**request, **field(url)), "c") for url in (before, after)]
    assert prints[0] != prints[1]
    if name == "first_frame" and before.startswith("https"):
        task = Attempts(asks("byteplus", **field(before)))
        assert task.next().kind == "deferred"
        result = task.next(**field(after))
        assert (result.error, result.retryable) == ("RequestChangedError", False)
        assert "first_frame" in result.message


def test_case_c5_a_record_of_an_earlier_release_still_recognises_its_request(sim: Simulator) -> None:
    """It holds hashes that were made without any query."""
    url = "https://d.example/uc?id=1"
    task = Attempts(asks("byteplus", first_frame=url))
    task.next()
    assert task.record
    request = {k: v for k, v in asks("byteplus", first_frame=url).items() if k in VideoRequest.model_fields}
    hook = SeedanceHook(conn_id("byteplus"))
    old = {
        name: task.record[name]
        for name in ("max_tries", "intended_at", "vendor", "model", "video_id", "marker", "version")
    }
    old["fingerprint"] = fingerprint_of(VideoRequest(**request), hook.account, 1)
    hook.close()
    task.state.set(KEY, old)
    assert task.next().kind == "deferred"
    assert task.next(duration=6).error == "RequestChangedError"
    assert len(sim.creates()) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("What is this? A boat", "What is this? A horse"),
        ("Scene #1: a boat", "Scene #1: a horse"),
        ("https://d.example/uc?id=1 as a film", "https://d.example/uc?id=2 as a film"),
        ("https://d.example/#one", "https://d.example/#two"),
        ("https://d.example/?X-Amz-Signature=1", "https://d.example/?X-Amz-Signature=2"),
    ],
)
def test_a_prompt_is_compared_whole_also_behind_a_question_mark(sim: Simulator, before: str, after: str) -> None:
    task = Attempts(asks("byteplus", prompt=before))
    assert task.next().kind == "deferred"
    result = task.next(prompt=after)
    assert result.error == "RequestChangedError"
    assert "prompt" in result.message
    assert len(sim.creates()) == 1


# -- C6, C7: another life of the task --------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARKS)
@pytest.mark.parametrize("finished", [True, False], ids=["in a finished run", "in a running run"])
def test_case_c6_clearing_starts_over_also_if_retries_were_lowered(sim: Simulator, vendor: str, finished: bool) -> None:
    task = Attempts(asks(vendor), retries=1)
    task.next()
    old = task.video_id
    sim.finish(old)
    assert (
        task.resume("execute_complete", event={"video_id": old, "outcome": "succeeded", "error": None}).kind == "done"
    )
    task.retries = 0
    task.clear(finished=finished)
    assert task.ti.max_tries == 1, "as at first, so that alone says nothing"
    assert task.next().kind == "deferred"
    assert task.video_id != old
    assert len(sim.creates()) == 2


@pytest.mark.skipif(AIRFLOW < (3, 2), reason="before, Airflow tells nothing of it")
def test_case_c6_where_airflow_does_not_tell_a_clear_from_a_retry_a_person_is_asked(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"), retries=1)
    task.next()
    old = task.video_id
    task.retries = 0
    task.clear()
    result = task.next()
    assert (result.error, result.retryable) == ("SubmissionRecordError", False)
    for words in (old, "Nothing was sent", "SeedanceVideoSensor", "clear this task"):
        assert words in result.message
    assert len(sim.creates()) == 1
    task.clear()
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 2


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_case_c6_retries_edited_between_two_tries_are_no_clear(sim: Simulator, retries: int) -> None:
    task = Attempts(asks("byteplus"), retries=2)
    task.next()
    task.retries = retries
    task.next()
    task.next()
    assert len(sim.creates()) == 1


@pytest.mark.skipif(AIRFLOW < (3, 2), reason="before, the clear of a sibling leaves no trace")
def test_case_c6_a_sibling_s_clear_is_not_this_task_s(sim: Simulator) -> None:
    task = Attempts(asks("byteplus"), retries=2)
    task.next()
    task.run.clear_number += 1
    assert task.next().kind == "deferred"
    assert len(sim.creates()) == 1


class Ledger:
    """Attempts of one task instance whose records are in the ledger."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        patch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{folder}")
        self.run = Run()

    def attempt(self, number: int = 1, **fields: Any) -> Any:
        ti = Ti(number, 2)
        return work(Step(asks("byteplus", wait_for_completion=False, retries=2, **fields), ti, run=self.run), None)


LATER = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "again",
    [Run(LATER, LATER), Run(LATER), Run(id=18), Run(LATER, LATER, id=18)],
    ids=["by hand", "by the scheduler", "on Airflow 2", "on Airflow 2, later"],
)
def test_case_c7_a_run_deleted_and_made_anew_with_the_same_id_gets_a_video_of_its_own(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, again: Run
) -> None:
    ledger = Ledger(monkeypatch, tmp_path)
    if again.id:
        ledger.run = replace(ledger.run, id=17)
    first = ledger.attempt().value["video_id"]
    assert ledger.attempt(2).value["video_id"] == first
    ledger.run = again
    second = ledger.attempt().value["video_id"]
    assert second != first
    assert ledger.attempt(2).value["video_id"] == second
    assert len(sim.creates()) == 2


def test_case_c7_a_run_that_was_queued_by_hand_while_a_retry_waited_buys_nothing(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger = Ledger(monkeypatch, tmp_path)
    first = ledger.attempt().value["video_id"]
    ledger.run = Run(LATER)
    result = ledger.attempt(2)
    assert result.error == "SubmissionRecordError"
    assert first in result.message
    assert len(sim.creates()) == 1


def test_case_c7_a_ledger_of_before_the_upgrade_to_airflow_3_3_serves_no_new_run(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger = Ledger(monkeypatch, tmp_path)
    first = ledger.attempt().value["video_id"]
    step = Step(asks("byteplus", wait_for_completion=False, retries=2), Ti(2, 2), run=ledger.run)
    assert work(step, TaskState()).value["video_id"] == first
    anew = replace(step, ti=Ti(1, 2), run=Run(LATER, LATER))
    assert work(anew, TaskState()).value["video_id"] != first
    assert len(sim.creates()) == 2


def test_case_c7_the_old_run_s_record_is_kept_beside_the_new_one_s(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger = Ledger(monkeypatch, tmp_path)
    first = ledger.attempt().value["video_id"]
    ledger.run = Run(LATER, LATER)
    second = ledger.attempt().value["video_id"]
    texts = [path.read_text() for path in tmp_path.iterdir()]
    assert len(texts) == 2
    assert all(any(video_id in text for text in texts) for video_id in (first, second))
    store = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}"), ("dag", "create", "run", "-1"))
    record = store.read()
    assert record
    assert record.video_id == second


def test_a_record_with_a_field_more_is_read_and_the_field_is_kept(sim: Simulator) -> None:
    """While workers are upgraded one after another, a later release's record meets an earlier one."""
    task = Attempts(asks("byteplus"))
    task.next()
    assert task.record
    task.state.set(KEY, task.record | {"more": {"of": ["it"]}, "video_id": None})
    assert task.next().kind == "deferred"
    assert task.record["more"] == {"of": ["it"]}
    assert len(sim.creates()) == 1
