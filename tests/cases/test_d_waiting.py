"""Time-outs and poll intervals: one rule for everything that waits, judged before anything is paid; and kept."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from airflow_provider_seedance.api.errors import InvalidRequestError, VideoTimeoutError
from airflow_provider_seedance.decorators.seedance import seedance_video_task
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.submissions.pauses import Pauses
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator
from airflow_provider_seedance.triggers import seedance as trigger_module
from airflow_provider_seedance.triggers.seedance import SETTLED_AFTER, SeedanceVideoTrigger
from dev.task_life import TaskState, Ti, as_stored
from tests.any_airflow import AIRFLOW, load_dag_bag

MODEL = "dreamina-seedance-2-0-fast-260128"
ASKS: dict[str, Any] = {"model": MODEL, "prompt": "a boat", "seedance_conn_id": "seedance_byteplus"}


def create(**arguments: Any) -> Any:
    return SeedanceCreateVideoOperator(task_id="create", wait_for_completion=True, **ASKS, **arguments)


def decorated(**arguments: Any) -> Any:
    with DAG("decorated", schedule=None) as dag:

        @seedance_video_task(**ASKS, **arguments)
        def clip() -> str:
            return "a boat"

        clip()
    return dag.get_task("clip")


def sensor(**arguments: Any) -> Any:
    if "poll_interval" in arguments:
        arguments["poke_interval"] = arguments.pop("poll_interval")
    defaults = {"seedance_conn_id": "seedance_byteplus", "video_id": "cgt-1"}
    return SeedanceVideoSensor(task_id="wait", **defaults | arguments)


def upload(**arguments: Any) -> Any:
    return SeedanceUploadAssetOperator(task_id="upload", source="girl.png", **arguments)


FACES: dict[str, Callable[..., Any]] = {"create": create, "decorator": decorated, "sensor": sensor, "upload": upload}

BAD: dict[str, tuple[Any, str]] = {
    "text": ("3600", "not a str"),
    "nothing": (None, "not None"),
    "yes": (True, "not a bool"),
    "no": (False, "not a bool"),
    "a list": ([10], "not a list"),
    "not a number": (float("nan"), "not nan seconds"),
    "without an end": (float("inf"), "not inf seconds"),
    "before the beginning of time": (float("-inf"), "not -inf seconds"),
    "nought": (0, "not 0 seconds"),
    "less than nought": (-1, "not -1 seconds"),
    "a timedelta of nought": (timedelta(0), "not 0 seconds"),
    "a timedelta backwards": (timedelta(seconds=-5), "not -5 seconds"),
    "longer than any database can add to a date": (timedelta(days=10**6), "100 years"),
    "longer than any float": (10**400, "not inf seconds"),
}
"""What was given -> what is said of it."""

each_face = pytest.mark.parametrize("face", FACES)
each_argument = pytest.mark.parametrize("argument", ["timeout", "poll_interval"])
bad = pytest.mark.parametrize(("value", "words"), BAD.values(), ids=list(BAD))


@each_face
@each_argument
@bad
def test_case_d1_what_is_no_span_of_time_is_refused_when_the_dag_is_parsed(
    face: str, argument: str, value: Any, words: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        FACES[face](**{argument: value})
    message = str(caught.value)
    name = "poke_interval" if (face, argument) == ("sensor", "poll_interval") else argument
    assert message.startswith(f"Nothing was sent. {name}: takes a number of seconds or a timedelta")
    assert words in message
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, AirflowFailException)  # a mapped task is made on the worker: no retry helps it


@each_argument
@bad
def test_case_d1_the_hook_refuses_it_too(argument: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=argument) as caught:
        SeedanceHook("never_looked_up").wait_for_video("cgt-1", **{argument: value})
    assert words in str(caught.value)


@each_face
@pytest.mark.parametrize("value", [90, 90.0, timedelta(seconds=90), timedelta(minutes=1.5)])
def test_case_d1_numbers_and_timedeltas_mean_the_same(face: str, value: Any) -> None:
    made = FACES[face](timeout=value, poll_interval=value)
    interval = made.poke_interval if face == "sensor" else made.poll_interval
    assert (made.timeout, interval) == (90.0, 90.0)
    assert (type(made.timeout), type(interval)) == (float, float)


def test_case_d1_the_kinds_of_numbers_that_libraries_make_are_taken() -> None:
    from fractions import Fraction

    assert create(timeout=Fraction(7, 2)).timeout == 3.5


@pytest.mark.parametrize("value", [0, -1, True, "1", None, 1.5])
def test_case_d1_the_transfer_s_limit_is_judged_when_the_dag_is_parsed(value: Any) -> None:
    with pytest.raises(ValueError, match="max_bytes must be a whole number above 0"):
        SeedanceVideoToObjectStorageOperator(task_id="land", output_path="s3://b/", video_id="v", max_bytes=value)


DAG_FILE = """
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

