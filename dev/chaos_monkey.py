"""What strikes in a chaos run: a plan of kills made from a seed, and the hand that carries it out."""

import contextlib
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from airflow_provider_seedance.simulator import Simulator
from dev.processes import created_at, send
from dev.stack import AirflowStack

TRIGGERERS = ("triggerer", "triggerer-2")
HEALTH_THRESHOLD = 10
"""Seconds without a heartbeat after which a triggerer's work is given to another one."""
FROZEN_FOR = 15.0
"""Seconds: longer than the threshold, shorter than the time for which SQLite waits for a lock (a frozen process may
hold one, as no process of a real database does)."""

PATIENCE = 20.0
"""Seconds for which a strike on a worker waits for one; tasks that wait for videos have none."""
SPARED_FOR = 6.0
"""Seconds after a revival in which no triggerer is killed: its first acts are what the freeze is about."""

IN_CREATE = "in the middle of its create"
WORKER = (IN_CREATE, "its supervisor", IN_CREATE, "the task's process", "process and supervisor")


@dataclass(frozen=True)
class Strike:
    """One entry of the plan.

    :param at: seconds from the start of the run.
    :param kind: `worker`, `triggerer`, `scheduler` or `freeze`.
    :param how: which processes of it.
    """

    at: float
    kind: str
    how: str


@dataclass
class Hit:
    """What a strike hit.

    :param ti_ids: the task instances that lost a process.
    :param in_create: whether that was between the intent and the record of the id.
    """

    kind: str
    what: str
    ti_ids: list[str] = field(default_factory=list)
    in_create: bool = False
    at: float = field(default_factory=time.time)


