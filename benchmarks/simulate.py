"""How far the poller goes, in simulated time: `python -m benchmarks.simulate` prints the tables of docs/scaling.md.

The poller is the real one, with its queue and its pace, on an event loop whose clock jumps to the next thing that
happens; only the HTTP client is replaced. Nothing is sent and nobody waits, so an hour of 100,000 videos takes seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import selectors
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from airflow_provider_seedance.api.client import ClientSettings
from airflow_provider_seedance.api.errors import TransientApiError
from airflow_provider_seedance.api.jobs import Decision, Outcome, Wait
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.vendors.video_adapter import PollRates
from airflow_provider_seedance.api.video_jobs import VIDEO
from airflow_provider_seedance.polling import metrics, poller, presence, schedule
from airflow_provider_seedance.polling.rate_limiter import Pace
from airflow_provider_seedance.polling.wait_queue import Watch
from benchmarks.before import PaceBefore
from tests.support.boards import SharedBoard

ANSWER_TIME = 0.3
"""Seconds from a request to its answer; assumed."""

MAKING = 300.0
"""Seconds that a video takes, on average (from half to one and a half times that); assumed."""

SAMPLE = 2_000
"""How many videos have to become ready before a simulation ends."""


@dataclass(frozen=True)
class Scenario:
    """What to simulate.

    :param vendor: whose rates and batch size.
    :param videos: how many wait at any time: when one is ready, the next one is submitted.
    :param interval: seconds between polls, as asked for.
    :param triggerers: how many processes share videos and rates evenly, as somebody set it on their connections.
    :param is_enforced: nobody has divided the rates: each takes all of them, and the vendor refuses what is too much.
    :param is_before: with the back-off that was (see `benchmarks.before`).
    :param have_ledger: they know of each other by the ledger.
    """

    vendor: str
    videos: int
    interval: float = 10.0
    triggerers: int = 1
    is_enforced: bool = False
    is_before: bool = False
    have_ledger: bool = False


@dataclass(frozen=True)
class Outcomes:
    """What came out.

    :param polled_every: seconds between two polls of one video, the median.
    :param late_p50: seconds from "ready at the vendor" to the trigger's event.
    :param requests: a second, by kind of call.
    :param most: in any one second, by kind of call.
    :param refused: share of the requests that the vendor refused.
    """

    polled_every: float
    late_p50: float
    late_p95: float
    late_p99: float
    requests: dict[str, float]
    most: dict[str, int]
    refused: float


class _JumpingClock(selectors.SelectSelector):
    """Never waits: time goes on at once to when something happens."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen")
        self.now += max(0.0, timeout)
        return []


class _SimulatedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _JumpingClock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


class _Video:
    __slots__ = ("is_ready", "video_id")

    def __init__(self, video_id: str, is_ready: bool) -> None:
        self.video_id = video_id
        self.is_ready = is_ready


class _Wait(Wait[Any]):
    """Reports what it saw in place of deciding about real videos."""

    def __init__(self, world: _World, video_id: str, interval: float, now: float) -> None:
        super().__init__(VIDEO, video_id, interval=interval, deadline=None, started=now)
        self._world = world
        self._again: Decision[Any] = Decision(Outcome.WAIT, interval)
        self.seen_at = now

    def saw(self, video: Any, now: float) -> Decision[Any]:
        self._world.gaps.append(now - self.seen_at)
        self.seen_at = now
        if not video.is_ready:
            return self._again
        self._world.ended(self.job_id, now)
        return Decision(Outcome.SUCCEEDED)


