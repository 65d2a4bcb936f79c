"""`make demo`: one video on each vendor, side by side, by a real Airflow against the simulator."""

import sys
import time

import av.error
import httpx

from dev.airflow_api import FINISHED_RUN, AirflowApi
from dev.demo_run import VendorView, look, stored_file
from dev.mp4 import inspect
from dev.screen import Screen, table
from dev.showcase import DAG_ID, DEMO_HOME, Showcase, show_path, showcase, stopwatch
from dev.stack import StackError, stop_on_signals
from dev.workers import WorkerClock

TIMEOUT = 300.0
HEADER = ["vendor", "video id", "state", "waited s", "worker s", "bills", "content", "file"]
LEGEND = (
    "waited: from the order to the finished video. worker: how long create and wait had a worker process, seen in the\n"
    "process tree every 0.05 s. bills: what the vendor would have charged, from the simulator's ledger."
)


class DemoFailedError(RuntimeError):
    """The demo ran, but not every vendor has its video; the message says why."""


def main() -> int:
    """Run the demo and return the exit code."""
    stop_on_signals()
    say = stopwatch()
    try:
        with showcase(say) as show:
            run(show)
            say("stopping Airflow")
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C")
        return 130
    except (DemoFailedError, StackError, TimeoutError, RuntimeError, httpx.HTTPError) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        print(f"\nLogs: {show_path(DEMO_HOME / 'airflow' / 'logs')}", file=sys.stderr)
        return 1
    say("done")
    return 0


def run(show: Showcase) -> None:
    """Run the DAG, show it live, end with the table; raise if anything is missing."""
    api = show.stack.api
    clock = WorkerClock(lambda: show.stack.components["scheduler"].pid)
    clock.start()
    try:
        run_id = api.trigger_dag(DAG_ID)
        print(f"\nDAG {DAG_ID}, run {run_id}; the UI is at {show.stack.url}\n")
        state, views = watch(show, run_id)
    finally:
        clock.stop()
    rows, problems = results(api, run_id, views, clock.seconds())
    print(f"\n{table(HEADER, rows)}\n\n{LEGEND}\n", flush=True)
    if state != "success":
        problems.append(f"the DAG run ended as {state}\n{show.stack.failures(DAG_ID, run_id)}")
    if problems:
        raise DemoFailedError("\n".join(problems))


def watch(show: Showcase, run_id: str) -> tuple[str, list[VendorView]]:
    """Show what happens until the run is finished; return its state and the last view."""
    screen = Screen()
    deadline = time.monotonic() + TIMEOUT
    while True:
        show.stack.check()
        state = show.stack.api.dag_run_state(DAG_ID, run_id)
        views = look(show.stack.api, show.simulator, run_id)
        workers = len(show.stack.worker_pids())
        lines = {view.vendor: view.line(1 if screen.live else 25) for view in views}
        screen.show(lines | {"workers": f"{workers} worker processes busy"})
        if state in FINISHED_RUN:
            return state, views
        if time.monotonic() > deadline:
            raise TimeoutError(f"the run is still {state} after {TIMEOUT:.0f} s")
        time.sleep(0.5)


def results(
    api: AirflowApi, run_id: str, views: list[VendorView], clock: dict[str, float]
) -> tuple[list[list[str]], list[str]]:
    """The table's rows, and what is wrong."""
    rows, problems = [], []
    for view in views:
        path = stored_file(api, run_id, view)
        content = ""
        if path is None:
            problems.append(f"{view.vendor}: there is no video file")
        else:
            try:
                content = str(inspect(path))
            except (ValueError, StopIteration, av.error.FFmpegError) as error:
                problems.append(f"{view.vendor}: {show_path(path)} is no playable MP4: {error}")
        if view.bills != 1:
            problems.append(f"{view.vendor}: {view.bills} bills instead of 1")
        waited, worked = f"{view.waited:.1f}", f"{view.worker_seconds(clock):.1f}"
        file = show_path(path) if path else "-"
        rows.append([view.vendor, view.video_id, view.video, waited, worked, str(view.bills), content, file])
    return rows, problems


if __name__ == "__main__":
    raise SystemExit(main())
