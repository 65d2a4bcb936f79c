"""A submission in doubt: it is forgotten by no refusal, no changed connection and no budget, until it is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import RequestRejectedError
from airflow_provider_seedance.api.vendors import all_vendors
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import Fault, Simulator
from dev.task_life import AFTER_POST, BEFORE_POST, DeathError, TaskState
from tests.support.requests import TAKES_IDS

from .helpers import ARKS, CAN_LIST, Attempts, asks, bills, conn_id
from .test_failover import asks_both, billed

UNKNOWN = "SubmissionUnknownError"
RESUBMIT = {"on_unknown_submission": "resubmit"}


def died_in_doubt(task: Attempts, place: str = AFTER_POST) -> None:
    with pytest.raises(DeathError):
        task.next(die=place)


# -- a second submission that is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", ["http_429", "no_balance", "moderation_submit", "auth"])
def test_the_first_submission_is_still_looked_for_after_the_second_was_refused(sim: Simulator, refusal: str) -> None:
    """The vendor's list shows the video late: after the attempt that has submitted again, in vain."""
    task = Attempts(asks("byteplus", **RESUBMIT))
    died_in_doubt(task)
    (video_id,) = bills(sim)
    video = sim.videos[video_id]
    video.vendor = "nobody"
    sim.faults.add(Fault(refusal))
    result = task.next()
    assert result.method == "execute_when_room" if refusal == "http_429" else result.kind == "failed"
    video.vendor = "byteplus"
    again = task.resume(result.method, event={"since": 1.0}) if result.method else task.next()
    assert again.kind == "deferred"
    assert [task.video_id] == bills(sim) == [video_id]


def test_a_second_submission_that_is_refused_leads_to_no_other_vendor_in_a_later_attempt(sim: Simulator) -> None:
    task = Attempts(asks_both("modellix", "byteplus", **RESUBMIT))
    died_in_doubt(task)
    sim.faults.add(Fault("no_balance", vendor="modellix", times=None))
    assert [task.next().error, task.next().error] == ["SeedanceQuotaError", "SeedanceQuotaError"]
    assert billed(sim) == ["modellix"]


def test_the_refusal_of_a_second_submission_tells_that_the_first_one_is_in_doubt(sim: Simulator) -> None:
    task = Attempts(asks("jimmyai", **RESUBMIT))
    died_in_doubt(task)
    sim.faults.add(Fault("moderation_submit"))
    result = task.next()
    assert result.error == "SeedanceModerationError"
    assert "still in doubt: that video may exist and be billed" in result.message


def test_a_doubt_that_cannot_be_put_back_is_no_refusal_for_the_next_vendor(sim: Simulator) -> None:
    class Away(TaskState):
        writes = 0

        def set(self, key: str, value: Any, *, retention: Any = None) -> None:
            self.writes += 1
            if self.writes > 2:
                raise ConnectionError("API server is down")
            super().set(key, value)

    task = Attempts(asks_both("modellix", "byteplus", **RESUBMIT), state=Away())
    died_in_doubt(task)
    sim.faults.add(Fault("no_balance", vendor="modellix"))
    assert task.next().error == "SeedanceQuotaError"
    assert task.record
    assert billed(sim) == ["modellix"]


