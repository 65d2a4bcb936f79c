"""`make bench-production`: how soon a real triggerer on PostgreSQL asks for all that wait, and several on one account.

* Pick-up: N videos wait, no triggerer runs. One is started: seconds until the vendor was asked for each of them once,
  CPU seconds of the triggerer's supervisor until then, connection look-ups. Before (each trigger looks its connection
  up) and now, in one run.
  Up to 2,000 videos only: one look-up for each of 5,000 takes a quarter of an hour.
* Sharing: videos that wait at an interval of 2 s, 1, 3 and 5 triggerers, and a vendor that refuses what is above its
  documented limits (1 LIST/s and 20 GET/s): what it accepted and refused, without a ledger and with one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.contenders import KEY
from benchmarks.running import CHECKOUT
from benchmarks.server import control, serving
from dev.stack import AirflowStack, stop_on_signals

HOME = CHECKOUT / ".work" / "bench-production"
DAGS = CHECKOUT / "benchmarks" / "dags"
DAG_ID = "bench_waiting"
TRIGGER = "benchmarks.waiting.WaitTrigger"
SHARING = 900
PATIENCE = 900.0
MOST_BEFORE = 2000
"""Videos for which each trigger still looks its connection up by itself."""
LEDGER = "seedance_ledger"
"""The ledger's database on the same server, and the connection's id."""
LEDGER_SETTING = "AIRFLOW__SEEDANCE__LEDGER_CONN_ID"
LIMITS = "limits?LIST=1&GET=20"
TRIGGERERS = (1, 3, 5)
# See `benchmarks.waiting`, which imports Airflow.
COUNTER, BEFORE = "BENCH_LOOK_UPS", "BENCH_BEFORE"


@dataclass(frozen=True)
class PickedUp:
    """How a triggerer took up what waited.

    :param seconds: from its start until all were asked for once.
    :param supervisor: CPU seconds of its supervisor until then, its start among them.
    :param load: of the machine, over a minute, at the beginning and at the end.
    """

    videos: int
    is_before: bool
    seconds: float
    supervisor: float
    look_ups: int
    load: tuple[float, float]

    @property
    def row(self) -> str:
        """For the page."""
        how = "one per video (before)" if self.is_before else "shared (now)"
        load = f"{self.load[0]:.1f} to {self.load[1]:.1f}"
        figures = f"{self.seconds:.1f} s | {self.supervisor:.1f} s | {self.look_ups:,}"
        return f"| {self.videos:,} | {how} | {load} | {figures} |"


@dataclass(frozen=True)
class Shared:
    """What the vendor saw of several triggerers.

    :param have_ledger: the triggerers know of each other.
    :param accepted: LISTs and GETs a second that it answered.
    :param polled_every: seconds between two answers for one video, on average.
    :param refused: share of all requests.
    :param most: LISTs that it answered in any one second, by a window that slides.
    """

    triggerers: int
    have_ledger: bool
    accepted: tuple[float, float]
    polled_every: float
    refused: float
    most: int
    load: float

    @property
    def row(self) -> str:
        """For the page."""
        lists, gets = self.accepted
        who = f"{self.triggerers} | {'with' if self.have_ledger else 'without'}"
        seen = f"{self.polled_every:.1f} s | {self.refused:.1%} | {self.most}"
        return f"| {who} | {self.load:.1f} | {lists:.2f} | {gets:.1f} | {seen} |"


class BenchStack(AirflowStack):
    """An Airflow on PostgreSQL, with a ledger beside it that only those use who are told of it."""

    def _prepare_home(self) -> None:
        super()._prepare_home()
        if self._postgres is None:
            raise RuntimeError("the benchmark needs PostgreSQL")
        self.env[f"AIRFLOW_CONN_{LEDGER.upper()}"] = self._postgres.make_database(LEDGER)
        self.run("-m", "airflow_provider_seedance.ledger", "migrate", "--conn-id", LEDGER)


class Bench:
    """A running Airflow without a triggerer, and a vendor.

    :param url: of the vendor
    :param counter: the file of the look-ups
    """

    def __init__(self, stack: AirflowStack, url: str, counter: Path, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._url = url
        self._counter = counter
        self._say = say
        stack.kill_component("triggerer")
        stored = {"connection_id": "bench_stored", "conn_type": "seedance", "host": f"{url}/ark", "password": KEY}
        stack.api.request("POST", "/api/v2/connections", json=stored | {"extra": json.dumps({"vendor": "byteplus"})})

    def start_run(self) -> None:
        """A run of the DAG, which is paused: its tasks are there, and nobody executes them."""
        self._stack.api.wait_for_dag(DAG_ID, timeout=300)
        self._stack.api.request("POST", f"/api/v2/dags/{DAG_ID}/dagRuns", json={"logical_date": None, "conf": {}})
        self._write("UPDATE dag_run SET state = 'running'")

    def have_waiting(self, videos: int, interval: float) -> None:
        """So many tasks wait from now on, as if workers had deferred them.

        Of one mapped task: Airflow reads a trigger's whole DAG when it takes the trigger up.
        """
        self._write("UPDATE task_instance SET trigger_id = NULL, state = NULL")
        self._write("DELETE FROM trigger")
        trigger = "INSERT INTO trigger (id, classpath, kwargs, created_date) VALUES (%s, %s, %s, now())"
        self._write(trigger, [(n + 1, TRIGGER, _kwargs(n, interval)) for n in range(videos)])
        self._write(
            "UPDATE task_instance SET state = 'deferred', trigger_id = map_index + 1, next_method = 'execute_complete',"
            " try_number = 1, start_date = now() WHERE map_index BETWEEN 0 AND %s",
            [(videos - 1,)],
        )
        waiting = self._count("SELECT count(*) FROM task_instance WHERE state = 'deferred'")
        if waiting != videos:
            raise RuntimeError(f"{waiting} tasks wait instead of {videos}")

    def pick_up(self, videos: int, *, is_before: bool) -> PickedUp:
        """Start a triggerer, and measure until it has asked for all."""
        self._counter.write_bytes(b"")
        self._stack.env |= {COUNTER: str(self._counter)} | ({BEFORE: "1"} if is_before else {})
        control(self._url, "reset")
        load, began = os.getloadavg()[0], time.monotonic()
        triggerer = self._stack.start_component("triggerer")
        self._until(lambda: int(control(self._url, "stats")["distinct"]), videos, "were asked for")
        seconds, used = time.monotonic() - began, psutil.Process(triggerer.pid).cpu_times()
        found = PickedUp(
            videos,
            is_before,
            seconds,
            used.user + used.system,
            self._counter.stat().st_size,
            (load, os.getloadavg()[0]),
        )
        self._stack.env.pop(BEFORE, None)
        self._end(["triggerer"])
        return found

    def share(self, videos: int, triggerers: int, *, have_ledger: bool, settle: float, window: float) -> Shared:
        """Start triggerers, and see what comes to a vendor that refuses what is too much."""
        self._stack.env |= {LEDGER_SETTING: LEDGER if have_ledger else ""}
        control(self._url, LIMITS)
        control(self._url, "reset")
        self._stack.env["AIRFLOW__TRIGGERER__CAPACITY"] = str(-(-videos // triggerers))
        names = [f"triggerer-{number}" for number in range(triggerers)]
        for name in names:
            self._stack.start_component("triggerer", name)
        self._until(lambda: int(control(self._url, "stats")["distinct"]), videos, "were asked for")
        time.sleep(settle)
        control(self._url, "reset")
        began = time.monotonic()
        time.sleep(window)
        stats, seconds = control(self._url, "stats"), time.monotonic() - began
        self._end(names)
        control(self._url, "limits?")
        accepted, refused = stats["requests"], sum(stats["refused"].values())
        return Shared(
            triggerers,
            have_ledger,
            (accepted.get("LIST", 0) / seconds, accepted.get("GET", 0) / seconds),
            videos * seconds / max(1, stats["asked"]),
            refused / max(1, refused + sum(accepted.values())),
            stats["most"].get("LIST", 0),
            os.getloadavg()[0],
        )

    def _end(self, names: Sequence[str]) -> None:
        for name in names:
            self._stack.kill_component(name)
        # As if their triggers had been handed over already; Airflow would wait for its health threshold first.
        self._write("UPDATE trigger SET triggerer_id = NULL")

    def _until(self, count: Callable[[], int], videos: int, what: str) -> None:
        deadline, shown = time.monotonic() + PATIENCE, 0.0
        while (there := count()) < videos:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{there} of {videos} {what} after {PATIENCE:.0f} s; logs: {self._stack.logs}")
            if time.monotonic() > shown + 5:
                self._say(f"{there:,} of {videos:,} {what}")
                shown = time.monotonic()
            time.sleep(0.2)

    def _count(self, sql: str) -> int:
        return int(str(self._stack.query(sql)[0][0]))

    def _write(self, sql: str, rows: Sequence[tuple[object, ...]] = ((),)) -> None:
        import psycopg2

        with closing(psycopg2.connect(self._stack.dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.executemany(sql, rows)


def _kwargs(number: int, interval: float) -> str:
    """As Airflow stores a trigger's arguments; it reads them without encryption, too."""
    video_id = f"cgt-20261120000000-{number:06d}"
    return json.dumps({"seedance_conn_id": "bench_stored", "video_id": video_id, "poll_interval": interval})


