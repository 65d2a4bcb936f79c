"""Whatever befalls the videos of several vendors: the reconciliation finds exactly what the simulator knows."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from airflow_provider_seedance.reconcile.report import Report
from airflow_provider_seedance.simulator import Simulator
from tests.ledger.conftest import Database
from tests.support.requests import CAN_LIST, TAKES_IDS

from .helpers import NO_LIST, VENDORS, Story, look, told
from .test_kinds import MARKED, OWN_FORM

FATES = ("delivered", "orphaned", "lost", "not_sent", "failed", "refused", "stranger", "ours_elsewhere", "stuck")
VIDEOS = 40
TELL_COSTS = ("openrouter", "runware")


class Known:
    """What the simulator and whoever wrote the story know, beside what is found.

    :param sim: its bills, its videos and their ends count.
    """

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self.fates: dict[str, str] = {}
        self.without_video = 0

    def befall(self, story: Story, fate: str, vendor: str) -> None:
        """Makes it happen."""
        if fate == "not_sent":
            story.not_sent(vendor)
            self.without_video += 1
        elif fate == "refused":
            before = len(self._sim.ledger)
            story.refused(vendor)
            assert len(self._sim.ledger) == before
        elif fate in ("stranger", "ours_elsewhere"):
            self.fates[story.by_someone_else(vendor, marked=fate == "ours_elsewhere")] = fate
        else:
            self.fates[getattr(story, fate)(vendor)] = fate

    def expected(self) -> set[tuple[str, str | None]]:
        """Of each bill in the simulator's ledger: what has to be said of it."""
        assert {bill.video_id for bill in self._sim.ledger} == set(self.fates)
        found = {(self._kind(bill.vendor, bill.video_id), bill.video_id) for bill in self._sim.ledger}
        return {(kind, video_id) for kind, video_id in found if kind not in ("unseen", "in doubt")}

    def doubts(self) -> int:
        """How many submissions nobody can say anything about."""
        kinds = [self._kind(bill.vendor, bill.video_id) for bill in self._sim.ledger]
        return self.without_video + kinds.count("in doubt")

    def _kind(self, vendor: str, video_id: str) -> str:
        fate, status = self.fates[video_id], self._sim.videos[video_id].status
        if fate in ("stranger", "ours_elsewhere"):
            if vendor in NO_LIST:
                return "unseen"
            return "unrecorded" if fate == "ours_elsewhere" and vendor in OWN_FORM else "stranger"
        if fate == "lost" and vendor not in MARKED:
            return "in doubt"
        if fate == "delivered":
            return "delivered"
        return {"succeeded": "orphan", "failed": "no video"}.get(status, "under way")


def compare(report: Report, known: Known) -> None:
    found = told(report)
    assert {entry for entry in found if entry[1] is not None} == known.expected()
    counts = Counter(finding.kind.value for finding in report.findings)
    assert counts["in doubt"] == known.doubts()
    assert len([finding for finding in report.findings if finding.video_id]) == len(known.expected()), "no row is twice"


def tell(sim: Simulator, seed: int, vendors: tuple[str, ...], videos: int) -> Known:
    chance, story, known = random.Random(seed), Story(sim), Known(sim)
    for _ in range(videos):
        known.befall(story, chance.choice(FATES), chance.choice(vendors))
    for vendor in vendors:  # every connection is one that the ledger knows
        known.befall(story, "delivered", vendor)
    return known


def test_a_few_videos_of_four_vendors(ledger: Database, sim: Simulator) -> None:
    known = tell(sim, 5, ("byteplus", "gmicloud", "jimmyai", "runware"), 12)
    compare(look(), known)
    compare(look(), known)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_it_finds_exactly_what_the_simulator_knows(ledger: Database, sim: Simulator, seed: int, tmp_path: Path) -> None:
    known = tell(sim, seed, VENDORS, VIDEOS)
    creates = len(sim.creates())
    report = look()
    compare(report, known)
    assert len(sim.creates()) == creates
    assert not [request for request in sim.requests if request.call == "cancel"]

    orphans = {video_id for kind, video_id in known.expected() if kind == "orphan"}
    costs = {finding.money.amount for finding in report.findings if finding.money and finding.vendor not in TELL_COSTS}
    assert costs == {Decimal("0.5")}
    assert orphans

    rescued = look(land_to=f"file://{tmp_path}/{{vendor}}/{{task_id}}-{{map_index}}.mp4")
    assert {finding.video_id for finding in rescued.findings if finding.kind.value == "rescued"} == orphans
    assert len(list(tmp_path.rglob("*.mp4"))) == len(orphans)
    after = {(kind, video_id) for kind, video_id in told(look()) if video_id in orphans}
    assert after == {("delivered", video_id) for video_id in orphans}
    assert set(TAKES_IDS) | set(CAN_LIST) == set(MARKED)
