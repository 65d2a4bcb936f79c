# mypy: disable-error-code="attr-defined, call-overload, operator, untyped-decorator"
"""`@task.seedance_video` in whole DAGs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.submissions.submitter import Submitter

from .helpers import ARK, MODEL, PROMPT, RETRIES, all_xcoms, run, states, xcom

pytestmark = pytest.mark.dag


def dag_of(dag_id: str, function: Callable[..., Any], *args: Any, **decorator: Any) -> DAG:
    with DAG(dag_id, schedule=None) as dag:
        task.seedance_video(**ARK | RETRIES | {"task_id": "make"} | decorator)(function)(*args)
    return dag


def break_after_the_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the first attempt die when the video is submitted and recorded."""
    whole, broken = Submitter.obtain, list[int]()

    def breaking(self: Submitter) -> Any:
        value = whole(self)
        if not broken:
            broken.append(1)
            raise OSError("the worker is gone")
        return value

    monkeypatch.setattr(Submitter, "obtain", breaking)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_returned_prompt_becomes_a_video_and_the_function_is_called_once(sim: Simulator, deferrable: bool) -> None:
    calls: list[str] = []

    def compose(subject: str) -> str:
        calls.append(subject)
        return f"{subject} in rain"

    make = run(dag_of(f"decorated_{deferrable}", compose, "a boat", deferrable=deferrable, duration=5))["make"]
    (bill,) = sim.ledger
    assert str(make.state) == "success"
    assert calls == ["a boat"]
    assert sim.videos[bill.video_id].prompt == "a boat in rain"
    assert (xcom(make, "video_id"), xcom(make)["status"], xcom(make, "seconds")) == (bill.video_id, "succeeded", 5)
    assert bill.video_id in xcom(make, "video_url")


def test_a_returned_dict_overrules_the_decorator(sim: Simulator) -> None:
    def compose() -> dict[str, Any]:
        return {"prompt": PROMPT, "duration": 8, "resolution": "480p", "ratio": None, "model": MODEL}

    fields = {"model": "seedance-2-0-260128", "duration": 4, "ratio": "9:16", "generate_audio": False}
    make = run(dag_of("decorated_dict", compose, **fields))["make"]
    (bill,) = sim.ledger
    told = {key: bill.request.get(key) for key in ("model", "duration", "resolution", "ratio", "generate_audio")}
    assert told == {"model": MODEL, "duration": 8, "resolution": "480p", "ratio": None, "generate_audio": False}
    assert (xcom(make, "model"), xcom(make, "seconds")) == (MODEL, 8)


def test_the_model_may_be_left_to_the_function_and_the_connection_to_default_args(sim: Simulator) -> None:
    with DAG("decorated_defaults", schedule=None, default_args={"seedance_conn_id": "seedance_jimmyai"}) as dag:

        @task.seedance_video(poll_interval=0.05)
        def make() -> dict[str, Any]:
            return {"model": "seedance2.0-fast-i2v", "prompt": PROMPT, "duration": 5}

        make()
    assert states(run(dag)) == {"make": "success"}
    assert [(bill.vendor, bill.model) for bill in sim.ledger] == [("jimmyai", "seedance2.0-fast-i2v")]


def test_it_can_be_mapped_over_its_arguments(sim: Simulator) -> None:
    with DAG("decorated_mapped", schedule=None) as dag:

        @task
        def subjects() -> list[str]:
            return ["boat", "kite"]

        @task.seedance_video(**ARK)
        def make(subject: str, place: str) -> str:
            return f"a {subject} in {place}"

        make.partial(place="rain").expand(subject=subjects())
    tasks = run(dag)
    assert states(tasks) == {"make[0]": "success", "make[1]": "success", "subjects": "success"}
    prompts = {bill.video_id: sim.videos[bill.video_id].prompt for bill in sim.ledger}
    assert [prompts[xcom(tasks[f"make[{i}]"], "video_id")] for i in range(2)] == ["a boat in rain", "a kite in rain"]
    assert len(prompts) == 2


def test_the_output_of_one_is_an_argument_of_the_next(sim: Simulator) -> None:
    with DAG("decorated_chain", schedule=None) as dag:

        @task.seedance_video(return_last_frame=True, **ARK)
        def first() -> str:
            return PROMPT

        @task.seedance_video(**ARK)
        def second(video: dict[str, Any]) -> dict[str, Any]:
            return {"prompt": "it goes on", "first_frame": video["last_frame_url"]}

        second(first())
    tasks = run(dag)
    assert states(tasks) == {"first": "success", "second": "success"}
    assert xcom(tasks["first"], "last_frame_url") in str(sim.ledger[1].request)