# -- another connection ----------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments with which a task gets another account of the same vendor, in which its video is not listed."""
    monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", sim.connection_json("byteplus"))
    seen = SeedanceHook.find_videos

    def of_one_account(self: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        return [] if self.seedance_conn_id == "elsewhere" else seen(self, *args, **kwargs)

    monkeypatch.setattr(SeedanceHook, "find_videos", of_one_account)
    return {"seedance_conn_id": "elsewhere"}


@pytest.mark.parametrize("unknown", ["fail", "resubmit"])
def test_a_lost_submission_is_looked_for_at_the_connection_that_it_was_sent_by(
    sim: Simulator, elsewhere: dict[str, Any], unknown: str
) -> None:
    task = Attempts(asks("byteplus", on_unknown_submission=unknown))
    died_in_doubt(task)
    result = task.next(**elsewhere)
    assert (result.error, [task.video_id]) == ("RequestChangedError", bills(sim))
    assert f"connection '{conn_id('byteplus')}'" in result.message


@pytest.mark.parametrize("how", ["deleted", "leads to another vendor", "leads to another address"])
def test_what_cannot_be_looked_for_where_it_was_sent_is_not_submitted_again(
    sim: Simulator, elsewhere: dict[str, Any], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    task = Attempts(asks("byteplus", **RESUBMIT))
    died_in_doubt(task)
    name = f"AIRFLOW_CONN_{conn_id('byteplus').upper()}"
    if how == "deleted":
        monkeypatch.delenv(name)
        result = task.next(**elsewhere)
    elif how == "leads to another vendor":
        monkeypatch.setenv(name, sim.connection_json("gmicloud"))
        result = task.next(model=asks("gmicloud")["model"])
    else:
        other = json.loads(sim.connection_json("volcengine"))["host"]
        monkeypatch.setenv(name, json.dumps(json.loads(sim.connection_json("byteplus")) | {"host": other}))
        result = task.next()
    assert result.error == UNKNOWN
    assert "BytePlus ModelArk accepted" in result.message or "BytePlus ModelArk (connection" in result.message
    assert "submits it again" not in result.message
    assert len(bills(sim)) == 1


def test_without_a_mark_the_user_s_word_is_enough_to_submit_by_another_connection(sim: Simulator) -> None:
    task = Attempts(asks("jimmyai", **RESUBMIT))
    died_in_doubt(task)
    assert task.next(seedance_conn_id=conn_id("modellix"), model=asks("modellix")["model"]).kind == "deferred"
    assert billed(sim) == ["jimmyai", "modellix"]


def test_a_doubt_names_the_vendor_that_may_have_the_video(sim: Simulator) -> None:
    """Who looks into the wrong console finds nothing, clears the task, and pays again."""
    task = Attempts(asks("jimmyai"))
    died_in_doubt(task)
    result = task.next(seedance_conn_id=conn_id("modellix"), model=asks("modellix")["model"])
    assert f"Whether Jimmy AI (connection '{conn_id('jimmyai')}') accepted a video" in result.message
    assert all_vendors()["modellix"].title not in result.message


# -- looking for it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_an_id_that_the_vendor_refuses_to_read_does_not_end_the_search_for_the_mark(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    """The id of a gateway's error page may be of a form that the vendor's API rejects."""

    def rejected(self: SeedanceHook, video_id: str) -> Any:
        if video_id == "trace-1":
            raise RequestRejectedError("HTTP 400: that is no id.", status_code=400)
        return read(self, video_id)

    read = SeedanceHook.get_video
    monkeypatch.setattr(SeedanceHook, "get_video", rejected)
    task = Attempts(asks(vendor, **RESUBMIT))
    died_in_doubt(task)
    assert task.record
    task.state.set("seedance_submission", task.record | {"possible_id": "trace-1"})
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


@pytest.mark.parametrize("vendor", TAKES_IDS)
def test_a_video_whose_id_we_chose_is_found_though_the_request_has_changed(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor, **RESUBMIT))
    died_in_doubt(task)
    result = task.next(prompt="another prompt")
    assert (result.error, [task.video_id]) == ("RequestChangedError", bills(sim))


@pytest.mark.parametrize("vendor", TAKES_IDS)
def test_a_changed_request_is_not_said_to_be_sent_again(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor, **RESUBMIT))
    died_in_doubt(task, BEFORE_POST)
    result = task.next(prompt="another prompt")
    assert result.error == UNKNOWN
    assert "A retry looks for it again, and submits nothing." in result.message
    assert sim.creates() == []


# -- a paid video that can't be read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "retried", "told"),
    [
        ("auth", False, "clearing buys a new one"),
        ("no_balance", False, "clearing buys a new one"),
        ("http_500", True, "A retry goes on with this video and submits no other."),
    ],
)
@pytest.mark.parametrize("vendor", ARKS)
def test_an_attempt_that_cannot_read_its_video_names_it_and_says_what_clearing_costs(
    sim: Simulator, vendor: str, fault: str, retried: bool, told: str
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    sim.faults.add(Fault(fault, on="poll", times=None))
    result = task.next()
    assert (result.kind, result.retryable) == ("failed", retried)
    for words in (f"Video {task.video_id}", told):
        assert words in result.message
