"""A task that is cleared starts over, whatever else has changed in its DAG (C6). See docs/guarantees.md."""

from collections.abc import Iterator

import pytest

from airflow_provider_seedance.simulator import Simulator
from dev.stack import AirflowStack
from tests.stack.test_kill import Run, start, wait_until

pytestmark = pytest.mark.stack


def edit_retries(stack: AirflowStack, number: int) -> None:
    """Edits the DAG, and waits until Airflow has taken notice."""
    (stack.home / "stack_clearing_retries").write_text(str(number))
    stack.api.read_dag_again("stack_clearing")

    def noticed() -> bool:
        return bool(stack.api.get("/api/v2/dags/stack_clearing/tasks/clip")["retries"] == number)

    wait_until(noticed, f"Airflow has noticed retries={number}", timeout=120)


@pytest.fixture
def edited(stack: AirflowStack) -> Iterator[AirflowStack]:
    edit_retries(stack, 1)
    yield stack
    edit_retries(stack, 1)


def max_tries(run: Run) -> int:
    tasks = run.stack.api.task_instances(run.dag_id, run.run_id)
    return next(int(task["max_tries"]) for task in tasks if task["task_id"] == "clip")


@pytest.mark.parametrize("finished", [False, True], ids=["while its run goes on", "after its run has finished"])
def test_case_c6_a_task_that_is_cleared_after_its_retries_were_lowered_makes_a_new_video(
    edited: AirflowStack, patient: Simulator, finished: bool
) -> None:
    run = start(edited, (patient,), "stack_clearing")
    run.wait_for("clip", "success")
    run.wait_for("sibling", "deferred")
    old = run.the_video("clip")
    if finished:
        run.finish(run.the_video("sibling"))
        run.wait_for("sibling", "success")
        edited.api.wait_for_run(run.dag_id, run.run_id)
    before = max_tries(run)
    edit_retries(edited, 0)
    run.end("clip", "clear")
    wait_until(lambda: len(run.videos("clip")) > 1, "there is a new video", timeout=120)
    run.wait_for("clip", "success")
    assert max_tries(run) == before, "so that alone says nothing"
    new = run.videos("clip")[-1]
    assert edited.api.xcom(run.dag_id, run.run_id, "clip", "video_id") == new.id != old.id
    assert old.status == "cancelled", "it had not started"
    assert len(run.videos("clip")) == 2
    run.fail()
