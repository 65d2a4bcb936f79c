"""A small chaos run on a real Airflow; `make chaos` is the large one."""

import pytest

from airflow_provider_seedance.simulator.videos import RecordedRequest
from dev.chaos import Report
from dev.chaos_judge import TaskOutcome, broken_promises, turned_away
from dev.chaos_proxy import HEADER, Spoilt

pytestmark = pytest.mark.stack


def test_whatever_dies_no_task_pays_twice_and_each_delivers_its_own_video(chaos: Report) -> None:
    assert chaos.problems == [], "\n".join([*chaos.problems, *chaos.lines(), f"logs: {chaos.home / 'logs'}"])


def test_it_was_chaos_indeed(chaos: Report) -> None:
    kinds = {hit.kind for hit in chaos.hits}
    assert kinds == {"worker", "triggerer", "scheduler", "freeze"}
    assert sum(hit.kind == "worker" for hit in chaos.hits) >= 2
    assert chaos.failed_calls > 0
    assert sum(task.tries > 1 for task in chaos.tasks) > 0


def test_no_live_video_was_cancelled_and_nothing_is_left_waiting(chaos: Report) -> None:
    assert chaos.cancelled == []
    assert {task.state for task in chaos.tasks} <= {"success", "failed"}
    assert sum(task.delivered is not None for task in chaos.tasks) >= len(chaos.tasks) // 2


@pytest.mark.slow
def test_behind_a_proxy_that_speaks_for_itself_no_task_pays_twice_takes_anothers_or_gives_up(
    chaos_behind_a_proxy: Report,
) -> None:
    report = chaos_behind_a_proxy
    assert report.problems == [], "\n".join([*report.problems, *report.lines(), f"logs: {report.home / 'logs'}"])
    assert report.spoilt.total() > 0
    assert report.cancelled == []
    assert sum(task.delivered is not None for task in report.tasks) >= len(report.tasks) // 2


def create(
    at: float = 1.0, answered: int | str = 200, fault: str | None = None, proxy: str = "none"
) -> RecordedRequest:
    return RecordedRequest("byteplus", "POST", "/", [], {HEADER: proxy}, b"", at, 1, "create", answered, fault)


AWAY = Spoilt(1.0, "page 403", "POST", "/", "")


def outcome(**facts: object) -> TaskOutcome:
    """A task that is as it should be, but for the facts given."""
    task = TaskOutcome(3, "byteplus", "success", 1, delivered="v1", has_url=True, unknown=False, billed=["v1"])
    for name, value in facts.items():
        setattr(task, name, value)
    return task


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"billed": ["v1", "v2"]}, "2 bills"),
        ({"delivered": "v9"}, "not its own"),
        ({"has_url": False}, "returned no video"),
        ({"state": "deferred"}, "ended as deferred"),
        ({"state": "failed"}, "ended as failed"),
        ({"state": "failed", "unknown": True}, "nothing was ambiguous"),
        ({"state": "failed", "unknown": True, "kills": [32.0], "creates": [create(at=1.0)]}, "nothing was ambiguous"),
        ({"state": "failed", "unknown": True, "creates": [create(answered="reset")]}, "the vendor's list shows it"),
        (
            {"unknown": True, "state": "failed", "creates": [turned_away(AWAY, "byteplus")]},
            "nothing was ambiguous",
        ),
    ],
)
def test_the_judge_of_the_chaos_run_sees_a_broken_promise(facts: dict[str, object], problem: str) -> None:
    (found,) = broken_promises(outcome(**facts))
    assert problem in found


LOST = {"state": "failed", "unknown": True, "delivered": None}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {**LOST, "vendor": "jimmyai", "creates": [create(answered="reset")]},
        {**LOST, "vendor": "jimmyai", "creates": [create(fault="torn_json")]},
        {**LOST, "vendor": "jimmyai", "creates": [create(proxy="page 504 after")]},
        {**LOST, "billed": [], "creates": [turned_away(Spoilt(1.0, "reset", "POST", "/", ""), "byteplus")]},
        {**LOST, "vendor": "jimmyai", "creates": [create(at=1.0)], "kills": [2.0]},
        {**LOST, "billed": [], "kills": [2.0]},
        {**LOST, "billed": [], "kills": [60.0], "creates": [create(at=1.0, answered=429)]},
    ],
)
def test_the_judge_of_the_chaos_run_accepts_what_is_as_promised(facts: dict[str, object]) -> None:
    assert broken_promises(outcome(**facts)) == []
