"""`make chaos`: a real Airflow with two triggerers under fire, and the simulator's ledger as the judge.

While mapped tasks submit videos at all vendors and wait for them, the simulator fails every tenth call, and workers,
triggerers and the scheduler are killed at random times; one triggerer is frozen until another one has taken over, and
revived. At the end no task may have two bills, each must have delivered its own video (or have failed, saying so, where
the outcome of its create can't be found out), and no live video may have been cancelled.

`make chaos-proxy`: the same, but a proxy in front of the simulator does what is done to calls: it answers one in twenty
with pages, resets and drips of its own.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from dev.airflow_api import FINISHED_RUN
from dev.chaos_judge import TaskOutcome, broken_promises, turned_away, unknowns
from dev.chaos_monkey import HEALTH_THRESHOLD, Hit, Monkey, make_plan, map_indexes, query
from dev.chaos_proxy import Spoilt, fate_of, proxy_before, spoilt_calls
from dev.screen import table
from dev.showcase import connections, show_path, stopwatch
from dev.stack import CHECKOUT, AirflowStack, StackError, stop_on_signals
from tests.support.requests import SIZED_MODELS

DAG_ID = "seedance_chaos"
DAGS = CHECKOUT / "dev" / "dags"
HOME = CHECKOUT / ".work" / "chaos"
PROMPT = "A paper boat in a storm, take {index}."
TIMEOUT = 900.0
SPEED = 4.0
QUEUE, RUN = 30.0 * SPEED, 4.0 * SPEED
"""A video is queued for 30 s and runs for 4 s: long in the queue, where it could be cancelled by mistake."""
FAILING = 0.1
SMALL = 30
ENDED_BY_AIRFLOW = ("Server indicated the task shouldn't be running anymore", "Too many failed heartbeats")
"""What a supervisor logs when Airflow itself ends its task: a scheduler that follows a dead one starts the tasks that
run anew, and has the old processes killed; and nobody heard its heartbeats."""
KINDS = (
    *("reset_before", "http_429", "http_500", "http_502_html"),
    *("reset_after", "http_500_after", "http_502_html_after", "torn_json"),
)
SLOW_CREATES = Fault("slow", on="create", times=None, probability=0.5, seconds=2)
"""So that kills can hit them."""
READ_TIMEOUT = 6.0
"""Seconds for an answer that comes through the proxy: more than a slow create takes on a busy machine."""
SETTINGS = {
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": str(HEALTH_THRESHOLD),
    # How soon a killed worker is noticed (the default is 5 minutes), and a killed scheduler's tasks are taken over.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__CORE__PARALLELISM": "8",
}


@dataclass
class Report:
    """What a run came to.

    :param refused_kills: how often Airflow told a trigger that its task was killed, when it was not.
    :param stored: trigger arguments and events as they were in the database meanwhile.
    :param spoilt: what the proxy did to how many calls, if there was one.
    """

    seed: int
    seconds: float
    state: str
    tasks: list[TaskOutcome]
    hits: list[Hit]
    calls: int
    failed_calls: int
    cancelled: list[str]
    refused_kills: int
    stored: set[str]
    home: Path
    spoilt: Counter[str] = field(default_factory=Counter)

    @property
    def problems(self) -> list[str]:
        """Every broken promise; empty if all were kept."""
        found = [problem for task in self.tasks for problem in broken_promises(task)]
        found += [f"video {video_id} was cancelled, though nobody wanted that" for video_id in self.cancelled]
        left = [task.index for task in self.tasks if task.state not in ("success", "failed")]
        if left:
            found.append(f"the run is {self.state}, and tasks {left} have not ended")
        return found

    def lines(self) -> list[str]:
        """The figures, for people."""
        kinds = Counter(hit.kind for hit in self.hits)
        in_create = sum(hit.in_create for hit in self.hits)
        lost, odd = unknowns(self.tasks, listed=False), unknowns(self.tasks, listed=True)
        rows = [
            ["videos", str(len(self.tasks))],
            ["kills of workers", f"{kinds['worker']} ({in_create} between the vendor's bill and the record of its id)"],
            ["kills of triggerers", str(kinds["triggerer"])],
            ["kills of the scheduler", str(kinds["scheduler"])],
            ["frozen and revived", f"{kinds['freeze']} ({self.refused_kills} false cancels refused)"],
            ["calls to vendors", f"{self.calls}, {self.failed_calls} failed"],
            ["retries", str(sum(max(0, task.tries - 1) for task in self.tasks))],
            ["bills", str(sum(len(task.billed) for task in self.tasks))],
            ["tasks with two bills", str(sum(len(task.billed) > 1 for task in self.tasks))],
            ["deliveries", str(sum(task.delivered is not None for task in self.tasks))],
            ["unknown, no way to look up", f"{len(lost)} ({sum(len(task.billed) for task in lost)} of them billed)"],
            ["unknown, not in the list", f"{len(odd)} ({sum(len(task.billed) for task in odd)} of them billed)"],
            ["cancelled live videos", str(len(self.cancelled))],
            ["left deferred", str(sum(task.state == "deferred" for task in self.tasks))],
            ["seconds", f"{self.seconds:.0f}"],
            ["repeat with", f"--seed {self.seed} --videos {len(self.tasks)}{' --proxy' if self.spoilt else ''}"],
        ]
        if self.spoilt:
            kinds_of = ", ".join(f"{count} {kind}" for kind, count in sorted(self.spoilt.items()))
            rows.insert(6, ["spoilt by the proxy", f"{self.spoilt.total()}: {kinds_of}"])
        notes = [f"task {task.index} ({task.vendor}) is unknown: {task.why_unknown}" for task in (*lost, *odd)]
        return [table(["chaos run", ""], rows), "", *notes]


def prompt_of(index: int) -> str:
    """The prompt of one task; nobody else has it."""
    return PROMPT.format(index=f"{index:03d}")


def faults(videos: int) -> list[Fault]:
    """A tenth of all calls fails, in every way."""
    share = FAILING / len(KINDS)
    struck = [Fault(kind, on="any", times=None, probability=share, retry_after=2) for kind in KINDS]
    if videos < SMALL:  # a create that finds no room comes back after half a minute or more
        struck[KINDS.index("http_429")].on = "poll"
    return [*struck, SLOW_CREATES]


def run_chaos(
    home: Path,
    *,
    seed: int,
    videos: int,
    say: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    api_key: str = "sk-simulator",
    proxy: bool = False,
) -> Report:
    """Run it in an Airflow of its own, which is gone afterwards; its home, with logs and database, is kept.

    :param proxy: whether a proxy troubles the calls, instead of the simulator
    """
    say(f"seed {seed}, {videos} videos{', behind a proxy' if proxy else ''}")
    with ExitStack() as until_the_end:
        simulator = until_the_end.enter_context(
            Simulator(speed=SPEED, api_key=api_key, seed=seed, queue_seconds=QUEUE, run_seconds=RUN)
        )
        settings, log = SETTINGS | dict(env or {}), home.with_name(f"{home.name}-proxy.jsonl")
        if proxy:
            log.unlink(missing_ok=True)
            url = until_the_end.enter_context(proxy_before(simulator.url, seed=seed, log=log))
            settings |= behind(url, simulator)
            simulator.faults.add(SLOW_CREATES)
        else:
            settings |= connections(simulator)
            simulator.faults.add(*faults(videos))
        settings |= {"SEEDANCE_CHAOS_VIDEOS": str(videos), "SEEDANCE_CHAOS_PROMPT": PROMPT}
        settings |= {"SEEDANCE_CHAOS_MODELS": json.dumps({vendor: SIZED_MODELS[vendor] for vendor in VENDORS})}
        stack = until_the_end.enter_context(AirflowStack(home, DAGS, settings, progress=say))
        stack.start_component("triggerer", "triggerer-2")
        return under_fire(stack, simulator, seed, videos, say, log)


def behind(url: str, simulator: Simulator) -> dict[str, str]:
    """Connections that lead to the proxy; a drip is given up after some seconds, not minutes."""
    made = {vendor: simulator.connection_json(vendor, read_timeout=READ_TIMEOUT) for vendor in VENDORS}
    return {
        f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}": connection.replace(simulator.url, url)
        for vendor, connection in made.items()
    }


def under_fire(
    stack: AirflowStack, simulator: Simulator, seed: int, videos: int, say: Callable[[str], None], proxy_log: Path
) -> Report:
    """Start the DAG run, strike until the plan is through, wait for the end, and look what it came to."""
    prompts = {prompt_of(index): index for index in range(videos)}
    while len(stack.api.jobs("TriggererJob")) < 2:
        time.sleep(0.3)
    run_id = stack.trigger_dag(DAG_ID)
    started = time.monotonic()
    monkey = Monkey(stack, simulator, make_plan(seed, videos), prompts.__getitem__, say)
    state, shown, stored = "", 0.0, set[str]()
    try:
        while (state := stack.api.dag_run_state(DAG_ID, run_id)) not in FINISHED_RUN:
            monkey.act()
            if time.monotonic() - shown > 5:
                shown = time.monotonic()
                stored |= waiting_rows(stack)
                say(progress(stack, simulator, run_id, len(monkey.busy())))
            if time.monotonic() - started > TIMEOUT:
                break
            time.sleep(0.1)
    finally:
        monkey.stop()
    seconds = time.monotonic() - started
    say(f"the run ended as {state}; judging")
    lost = spoilt_calls(proxy_log)
    return report_of(stack, simulator, run_id, seed, seconds, state, monkey.hits, prompts, stored, lost)


def report_of(
    stack: AirflowStack,
    simulator: Simulator,
    run_id: str,
    seed: int,
    seconds: float,
    state: str,
    hits: list[Hit],
    prompts: Mapping[str, int],
    stored: set[str],
    lost: Sequence[Spoilt] = (),
) -> Report:
    """What a run came to: each task's end, and the simulator's record."""
    tasks = outcomes(stack, simulator, run_id, prompts, hits, lost)
    requests = simulator.requests
    spoilt = Counter(spoilt.kind for spoilt in lost)
    spoilt.update(fate for request in requests if (fate := fate_of(request.headers)))
    return Report(
        seed=seed,
        seconds=seconds,
        state=state,
        tasks=tasks,
        hits=hits,
        calls=len(requests),
        failed_calls=sum(request.fault not in (None, "slow") for request in requests),
        cancelled=[v.id for v in simulator.videos.values() if v.status == "cancelled" or v.deleted],
        refused_kills=said_in_logs(stack.logs, "goes on: its task has not ended"),
        stored=stored,
        home=stack.home,
        spoilt=spoilt,
    )


def waiting_rows(stack: AirflowStack) -> set[str]:
    """What Airflow stores about a waiting task, and deletes later: the trigger's arguments and its event."""
    rows = query(stack, "SELECT kwargs FROM trigger") + query(stack, "SELECT next_kwargs FROM task_instance")
    return {str(value) for (value,) in rows if value is not None}