def test_a_retry_goes_on_with_the_first_attempt_s_video(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    break_after_the_submission(monkeypatch)
    make = run(dag_of("decorated_retry", lambda: PROMPT))["make"]
    assert (str(make.state), xcom(make, "attempts")) == ("success", 2)
    assert [bill.video_id for bill in sim.ledger] == [xcom(make, "video_id")]


def test_a_retry_that_asks_for_something_else_is_refused_and_pays_nothing(
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    break_after_the_submission(monkeypatch)
    calls: list[int] = []

    def compose() -> str:
        calls.append(1)
        return f"take {len(calls)}"

    make = run(dag_of("decorated_changed", compose))["make"]
    assert (str(make.state), make.try_number, len(sim.ledger)) == ("failed", 2, 1)
    # Airflow 3.0 wraps its lines, in colour.
    shown = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", "".join(capfd.readouterr()) + caplog.text).split())
    assert "RequestChangedError" in shown
    assert "the request has changed since: prompt." in shown
    assert "a @task.seedance_video function that returns something else each time it is called" in shown


def test_the_function_is_called_again_after_the_vendor_had_no_room(sim: Simulator) -> None:
    sim.faults.add(Fault("http_429"))
    calls: list[int] = []

    def compose() -> str:
        calls.append(1)
        return PROMPT

    make = run(dag_of("decorated_room", compose))["make"]
    assert (str(make.state), len(calls), len(sim.ledger)) == ("success", 2, 1)
    assert sim.videos[sim.ledger[0].video_id].prompt == PROMPT


@pytest.mark.parametrize(
    "answer",
    [None, ["a", "b"], "", {}, {"prompt": PROMPT, "promt": "x"}, {"prompt": PROMPT, "duration": 99}],
    ids=["nothing", "list", "empty", "empty-dict", "unknown-field", "broken-rule"],
)
def test_an_answer_that_is_no_request_fails_at_once_and_sends_nothing(sim: Simulator, answer: Any) -> None:
    make = run(dag_of("decorated_wrong", lambda: answer))["make"]
    assert (str(make.state), make.try_number) == ("failed", 1)
    assert sim.requests == []


def test_an_error_of_the_function_is_the_task_s_and_may_be_retried(sim: Simulator) -> None:
    calls: list[int] = []

    def compose() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("no network")
        return PROMPT

    make = run(dag_of("decorated_error", compose))["make"]
    assert (str(make.state), make.try_number, len(sim.ledger)) == ("success", 2, 1)


def test_what_is_kept_for_the_end_of_a_wait_holds_no_prompt_and_no_signature(sim: Simulator) -> None:
    def compose() -> dict[str, Any]:
        image = "https://cdn.example/style.png?X-Tos-Signature=5ec4e7"
        return {"prompt": PROMPT, "reference_images": [image, "data:image/png;base64,5ec4e7"]}

    make = run(dag_of("decorated_kept", compose))["make"]
    assert str(make.state) == "success"
    kept = xcom(make, "seedance_request")
    assert kept["reference_images"] == ["https://cdn.example/style.png"]
    others = {key: value for key, value in all_xcoms(make).items() if "url" not in key and "Link" not in key}
    del others["return_value"]
    assert "5ec4e7" not in str(others)
    del others["seedance_asked"]  # for the pages: holds what the rendered fields hold
    assert "Zebedee" not in str(others)


def test_rules_that_literals_break_are_told_when_the_dag_is_parsed() -> None:
    with DAG("decorated_rules", schedule=None), pytest.raises(InvalidRequestError, match="duration"):
        task.seedance_video(task_id="make", model="seedance2.0-fast-i2v", duration=99)(lambda: PROMPT)()


def test_what_the_function_may_still_set_is_not_held_against_the_decorator() -> None:
    lone_sound: dict[str, Any] = {
        "model": "seedance2.0-of-sp",
        "reference_audios": ["https://cdn.example/a.mp3"],
        "duration": 5,
    }
    with DAG("decorated_open", schedule=None):
        with pytest.raises(InvalidRequestError, match="reference_audios"):
            SeedanceCreateVideoOperator(task_id="create", prompt=PROMPT, **lone_sound)
        task.seedance_video(task_id="make", **lone_sound)(lambda: PROMPT)()