def make_plan(seed: int, videos: int) -> list[Strike]:
    """Which kills, and when: the same for the same seed. When exactly they hit depends on the machine."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    submitting, window = 5.0 + 0.3 * videos, 15.0 + 0.75 * videos
    plan = []
    for number in range(3 + videos // 4):
        how = WORKER[number % len(WORKER)]
        plan.append(Strike(chance.uniform(0.0, submitting / 2 if how == IN_CREATE else window), "worker", how))
    ways = ["with its workers", "alone, its workers live on"]
    chance.shuffle(ways)
    components = [("triggerer", chance.choice(TRIGGERERS)) for _ in range(1 + videos // 30)]
    components += [("scheduler", ways[number % 2]) for number in range(1 + videos // 40)]
    plan += [Strike(chance.uniform(2.0, window), kind, how) for kind, how in components]
    plan.append(Strike(chance.uniform(6.0, 6.0 + submitting / 2), "freeze", chance.choice(TRIGGERERS)))
    return sorted(plan, key=lambda strike: strike.at)


class Monkey:
    """Carries the plan out, one strike at a time, and starts again what it killed.

    :param index_of_prompt: map index of the task that asks for this prompt
    """

    def __init__(
        self,
        stack: AirflowStack,
        simulator: Simulator,
        plan: list[Strike],
        index_of_prompt: Callable[[str], int],
        say: Callable[[str], None],
    ) -> None:
        self.stack = stack
        self.simulator = simulator
        self.hits: list[Hit] = []
        self._index_of_prompt = index_of_prompt
        self._say = say
        self._plan = list(plan)
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._frozen: str | None = None
        self._spared_until = 0.0
        self._struck: set[int | None] = {None}  # each task once, so that the last one isn't hit all the time
        self._orphans = 0
        self._started = time.monotonic()

    @property
    def done(self) -> bool:
        """Whether everything was struck and is up again."""
        return not self._plan and not self._later

    def act(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        self._do_what_is_due(now)
        elapsed = self._elapsed(now)
        self._plan = [s for s in self._plan if s.kind != "worker" or s.at + PATIENCE > elapsed]
        for strike in [strike for strike in self._plan if strike.at <= elapsed]:
            hit = getattr(self, f"_{strike.kind}")(strike.how)
            if hit is not None:  # else there is nothing to be hit at this moment: next time
                self._plan.remove(strike)
                self.hits.append(hit)
                self._say(hit.what)
                return

    def _elapsed(self, now: float) -> float:
        """Seconds of the plan that have passed."""
        return now - self._started

    def _do_what_is_due(self, now: float) -> None:
        for due, action in [entry for entry in self._later if entry[0] <= now]:
            self._later.remove((due, action))
            action()

    def stop(self) -> None:
        """Strike no more; what was killed or frozen is brought back."""
        self._plan.clear()
        for _due, action in self._later:
            action()
        self._later.clear()

    def busy(self) -> dict[int, str]:
        """Process id -> task instance id of all workers that are at it; none while the scheduler is down."""
        return self.stack.worker_pids() if self._is_up("scheduler") else {}

    # -- workers

    def _worker(self, how: str) -> Hit | None:
        found = self._in_create() if how == IN_CREATE else self._any_worker()
        if found is None:
            return None
        pid, ti_id = found
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            supervisor = process.parent()
            if supervisor is None:
                return None
            victims = {"its supervisor": [supervisor], "process and supervisor": [supervisor, process]}
            index = self._index(ti_id)
            if index is None:
                return None
            send(victims.get(how, [process]), signal.SIGKILL)
            self._struck.add(index)
            return Hit("worker", f"kill: task {index}, {how}", [ti_id], how == IN_CREATE)
        return None

    def _any_worker(self) -> tuple[int, str] | None:
        busy = sorted((pid, ti_id) for pid, ti_id in self.busy().items() if self._index(ti_id) not in self._struck)
        return random.choice(busy) if busy else None  # noqa: S311 - which it is depends on the machine anyway

    def _in_create(self) -> tuple[int, str] | None:
        """A worker whose create has reached the vendor and has no answer yet."""
        waiting = [create for create in self.simulator.creates()[-8:] if create.answered is None and create.video_id]
        for create in waiting:
            wanted = self._index_of_prompt(self.simulator.videos[create.video_id or ""].prompt)
            for pid, ti_id in self.busy().items():
                if ti_id and self._index(ti_id) == wanted:
                    return pid, ti_id
        return None

    def _index(self, ti_id: str) -> int | None:
        return map_indexes(self.stack).get(ti_id.replace("-", ""))

    # -- components

    def _triggerer(self, name: str) -> Hit | None:
        if self._frozen or time.monotonic() < self._spared_until or not self._is_up(name):
            return None
        owned = triggers_of(self.stack)
        self.stack.kill_component(name)
        self._in(2.0, lambda: self._start("triggerer", name))
        return Hit("triggerer", f"kill: {name}; {sum(owned.values())} videos wait")

    def _scheduler(self, how: str) -> Hit | None:
        if not self._is_up("scheduler"):
            return None
        running = [ti_id for ti_id in self.busy().values() if ti_id]
        if how == "with its workers":
            self.stack.kill_component("scheduler")
        else:
            component = self.stack.components.pop("scheduler")
            send([psutil.Process(component.pid)], signal.SIGKILL)
            self._orphans += 1
            # Still stopped with the stack at the end.
            self.stack.components[f"orphans-{self._orphans}"] = component
        self._in(1.0, lambda: self._start("scheduler", "scheduler"))
        return Hit("scheduler", f"kill: scheduler {how}; {len(running)} tasks ran", running)

    def _freeze(self, name: str) -> Hit | None:
        """Freeze a triggerer that watches a video which could be cancelled by mistake."""
        if not all(self._is_up(name) for name in TRIGGERERS):
            return None
        owned = {component: count for component, count in self._cancellable().items() if count}
        if not owned:
            return None
        name = name if owned.get(name) else max(owned, key=lambda component: owned[component])
        self.stack.signal_component(name, signal.SIGSTOP)
        self._frozen = name
        self._in(FROZEN_FOR, self._revive)
        what = f"freeze: {name} for {FROZEN_FOR:.0f} s, it watches {owned[name]} queued videos that could be cancelled"
        return Hit("freeze", what)

    def _revive(self) -> None:
        if self._frozen:
            self._say(f"revive: {self._frozen}")
            self.stack.signal_component(self._frozen, signal.SIGCONT)
            self._frozen = None
            self._spared_until = time.monotonic() + SPARED_FOR

    def _cancellable(self) -> dict[str, int]:
        """Component -> how many of its videos are queued at a vendor that can cancel."""
        queued = {v.id for v in self.simulator.videos.values() if v.status == "queued" and v.id.startswith("cgt-")}
        rows = query(
            self.stack,
            "SELECT job.id, trigger.kwargs FROM trigger JOIN job ON job.id = trigger.triggerer_id"
            " WHERE job.state = 'running'",
        )
        owners = self._component_of_job()
        found: dict[str, int] = {}
        for job, kwargs in rows:
            owner = owners.get(int(str(job)))
            if owner and any(video_id in str(kwargs) for video_id in queued):
                found[owner] = found.get(owner, 0) + 1
        return found

    def _component_of_job(self) -> dict[int, str]:
        """Job of a living triggerer -> component: both are in the order in which they were started."""
        jobs = query(
            self.stack,
            "SELECT id FROM job WHERE job_type = 'TriggererJob' AND state = 'running'"
            " AND latest_heartbeat > datetime('now', '-6 seconds') ORDER BY id",
        )
        up = sorted(TRIGGERERS, key=lambda name: created_at(self.stack.components[name].pid))
        return {int(str(job)): name for (job,), name in zip(jobs, up, strict=True)} if len(jobs) == len(up) else {}

    def _start(self, kind: str, name: str) -> None:
        self.stack.start_component(kind, name)
        self._say(f"start: {name}")

    def _is_up(self, name: str) -> bool:
        return name in self.stack.components and self.stack.components[name].exit_code() is None

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, action))


def query(stack: AirflowStack, sql: str) -> list[tuple[object, ...]]:
    """Read from Airflow's database, past Airflow."""
    return stack.query(sql)


def map_indexes(stack: AirflowStack) -> dict[str, int]:
    """Id of a task instance (of any try, without dashes) -> its map index."""
    rows = query(
        stack,
        "SELECT id, map_index FROM task_instance UNION SELECT task_instance_id, map_index FROM task_instance_history",
    )
    return {str(ti_id).replace("-", ""): int(str(index)) for ti_id, index in rows}


def triggers_of(stack: AirflowStack) -> dict[object, int]:
    """Triggerer -> how many triggers it runs."""
    return {
        owner: int(str(count))
        for owner, count in query(stack, "SELECT triggerer_id, count(*) FROM trigger GROUP BY triggerer_id")
    }