class _World:
    """The vendor, and everybody who submits videos and waits for them."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(1)
        self._ready_at: dict[str, float] = {}
        self._watches: dict[str, tuple[poller.Poller, Watch]] = {}
        self._submitted = 0
        self._recent: dict[str, deque[float]] = {}
        self._accepted: dict[str, deque[float]] = {}
        rates = make_adapter(scenario.vendor).rates
        self._limits = {"GET": rates.get_per_second, "LIST": rates.list_per_second} if scenario.is_enforced else {}
        self.forget()

    def forget(self) -> None:
        """Begins to measure."""
        self.began = self._loop.time()
        self.gaps: list[float] = []
        self.late: list[float] = []
        self.requests: Counter[str] = Counter()
        self.most: dict[str, int] = {}
        self.refused = 0
        self.has_sampled = asyncio.Event()

    def pollers(self) -> list[poller.Poller]:
        """One in each triggerer, with its share of the rates."""
        adapter, triggerers = make_adapter(self._scenario.vendor), self._scenario.triggerers
        share = 1 if self._scenario.is_enforced else triggerers
        rates = PollRates(adapter.rates.get_per_second / share, adapter.rates.list_per_second / share)
        settings = ClientSettings(api_key="sk-simulated-0123456789", rates=rates)
        board = SharedBoard() if self._scenario.have_ledger else None
        return [poller.Poller("simulated", adapter, settings, board) for _ in range(triggerers)]

    def submit(self, owner: poller.Poller) -> None:
        """Somebody creates a video and begins to wait for it."""
        now, video_id = self._loop.time(), f"cgt-{self._submitted}"
        self._submitted += 1
        self._ready_at[video_id] = now + MAKING * self._random.uniform(0.5, 1.5)
        watch = owner.join(_Wait(self, video_id, self._scenario.interval, now))
        self._watches[video_id] = (owner, watch)

    def ended(self, video_id: str, now: float) -> None:
        """The trigger hears that its video is ready; another one is submitted."""
        self.late.append(now - self._ready_at.pop(video_id))
        if len(self.late) >= SAMPLE and now >= self.began + MAKING:
            self.has_sampled.set()
        owner, watch = self._watches.pop(video_id)
        self._loop.call_soon(self.submit, owner)
        self._loop.call_soon(owner.leave, watch)

    # -- what the poller takes for its HTTP client

    async def get_video(self, video_id: str) -> _Video:
        return (await self._answer("GET", [video_id]))[0]

    async def get_many(self, video_ids: Sequence[str]) -> list[_Video]:
        return await self._answer("LIST", video_ids)

    async def aclose(self) -> None:
        return

    async def _answer(self, call: str, video_ids: Sequence[str]) -> list[_Video]:
        await asyncio.sleep(ANSWER_TIME / 2)
        now = self._loop.time()
        self._count(call, now)
        if self._is_too_much(call, now):
            self.refused += 1
            await asyncio.sleep(ANSWER_TIME / 2)
            raise TransientApiError("HTTP 429", status_code=429)
        videos = [_Video(video_id, self._ready_at.get(video_id, now) <= now) for video_id in video_ids]
        await asyncio.sleep(ANSWER_TIME / 2)
        return videos

    def _is_too_much(self, call: str, now: float) -> bool:
        accepted = self._accepted.setdefault(call, deque())
        while accepted and accepted[0] <= now - 1.0 + 1e-6:
            accepted.popleft()
        if len(accepted) >= self._limits.get(call, inf):
            return True
        accepted.append(now)
        return False

    def _count(self, call: str, now: float) -> None:
        recent = self._recent.setdefault(call, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        recent.append(now)
        self.requests[call] += 1
        self.most[call] = max(self.most.get(call, 0), len(recent))


async def _live(scenario: Scenario) -> Outcomes:
    loop = asyncio.get_running_loop()
    clock = SimpleNamespace(time=loop.time, monotonic=loop.time)
    world = _World(scenario)
    with (
        patch.object(poller, "time", clock),
        patch.object(presence, "time", clock),
        patch.object(presence, "_ledger", _AtOnce()),
        patch.object(poller, "PollingClient", lambda *_: world),
        _no_metrics(),
    ):
        owners = world.pollers()
        try:
            for number in range(scenario.videos):
                world.submit(owners[number % len(owners)])
                await asyncio.sleep(scenario.interval / scenario.videos)
            # Until the first videos are gone and everybody's turn has come twice.
            await asyncio.sleep((12 if scenario.is_enforced else 2) * MAKING + 2 * _turn(scenario))
            world.forget()
            await world.has_sampled.wait()
            seconds = loop.time() - world.began
        finally:
            for owner in owners:
                await owner.close()
    late = sorted(world.late)
    return Outcomes(
        polled_every=median(world.gaps),
        late_p50=late[len(late) // 2],
        late_p95=late[int(len(late) * 0.95)],
        late_p99=late[int(len(late) * 0.99)],
        requests={call: count / seconds for call, count in sorted(world.requests.items())},
        most=dict(sorted(world.most.items())),
        refused=world.refused / sum(world.requests.values()),
    )


@contextmanager
def _no_metrics() -> Iterator[None]:
    quiet = SimpleNamespace(incr=_nothing, gauge=_nothing, timing=_nothing)
    with patch.object(metrics, "Stats", quiet):
        yield


class _AtOnce:
    """In place of the ledger's thread, whose work would take real time."""

    def run(self, work: Callable[[], Any]) -> asyncio.Future[Any]:
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        outcome.set_result(work())
        return outcome


