"""The decisions, apart from any I/O."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.pricing import read_prices
from airflow_provider_seedance.ledger.reading import Recorded
from airflow_provider_seedance.reconcile.account import Reconciled
from airflow_provider_seedance.reconcile.findings import Finding, Kind, difference_of, money_of
from airflow_provider_seedance.reconcile.judging import (
    Span,
    Told,
    carriers,
    ids_to_read,
    judge_doubt,
    judge_recorded,
    judge_unmatched,
    without_ledger,
)
from airflow_provider_seedance.reconcile.report import ACCOUNTED_FOR, CALLS, NOT_TOLD, Report

NOW = 1_795_000_000.0
OURS = f"airflow-{'0' * 32}"
SPAN = Span(NOW - 86_400, NOW, settle=900)


def moment(ago: float) -> datetime:
    return datetime.fromtimestamp(NOW - ago, tz=UTC)


def recorded(**known: Any) -> Recorded:
    base: dict[str, Any] = {
        "attempt": "a" * 32,
        "dag_id": "dag",
        "task_id": "task",
        "run_id": "run",
        "map_index": -1,
        "try_number": 1,
        "conn_id": "seedance_default",
        "vendor": "byteplus",
        "model": "m",
        "mark": OURS,
        "intended_at": NOW - 7200,
        "video_id": "v-1",
        "withdrawn": False,
        "delivered": False,
        "outcome": None,
        "estimated_micros": 500_000,
        "cost_micros": None,
        "currency": "USD",
        "uri": None,
        "record": "{}",
    }
    return Recorded(**{**base, **known})


def video(status: str = "succeeded", **known: Any) -> Video:
    base: dict[str, Any] = {"video_id": "v-1", "vendor": "byteplus", "status": VideoStatus(status)}
    return Video(**{**base, "created_at": moment(7200), "completed_at": moment(3600), **known})


@pytest.mark.parametrize(
    ("row", "seen", "expected"),
    [
        ({"outcome": "succeeded"}, None, Kind.DELIVERED),
        ({"uri": "file:///v.mp4"}, None, Kind.DELIVERED),
        ({"outcome": "succeeded"}, {"status": "failed"}, Kind.DELIVERED),
        # A task that doesn't wait hands on an id, and no video.
        ({"delivered": True}, {}, Kind.ORPHAN),
        ({"outcome": "failed"}, None, Kind.NO_VIDEO),
        ({"outcome": "moderated"}, None, Kind.NO_VIDEO),
        ({}, {"status": "failed"}, Kind.NO_VIDEO),
        ({}, {"status": "cancelled"}, Kind.NO_VIDEO),
        ({}, {"status": "expired"}, Kind.NO_VIDEO),
        ({}, {"status": "queued"}, Kind.UNDER_WAY),
        ({}, {"status": "running"}, Kind.UNDER_WAY),
        ({}, {}, Kind.ORPHAN),
        ({}, {"completed_at": moment(899)}, Kind.UNDER_WAY),
        ({}, {"completed_at": moment(901)}, Kind.ORPHAN),
        ({"intended_at": NOW - 899}, {"completed_at": None}, Kind.UNDER_WAY),
        ({"intended_at": NOW - 901}, {"completed_at": None}, Kind.ORPHAN),
        ({}, None, Kind.NOT_TOLD),
    ],
    ids=repr,
)
def test_what_became_of_a_submission_with_an_id(
    row: dict[str, Any], seen: dict[str, Any] | None, expected: Kind
) -> None:
    told = Told({} if seen is None else {"v-1": video(**seen)})
    assert judge_recorded(recorded(**row), told, SPAN, NOW)[0] is expected


def test_an_id_that_the_vendor_denies_is_gone_and_one_that_was_not_read_is_not() -> None:
    assert judge_recorded(recorded(), Told(gone={"v-1"}), SPAN, NOW)[0] is Kind.GONE
    just_now = recorded(intended_at=NOW - 899)
    assert judge_recorded(just_now, Told(gone={"v-1"}), SPAN, NOW)[0] is Kind.UNDER_WAY, "reads lag behind creates"
    assert judge_recorded(recorded(), Told(unclear={"v-1": "it hung"}), SPAN, NOW) == (Kind.NOT_TOLD, "it hung")


@pytest.mark.parametrize(("expires", "said"), [(-60.0, "dies at"), (60.0, "is dead since"), (None, "is not known")])
def test_the_life_of_an_orphan_s_url_is_told(expires: float | None, said: str) -> None:
    seen = video(url_expires_at=None if expires is None else moment(expires))
    assert said in judge_recorded(recorded(), Told({"v-1": seen}), SPAN, NOW)[1]


@pytest.mark.parametrize(("ago", "expected"), [(899, Kind.UNDER_WAY), (901, Kind.IN_DOUBT)])
def test_a_submission_in_doubt_stays_so_whatever_the_list_does_not_show(ago: float, expected: Kind) -> None:
    row = recorded(video_id=None, intended_at=NOW - ago)
    assert judge_doubt(row, SPAN, NOW, looked="it is not there", is_list_whole=True)[0] is expected


@pytest.mark.parametrize(
    ("row", "seen", "is_its"),
    [
        ({}, {"mark": OURS}, True),
        ({}, {"mark": OURS, "created_at": None}, True),
        ({}, {"mark": None}, False),
        ({}, {"mark": f"airflow-{'1' * 32}"}, False),
        ({"mark": None}, {"mark": None}, False),
        ({}, {"mark": OURS, "created_at": moment(3 * 86_400)}, False),
        ({"mark": "seed:7"}, {"mark": "seed:7", "model": "m"}, True),
        ({"mark": "seed:7"}, {"mark": "seed:7", "model": "another"}, False),
        ({"mark": "seed:7"}, {"mark": "seed:7", "model": None}, True),
    ],
    ids=repr,
)
def test_a_submission_is_told_by_its_mark_alone(row: dict[str, Any], seen: dict[str, Any], is_its: bool) -> None:
    found = carriers(recorded(video_id=None, **row), [video(**seen)])
    assert bool(found) is is_its


def test_of_two_videos_with_one_mark_the_one_that_can_be_used_comes_first() -> None:
    failed, good = video("failed", mark=OURS), video(video_id="v-2", mark=OURS, created_at=moment(60))
    assert [each.video_id for each in carriers(recorded(video_id=None), [failed, good])] == ["v-2", "v-1"]


@pytest.mark.parametrize(
    ("mark", "known", "expected"),
    [
        (None, [], Kind.STRANGER),
        ("seed:7", [], Kind.STRANGER),
        ("somebody", [], Kind.STRANGER),
        (OURS, [], Kind.UNRECORDED),
        (OURS, [{"video_id": "v-1"}], None),
        (None, [{"video_id": "v-1", "mark": None}], None),
        (OURS, [{"video_id": "v-2"}], Kind.UNRECORDED),
        (OURS, [{"video_id": None, "withdrawn": True}], Kind.UNRECORDED),
        (OURS, [{"video_id": None}], None),
        ("seed:7", [{"video_id": "v-2", "mark": "seed:7", "model": "another"}], Kind.STRANGER),
    ],
    ids=repr,
)
def test_whose_a_listed_video_is(mark: str | None, known: list[dict[str, Any]], expected: Kind | None) -> None:
    verdict = judge_unmatched(video(mark=mark, model="m"), [recorded(**row) for row in known])
    assert (verdict and verdict[0]) == expected


@pytest.mark.parametrize("mark", [None, OURS])
def test_without_a_ledger_nothing_is_said_to_be_a_stranger(mark: str | None) -> None:
    kind, why = without_ledger(video(mark=mark))
    assert kind is Kind.NOT_TOLD
    assert ("mark like ours" in why) == (mark is not None)


def test_what_is_open_is_read_first_and_what_is_closed_only_where_the_vendor_tells_a_cost() -> None:
    rows = [
        recorded(video_id="closed", outcome="succeeded"),
        recorded(video_id="open"),
        recorded(video_id="failed", outcome="failed"),
        recorded(video_id="listed"),
        recorded(video_id=None),
    ]
    told = Told({"listed": video(video_id="listed")})
    assert ids_to_read(rows, told, tells_cost=False) == ["open"]
    assert ids_to_read(rows, told, tells_cost=True) == ["open", "closed"]


PRICES = read_prices({"*": {"currency": "USD", "per_second": 0.2}})
TOLD = {"cost": 0.7, "currency": "USD"}


@pytest.mark.parametrize(
    ("row", "seen", "prices", "expected"),
    [
        ({"cost_micros": 400_000}, {"usage": TOLD}, PRICES, ("0.4", "recorded")),
        ({}, {"usage": TOLD}, PRICES, ("0.7", "told by the vendor")),
        ({}, {"made_seconds": 5}, PRICES, ("1.0", "by prices")),
        ({}, {"made_seconds": 5}, {}, ("0.5", "estimated")),
        ({}, None, PRICES, ("0.5", "estimated")),
        ({"estimated_micros": None}, None, PRICES, None),
        (None, {}, PRICES, None),
    ],
    ids=repr,
)
def test_what_a_video_costs_and_how_that_is_known(row: Any, seen: Any, prices: Any, expected: Any) -> None:
    money = money_of(None if row is None else recorded(**row), None if seen is None else video(**seen), prices)
    assert (money and (money.amount, money.basis)) == (expected and (Decimal(expected[0]), expected[1]))


@pytest.mark.parametrize(
    ("micros", "usage", "differs"),
    [
        (700_000, TOLD, False),
        (700_001, TOLD, False),
        (650_000, TOLD, True),
        (650_000, {"cost": 0.7, "currency": "CNY"}, False),
        (650_000, {"cost": 0.7}, False),
        (650_000, None, False),
        (None, TOLD, False),
    ],
)
def test_a_recorded_cost_is_held_against_the_vendor_s_word(micros: int | None, usage: Any, differs: bool) -> None:
    finding = Finding(
        Kind.DELIVERED, "", "c", "byteplus", "v-1", row=recorded(cost_micros=micros), video=video(usage=usage)
    )
    assert (difference_of(finding) is not None) is differs


@pytest.mark.parametrize(
    ("kinds", "gaps", "expected"),
    [
        ([], [], ACCOUNTED_FOR),
        ([Kind.DELIVERED, Kind.NO_VIDEO, Kind.UNDER_WAY, Kind.RESCUED, Kind.STRANGER], [], ACCOUNTED_FOR),
        ([Kind.ORPHAN], [], CALLS),
        ([Kind.GONE], [], CALLS),
        ([Kind.IN_DOUBT], [], CALLS),
        ([Kind.UNRECORDED], [], CALLS),
        ([Kind.NOT_TOLD], [], NOT_TOLD),
        ([Kind.DELIVERED], ["its list could not be read"], NOT_TOLD),
        ([Kind.ORPHAN, Kind.NOT_TOLD], ["its list could not be read"], CALLS),
    ],
)
def test_the_exit_code(kinds: list[Kind], gaps: list[str], expected: int) -> None:
    findings = [Finding(kind, "", "c", "byteplus", f"v-{number}") for number, kind in enumerate(kinds)]
    report = Report(SPAN, [Reconciled("c", "byteplus", "BytePlus ModelArk", findings, gaps=gaps)])
    assert report.exit_code == expected
    assert report.as_text().strip()


def test_a_day_without_submissions_is_accounted_for() -> None:
    assert Report(SPAN, []).exit_code == ACCOUNTED_FOR
    assert "no submission" in Report(SPAN, []).as_text()


def test_a_span_leaves_its_end_out_and_holds_what_is_not_dated() -> None:
    assert SPAN.holds(moment(86_400))
    assert not SPAN.holds(moment(0))
    assert SPAN.holds(None)
    assert not SPAN.holds(moment(86_400) - timedelta(seconds=1))
