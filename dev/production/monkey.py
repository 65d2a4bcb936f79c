"""What strikes in a chaos run of production: all that `dev.chaos_monkey` kills, and what Airflow stands on."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from airflow_provider_seedance.simulator import Simulator
from dev.chaos_monkey import TRIGGERERS, WORKER, Hit, Monkey, Strike
from dev.processes import send
from dev.production.stack import WORKERS, ProductionStack

SCHEDULERS = ("scheduler", "scheduler-2")
SIGNALS = ("SIGKILL", "SIGTERM", "SIGQUIT")
"""How a worker is ended: as by a machine that dies, in an orderly way, and in a hurry."""
GRACE = 20.0
"""Seconds from SIGTERM or SIGQUIT to SIGKILL."""
DATABASE_AWAY, API_AWAY = 20.0, 60.0
"""Seconds."""


@dataclass(frozen=True)
class Outage:
    """When something that all tasks need was away (Unix times).

    :param what: `database` or `api`.
    """

    what: str
    began: float
    ended: float


def window_of(videos: int) -> float:
    """Seconds of the plan."""
    return 60.0 + videos


def make_plan(seed: int, videos: int) -> list[Strike]:
    """Which strikes, and when: the same for the same seed. When exactly they hit depends on the machine."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    window = window_of(videos)
    ways = [WORKER[number % len(WORKER)] for number in range(3 + videos // 10)]
    plan = [Strike(chance.uniform(2.0, window), "worker", way) for way in ways]
    plan += [Strike(chance.uniform(2.0, window), "celery", how) for how in SIGNALS * (1 + videos // 60)]
    plan += [Strike(chance.uniform(2.0, window), "triggerer", name) for name in TRIGGERERS]
    plan += [Strike(chance.uniform(2.0, window), "scheduler", name) for name in SCHEDULERS]
    plan += [Strike(chance.uniform(2.0, window / 2), "twice", "every message") for _ in range(3)]
    plan.append(Strike(chance.uniform(5.0, window / 2), "wipe", "the broker"))
    plan.append(Strike(chance.uniform(15.0, window / 3), "database", "away"))
    plan.append(Strike(chance.uniform(window / 3 + 30.0, window), "api", "away"))
    return sorted(plan, key=lambda strike: strike.at)


class ProductionMonkey(Monkey):
    """Carries the plan out. What it kills is started again by what supervises the stack, not by itself.

    :param videos: how many there are to be: the plan goes on as they are billed, so that on a slow machine, too, it
        strikes while something is going on.
    :param index_of_prompt: map index of the task that asks for this prompt
    """

    def __init__(
        self,
        stack: ProductionStack,
        simulator: Simulator,
        plan: list[Strike],
        videos: int,
        index_of_prompt: Callable[[str], int],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(stack, simulator, plan, index_of_prompt, say)
        self.production = stack
        self.outages: list[Outage] = []
        self._videos = videos
        self._database_is_away = False

    def act(self) -> None:
        """Do what is due; while the database is away nothing strikes, for whom it would hit can't be told."""
        if self._database_is_away:
            self._do_what_is_due(time.monotonic())
        else:
            super().act()

    def _elapsed(self, now: float) -> float:
        seconds = super()._elapsed(now)
        # Some by the clock: the first strikes come before the first bill.
        return min(
            seconds, min(10.0, seconds / 6) + window_of(self._videos) * len(self.simulator.ledger) / self._videos
        )

    def give_up(self) -> None:
        """Strike no more; what is away comes back in its time."""
        self._plan.clear()

    def busy(self) -> dict[int, str]:
        """Process id -> task instance id of all workers that are at it."""
        return {} if self._database_is_away else self.production.worker_pids()

    # -- workers of Celery

    def _celery(self, how: str) -> Hit | None:
        up = [name for name in WORKERS if self._is_up(name)]
        # Where most is going on; a worker without a task would prove nothing.
        name = max(up, key=lambda name: len(self.production.tasks_of(name)), default=None)
        if name is None or not (running := sorted(filter(None, self.production.tasks_of(name).values()))):
            return None
        if how == "SIGKILL":
            self.production.kill_component(name)
        else:
            main = psutil.Process(self.production.components[name].pid)
            send([main], signal.Signals[how])
            self._in(GRACE, lambda: self._make_an_end(name, main))
        return Hit("celery", f"{how}: {name}, {len(running)} tasks ran", running)

    def _make_an_end(self, name: str, main: psutil.Process) -> None:
        if main.is_running() and main.status() != psutil.STATUS_ZOMBIE:
            running = sorted(filter(None, self.production.tasks_of(name).values()))
            self.production.kill_component(name)
            self.hits.append(Hit("grace", f"SIGKILL: {name} after its grace, {len(running)} tasks ran", running))
            self._say(self.hits[-1].what)

    # -- components

    def _scheduler(self, how: str) -> Hit | None:
        if not self._is_up(how):
            return None
        self.production.kill_component(how)
        return Hit("scheduler", f"kill: {how}")

    def _start(self, kind: str, name: str) -> None:
        """What supervises the stack does it."""

    # -- what Airflow stands on

    def _wipe(self, how: str) -> Hit | None:
        if not self.production.broker.is_up():
            return None
        return Hit("wipe", f"wipe: {how}, {self.production.broker.wipe()} messages are gone")

    def _twice(self, how: str) -> Hit | None:
        count = self.production.broker.deliver_twice() if self.production.broker.is_up() else 0
        return Hit("twice", f"twice: {how}, {count} of them") if count else None

    def _database(self, how: str) -> Hit | None:
        running = sorted(filter(None, self.busy().values()))
        began = time.time()
        self._database_is_away = True
        self.production.stop_database()
        self._in(DATABASE_AWAY, lambda: self._database_back(began))
        return Hit("database", f"{how}: PostgreSQL for {DATABASE_AWAY:.0f} s, {len(running)} tasks ran", running)

    def _database_back(self, began: float) -> None:
        self.production.start_database()
        self._database_is_away = False
        self.outages.append(Outage("database", began, time.time()))
        self._say("back: PostgreSQL")

    def _api(self, how: str) -> Hit | None:
        if not self._is_up("api-server"):
            return None
        running = sorted(filter(None, self.busy().values()))
        began = time.time()
        self.production.take_away("api-server", API_AWAY)
        self._in(API_AWAY, lambda: self.outages.append(Outage("api", began, time.time())))
        return Hit("api", f"{how}: the API server for {API_AWAY:.0f} s, {len(running)} tasks ran", running)
