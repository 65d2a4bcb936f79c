"""The fault matrix, in this process; `make fault-matrix` runs it with processes that really die."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.simulator import Simulator
from dev.asset_faults import asset_rows, wrong_with
from dev.fault_matrix import Verdict, as_markdown, run_row, summary
from dev.fault_rows import (
    AFTER_POST,
    AFTER_RECORD,
    AT_POLL,
    AT_POST,
    AT_READ,
    BEFORE_POST,
    IN_DOUBT,
    TWIN,
    WHILE_DEFERRED,
    Row,
    Strike,
    rows,
)

# Reads fail alike at all vendors once their adapters have read the answer, so two stand for all here.
ROWS = [row for row in rows() if row.place not in (AT_POLL, AT_READ) or row.vendor in ("jimmyai", "byteplus")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.vendor}: {row.fault} {row.place}")
def test_whatever_fails_one_video_is_paid_and_delivered_or_the_doubt_is_told(quick: Simulator, row: Row) -> None:
    verdict = run_row(row, quick)
    assert (verdict.wrong, verdict.duplicates) == ("", 0), verdict


@pytest.mark.parametrize("row", list(asset_rows()), ids=lambda row: f"{row.fault} {row.place}")
def test_whatever_fails_an_upload_is_delivered_and_made_once_where_that_was_recorded(
    quick: Simulator, row: Row
) -> None:
    assert wrong_with(row, quick) == ""


def test_the_matrix_notices_an_upload_that_is_forgotten(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_seedance.submissions import places

    monkeypatch.setattr(places.TaskStatePlace, "read", lambda self: places.NOTHING)
    row = Row("jimmyai", "process killed", WHILE_DEFERRED, dies=WHILE_DEFERRED)
    assert wrong_with(row, quick) == "2 copies"


@pytest.mark.parametrize("place", [AFTER_POST, AFTER_RECORD, WHILE_DEFERRED])
def test_a_process_that_is_really_killed_loses_nothing_either(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    verdict = run_row(Row("byteplus", "process killed", place, dies=place), quick, forked=True)
    assert (verdict.outcome, verdict.bills, verdict.wrong) == ("delivered", 1, "")


def test_the_matrix_notices_a_second_bill(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A matrix that can't fail proves nothing: a record that forgets has to show."""
    from airflow_provider_seedance.submissions import store as submission_store

    monkeypatch.setattr(submission_store.TaskStateSubmissionStore, "read", lambda self: None)
    monkeypatch.setattr(submission_store.TaskStateSubmissionStore, "claim", lambda self, record, before: True)
    verdict = run_row(Row("jimmyai", "process killed", AFTER_RECORD, dies=AFTER_RECORD), quick)
    assert (verdict.bills, verdict.duplicates, verdict.wrong) == (2, 1, "paid more than once")


def test_the_matrix_notices_a_fault_that_does_not_strike(quick: Simulator) -> None:
    verdict = run_row(Row("jimmyai", "500", AT_POLL, (Strike("http_500", "cancel"),)), quick)
    assert "did not strike" in verdict.wrong


def test_the_matrix_notices_a_video_that_is_lost(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_seedance.submissions.finder import Finder

    find: Callable[..., Any] = lambda *args, **kwargs: None  # noqa: E731
    monkeypatch.setattr(Finder, "find", find)
    row = Row("byteplus", "answer lost", AT_POST, (Strike("reset_after"),), expected=IN_DOUBT)
    assert run_row(row, quick).wrong == "the vendor's list shows it"


def test_the_matrix_notices_a_siblings_video(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up that takes what is there for one's own has to show."""
    from airflow_provider_seedance.submissions.finder import Finder

    def take_any(self: Any, record: Any, *more: Any) -> Any:
        return self._hook.list_videos(limit=1).videos[0]

    monkeypatch.setattr(Finder, "find", take_any)
    row = Row("byteplus", "killed, then a sibling", BEFORE_POST, dies=BEFORE_POST, sibling=TWIN, sibling_comes="after")
    assert run_row(row, quick).wrong == "not the video that was paid"


def test_the_matrix_notices_what_airflow_cannot_store(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_seedance.api import outcomes as events
    from airflow_provider_seedance.triggers import seedance

    to_event = events.to_event
    monkeypatch.setattr(seedance, "to_event", lambda *args, **more: {**to_event(*args, **more), "note": "cut \ud83d"})
    verdict = run_row(Row("byteplus", "a poisoned event", AT_POLL), quick)
    assert (verdict.outcome, "UnicodeEncodeError" in verdict.wrong) == ("UnstorableError", True)


def test_the_summary_counts_and_the_markdown_holds_every_row() -> None:
    good = Verdict(Row("byteplus", "500", AT_POST), 1, 1, "delivered", "")
    bad = Verdict(Row("jimmyai", "429", AT_POST), 2, 2, "delivered", "paid more than once")
    assert summary([good, bad]) == ("2 rows: 3 bills, 2 delivered, 0 refused, 0 unknown, 1 duplicates, 1 wrong.")
    text = as_markdown([good, bad])
    assert "| byteplus | 500 | at the POST | 1 | 1 | 0 | delivered |" in text
    assert "paid more than once" in text
