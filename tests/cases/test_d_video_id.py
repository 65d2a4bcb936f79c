# mypy: disable-error-code="index"
"""What is given as a video's id and is none: told at once, by its likely cause, and repeated nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, TaskDeferred, task

from airflow_provider_seedance.api.errors import InvalidRequestError, SeedanceError
from airflow_provider_seedance.api.outcomes import read_event
from airflow_provider_seedance.api.video_ids import check_video_id, video_id_of
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import VENDORS, Simulator
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator
from airflow_provider_seedance.triggers import seedance as trigger_module
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger
from tests.any_airflow import run_dag

SIGNED = "https://cdn.example/v.mp4?X-Tos-Signature=5ec4e7"
WHOLE = {"video_id": "cgt-1", "status": "succeeded", "video_url": SIGNED, "prompt": "Zebedee"}

NO_IDS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "is None"),
    "an empty text": ("", "is empty"),
    "spaces": (" \n", "is empty"),
    "the word None": ("None", "'None'"),
    "the word null": (" null ", "'null'"),
    "the text of a dict": (str(WHOLE), "text of a whole XCom"),
    "the JSON of a dict": (json.dumps(WHOLE), "text of a whole XCom"),
    "the text of a list": (str([WHOLE]), "text of a whole XCom"),
    "a line break": ("cgt-1\ncgt-2", "line break"),
    "a space": ("cgt-1 cgt-2", "space"),
    "a quote": ("'cgt-1'", "quote"),
    "braces": ("cgt-{1}", "brace"),
    "a template that nobody rendered": ("{{ ti.xcom_pull('create') }}", "not rendered"),
    "a signed URL": (SIGNED, "is a URL"),
    "a path": ("..", "characters that no id has"),
    "half an emoji": ("cgt-\ud83d", "characters that no id has"),
    "a NUL": ("cgt-\x00", "characters that no id has"),
    "far too much": ("a" * 5000, "5000 characters"),
    "a list": (["cgt-1"], "is a list"),
    "yes": (True, "is a bool"),
    "half a number": (1.5, "is a float"),
    "a number without an end": (10**5000, "number"),
}
"""What came as an id -> what is said of it."""

no_ids = pytest.mark.parametrize(("value", "words"), NO_IDS.values(), ids=list(NO_IDS))


def assert_told(error: BaseException, words: str) -> None:
    message = str(error)
    assert message.startswith("Nothing was sent. video_id: ")
    assert words in message
    assert len(message) < 300
    for secret in ("5ec4e7", "Zebedee", "cdn.example", "cgt-1"):
        assert secret not in message
    assert message.isprintable()


@no_ids
def test_case_d3_what_is_no_id_is_refused_by_its_likely_cause(value: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_video_id(value)
    assert_told(caught.value, words)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("cgt-20261120000000-nosuc", "cgt-20261120000000-nosuc"),
        (" task_7Q\n", "task_7Q"),
        ("8f2d9c1e-0a1b-4c3d-9e8f-7a6b5c4d3e2f", "8f2d9c1e-0a1b-4c3d-9e8f-7a6b5c4d3e2f"),
        (20261120, "20261120"),
        ("20261120", "20261120"),
        ("models/seedance/requests/7", "models/seedance/requests/7"),
    ],
)
def test_case_d3_ids_are_stripped_and_numbers_taken_by_their_digits(value: Any, expected: str) -> None:
    assert check_video_id(value) == expected
    assert video_id_of({"video_id": value, "video_url": SIGNED}) == expected


@pytest.mark.parametrize(("value", "words"), [(WHOLE, "whole dict"), ({}, "whole dict")])
def test_case_d3_a_whole_dict_is_told_which_key_to_name(value: Any, words: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_video_id(value)
    assert_told(caught.value, words)
    assert "create.output['video_id']" in str(caught.value)


# -- everywhere ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sim(seedance_simulator: Simulator, seedance_connections: dict[str, str], airflow_db: None) -> Simulator:
    return seedance_simulator


@no_ids
def test_case_d3_the_sensor_refuses_a_literal_when_its_dag_is_parsed(value: Any, words: str) -> None:
    if words == "not rendered":
        SeedanceVideoSensor(task_id="wait", video_id=value)  # it will be
        return
    with pytest.raises(InvalidRequestError) as caught:
        SeedanceVideoSensor(task_id="wait", video_id=value)
    assert_told(caught.value, words)


@no_ids
@pytest.mark.parametrize("deferrable", [True, False])
def test_case_d3_the_sensor_refuses_a_rendered_value_without_asking_anybody(
    value: Any, words: str, deferrable: bool, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sensor = SeedanceVideoSensor(task_id="wait", video_id="{{ x }}", deferrable=deferrable)
    sensor.video_id = value
    with pytest.raises(InvalidRequestError) as caught:
        sensor.execute({})
    assert_told(caught.value, words)
    assert isinstance(caught.value, AirflowFailException)
    assert sim.requests == []
    assert "5ec4e7" not in caplog.text


@no_ids
def test_case_d3_the_transfer_refuses_it_when_parsed_and_when_rendered(
    value: Any, words: str, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    if value is None:
        return  # it has the URL then
    where: dict[str, Any] = {"output_path": "file:///nowhere/{video_id}.mp4"}
    if words != "not rendered":
        with pytest.raises(InvalidRequestError) as caught:
            SeedanceVideoToObjectStorageOperator(task_id="land", video_id=value, **where)
        assert_told(caught.value, words)
    caplog.set_level(logging.DEBUG)
    operator = SeedanceVideoToObjectStorageOperator(task_id="land", video_id="{{ x }}", **where)
    operator.video_id = value
    with pytest.raises(InvalidRequestError) as caught:
        operator.execute({})
    assert_told(caught.value, words)
    assert isinstance(caught.value, AirflowFailException)
    assert sim.requests == []
    assert "5ec4e7" not in caplog.text


@no_ids
def test_case_d3_the_trigger_says_so_in_its_event_at_once(value: Any, words: str, sim: Simulator) -> None:
    """Where a sensor starts in the triggerer, its template is rendered there."""
    trigger = SeedanceVideoTrigger(seedance_conn_id="seedance_byteplus", video_id="{{ x }}")
    trigger.video_id = value

    async def events() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    (payload,) = asyncio.run(asyncio.wait_for(events(), 60))
    video_id, error = read_event(json.loads(json.dumps(payload)))
    assert isinstance(error, InvalidRequestError)
    assert_told(error, words)
    assert video_id == ""
    assert "5ec4e7" not in json.dumps(payload)
    assert sim.requests == []


METHODS: dict[str, Any] = {
    "get_video": lambda value: (value,),
    "get_videos": lambda value: (["cgt-2", value],),
    "cancel_video": lambda value: (value,),
    "cancel_if_not_started": lambda value: (value,),
}


@no_ids
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("twin", ["", "a"])
def test_case_d3_every_method_of_the_hook_refuses_it(
    twin: str, method: str, value: Any, words: str, sim: Simulator
) -> None:
    hook = SeedanceHook("seedance_byteplus")
    called = getattr(hook, twin + method)
    with pytest.raises(InvalidRequestError) as caught:
        asyncio.run(called(*METHODS[method](value))) if twin else called(*METHODS[method](value))
    hook.close()
    assert_told(caught.value, words)
    assert isinstance(caught.value, AirflowFailException)
    assert sim.requests == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_case_d3_what_a_refused_text_would_have_asked_for_is_never_sent_to_any_vendor(
    vendor: str, sim: Simulator
) -> None:
    hook = SeedanceHook(f"seedance_{vendor}")
    with pytest.raises(SeedanceError, match="whole XCom"):
        hook.get_video(str(WHOLE))
    hook.close()
    assert sim.requests == []


@pytest.mark.parametrize("given", [lambda video_id: f" {video_id}\n", lambda video_id: {"video_id": video_id}])
def test_case_d3_a_good_id_reaches_the_trigger_s_stored_arguments_clean(given: Any, sim: Simulator) -> None:
    hook = SeedanceHook("seedance_byteplus")
    model = "dreamina-seedance-2-0-fast-260128"
    video_id = hook.create_video({"model": model, "prompt": "a boat"}).video_id
    hook.close()
    sensor = SeedanceVideoSensor(task_id="wait", video_id=given(video_id), seedance_conn_id="seedance_byteplus")
    with pytest.raises(TaskDeferred) as deferred:
        sensor.execute({})
    _, kwargs = deferred.value.trigger.serialize()
    assert kwargs["video_id"] == video_id


@pytest.mark.dag
def test_case_d3_in_a_dag_the_text_of_the_create_s_dict_ends_the_task_at_once_and_its_url_is_logged_nowhere(
    sim: Simulator, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with DAG("whole_dict_as_text", schedule=None) as dag:

        @task
        def create() -> dict[str, Any]:
            return WHOLE

        wait = SeedanceVideoSensor(task_id="wait", video_id="{{ ti.xcom_pull(task_ids='create') }}", retries=2)
        create() >> wait
    (waited,) = (ti for ti in run_dag(dag).get_task_instances() if ti.task_id == "wait")
    assert (str(waited.state), waited.try_number) == ("failed", 1)
    printed = capfd.readouterr()
    told = [line for line in (caplog.text + printed.out + printed.err).splitlines() if "whole XCom" in line]
    assert told
    assert not any("5ec4e7" in line for line in told)
    assert sim.requests == []


@pytest.mark.dag
def test_case_d3_native_rendering_s_number_and_dict_are_taken(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def get_video(self: SeedanceHook, video_id: Any) -> Any:
        asked.append(video_id)
        raise InvalidRequestError("far enough")

    monkeypatch.setattr(SeedanceHook, "get_video", get_video)
    with DAG("native", schedule=None, render_template_as_native_obj=True) as dag:

        @task
        def number() -> str:
            return "20261120"

        @task
        def whole() -> dict[str, Any]:
            return WHOLE

        first = SeedanceVideoSensor(task_id="by_number", video_id="{{ ti.xcom_pull(task_ids='number') }}")
        second = SeedanceVideoSensor(task_id="by_dict", video_id="{{ ti.xcom_pull(task_ids='whole') }}")
        number() >> first
        whole() >> second
    run_dag(dag)
    assert sorted(asked) == ["20261120", "cgt-1"]


def test_the_trigger_asks_with_the_id_that_a_native_template_made(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Asked(Exception):  # noqa: N818 - the end of this test
        pass

    def wait(kind: Any, video_id: str, **_: Any) -> Any:
        asked.append(video_id)
        raise Asked

    monkeypatch.setattr(trigger_module, "Wait", wait)
    for given in (20261120, {"video_id": " 20261120"}):
        trigger = SeedanceVideoTrigger(seedance_conn_id="seedance_byteplus", video_id="{{ x }}")
        trigger.video_id = given  # type: ignore[assignment]
        with pytest.raises(Asked):
            asyncio.run(trigger.run().__anext__())  # type: ignore[arg-type]
    assert asked == ["20261120"] * 2
