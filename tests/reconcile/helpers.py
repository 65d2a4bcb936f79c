"""What befalls videos, for the tests of the reconciliation, and how it is run."""

from __future__ import annotations

import time
from typing import Any

import pytest

from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.reconcile.asking import Bounds
from airflow_provider_seedance.reconcile.connections import Landing, open_ledger, reconcile
from airflow_provider_seedance.reconcile.findings import Finding
from airflow_provider_seedance.reconcile.judging import Span
from airflow_provider_seedance.reconcile.report import Report
from airflow_provider_seedance.simulator import Fault, Simulator
from dev.task_life import AFTER_POST, BEFORE_POST, DeathError, Step, Ti, work
from tests.support.requests import CAN_LIST, MODELS

SPEED = 1000.0
VENDORS = tuple(MODELS)
NO_LIST = tuple(vendor for vendor in VENDORS if vendor not in CAN_LIST)
A_VIDEO = 0.5
"""What each of them costs: five seconds at 0.1."""

PRICES = {"*": {"currency": "USD", "per_second": 0.1}}


def conn_id(vendor: str) -> str:
    return f"seedance_{vendor}"


def connect(sim: Simulator, monkeypatch: pytest.MonkeyPatch, **extra: Any) -> None:
    """A connection for each vendor, whose rates nobody waits for."""
    unhurried = {"polls_per_second": 1e6, "lists_per_second": 1e6, "prices": PRICES, **extra}
    for vendor in VENDORS:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", sim.connection_json(vendor, **unhurried))


def asked(vendor: str, **more: Any) -> dict[str, Any]:
    """Arguments of a create operator that does not wait."""
    base = {"model": MODELS[vendor], "prompt": "a paper boat named Zebedee in rain", "duration": 5}
    return {**base, "seedance_conn_id": conn_id(vendor), "wait_for_completion": False, **more}


class Story:
    """Tasks and what befell them, each a task instance of its own.

    :param sim: judges them.
    """

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._count = 0

    def submitted(self, vendor: str, **more: Any) -> str:
        """A task submits a video, and nobody waits for it."""
        result = work(Step(asked(vendor, **more), self._next()), None)
        assert result.kind == "done", result
        return str(result.value["video_id"])

    def delivered(self, vendor: str, **more: Any) -> str:
        """A task submits a video, waits for it and hands it on."""
        waiting = {"wait_for_completion": True, "deferrable": False, "poll_interval": 0.01, **more}
        return self.submitted(vendor, **waiting)

    def failed(self, vendor: str, **more: Any) -> str:
        """A video that fails, and whose end no task has seen."""
        self._sim.faults.add(Fault("fail", vendor=vendor))
        return self._over(self.submitted(vendor, **more))

    def orphaned(self, vendor: str, **more: Any) -> str:
        """A video that succeeds, and that nobody fetches."""
        return self._over(self.submitted(vendor, **more))

    def stuck(self, vendor: str) -> str:
        """A video that is never ready."""
        self._sim.faults.add(Fault("stuck", vendor=vendor))
        return self.submitted(vendor)

    def lost(self, vendor: str, **more: Any) -> str:
        """A video whose id nobody has noted: the worker died when the request had been sent."""
        self._die(vendor, AFTER_POST, **more)
        return self._over(self._sim.ledger[-1].video_id)

    def not_sent(self, vendor: str) -> None:
        """A worker dies between intent and request."""
        self._die(vendor, BEFORE_POST)

    def refused(self, vendor: str) -> None:
        """A request that the vendor refuses."""
        self._sim.faults.add(Fault("moderation_submit", vendor=vendor))
        assert work(Step(asked(vendor), self._next()), None).kind == "failed"

    def by_someone_else(self, vendor: str, *, marked: bool = False) -> str:
        """A video of the same account that this Airflow knows nothing of.

        :param marked: whether it carries a mark as this provider draws them.
        """
        hook = SeedanceHook(conn_id(vendor))
        adapter = hook.get_conn().adapter
        fields = {name: value for name, value in asked(vendor).items() if name in VideoRequest.model_fields}
        request = VideoRequest(**fields)
        mark = adapter.draw_mark(request) if marked else None
        video = hook.create_video(adapter.mark(request, mark) if mark else request)
        hook.close()
        return self._over(video.video_id)

    def _die(self, vendor: str, place: str, **more: Any) -> None:
        with pytest.raises(DeathError):
            work(Step(asked(vendor, **more), self._next(), die=place), None)

    def _over(self, video_id: str) -> str:
        """Waits until the simulator has made it, which takes a moment."""
        until = time.monotonic() + 60
        while self._sim.videos[video_id].end() is None:
            assert time.monotonic() < until, "it is never ready"
            time.sleep(0.01)
        return video_id

    def _next(self) -> Ti:
        self._count += 1
        return Ti(max_tries=0, map_index=self._count)


def look(*conn_ids: str, settle: float = 0.0, since: float = 3600.0, until: float = 3600.0, **more: Any) -> Report:
    """Reconciles, from an hour ago to an hour ahead.

    :param more: of `Bounds`, or `land_to`.
    """
    now = time.time()
    land_to = more.pop("land_to", None)
    landing = Landing(land_to) if land_to else None
    span = Span(now - since, now + until, settle)
    return reconcile(conn_ids, open_ledger(), span, bounds=Bounds(**more), landing=landing)


def told(report: Report) -> set[tuple[str, str | None]]:
    """Kind and video of each finding."""
    return {(finding.kind.value, finding.video_id) for finding in report.findings}


def only(report: Report) -> Finding:
    """The one finding."""
    (finding,) = report.findings
    return finding