def progress(stack: AirflowStack, simulator: Simulator, run_id: str, busy: int) -> str:
    """One line about how far it is."""
    states = Counter(str(task["state"]) for task in stack.api.task_instances(DAG_ID, run_id))
    shown = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return f"{shown}; {len(simulator.ledger)} bills, {busy} workers busy"


def outcomes(
    stack: AirflowStack,
    simulator: Simulator,
    run_id: str,
    prompts: Mapping[str, int],
    hits: list[Hit],
    lost: Sequence[Spoilt] = (),
) -> list[TaskOutcome]:
    """What became of each task, from Airflow's API and the simulator's records.

    :param lost: calls that never came to the simulator
    """
    indexes = map_indexes(stack)
    kills: dict[int | None, list[float]] = defaultdict(list)
    for hit in hits:
        for ti_id in hit.ti_ids:
            kills[indexes.get(ti_id.replace("-", ""))].append(hit.at)
    found = []
    for task in stack.api.task_instances(DAG_ID, run_id):
        index = int(task["map_index"])
        prompt, vendor = prompt_of(index), VENDORS[index % len(VENDORS)]
        result = stack.api.xcom(DAG_ID, run_id, "create", map_index=index) or {}
        tries = int(task["try_number"])
        logs = [""]
        if task["state"] != "success":
            logs = [log_of(stack, run_id, index, number) for number in range(1, tries + 1)]
        ended_by_airflow = [
            moment(line) for log in logs for line in log.splitlines() if any(said in line for said in ENDED_BY_AIRFLOW)
        ]
        found.append(
            TaskOutcome(
                index=index,
                vendor=vendor,
                state=str(task["state"]),
                tries=tries,
                delivered=result.get("video_id") if result.get("status") == "succeeded" else None,
                has_url=bool(result.get("video_url")),
                unknown="SubmissionUnknownError" in logs[-1],
                error="\n    ".join(logs[-1].splitlines()[-12:]),
                creates=[
                    *(create for create in simulator.creates() if prompt in create.body.decode(errors="replace")),
                    *(turned_away(call, vendor) for call in lost if call.method == "POST" and prompt in call.body),
                ],
                billed=[bill.video_id for bill in simulator.ledger if simulator.videos[bill.video_id].prompt == prompt],
                kills=[*kills[index], *ended_by_airflow],
            )
        )
    if sorted(task.index for task in found) != sorted(prompts.values()):
        raise StackError(f"{len(found)} tasks instead of {len(prompts)}")
    return sorted(found, key=lambda task: task.index)


