"""Retry, clear or new run: what Airflow tells a task in each case, as measured, and what is made of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from airflow_provider_seedance.submissions.life import Life, Since, since

FIRST = Life(
    max_tries=1,
    try_number=1,
    retries=1,
    clear_number=0,
    run_started="2026-11-25T21:00:00+00:00",
    run_after="2026-11-25T20:59:58+00:00",
)
LATER = "2026-11-25T22:00:00+00:00"
KEYED = replace(FIRST, run_key="17", run_after=None)
"""As Airflow 2.11 tells it."""

# Name, then, now, whether it had been delivered, what has happened. From `docs/guarantees.md`.
MEASURED = [
    ("a retry", FIRST, replace(FIRST, try_number=2), False, Since.NOTHING),
    ("a retry on 2.11", KEYED, replace(KEYED, try_number=2), False, Since.NOTHING),
    ("the same try once more", FIRST, FIRST, False, Since.NOTHING),
    (
        "cleared in a finished run",
        FIRST,
        replace(FIRST, try_number=2, max_tries=2, clear_number=1, run_started=LATER),
        True,
        Since.CLEARED,
    ),
    (
        "cleared in a running run, 3.2 and later",
        FIRST,
        replace(FIRST, try_number=2, max_tries=2, clear_number=1),
        True,
        Since.CLEARED,
    ),
    ("cleared in a running run, below 3.2", FIRST, replace(FIRST, try_number=2, max_tries=2), True, Since.CLEARED),
    (
        "a retry while a sibling is cleared, 3.2 and later",
        FIRST,
        replace(FIRST, try_number=2, clear_number=1),
        False,
        Since.NOTHING,
    ),
    (
        "C6: retries lowered, then cleared in a finished run",
        FIRST,
        replace(FIRST, try_number=2, retries=0, clear_number=1, run_started=LATER),
        False,
        Since.CLEARED,
    ),
    (
        "C6 on 2.11",
        KEYED,
        replace(KEYED, try_number=2, retries=0, clear_number=1, run_started=LATER),
        False,
        Since.CLEARED,
    ),
    (
        "C6: retries lowered, then cleared in a running run, 3.2 and later",
        FIRST,
        replace(FIRST, try_number=2, retries=0, clear_number=1),
        True,
        Since.CLEARED,
    ),
    (
        "C6: retries lowered, then cleared in a running run, below 3.2",
        FIRST,
        replace(FIRST, try_number=2, retries=0),
        True,
        Since.CLEARED,
    ),
    (
        "retries lowered and something cleared in a running run, before the video was handed on",
        FIRST,
        replace(FIRST, try_number=2, retries=0, clear_number=1),
        False,
        Since.UNCLEAR,
    ),
    ("retries lowered between two tries", FIRST, replace(FIRST, try_number=2, retries=0), False, Since.NOTHING),
    ("retries raised between two tries", FIRST, replace(FIRST, try_number=2, retries=3), True, Since.NOTHING),
    (
        "retries lowered from 3 to 1 between the first two tries",
        replace(FIRST, max_tries=3, retries=3),
        replace(FIRST, max_tries=3, retries=1, try_number=2, clear_number=1),
        True,
        Since.NOTHING,
    ),
    (
        "C7: a new run with the id of a deleted one, 3.2 and later",
        FIRST,
        replace(FIRST, run_started=LATER, run_after="2026-11-25T21:59:58+00:00"),
        True,
        Since.NEW_RUN,
    ),
    ("C7: scheduled anew", FIRST, replace(FIRST, run_started=LATER), True, Since.NEW_RUN),
    ("C7 on 2.11", KEYED, replace(KEYED, run_key="18", run_started=LATER), True, Since.NEW_RUN),
    (
        "C7: the old run had been cleared",
        replace(FIRST, try_number=3, max_tries=3, clear_number=2),
        replace(FIRST, run_started=LATER),
        True,
        Since.NEW_RUN,
    ),
    (
        "C7: the new run's first try died early",
        FIRST,
        replace(FIRST, run_started=LATER, try_number=2),
        True,
        Since.UNCLEAR,
    ),
    (
        "a run queued by hand while a retry waits",
        FIRST,
        replace(FIRST, run_started=LATER, try_number=2),
        False,
        Since.UNCLEAR,
    ),
    (
        "a run queued by hand while a retry waits, on 2.11",
        KEYED,
        replace(KEYED, run_started=LATER, try_number=2),
        False,
        Since.NOTHING,
    ),
    (
        "failed for good, then cleared",
        FIRST,
        replace(FIRST, try_number=3, max_tries=3, clear_number=1, run_started=LATER),
        False,
        Since.CLEARED,
    ),
]


@pytest.mark.parametrize(
    ("then", "now", "delivered", "happened"), [row[1:] for row in MEASURED], ids=[row[0] for row in MEASURED]
)
def test_what_has_happened_since_a_record_in_the_ledger(
    then: Life, now: Life, delivered: bool, happened: Since
) -> None:
    assert since(then, now, delivered=delivered, same_run=False) is happened


@pytest.mark.parametrize(
    ("then", "now", "delivered", "happened"), [row[1:] for row in MEASURED], ids=[row[0] for row in MEASURED]
)
def test_what_airflow_keeps_with_the_run_is_never_another_run_s(
    then: Life, now: Life, delivered: bool, happened: Since
) -> None:
    told = since(then, now, delivered=delivered, same_run=True)
    assert told is not Since.NEW_RUN
    if now.clear_number == then.clear_number and now.max_tries == then.max_tries and not delivered:
        assert told is Since.NOTHING


def test_a_pass_of_a_loop_whose_gate_was_cleared_is_another_life() -> None:
    # As measured on 3.4.0b2: the passes after it are made anew, in their first try, and the run goes on.
    then = replace(FIRST, region="one")
    assert since(then, replace(then, clear_number=1), delivered=True, same_run=False) is Since.NOTHING
    anew = replace(then, region="two", clear_number=1)
    assert since(then, anew, delivered=False, same_run=False) is Since.CLEARED


@pytest.mark.parametrize("then", [Life(1), replace(FIRST, run_started=None, run_after=None)])
@pytest.mark.parametrize(("now", "happened"), [(FIRST, Since.NOTHING), (replace(FIRST, max_tries=2), Since.CLEARED)])
def test_with_a_record_of_an_earlier_release_max_tries_decides(then: Life, now: Life, happened: Since) -> None:
    assert since(then, now, delivered=False, same_run=False) is happened


def test_what_a_version_does_not_tell_proves_nothing() -> None:
    blank = Life(1)
    assert since(FIRST, blank, delivered=True, same_run=False) is Since.NOTHING
    assert since(blank, FIRST, delivered=True, same_run=False) is Since.NOTHING


def test_after_an_upgrade_from_airflow_2_a_retry_is_still_a_retry() -> None:
    assert since(KEYED, replace(FIRST, try_number=2), delivered=False, same_run=False) is Since.NOTHING


def test_a_life_is_read_from_a_context_and_comes_back_from_a_record() -> None:
    moment = datetime(2026, 11, 25, 22, 0, tzinfo=timezone(timedelta(hours=1)))
    run = SimpleNamespace(start_date=moment, run_after=moment, clear_number=2, id=17)
    life = Life.of({"ti": SimpleNamespace(max_tries=3, try_number=2), "dag_run": run}, retries=1)
    assert life == Life(3, 2, 1, 2, "2026-11-25T21:00:00+00:00", "2026-11-25T21:00:00+00:00", "17")
    assert Life.read(3, life.to_json()) == life


@pytest.mark.parametrize(
    "run", [None, SimpleNamespace(), SimpleNamespace(start_date="soon", clear_number=None, id="x")]
)
def test_a_context_that_tells_little_is_no_reason_to_stumble(run: object) -> None:
    assert Life.of({"ti": SimpleNamespace(max_tries=3), "dag_run": run}, retries=None) == Life(3)


@pytest.mark.parametrize(
    "stored", [None, {}, [], {"try_number": "1", "run_started": 7, "clear_number": True, "new": 1}]
)
def test_what_is_stored_oddly_is_not_known(stored: object) -> None:
    assert Life.read(3, stored) == Life(3)


def test_moments_are_told_in_utc() -> None:
    run = SimpleNamespace(start_date=datetime(2026, 11, 25, 21, 0, tzinfo=UTC))
    assert Life.of({"ti": SimpleNamespace(max_tries=0), "dag_run": run}, 0).run_started == FIRST.run_started
