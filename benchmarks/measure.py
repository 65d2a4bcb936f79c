"""One contender in one fresh process: `python -m benchmarks.measure '{...}'` prints what it cost, as a line of JSON."""

from __future__ import annotations

import asyncio
import cProfile
import gc
import json
import logging
import os
import pstats
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.contenders import CONTENDERS, prepare
from benchmarks.server import ALWAYS_READY, control, ready_at

TICK = 0.002
"""Seconds between two looks at the event loop's lateness."""


@dataclass(frozen=True)
class Spec:
    """What to measure.

    :param contender: a key of `CONTENDERS`.
    :param videos: how many wait.
    :param interval: seconds between polls.
    :param url: the server.
    :param settle: seconds from the last start to the CPU window.
    :param window: seconds in which CPU time and requests are counted, with nothing else going on.
    :param until_ready: whether the videos then become ready, one after another within an interval.
    :param patience: seconds after the last one is ready before the rest is given up.
    :param profile: whether to profile the window, to stderr; the figures are worthless then.
    """

    contender: str
    videos: int
    interval: float
    url: str
    settle: float = 1.0
    window: float = 6.0
    until_ready: bool = True
    patience: float = 20.0
    profile: bool = False


@dataclass(frozen=True)
class Measured:
    """What a round cost.

    :param cpu: CPU seconds of this process, all threads, in the window.
    :param busy: seconds of the window in which the event loop did something, computing or blocked.
    :param seconds: how long the window was.
    :param requests: how many the server got in the window.
    :param asked: how many videos these asked for, each time counted anew.
    :param look_ups_per_video: connection look-ups of the whole round.
    :param look_ups_in_window: of which in the window.
    :param memory: bytes of resident memory by which the process grew, per video.
    :param idle_lag_p50: seconds by which the event loop is late before anybody waits.
    :param lag_p50: the same while all wait and one after another is told that its video is ready.
    :param late_p50: seconds from "ready at the vendor" to the trigger's event.
    :param missing: videos without an event when patience ended; counted as late until then.
    :param most_per_second: most requests in any one second of the round, by kind of call.
    :param closest: seconds between the two closest requests, by kind of call.
    :param server_cpu: the server's own CPU seconds in the window.
    :param gc_in_window: seconds in which Python's garbage collector stopped everything in the window.
    :param gc_longest: its longest pause in the round, in seconds.
    """

    contender: str
    videos: int
    interval: float
    cpu: float
    busy: float
    seconds: float
    requests: int
    asked: int
    look_ups_per_video: float
    look_ups_in_window: int
    memory: float
    idle_lag_p50: float
    idle_lag_p99: float
    lag_p50: float
    lag_p99: float
    lag_max: float
    late_p50: float | None
    late_p95: float | None
    late_p99: float | None
    missing: int
    most_per_second: dict[str, int]
    closest: dict[str, float]
    server_cpu: float
    gc_in_window: float
    gc_longest: float


def percentile(values: list[float], share: float) -> float:
    """The smallest value that this share of all doesn't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Lag:
    """How late the event loop is, as somebody who comes at a random moment finds it.

    On a fixed grid: a loop that is blocked for 100 ms is late for all who come meanwhile, not just for one.
    """

    def __init__(self) -> None:
        self.samples: list[float] = []

    async def sample(self, seconds: float) -> None:
        """Fills `samples`; may be cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + TICK
        end = loop.time() + seconds
        while due < end:
            await asyncio.sleep(max(0.0, due - loop.time()))
            now = loop.time()
            while due <= now:
                self.samples.append(now - due)
                due += TICK


class Idleness:
    """How long the event loop has waited for something to do."""

    def __init__(self) -> None:
        self.seconds = 0.0
        selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
        select = selector.select

        def timed(timeout: float | None = None) -> Any:
            began = time.perf_counter()
            try:
                return select(timeout)
            finally:
                self.seconds += time.perf_counter() - began

        selector.select = timed


class Collections:
    """How long Python's garbage collector stops everything."""

    def __init__(self) -> None:
        self.seconds = self.longest = self._began = 0.0
        gc.callbacks.append(self._called)

    def _called(self, phase: str, _info: object) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._began = now
        else:
            self.seconds += now - self._began
            self.longest = max(self.longest, now - self._began)


