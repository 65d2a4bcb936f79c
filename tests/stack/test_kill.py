"""What becomes of a video when somebody ends the task that waits for it. The table in docs/what-happens-when.md."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import psutil
import pytest

from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.videos import Bill, SimulatedVideo
from dev.stack import AirflowStack

pytestmark = pytest.mark.stack

ENDINGS = ("mark_failed", "mark_success", "clear")
MAPPED_AND_ALONE = (("mapped", 0), ("mapped", 1), ("alone", -1))


def wait_until(true: Callable[[], bool], what: str, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, f"not after {timeout:.0f} s: {what}"
        time.sleep(0.2)


@dataclass
class Run:
    """A DAG run whose tasks wait, and where their videos are."""

    stack: AirflowStack
    simulators: tuple[Simulator, ...]
    dag_id: str
    run_id: str

    def bills(self, task_id: str, map_index: int = -1) -> list[Bill]:
        """What this task was charged for, oldest first."""
        prompt = f"{self.run_id} {task_id}" + (f" {map_index}" if map_index >= 0 else "")
        return [
            bill
            for simulator in self.simulators
            for bill in simulator.ledger
            if simulator.videos[bill.video_id].prompt == prompt
        ]

    def videos(self, task_id: str, map_index: int = -1) -> list[SimulatedVideo]:
        """The videos of this task, oldest first."""
        known = {name: video for simulator in self.simulators for name, video in simulator.videos.items()}
        return [known[bill.video_id] for bill in self.bills(task_id, map_index)]

    def the_video(self, task_id: str, map_index: int = -1) -> SimulatedVideo:
        """The only video of this task."""
        (video,) = self.videos(task_id, map_index)
        return video

    def finish(self, video: SimulatedVideo) -> None:
        """The vendor finishes it."""
        next(s for s in self.simulators if video.id in s.videos).finish(video.id)

    def wait_for(self, task_id: str, state: str, map_index: int = -1) -> None:
        self.stack.api.wait_for_task(self.dag_id, self.run_id, task_id, {state}, map_index=map_index)

    def state(self, task_id: str, map_index: int = -1) -> str | None:
        return self.stack.api.task_state(self.dag_id, self.run_id, task_id, map_index)

    def log(self, task_id: str, try_number: int | None = None, map_index: int = -1) -> str:
        try:
            return self.stack.api.task_log(self.dag_id, self.run_id, task_id, try_number, map_index)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return ""  # there is no such try yet
            raise

    def wait_for_log(self, task_id: str, sentence: str, map_index: int = -1) -> None:
        wait_until(lambda: sentence in self.log(task_id, map_index=map_index), f"{task_id} logs {sentence!r}")

    def end(self, task_id: str, ending: str, map_index: int = -1) -> None:
        """What a user does in the UI."""
        if ending == "clear":
            body = {
                "dry_run": False,
                "dag_run_id": self.run_id,
                "task_ids": [task_id if map_index < 0 else [task_id, map_index]],
                "only_failed": False,
            }
            self.ask("POST", f"/api/v2/dags/{self.dag_id}/clearTaskInstances", body)
            return
        path = f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{task_id}"
        path += f"/{map_index}" if map_index >= 0 else ""
        self.ask("PATCH", path, {"new_state": ending.removeprefix("mark_")})

    def fail(self) -> None:
        """Mark the whole run failed."""
        self.ask("PATCH", f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}", {"state": "failed"})

    def ask(self, method: str, path: str, body: dict[str, object]) -> None:
        """With a second try: on SQLite, Airflow's api-server can lock itself out for half a minute, and then says 500.

        It writes its audit log on the event loop that the commit of another request waits for.
        """
        try:
            self.stack.api.request(method, path, json=body)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
                raise
            self.stack.api.request(method, path, json=body)


def submit_by_hand(simulator: Simulator) -> str:
    """A video that belongs to no task: a sensor watches it."""
    answer = httpx.post(
        f"{simulator.base_url('byteplus')}/contents/generations/tasks",
        headers={"Authorization": f"Bearer {simulator.api_key}"},
        json={"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "Somebody else's"}]},
        trust_env=False,
    ).raise_for_status()
    return str(answer.json()["id"])


def start(stack: AirflowStack, simulators: tuple[Simulator, ...], dag_id: str, **conf: object) -> Run:
    return Run(stack, simulators, dag_id, stack.trigger_dag(dag_id, conf or None))


@pytest.fixture(scope="module")
def watched(patient: Simulator) -> str:
    return submit_by_hand(patient)


@pytest.fixture(scope="module")
def waiting(stack: AirflowStack, simulator: Simulator, patient: Simulator, watched: str) -> Iterator[Run]:
    """Everything that can wait in the triggerer, waiting."""
    simulator.faults.add(Fault("stuck", vendor="byteplus", times=len(ENDINGS)))
    run = start(stack, (simulator, patient), "stack_kill", video_id=watched)
    for ending in ENDINGS:
        for kind in ("queued", "running", "jimmyai", "sensor"):
            run.wait_for(f"{kind}_{ending}", "deferred")
    run.wait_for("kept", "deferred")
    for index in (0, 1):
        run.wait_for("mapped", "deferred", index)
        run.wait_for_log("mapped", " starting", index)  # the trigger: the last one of them
    yield run
    run.fail()


@pytest.fixture(scope="module")
def holding(stack: AirflowStack, patient: Simulator, watched: str) -> Iterator[Run]:
    """The same on workers."""
    run = start(stack, (patient,), "stack_kill_holding", video_id=watched)
    tasks = [*(f"queued_{ending}" for ending in ENDINGS), "jimmyai", "retried"]
    for task_id in (*tasks, "sensor"):
        run.wait_for(task_id, "running")
    for task_id in tasks:
        wait_until(lambda task_id=task_id: bool(run.bills(task_id)), f"{task_id} has submitted")  # type: ignore[misc]
    yield run
    run.fail()


# -- a video in the queue of a vendor that can cancel


@pytest.mark.parametrize("ending", ["mark_failed", "mark_success"])
def test_a_queued_video_is_cancelled_when_its_task_is_marked(waiting: Run, ending: str) -> None:
    waiting.end(f"queued_{ending}", ending)
    wait_until(lambda: waiting.the_video(f"queued_{ending}").status == "cancelled", "the video is cancelled")
    (bill,) = waiting.bills(f"queued_{ending}")
    assert bill.refunded
    waiting.wait_for_log(f"queued_{ending}", "before it started")


def test_clearing_cancels_the_queued_video_and_makes_exactly_one_new_one(waiting: Run) -> None:
    old = waiting.the_video("queued_clear")
    waiting.end("queued_clear", "clear")
    wait_until(lambda: len(waiting.videos("queued_clear")) > 1, "there is a new video")
    waiting.wait_for("queued_clear", "deferred")
    time.sleep(5)  # the old trigger is killed after the new attempt began: it must not hit the new video
    _, new = waiting.videos("queued_clear")
    assert (old.status, new.status) == ("cancelled", "queued")
    assert [bill.refunded for bill in waiting.bills("queued_clear")] == [True, False]
    waiting.finish(new)
    waiting.wait_for("queued_clear", "success")
    assert waiting.stack.api.xcom(waiting.dag_id, waiting.run_id, "queued_clear", "video_id") == new.id


def test_of_mapped_tasks_only_the_marked_one_loses_its_video(waiting: Run) -> None:
    waiting.end("mapped", "mark_failed", map_index=1)
    wait_until(lambda: waiting.the_video("mapped", 1).status == "cancelled", "the marked one's video is cancelled")
    time.sleep(3)
    assert waiting.the_video("mapped", 0).status == "queued"
    waiting.finish(waiting.the_video("mapped", 0))
    waiting.wait_for("mapped", "success", 0)


def test_without_cancel_on_kill_the_queued_video_goes_on(waiting: Run) -> None:
    waiting.end("kept", "mark_failed")
    time.sleep(5)
    assert waiting.the_video("kept").status == "queued"


# -- a video that runs already


@pytest.mark.parametrize("ending", ["mark_failed", "mark_success"])
def test_a_running_video_goes_on_and_the_log_says_that_it_will_be_billed(waiting: Run, ending: str) -> None:
    task = f"running_{ending}"
    waiting.end(task, ending)
    waiting.wait_for_log(task, "is running already")
    video = waiting.the_video(task)
    assert video.status == "running"
    waiting.finish(video)
    (bill,) = waiting.bills(task)
    assert not bill.refunded


def test_clearing_lets_the_running_video_go_on_and_makes_exactly_one_new_one(
    waiting: Run, simulator: Simulator
) -> None:
    simulator.faults.add(Fault("stuck", vendor="byteplus"))
    waiting.end("running_clear", "clear")
    wait_until(lambda: len(waiting.videos("running_clear")) > 1, "there is a new video")
    waiting.wait_for("running_clear", "deferred")
    time.sleep(5)
    assert [video.status for video in waiting.videos("running_clear")] == ["running", "running"]
    assert "is running already" in waiting.log("running_clear")


# -- a vendor that can't cancel


@pytest.mark.parametrize("ending", ["mark_failed", "mark_success"])
def test_where_the_vendor_cannot_cancel_the_log_says_so(waiting: Run, ending: str) -> None:
    task = f"jimmyai_{ending}"
    waiting.end(task, ending)
    waiting.wait_for_log(task, "has no documented way to cancel")
    video = waiting.the_video(task)
    assert video.status == "queued"
    waiting.finish(video)
    (bill,) = waiting.bills(task)
    assert not bill.refunded


def test_clearing_where_the_vendor_cannot_cancel_pays_for_two_and_says_so(waiting: Run) -> None:
    waiting.end("jimmyai_clear", "clear")
    wait_until(lambda: len(waiting.videos("jimmyai_clear")) > 1, "there is a new video")
    waiting.wait_for("jimmyai_clear", "deferred")
    time.sleep(5)
    assert [video.status for video in waiting.videos("jimmyai_clear")] == ["queued", "queued"]
    assert "has no documented way to cancel" in waiting.log("jimmyai_clear")


# -- the sensor


def test_a_sensor_never_cancels_the_video_that_it_watches(waiting: Run, patient: Simulator, watched: str) -> None:
    for ending in ENDINGS:
        waiting.end(f"sensor_{ending}", ending)
    waiting.wait_for("sensor_clear", "deferred")
    time.sleep(5)
    assert patient.videos[watched].status == "queued"
    assert not patient.videos[watched].deleted


def test_a_sensor_on_a_worker_never_cancels_either(holding: Run, patient: Simulator, watched: str) -> None:
    holding.end("sensor", "mark_failed")
    time.sleep(6)
    assert patient.videos[watched].status == "queued"


# -- on a worker


@pytest.mark.parametrize("ending", ["mark_failed", "mark_success"])
def test_a_queued_video_is_cancelled_when_its_task_is_marked_on_a_worker(holding: Run, ending: str) -> None:
    holding.end(f"queued_{ending}", ending)
    wait_until(lambda: holding.the_video(f"queued_{ending}").status == "cancelled", "the video is cancelled")
    (bill,) = holding.bills(f"queued_{ending}")
    assert bill.refunded


def test_clearing_on_a_worker_cancels_the_queued_video_and_makes_exactly_one_new_one(holding: Run) -> None:
    holding.end("queued_clear", "clear")
    wait_until(lambda: len(holding.videos("queued_clear")) > 1, "there is a new video", timeout=90)
    wait_until(lambda: holding.videos("queued_clear")[0].status == "cancelled", "the old one is cancelled")
    time.sleep(3)
    assert [video.status for video in holding.videos("queued_clear")] == ["cancelled", "queued"]


def test_on_a_worker_too_the_log_says_that_the_vendor_cannot_cancel(holding: Run) -> None:
    holding.end("jimmyai", "mark_failed")
    holding.wait_for_log("jimmyai", "has no documented way to cancel")
    assert holding.the_video("jimmyai").status == "queued"


def test_a_retry_after_the_worker_was_killed_goes_on_with_the_same_video(holding: Run) -> None:
    api = holding.stack.api
    (first,) = [task for task in api.task_instances(holding.dag_id, holding.run_id) if task["task_id"] == "retried"]
    wait_until(lambda: "submitted" in holding.log("retried") or "queued" in holding.log("retried"), "it waits")
    (pid,) = [pid for pid, ti_id in holding.stack.worker_pids().items() if ti_id == first["id"]]
    psutil.Process(pid).send_signal(signal.SIGKILL)
    wait_until(lambda: "submitted by an earlier attempt" in holding.log("retried", 2), "the retry reattaches")
    video = holding.the_video("retried")
    holding.finish(video)
    holding.wait_for("retried", "success")
    assert holding.the_video("retried") is video
    assert api.xcom(holding.dag_id, holding.run_id, "retried", "video_id") == video.id


# -- the whole run


def test_failing_the_run_cancels_what_can_be_and_leaves_the_rest(stack: AirflowStack, patient: Simulator) -> None:
    watched = submit_by_hand(patient)
    run = start(stack, (patient,), "stack_kill_run", video_id=watched)
    for task_id in ("queued", "jimmyai", "sensor"):
        run.wait_for(task_id, "deferred")
        run.wait_for_log(task_id, " starting")  # the trigger: before that, Airflow has nobody to tell
    run.fail()
    wait_until(lambda: run.the_video("queued").status == "cancelled", "the queued video is cancelled")
    run.wait_for_log("jimmyai", "has no documented way to cancel")
    assert run.the_video("jimmyai").status == "queued"
    assert patient.videos[watched].status == "queued"


def test_a_run_that_waits_cannot_be_deleted_and_its_videos_go_on(stack: AirflowStack, patient: Simulator) -> None:
    watched = submit_by_hand(patient)
    run = start(stack, (patient,), "stack_kill_run", video_id=watched)
    for task_id in ("queued", "jimmyai", "sensor"):
        run.wait_for(task_id, "deferred")
    with pytest.raises(httpx.HTTPStatusError) as refused:
        stack.api.request("DELETE", f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}")
    assert refused.value.response.status_code == httpx.codes.CONFLICT
    time.sleep(4)
    assert run.the_video("queued").status == "queued"
    for task_id in ("queued", "jimmyai"):
        run.finish(run.the_video(task_id))
    patient.finish(watched)
    assert stack.api.wait_for_run(run.dag_id, run.run_id) == "success"
    assert [len(run.bills(task_id)) for task_id in ("queued", "jimmyai")] == [1, 1]


# -- failover


def freeze_until(stack: AirflowStack, true: Callable[[], bool], seconds: float) -> bool:
    """Whether that came true while the first triggerer was frozen."""
    deadline = time.monotonic() + seconds
    stack.signal_component("triggerer", signal.SIGSTOP)
    try:
        while not (found := true()) and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        stack.signal_component("triggerer", signal.SIGCONT)
    time.sleep(0 if found else 3)
    return found


def others(stack: AirflowStack, triggerer: int) -> int:
    """How many triggers are with another triggerer, or with none."""
    with closing(sqlite3.connect(f"file:{stack.home}/airflow.db?mode=ro", uri=True, timeout=30)) as database:
        query = "SELECT COUNT(*) FROM trigger WHERE triggerer_id IS NULL OR triggerer_id != ?"
        return int(database.execute(query, (triggerer,)).fetchone()[0])


def test_failover_to_another_triggerer_cancels_no_live_video(stack: AirflowStack, patient: Simulator) -> None:
    """Airflow 3.3.0 to 3.3.2 kill the triggers of a triggerer that comes back after another one has taken over."""
    run = start(stack, (patient,), "stack_kill_failover")
    for task_id, index in MAPPED_AND_ALONE:
        run.wait_for(task_id, "deferred", index)
    before = {job["id"] for job in stack.api.jobs("TriggererJob")}
    stack.start_component("triggerer", "triggerer-2")
    try:
        wait_until(lambda: bool({job["id"] for job in stack.api.jobs("TriggererJob")} - before), "there are two")
        (second,) = {job["id"] for job in stack.api.jobs("TriggererJob")} - before
        time.sleep(3)
        # SQLite's patience, should the frozen one hold a lock, is 30 s.
        assert any(freeze_until(stack, lambda: others(stack, second) == 0, seconds=25) for _ in range(4))
        for task_id, index in MAPPED_AND_ALONE:
            run.wait_for_log(task_id, "goes on: its task has not ended", index)
        time.sleep(2)
        statuses = [run.the_video(task_id, index).status for task_id, index in MAPPED_AND_ALONE]
        assert statuses == ["queued"] * 3
        for task_id, index in MAPPED_AND_ALONE:
            run.finish(run.the_video(task_id, index))
        assert stack.api.wait_for_run(run.dag_id, run.run_id) == "success", stack.failures(run.dag_id, run.run_id)
        assert [len(run.bills(task_id, index)) for task_id, index in MAPPED_AND_ALONE] == [1, 1, 1]
    finally:
        stack.kill_component("triggerer-2", signal.SIGTERM)