with DAG("parsed", schedule=None):
    SeedanceCreateVideoOperator(
        task_id="create", model="dreamina-seedance-2-0-260128", prompt="a boat", timeout={timeout}
    )
"""


def test_case_d1_a_dag_file_with_a_text_for_a_time_out_is_an_import_error(tmp_path: Path, airflow_db: None) -> None:
    (tmp_path / "bad.py").write_text(DAG_FILE.format(timeout="'3600'"))
    (tmp_path / "good.py").write_text(DAG_FILE.format(timeout="3600"))
    bag = load_dag_bag(tmp_path)
    assert list(bag.dags) == ["parsed"]
    ((path, message),) = bag.import_errors.items()
    assert path.endswith("bad.py")
    assert "timeout: takes a number of seconds or a timedelta, not a str" in message


@pytest.fixture
def sim(seedance_simulator: Simulator, seedance_connections: dict[str, str]) -> Simulator:
    return seedance_simulator


def deferred(made: Any, context: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        made.execute(context)
    return caught.value


def context_of(ti: Any = None) -> Any:
    return {"ti": ti or Ti(), "task_state_store": TaskState()}


@pytest.mark.parametrize("face", ["create", "decorator"])
def test_case_d1_one_post_and_a_deferral_whose_deadline_is_the_timedelta_s(face: str, sim: Simulator) -> None:
    before = time.time()
    made = FACES[face](timeout=timedelta(hours=1), poll_interval=timedelta(seconds=7))
    handed_over = deferred(made, context_of())
    _, kwargs = handed_over.trigger.serialize()
    assert before + 3600 <= kwargs["deadline"] <= time.time() + 3600
    assert kwargs["poll_interval"] == 7.0
    json.dumps(kwargs)
    assert handed_over.timeout
    assert len(sim.ledger) == 1


# -- execution_timeout while deferred --------------------------------------------------------------------------------


def submitted(sim: Simulator) -> str:
    hook = SeedanceHook("seedance_byteplus")
    try:
        return hook.create_video({"model": MODEL, "prompt": "a boat"}).video_id
    finally:
        hook.close()


def started(seconds_ago: float) -> Any:
    return Ti(task_id="wait", start_date=datetime.now(tz=UTC) - timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("timeout", "execution_timeout", "ago", "left"),
    [(3600, 600, 0, 600), (3600, 600, 100, 500), (600, 3600, 0, 600), (600, None, 100, 600), (3600, 60, 100, -40)],
)
@pytest.mark.parametrize("face", ["sensor", "create"])
def test_case_i_a_deferred_wait_ends_with_the_attempt_s_execution_timeout(
    face: str, timeout: float, execution_timeout: float | None, ago: float, left: float, sim: Simulator
) -> None:
    limit = {"execution_timeout": timedelta(seconds=execution_timeout) if execution_timeout else None}
    given = {"video_id": submitted(sim)} if face == "sensor" else {}
    handed_over = deferred(FACES[face](timeout=timeout, **limit, **given), context_of(started(ago)))
    _, kwargs = handed_over.trigger.serialize()
    assert kwargs["deadline"] == pytest.approx(time.time() + left, abs=30)
    assert handed_over.timeout
    assert handed_over.timeout > timedelta(seconds=max(left, 0))  # Airflow's own is the safety net, not the first


@pytest.mark.parametrize("face", ["sensor", "create"])
def test_case_i_a_renewed_deferral_keeps_the_deadline_of_the_first_one(face: str, sim: Simulator) -> None:
    """The vendor answers from a copy that is behind: the wait goes back to the triggerer, with no new time."""
    context = context_of(started(100))
    given = {"video_id": submitted(sim)} if face == "sensor" else {}
    made = FACES[face](timeout=3600, execution_timeout=timedelta(seconds=600), **given)
    made.pauses = Pauses(sleep=lambda seconds: None)
    first = deferred(made, context)
    _, kwargs = first.trigger.serialize()
    assert kwargs["deadline"] == pytest.approx(time.time() + 500, abs=30)
    sim.finish(kwargs["video_id"])
    event = as_stored(asyncio.run(asyncio.wait_for(anext(first.trigger.run()), 60)).payload)
    sim.faults.add(Fault("flapping_status", on="poll", polls=50))
    for _ in range(2):  # however often it happens
        with pytest.raises(TaskDeferred) as renewed:
            made.resume_execution(first.method_name, {"event": event}, context)
        _, again = renewed.value.trigger.serialize()
        assert again["deadline"] == kwargs["deadline"]
        assert renewed.value.timeout
        assert renewed.value.timeout > timedelta(seconds=again["deadline"] - time.time())


def ended_by(video_id: str, deadline: float) -> dict[str, Any]:
    """The event of a trigger with such a deadline, as Airflow stores it."""
    trigger = SeedanceVideoTrigger(
        seedance_conn_id="seedance_byteplus", video_id=video_id, poll_interval=0.01, deadline=deadline
    )

    async def events() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    (payload,) = asyncio.run(asyncio.wait_for(events(), 60))
    event: dict[str, Any] = json.loads(json.dumps(payload))
    return event


def test_case_i_after_execution_timeout_the_sensor_may_be_retried_after_its_own_timeout_not(sim: Simulator) -> None:
    video_id = submitted(sim)
    event = {"event": ended_by(video_id, time.time() + 0.05)}
    short = sensor(video_id=video_id, timeout=3600, execution_timeout=timedelta(seconds=60))
    with pytest.raises(VideoTimeoutError, match=r"execution_timeout has passed.*may still finish") as caught:
        short.resume_execution("execute_complete", event, context_of())
    assert isinstance(caught.value, AirflowException)
    assert not isinstance(caught.value, AirflowFailException)
    for limit in (None, timedelta(seconds=3600), timedelta(days=1)):
        with pytest.raises(AirflowSensorTimeout):
            sensor(video_id=video_id, timeout=3600, execution_timeout=limit).resume_execution(
                "execute_complete", event, context_of()
            )
    skipping = sensor(video_id=video_id, timeout=3600, execution_timeout=timedelta(seconds=60), soft_fail=True)
    with pytest.raises(AirflowSkipException):
        skipping.resume_execution("execute_complete", event, context_of())


@pytest.mark.skipif(AIRFLOW < (3, 0), reason="Airflow 2 fails the task with a TaskDeferralError, which it retries")
def test_case_i_where_airflow_keeps_the_execution_timeout_itself_the_sensor_may_be_retried_too(
    sim: Simulator,
) -> None:
    """A sensor that starts in the triggerer: no worker could tell the trigger a deadline."""
    gave_up = ("__fail__", {"error": "Trigger timeout"})
    with pytest.raises(VideoTimeoutError, match="execution_timeout has passed") as caught:
        sensor(timeout=3600, execution_timeout=timedelta(seconds=60)).resume_execution(*gave_up, context_of())
    assert not isinstance(caught.value, AirflowFailException)
    with pytest.raises(AirflowSensorTimeout):
        sensor(timeout=60, execution_timeout=timedelta(seconds=3600)).resume_execution(*gave_up, context_of())
    assert sim.requests == []


def test_case_i_an_execution_timeout_that_has_passed_ends_the_wait_after_a_last_poll(sim: Simulator) -> None:
    video_id = submitted(sim)
    made = sensor(video_id=video_id, timeout=3600, execution_timeout=timedelta(seconds=1))
    handed_over = deferred(made, context_of(started(5)))
    _, kwargs = handed_over.trigger.serialize()
    assert "not ready in time" in ended_by(video_id, kwargs["deadline"])["error"]["message"]
    sim.finish(video_id)
    assert ended_by(video_id, kwargs["deadline"])["outcome"] == "succeeded"


# -- Airflow's own time-outs and races -------------------------------------------------------------------------------


@pytest.mark.parametrize("face", ["sensor", "create"])
@pytest.mark.parametrize("interval", [1, 600])
def test_airflow_s_own_time_out_comes_last_also_with_ten_minutes_between_polls(
    face: str, interval: float, sim: Simulator
) -> None:
    given = {"video_id": submitted(sim)} if face == "sensor" else {}
    handed_over = deferred(FACES[face](timeout=300, poll_interval=interval, **given), context_of())
    assert handed_over.timeout
    assert handed_over.timeout > timedelta(seconds=300 + interval)


def test_of_a_task_instance_nothing_fires_within_six_seconds(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow takes the late report of the deferring worker's end, up to five seconds old, for the resumed run's."""
    assert SETTLED_AFTER >= 6
    monkeypatch.setattr(trigger_module, "SETTLED_AFTER", 0.7)
    video_id = submitted(sim)
    sim.finish(video_id)

    async def fired_after(video: str, ti: Any) -> float:
        trigger = SeedanceVideoTrigger(seedance_conn_id="seedance_byteplus", video_id=video)
        trigger.task_instance = ti
        before = time.monotonic()
        async for _ in trigger.run():
            return time.monotonic() - before
        raise AssertionError("it never fired")

    ti = SimpleNamespace(task_id="wait")
    assert asyncio.run(fired_after(video_id, ti)) >= 0.65
    assert asyncio.run(fired_after("None", ti)) >= 0.65  # what is no id, too