def log_of(stack: AirflowStack, run_id: str, index: int, number: int) -> str:
    """The log of one try, empty if there was no such try: one that was reset before it began leaves none."""
    try:
        return stack.api.task_log(DAG_ID, run_id, "create", number, index)
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return ""


def moment(line: str) -> float:
    """The Unix time with which a line of a log begins."""
    return datetime.fromisoformat(line.split(maxsplit=1)[0]).timestamp()


def said_in_logs(logs: Path, sentence: str) -> int:
    """How often a sentence is in the logs of tasks and triggers."""
    files = [path for path in logs.rglob("*.log*") if path.parent != logs and path.is_file()]
    return sum(path.read_text(errors="replace").count(sentence) for path in files)


def main() -> int:
    """Run it and return the exit code: 0 only if no promise was broken."""
    parser = argparse.ArgumentParser(prog="make chaos", description="Pay once, lose nothing: proven under fire.")
    parser.add_argument("--seed", type=int, help="repeats the plan of kills and the vendors' faults (default: random)")
    parser.add_argument("--videos", type=int, default=60, help="how many (default: 60)")
    parser.add_argument("--proxy", action="store_true", help="a proxy troubles the calls, instead of the simulator")
    options = parser.parse_args()
    stop_on_signals()
    seed = random.randrange(1_000_000) if options.seed is None else options.seed  # noqa: S311 - no secret
    try:
        report = run_chaos(HOME, seed=seed, videos=options.videos, say=stopwatch(), proxy=options.proxy)
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C")
        return 130
    except (StackError, TimeoutError, RuntimeError, httpx.HTTPError) as error:
        print(f"\nFAILED: {error}\nseed {seed}; logs: {show_path(HOME / 'logs')}", file=sys.stderr)
        return 1
    print("\n" + "\n".join(report.lines()))
    if report.problems:
        print("\nBROKEN:\n" + "\n".join(report.problems), file=sys.stderr)
        print(f"\nLogs: {show_path(HOME / 'logs')}", file=sys.stderr)
        return 1
    print("\nNo promise was broken.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
