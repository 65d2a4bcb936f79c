"""The parts of `make chaos-production` that need no Airflow: its plan, its judge, and a message that comes twice."""

from __future__ import annotations

import pytest

from dev.chaos_judge import TaskOutcome
from dev.production.judge import Row, ledger_problems, moments, open_rows, rows_of
from dev.production.judge_reconciliation import Finding, Made, reconcile_problems
from dev.production.monkey import SIGNALS, make_plan
from dev.production.redis import copy_of


def task(*, billed: tuple[str, ...] = (), delivered: str | None = None, unknown: bool = False) -> TaskOutcome:
    state = "success" if delivered else "failed"
    return TaskOutcome(3, "byteplus", state, 1, delivered, bool(delivered), unknown, billed=billed)


KNOWN = Row(3, "cgt-1", withdrawn=False, outcome="succeeded")
DOUBT = Row(3, None, withdrawn=False, outcome=None)
WITHDRAWN = Row(3, None, withdrawn=True, outcome=None)
OTHER = Row(4, None, withdrawn=False, outcome=None)


@pytest.mark.parametrize(
    ("outcome", "rows", "said"),
    [
        (task(billed=("cgt-1",), delivered="cgt-1"), [KNOWN], ""),
        (task(billed=("cgt-1",), delivered="cgt-1"), [WITHDRAWN, KNOWN], ""),
        (task(billed=("cgt-1",), unknown=True), [DOUBT], ""),
        (task(unknown=True), [DOUBT], ""),
        (task(billed=("cgt-1",), unknown=True), [WITHDRAWN], "knows nothing of video cgt-1"),
        (task(billed=("cgt-1",), unknown=True), [OTHER], "knows nothing of video cgt-1"),
        (task(unknown=True), [], "has no doubt"),
        (task(billed=("cgt-1",), delivered="cgt-1"), [DOUBT], "doesn't know"),
    ],
)
def test_the_ledger_has_to_know_every_bill_and_every_doubt(outcome: TaskOutcome, rows: list[Row], said: str) -> None:
    problems = ledger_problems([outcome], rows)
    assert said in " ".join(problems)
    assert bool(problems) == bool(said)


def test_a_video_that_was_delivered_while_the_ledger_was_away_stays_open() -> None:
    delivered = task(billed=("cgt-1",), delivered="cgt-1")
    assert open_rows([delivered], [Row(3, "cgt-1", withdrawn=False, outcome=None)]) == 1
    assert open_rows([delivered], [KNOWN]) == 0


def test_rows_are_read_as_the_database_gives_them() -> None:
    assert rows_of([(3, "cgt-1", 0, "succeeded"), (3, None, 1, None)]) == [KNOWN, WITHDRAWN]


def test_an_outage_explains_what_happened_in_it_and_a_little_later() -> None:
    found = moments(100.0, 120.0)
    assert (found[0], found[-1]) == (100.0, 135.0)


@pytest.mark.parametrize("videos", [30, 100])
def test_the_plan_is_the_same_for_a_seed_and_holds_every_kind_of_strike(videos: int) -> None:
    plan = make_plan(7, videos)
    assert plan == make_plan(7, videos) != make_plan(8, videos)
    kinds = {strike.kind for strike in plan}
    assert kinds == {"worker", "celery", "triggerer", "scheduler", "twice", "wipe", "database", "api"}
    assert {strike.how for strike in plan if strike.kind == "celery"} == set(SIGNALS)


def test_a_message_that_comes_twice_is_the_same_task_under_another_delivery_tag() -> None:
    message = {"body": "W10=", "headers": {"id": "task-1"}, "properties": {"delivery_tag": "a", "priority": 0}}
    again = copy_of(message)
    assert again["headers"] == message["headers"]
    assert again["properties"]["priority"] == 0
    assert again["properties"]["delivery_tag"] != "a"


LEFT = task(billed=("cgt-1",), unknown=True)
GIVEN = task(billed=("cgt-1",), delivered="cgt-1")
FOUND = Finding("delivered", "cgt-1", 3, "byteplus")
MADE = Made("cgt-1", "byteplus", "succeeded")


@pytest.mark.parametrize(
    ("outcome", "findings", "said"),
    [
        (GIVEN, [FOUND], ""),
        (GIVEN, [Finding("orphan", "cgt-1", 3, "byteplus")], "which is called orphan"),
        (GIVEN, [], "which is called None"),
        (LEFT, [Finding("orphan", "cgt-1", 3, "byteplus")], ""),
        (LEFT, [Finding("in doubt", None, 3, "replicate")], ""),
        (LEFT, [Finding("in doubt", None, 4, "replicate")], "left cgt-1"),
        (task(unknown=True), [Finding("in doubt", None, 3, "byteplus")], ""),
        (task(unknown=True), [], "it has no doubt"),
        (
            GIVEN,
            [Finding("delivered", "cgt-1", 3, "byteplus"), Finding("orphan", "cgt-2", 3, "byteplus")],
            "never made",
        ),
    ],
)
def test_a_reconciliation_has_to_find_what_the_simulator_knows(
    outcome: TaskOutcome, findings: list[Finding], said: str
) -> None:
    problems = reconcile_problems(findings, [outcome], [MADE])
    assert said in " ".join(problems)
    assert bool(problems) == bool(said)
