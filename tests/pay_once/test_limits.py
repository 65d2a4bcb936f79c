"""Paths that were searched for a second bill or a lost video. What is not protected is told here, to be known."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from airflow_provider_seedance.submissions.submitter import Submitter
from dev.task_life import AFTER_POST, DeathError, Step, TaskState, Ti, work
from tests.support.requests import TAKES_IDS

from .helpers import ARKS, CAN_LIST, Attempts, asks, bills
from .test_attempts import UNKNOWN, submit

# -- protected -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", CAN_LIST)
def test_even_with_resubmit_a_look_up_that_fails_is_not_taken_for_an_empty_list(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor, on_unknown_submission="resubmit"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    sim.faults.add(Fault("http_500", on="list", times=3))
    result = task.next()
    assert (result.error, result.retryable) == (UNKNOWN, True)
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)


class Fenced(TaskState):
    """Airflow's store as one attempt has it: closed as soon as the next attempt begins (the API answers 404)."""

    def __init__(self, shared: TaskState) -> None:
        super().__init__()
        self.kept = shared.kept
        self.closed = False

    def get(self, key: str, default: Any = None) -> Any:
        return default if self.closed else super().get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if self.closed:
            raise RuntimeError("task instance not found")
        super().set(key, value)

    def delete(self, key: str) -> None:
        if self.closed:
            raise RuntimeError("task instance not found")
        super().delete(key)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_worker_that_wakes_up_after_its_successor_has_submitted_submits_nothing(sim: Simulator, vendor: str) -> None:
    shared = TaskState()
    old = Fenced(shared)

    class Asleep(Fenced):
        def get(self, key: str, default: Any = None) -> Any:
            """Frozen right after it has read that there is no record."""
            found = super().get(key, default)
            if not self.closed:
                self.closed = True
                assert work(Step(asks(vendor), Ti(2)), Fenced(shared)).kind == "deferred"
            return found

    old = Asleep(shared)
    result = work(Step(asks(vendor), Ti(1)), old)
    assert result.error == "RuntimeError"
    assert len(bills(sim)) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_attempt_cut_off_by_its_execution_timeout_in_the_middle_of_the_post_pays_once(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    from airflow.providers.common.compat.sdk import AirflowTaskTimeout

    create = SeedanceHook.create_video

    def cut_off(self: SeedanceHook, *args: Any, **kwargs: Any) -> Any:
        create(self, *args, **kwargs)
        monkeypatch.setattr(SeedanceHook, "create_video", create)
        raise AirflowTaskTimeout("10 s")

    monkeypatch.setattr(SeedanceHook, "create_video", cut_off)
    task = Attempts(asks(vendor))
    with pytest.raises(AirflowTaskTimeout):
        task.next()
    result = task.next()
    assert result.kind == "deferred" if vendor in (*CAN_LIST, *TAKES_IDS) else result.error == UNKNOWN
    assert len(sim.creates()) == (2 if vendor in TAKES_IDS else 1)
    assert len(bills(sim)) == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_death_during_every_attempt_never_pays_more_than_once(sim: Simulator, vendor: str) -> None:
    from dev.task_life import AFTER_RECORD, BEFORE_XCOM

    task = Attempts(asks(vendor), retries=9)
    for place in (AFTER_RECORD, BEFORE_XCOM, AFTER_RECORD, BEFORE_XCOM, AFTER_RECORD):
        try:
            task.next(die=place)
        except DeathError:
            continue
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", ARKS)
def test_starting_over_survives_a_death_between_cancel_and_post(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    task = Attempts(asks(vendor))
    task.next()
    old = task.video_id
    task.clear()

    def die(self: Submitter, before: Any) -> None:
        raise DeathError

    with monkeypatch.context() as patched:
        patched.setattr(Submitter, "_submit", die)
        with pytest.raises(DeathError):
            task.next()
    assert task.next().kind == "deferred"
    assert [task.video_id] == bills(sim)
    assert sim.videos[old].status == "cancelled"


# -- not protected: each is a decision, or a vendor's gap ------------------------------------------------------------


def test_on_gmi_cloud_twins_with_seeds_are_told_apart(sim: Simulator) -> None:
    lucky, unlucky = Attempts(asks("gmicloud", seed=1)), Attempts(asks("gmicloud", seed=2))
    lucky.next()
    sim.faults.add(Fault("reset_before"))
    assert unlucky.next().error == UNKNOWN


def test_on_gmi_cloud_a_lost_video_with_signed_media_is_found_although_a_retry_signs_them_anew(sim: Simulator) -> None:
    frame = "https://cdn.example/a.png?X-Amz-Signature="
    task = Attempts(asks("gmicloud", first_frame=frame + "1"))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    assert task.next(first_frame=frame + "2").kind == "deferred"


@pytest.mark.parametrize("vendor", ARKS)
def test_on_ark_another_tool_s_video_is_not_taken_for_one_that_never_arrived(sim: Simulator, vendor: str) -> None:
    Attempts(asks(vendor)).next()  # shows that this vendor repeats marks
    sim.videos[next(iter(sim.videos))].created_at -= 3600
    submit(vendor, prompt="made in the console")
    sim.faults.add(Fault("reset_before"))
    task = Attempts(asks(vendor))
    assert task.next().error == UNKNOWN


@pytest.mark.parametrize("vendor", ARKS)
def test_on_ark_siblings_with_the_user_s_own_identifier_are_not_mixed_up(sim: Simulator, vendor: str) -> None:
    own = {"extra": {"safety_identifier": "user-7"}}
    Attempts(asks(vendor, prompt="one", **own)).next()
    sim.faults.add(Fault("reset_before"))
    assert Attempts(asks(vendor, prompt="another", **own)).next().error == UNKNOWN


@pytest.mark.parametrize("vendor", ARKS)
def test_on_ark_the_mark_is_enough_if_a_clock_is_wrong(sim: Simulator, vendor: str) -> None:
    task = Attempts(asks(vendor))
    with pytest.raises(DeathError):
        task.next(die=AFTER_POST)
    next(iter(sim.videos.values())).created_at += 3600
    assert task.next().kind == "deferred"


def test_two_creates_inside_one_task_are_one_submission(sim: Simulator) -> None:
    """Operators called by hand in a task share its record: the same request is one video, another one is refused."""
    task = Attempts(asks("byteplus"))
    task.next()
    task.next()
    assert task.next(prompt="another").error == "RequestChangedError"
    assert len(bills(sim)) == 1