def _nothing(*args: object, **kwargs: object) -> None:
    return


def _turn(scenario: Scenario) -> float:
    """Seconds after which everybody's turn has come, at best."""
    adapter = make_adapter(scenario.vendor)
    a_second = adapter.rates.get_per_second
    if adapter.most_ids_per_request > 1:
        a_second = adapter.rates.list_per_second * adapter.most_ids_per_request
    return max(scenario.interval, scenario.videos / a_second)


def simulate(scenario: Scenario) -> Outcomes:
    """Runs it to its end."""
    random.seed(1)
    pace = PaceBefore if scenario.is_before else Pace
    with patch.object(schedule, "Pace", pace), asyncio.Runner(loop_factory=_SimulatedLoop) as runner:
        return runner.run(_live(scenario))


TABLES: dict[str, tuple[Scenario, ...]] = {
    "BytePlus, Volcengine: 1 LIST/s of 500 ids, 20 GET/s (documented)": tuple(
        Scenario("byteplus", videos) for videos in (10, 100, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000)
    ),
    "Jimmy AI, GMI Cloud: 20 GET/s (our own choice; the limit is unknown)": tuple(
        Scenario("gmicloud", videos) for videos in (10, 100, 200, 500, 1_000, 2_000, 10_000)
    ),
    "Modellix: 100 GET a minute (documented, but archived and maybe stale)": tuple(
        Scenario("modellix", videos) for videos in (10, 100, 500, 1_000)
    ),
    "BytePlus, Volcengine, several triggerers with a share of the rates each": tuple(
        Scenario("byteplus", 10_000, triggerers=triggerers) for triggerers in (1, 2, 4, 10)
    ),
}

ENFORCED = (
    "Nobody has divided the rates, and the vendor refuses what is too much: before (until 2026-11), now, by ledger"
)
SHARED: tuple[Scenario, ...] = tuple(
    Scenario(vendor, videos, interval, triggerers, is_enforced=True, is_before=is_before, have_ledger=have_ledger)
    for vendor, videos, interval in (("byteplus", 900, 10.0), ("byteplus", 900, 2.0), ("gmicloud", 150, 10.0))
    for triggerers in (1, 3, 5)
    for is_before, have_ledger in ((True, False), (False, False), (False, True))
)


def shared_table(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Line by line, as they come."""
    yield "| vendor | waiting | interval, s | triggerers | back-off | ready to event p50 / p95, s | refused |"
    yield "|---|---|---|---|---|---|---|"
    for it in scenarios:
        out = simulate(it)
        before = "before" if it.is_before else "now, with a ledger" if it.have_ledger else "now"
        who = f"{it.vendor} | {it.videos:,} | {it.interval:g} | {it.triggerers} | {before}"
        yield f"| {who} | {out.late_p50:,.1f} / {out.late_p95:,.1f} | {out.refused:.2%} |"


def table(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """Line by line, as they come."""
    yield "| waiting | triggerers | each polled every, s | ready to event p50 / p95 / p99, s | requests a second |"
    yield "|---|---|---|---|---|"
    for scenario in scenarios:
        out = simulate(scenario)
        late = " / ".join(f"{seconds:,.1f}" for seconds in (out.late_p50, out.late_p95, out.late_p99))
        requests = ", ".join(
            f"{call} {a_second:.2f} (most {out.most[call]})" for call, a_second in out.requests.items()
        )
        yield f"| {scenario.videos:,} | {scenario.triggerers} | {out.polled_every:,.1f} | {late} | {requests} |"


def main() -> int:
    """Prints all tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.simulate", description=__doc__)
    parser.add_argument("--shared", action="store_true", help="only the table of several triggerers on one account")
    only_shared = parser.parse_args().shared
    began = time.monotonic()
    print(f"Interval 10 s, answers after {ANSWER_TIME:g} s, a video takes {MAKING:g} s on average (both assumed).")
    tables = {} if only_shared else {title: table(scenarios) for title, scenarios in TABLES.items()}
    for title, lines in (tables | {ENFORCED: shared_table(SHARED)}).items():
        print(f"\n**{title}**\n")
        for line in lines:
            print(line, flush=True)
    print(f"took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