def measure(
    videos: Sequence[int], triggerers: Sequence[int], *, settle: float, window: float, say: Callable[[str], None]
) -> Iterator[str]:
    """Line by line, as they come."""
    counter = CHECKOUT / ".work" / "bench-look-ups"
    env = {
        "PYTHONPATH": str(CHECKOUT),
        "BENCH_VIDEOS": str(max([*videos, SHARING])),
        "AIRFLOW__TRIGGERER__CAPACITY": "10000",
    }
    with serving() as url, BenchStack(HOME, DAGS, env, progress=say, postgresql=True) as stack:
        bench = Bench(stack, url, counter, say)
        bench.start_run()
        if videos:
            yield "| waiting | look-ups | load | all asked for once | supervisor's CPU time | look-ups made |"
            yield "|---|---|---|---|---|---|"
        for count in videos:
            bench.have_waiting(count, 10.0)
            for is_before in (True, False) if count <= MOST_BEFORE else (False,):
                yield bench.pick_up(count, is_before=is_before).row
        if triggerers:
            bench.have_waiting(SHARING, 2.0)
            yield ""
            yield (
                "| triggerers | a ledger | load | LIST/s answered | GET/s answered | each video every | refused"
                " | most LISTs in a second |"
            )
            yield "|---|---|---|---|---|---|---|---|"
        for number in triggerers:
            for have_ledger in (False, True):
                yield bench.share(SHARING, number, have_ledger=have_ledger, settle=settle, window=window).row


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="make bench-production", description=__doc__)
    parser.add_argument("--videos", type=int, nargs="*", default=[1000], help="default: 1000")
    parser.add_argument("--triggerers", type=int, nargs="*", default=list(TRIGGERERS), help="default: 1 3 5")
    parser.add_argument("--settle", type=float, default=120.0, help="seconds before several triggerers are measured")
    parser.add_argument("--window", type=float, default=120.0, help="seconds for which they are measured")
    options = parser.parse_args()
    stop_on_signals()
    lines = measure(
        sorted(options.videos), options.triggerers, settle=options.settle, window=options.window, say=_to_stderr()
    )
    try:
        for line in lines:
            print(line, flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


def _to_stderr() -> Callable[[str], None]:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    raise SystemExit(main())
