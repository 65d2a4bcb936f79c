"""Every kind of row, over real HTTP, at vendors with a list and without."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.reconcile.asking import Asking, Bounds
from airflow_provider_seedance.reconcile.findings import Kind
from airflow_provider_seedance.reconcile.judging import Told
from airflow_provider_seedance.simulator import Fault, Simulator
from tests.ledger.conftest import Database
from tests.support.requests import CAN_LIST, TAKES_IDS

from .helpers import A_VIDEO, VENDORS, Story, connect, look, only, told

MARKED = tuple(vendor for vendor in VENDORS if vendor in CAN_LIST or vendor in TAKES_IDS)
"""Where a lost submission can be told by its mark."""

OWN_FORM = ("byteplus", "volcengine", "fal")
"""Where a mark is a word of ours. Elsewhere it is a seed, which anybody may have sent."""


@pytest.mark.parametrize("vendor", ["fal", "modellix"])
def test_what_a_task_has_handed_on_is_accounted_for(ledger: Database, sim: Simulator, vendor: str) -> None:
    video_id = Story(sim).delivered(vendor)
    report = look()
    assert told(report) == {("delivered", video_id)}
    assert report.exit_code == 0
    assert "Everything is accounted for." in report.as_text()


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_was_paid_and_never_delivered_is_an_orphan_with_its_cost(
    ledger: Database, sim: Simulator, vendor: str
) -> None:
    video_id = Story(sim).orphaned(vendor)
    report = look()
    found = only(report)
    assert (found.kind, found.video_id) == (Kind.ORPHAN, video_id)
    assert report.exit_code == 1
    assert found.money is not None
    assert found.money.currency == "USD"
    row = report.as_json()["rows"][0]
    assert (row["dag_id"], row["task_id"], row["status"]) == ("dag", "create", "succeeded")
    assert "http" not in json.dumps(row), "a signed URL opens to everybody"
    assert "Zebedee" not in json.dumps(report.as_json())


@pytest.mark.parametrize("vendor", ["byteplus", "replicate", "modellix"])
def test_an_orphan_says_when_its_url_dies(ledger: Database, sim: Simulator, vendor: str) -> None:
    Story(sim).orphaned(vendor)
    found = only(look())
    assert found.video is not None
    assert found.video.url_expires_at is not None
    assert found.video.url_expires_at.isoformat(timespec="seconds") in found.why


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_lost_submission_is_found_by_its_mark_and_by_nothing_else(
    ledger: Database, sim: Simulator, vendor: str
) -> None:
    video_id = Story(sim).lost(vendor)
    found = only(look())
    noted = ledger.all("SELECT video_id FROM seedance_submissions")
    if vendor in MARKED:
        assert (found.kind, found.video_id, found.is_resolved) == (Kind.ORPHAN, video_id, True)
        assert noted == [(video_id,)]
        assert ledger.all("SELECT * FROM seedance_in_doubt") == []
        again = only(look())
        assert (again.kind, again.video_id, again.is_resolved) == (Kind.ORPHAN, video_id, False)
    else:
        assert (found.kind, found.video_id) == (Kind.IN_DOUBT, None)
        assert noted == [(None,)]


def test_the_task_goes_on_with_the_id_that_was_found_for_it(ledger: Database, sim: Simulator) -> None:
    video_id = Story(sim).lost("byteplus")
    look()
    (record,) = ledger.all("SELECT record FROM seedance_submissions")
    assert json.loads(str(record[0]))["video_id"] == video_id


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_intent_of_which_nothing_is_found_stays_in_doubt(ledger: Database, sim: Simulator, vendor: str) -> None:
    Story(sim).not_sent(vendor)
    report = look()
    found = only(report)
    assert found.kind is Kind.IN_DOUBT
    assert report.exit_code == 1
    assert found.money is not None
    assert float(found.money.amount) == A_VIDEO
    assert ledger.all("SELECT video_id, withdrawn FROM seedance_submissions") == [(None, 0)]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_video_that_failed_is_no_orphan_and_a_running_one_is_under_way(
    ledger: Database, sim: Simulator, vendor: str
) -> None:
    story = Story(sim)
    failed, running = story.failed(vendor), story.stuck(vendor)
    report = look()
    assert told(report) == {("no video", failed), ("under way", running)}
    assert report.exit_code == 0


@pytest.mark.parametrize("vendor", ["gmicloud", "jimmyai"])
def test_what_the_vendor_refused_is_nobody_s_business(ledger: Database, sim: Simulator, vendor: str) -> None:
    story = Story(sim)
    story.delivered(vendor)
    story.refused(vendor)
    assert [finding.kind for finding in look().findings] == [Kind.DELIVERED]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_stranger_is_named_and_never_touched(ledger: Database, sim: Simulator, vendor: str, tmp_path: Path) -> None:
    story = Story(sim)
    mine, theirs = story.delivered(vendor), story.by_someone_else(vendor)
    report = look(land_to=f"file://{tmp_path}/{{video_id}}.mp4")
    expected = {("delivered", mine)}
    if vendor in CAN_LIST:
        expected |= {("stranger", theirs)}
    assert told(report) == expected
    assert report.exit_code == 0
    assert not list(tmp_path.glob("*.mp4"))
    assert not [request for request in sim.requests if request.call == "cancel"]


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_mark_like_ours_in_no_record_is_no_stranger(ledger: Database, sim: Simulator, vendor: str) -> None:
    story = Story(sim)
    story.delivered(vendor)
    theirs = story.by_someone_else(vendor, marked=True)
    report = look()
    assert (("unrecorded" if vendor in OWN_FORM else "stranger"), theirs) in told(report)
    assert report.exit_code == (1 if vendor in OWN_FORM else 0)


def test_a_mark_whose_submission_was_withdrawn_is_told(ledger: Database, sim: Simulator) -> None:
    video_id = Story(sim).lost("gmicloud")
    ledger.all("UPDATE seedance_submissions SET withdrawn = 1")
    assert told(look("seedance_gmicloud")) == {("unrecorded", video_id)}


def test_two_videos_of_one_submission_are_both_told(ledger: Database, sim: Simulator) -> None:
    story = Story(sim)
    first = story.lost("byteplus")
    theirs = story.by_someone_else("byteplus")
    sim.videos[theirs].request["safety_identifier"] = sim.videos[first].request["safety_identifier"]
    kinds = {video_id: kind for kind, video_id in told(look())}
    assert set(kinds) == {first, theirs}
    assert sorted(kinds.values()) == ["orphan", "unrecorded"]


@pytest.mark.parametrize("vendor", [name for name in VENDORS if name != "runware"])
def test_what_the_vendor_does_not_know_any_more_is_gone(ledger: Database, sim: Simulator, vendor: str) -> None:
    video_id = Story(sim).orphaned(vendor)
    sim.videos[video_id].deleted = True
    if vendor in ("fal", "gmicloud", "replicate"):
        sim.videos[video_id].vendor = "nobody"  # these lists show what was deleted, too
    report = look()
    assert told(report) == {("gone", video_id)}
    assert report.exit_code == 1


def test_runware_s_silence_is_no_answer(ledger: Database, sim: Simulator) -> None:
    video_id = Story(sim).orphaned("runware")
    sim.videos[video_id].deleted = True
    report = look()
    assert told(report) == {("not told", video_id)}
    assert report.exit_code == 2


@pytest.mark.parametrize("vendor", ["byteplus", "openrouter"])
def test_an_orphan_is_landed_where_it_is_wanted_and_then_accounted_for(
    ledger: Database, sim: Simulator, vendor: str, tmp_path: Path
) -> None:
    video_id = Story(sim).orphaned(vendor)
    report = look(land_to=f"file://{tmp_path}/{{dag_id}}/{{task_id}}-{{map_index}}.mp4")
    found = only(report)
    assert (found.kind, found.video_id, found.uri) == (Kind.RESCUED, video_id, f"file://{tmp_path}/dag/create-1.mp4")
    assert Path(urlsplit(found.uri or "").path).read_bytes()[4:8] == b"ftyp"
    assert report.exit_code == 0
    assert ledger.all("SELECT uri, outcome FROM seedance_submissions") == [(found.uri, "succeeded")]
    assert told(look()) == {("delivered", video_id)}


def test_an_orphan_that_cannot_be_landed_stays_one_and_says_why(
    ledger: Database, sim: Simulator, tmp_path: Path
) -> None:
    (tmp_path / "a_file").touch()
    Story(sim).orphaned("byteplus")
    report = look(land_to=f"file://{tmp_path}/a_file/{{video_id}}.mp4")
    assert only(report).kind is Kind.ORPHAN
    assert "could not be landed" in only(report).why
    assert report.exit_code == 1


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
def test_what_may_be_about_to_be_handed_on_is_no_orphan_yet(ledger: Database, sim: Simulator, vendor: str) -> None:
    story = Story(sim)
    story.orphaned(vendor)
    story.not_sent(vendor)
    assert [finding.kind for finding in look(settle=36_000).findings] == [Kind.UNDER_WAY] * 2


def test_a_video_of_another_time_or_connection_is_neither_ours_nor_a_stranger(ledger: Database, sim: Simulator) -> None:
    story = Story(sim)
    story.orphaned("byteplus")
    other = story.orphaned("byteplus")
    ledger.all(f"UPDATE seedance_submissions SET conn_id = 'another' WHERE video_id = '{other}'")
    report = look("seedance_byteplus")
    assert other not in {finding.video_id for finding in report.findings}
    assert len(report.findings) == 1


@pytest.mark.parametrize("vendor", ["jimmyai", "openrouter"])
def test_what_a_vendor_without_a_list_cannot_show_is_said(ledger: Database, sim: Simulator, vendor: str) -> None:
    story = Story(sim)
    story.orphaned(vendor)
    story.orphaned(vendor)
    (account,) = look().accounts
    assert account.notes[0].startswith(f"{account.title} has no list: 2 read by id")


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_what_a_list_shows_and_what_not_is_said(ledger: Database, sim: Simulator, vendor: str) -> None:
    Story(sim).orphaned(vendor)
    (account,) = look().accounts
    assert f"{account.title} listed 1 in " in account.notes[0]
    (old,) = look(since=90 * 86_400).accounts
    assert any("begins before" in note for note in old.notes) == (vendor not in ("gmicloud", "replicate"))


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai", "runware"])
def test_a_vendor_that_is_away_is_not_told_and_keeps_no_other_from_it(
    ledger: Database, sim: Simulator, vendor: str
) -> None:
    story = Story(sim)
    other = next(name for name in ("jimmyai", "modellix") if name != vendor)
    ids = {vendor: story.orphaned(vendor), other: story.orphaned(other)}
    for call in ("list", "poll"):
        sim.faults.add(Fault("http_500", vendor=vendor, on=call, times=None))
    report = look()
    assert told(report) == {("not told", ids[vendor]), ("orphan", ids[other])}
    assert not report.accounts[[account.vendor for account in report.accounts].index(vendor)].is_whole


def test_a_key_that_is_refused_is_said_once_and_nothing_is_concluded(
    ledger: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(sim)
    for _ in range(3):
        story.orphaned("jimmyai")
    made = json.loads(sim.connection_json("jimmyai"))
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_JIMMYAI", json.dumps({**made, "password": "sk-wrong"}))
    before = sim.counts.get(("jimmyai", "poll"), 0)
    report = look()
    assert [finding.kind for finding in report.findings] == [Kind.NOT_TOLD] * 3
    assert sim.counts[("jimmyai", "poll")] - before == 1
    assert "sk-wrong" not in json.dumps(report.as_json())


@pytest.mark.parametrize(
    ("bounds", "said"),
    [({"ids": 1}, "more than 1 videos would have to be read"), ({"seconds": 1e-9}, "the time was up")],
)
def test_bounds_are_kept_and_what_they_left_is_said(
    ledger: Database, sim: Simulator, bounds: dict[str, Any], said: str
) -> None:
    story = Story(sim)
    for _ in range(3):
        story.orphaned("openrouter")
    report = look(**bounds)
    assert [finding.kind for finding in report.findings].count(Kind.NOT_TOLD) >= 2
    assert said in report.as_text()
    assert report.exit_code == (1 if "ids" in bounds else 2)


def test_a_doubt_that_the_vendor_could_not_be_asked_about_does_not_say_that_it_was(
    ledger: Database, sim: Simulator
) -> None:
    Story(sim).lost("runware")
    found = only(look(seconds=1e-9))
    assert found.kind is Kind.IN_DOUBT
    assert "of which nothing is known: the time was up" in found.why
    assert "was asked" not in found.why


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_a_list_of_many_pages_is_read_to_its_end_or_its_bound(
    ledger: Database, sim: Simulator, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.simulator.vendors.replicate import videos as replicates

    story = Story(sim)
    adapter = "airflow_provider_seedance.api.vendors.{}.videos.{}.page_size"
    names = {"fal": "FalAdapter", "gmicloud": "GMICloudAdapter"}
    if vendor == "replicate":
        monkeypatch.setattr(replicates, "PAGE", 2)
    else:
        folder = "ark" if vendor in ("byteplus", "volcengine") else vendor
        monkeypatch.setattr(adapter.format(folder, names.get(vendor, "ArkAdapter")), 2)
    ids = {story.orphaned(vendor) for _ in range(5)}
    assert told(look()) == {("orphan", video_id) for video_id in ids}
    story.by_someone_else(vendor)
    (account,) = look(pages=1).accounts
    assert account.gaps == [f"{account.title}: it lists more than 1 pages"]
    assert {finding.kind for finding in account.findings if finding.row} == {Kind.ORPHAN}, "read by their ids instead"


def test_no_faster_than_half_of_the_connection_s_rate(
    ledger: Database, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(sim)
    ids = [story.orphaned("modellix") for _ in range(4)]
    connect(sim, monkeypatch, polls_per_second=4)
    passed = [0.0]

    def pause(seconds: float) -> None:
        passed[0] += seconds

    with closing(SeedanceHook("seedance_modellix")) as hook:
        asking = Asking(hook.get_conn(), Bounds(), pause=pause, clock=lambda: passed[0])
        told = Told()
        asking.read_each(ids, told)
    assert set(told.videos) == set(ids)
    assert passed == [1.5], "four reads at two a second"


@pytest.mark.parametrize("vendor", ["byteplus", "jimmyai"])
def test_without_a_ledger_it_says_what_it_cannot_know(sim: Simulator, vendor: str) -> None:
    story = Story(sim)
    story.by_someone_else(vendor)
    report = look(f"seedance_{vendor}")
    assert report.exit_code == 2
    assert "There is no ledger in a database" in report.as_text()
    assert {finding.kind for finding in report.findings} == ({Kind.NOT_TOLD} if vendor in CAN_LIST else set())


@pytest.mark.parametrize("vendor", ["openrouter", "runware"])
def test_a_recorded_cost_that_is_not_what_the_vendor_says_is_told(
    ledger: Database, sim: Simulator, vendor: str
) -> None:
    video_id = Story(sim).delivered(vendor)
    (account,) = look().accounts
    (difference,) = account.differences
    assert (difference.video_id, float(difference.recorded), difference.currency) == (video_id, A_VIDEO, "USD")
    ledger.all(f"UPDATE seedance_submissions SET cost_micros = {int(difference.told * 1_000_000)}")
    (account,) = look().accounts
    assert account.differences == []