class LookUps:
    """Counts how often a connection is looked up, where Airflow reads it from the environment."""

    def __init__(self) -> None:
        from airflow.secrets.environment_variables import EnvironmentVariablesBackend

        self.count = 0
        original: Any = EnvironmentVariablesBackend.get_conn_value

        def counting(backend: Any, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return original(backend, *args, **kwargs)

        EnvironmentVariablesBackend.get_conn_value = counting  # type: ignore[method-assign,assignment]


class Round:
    """All of one measurement."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._contender = CONTENDERS[spec.contender]
        self._wait = self._contender.make(spec.url)
        self._events: dict[int, float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> Measured:
        """Everything, in order."""
        spec = self._spec
        # One poll ahead of all, so that imports and the first connection are in nobody's figures.
        await self._wait(self._contender.video_id(ALWAYS_READY), 0.05)
        idle = Lag()
        await idle.sample(1.0)
        look_ups, idleness = LookUps(), Idleness()
        gc.collect()
        collections = Collections()
        process = psutil.Process()
        empty = process.memory_info().rss
        control(spec.url, "ready?base=inf&spread=0")
        control(spec.url, "reset")
        await self._start()
        await asyncio.sleep(spec.settle)

        before, looked_up, collecting = control(spec.url, "stats"), look_ups.count, collections.seconds
        with _profile() if spec.profile else nullcontext():
            began, cpu, waited = time.perf_counter(), time.process_time(), idleness.seconds
            await asyncio.sleep(spec.window)
            cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
            busy = seconds - (idleness.seconds - waited)
        after, looked_up = control(spec.url, "stats"), look_ups.count - looked_up
        collecting = collections.seconds - collecting
        memory = process.memory_info().rss - empty

        lag, late, missing = await self._until_ready()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        stats = control(spec.url, "stats")
        return Measured(
            contender=spec.contender,
            videos=spec.videos,
            interval=spec.interval,
            cpu=cpu,
            busy=busy,
            seconds=seconds,
            requests=sum(after["requests"].values()) - sum(before["requests"].values()),
            asked=after["asked"] - before["asked"],
            look_ups_per_video=look_ups.count / spec.videos,
            look_ups_in_window=looked_up,
            memory=memory / spec.videos,
            idle_lag_p50=percentile(idle.samples, 0.5),
            idle_lag_p99=percentile(idle.samples, 0.99),
            lag_p50=percentile(lag, 0.5),
            lag_p99=percentile(lag, 0.99),
            lag_max=max(lag),
            late_p50=percentile(late, 0.5) if late else None,
            late_p95=percentile(late, 0.95) if late else None,
            late_p99=percentile(late, 0.99) if late else None,
            missing=missing,
            most_per_second=stats["most"],
            closest=stats["closest"],
            server_cpu=after["cpu"] - before["cpu"],
            gc_in_window=collecting,
            gc_longest=collections.longest,
        )

    async def _start(self) -> None:
        """Spread over one interval: videos that were submitted at different times."""
        spec, loop = self._spec, asyncio.get_running_loop()
        began = loop.time()
        while len(self._tasks) < spec.videos:
            # However late the loop is: all whose moment has come.
            due = min(spec.videos, int((loop.time() - began) / spec.interval * spec.videos) + 1)
            self._tasks += [asyncio.create_task(self._watch(index)) for index in range(len(self._tasks), due)]
            await asyncio.sleep(max(0.005, spec.interval / spec.videos))

    async def _watch(self, index: int) -> None:
        await self._wait(self._contender.video_id(index), self._spec.interval)
        self._events[index] = time.time()

    async def _until_ready(self) -> tuple[list[float], list[float], int]:
        """Lag, lateness and how many are missing."""
        spec, lag = self._spec, Lag()
        if not spec.until_ready:
            await lag.sample(3.0)
            return lag.samples, [], 0
        base = time.time() + 0.2
        control(spec.url, f"ready?base={base}&spread={spec.interval}")
        longest = 0.2 + spec.interval + spec.patience
        sampling = asyncio.create_task(lag.sample(longest))
        await asyncio.wait(self._tasks, timeout=longest)
        sampling.cancel()
        await asyncio.wait([sampling])
        for task in self._tasks:
            if task.done():
                task.result()
        # Whoever has no event yet has waited at least until now.
        now = time.time()
        late = [self._events.get(i, now) - ready_at(i, base, spec.interval) for i in range(spec.videos)]
        return lag.samples, late, spec.videos - len(self._events)


@contextmanager
def _profile() -> Iterator[None]:
    profile = cProfile.Profile()
    profile.enable()
    yield
    profile.disable()
    stats: Any = pstats.Stats(profile)
    print(f"{'calls':>8} {'own ms':>8} {'total ms':>8}  function", file=sys.stderr)
    rows = sorted(stats.stats.items(), key=lambda row: row[1][2], reverse=True)
    for (path, _, function), (_, calls, own, total, _) in rows[:25]:
        place = "" if path == "~" else "/".join(Path(path).parts[-2:]) + " "
        print(f"{calls:8} {own * 1000:8.1f} {total * 1000:8.1f}  {place}{function}", file=sys.stderr)


def main() -> None:
    """Measures what the argument asks for."""
    spec = Spec(**json.loads(sys.argv[1]))
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    prepare(spec.url)
    # What is logged goes to the task's log and costs all contenders alike; here it would cost a terminal.
    logging.disable(logging.CRITICAL)
    print(json.dumps(asdict(asyncio.run(Round(spec).run()))), flush=True)


if __name__ == "__main__":
    main()
