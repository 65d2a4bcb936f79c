# mypy: disable-error-code="index"
"""The create operator when its DAG is parsed: literals are judged, templates left alone, nothing is looked up."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseHook, BaseOperator, task

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import REQUEST_FIELDS
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import VENDORS
from tests.any_airflow import load_dag_bag

from .helpers import SIMPLE, assert_names

IMAGE = "https://cdn.example/i.png"
SOUND = "https://cdn.example/s.mp3"


@pytest.fixture(autouse=True)
def nothing_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> Any:
        raise AssertionError("a DAG file that is being parsed must not look up a connection")

    monkeypatch.setattr(BaseHook, "get_connection", refuse)


def create(vendor: str = "byteplus", **fields: Any) -> SeedanceCreateVideoOperator:
    return SeedanceCreateVideoOperator(task_id="create", **SIMPLE[vendor] | fields)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_good_request_constructs(vendor: str) -> None:
    operator = create(vendor)
    assert operator.seedance_conn_id == "seedance_default"
    assert operator.multiple_outputs


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


def circle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["a"] = value
    return value


BROKEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "too long": ({"duration": 99}, ["duration"]),
    "no number": ({"duration": "five"}, ["duration"]),
    "an unknown resolution": ({"resolution": "8k"}, ["resolution"]),
    "an unknown ratio": ({"ratio": "5:3"}, ["ratio"]),
    "ten images": ({"reference_images": [IMAGE] * 10}, ["reference_images", "9"]),
    "one image as a bare text": ({"reference_images": IMAGE}, ["reference_images"]),
    "images as a set": ({"reference_images": {IMAGE}}, ["reference_images", "a set has no order"]),
    "a seed of 5,000 digits": ({"seed": 10**5000}, ["seed", "less than"]),
    "a number of 5,000 digits": ({"extra": {"priority": 10**5000}}, ["extra", "can't be written as JSON"]),
    "a field of 100,000 levels": ({"extra": {"a": nested(100_000)}}, ["extra", "can't be written as JSON"]),
    "a field that contains itself": ({"extra": circle()}, ["extra", "can't be written as JSON"]),
    "a key that is no text": ({"extra": {"a": {(1, 2): 3}}}, ["extra", "can't be written as JSON"]),
    "frames and references": ({"first_frame": IMAGE, "reference_images": [IMAGE]}, ["first_frame", "reference_images"]),
    "sound alone": ({"reference_audios": [SOUND]}, ["reference_audios"]),
    "no prompt": ({"prompt": ""}, ["prompt"]),
    "a prompt of spaces": ({"prompt": "  "}, ["prompt"]),
    "no model": ({"model": ""}, ["model"]),
    "two rules at once": ({"duration": 99, "ratio": "5:4"}, ["duration", "ratio"]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_literal_that_breaks_a_rule_is_refused_by_field(name: str) -> None:
    fields, words = BROKEN[name]
    with pytest.raises(InvalidRequestError) as caught:
        create(**fields)
    assert_names(str(caught.value), ["Nothing was sent", *words])
    assert isinstance(caught.value, AirflowFailException)


def test_a_prompt_that_is_too_long_for_its_route_is_refused_without_being_quoted() -> None:
    with pytest.raises(InvalidRequestError, match=r"prompt.*5,?000") as caught:
        create("jimmyai", prompt="Zebedee" * 1000)
    assert "Zebedee" not in str(caught.value)


def test_a_field_that_the_operator_does_not_have_is_refused() -> None:
    # A TypeError; Airflow 2 makes it an AirflowException.
    with pytest.raises(Exception, match="durations"):
        create(durations=5)


@pytest.mark.parametrize("choice", ["", "retry", None])
def test_an_unknown_choice_is_refused(choice: Any) -> None:
    with pytest.raises(ValueError, match="on_unknown_submission"):
        create(on_unknown_submission=choice)


# -- what is not known yet -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", REQUEST_FIELDS)
@pytest.mark.parametrize("template", ["{{ params.x }}", "{% if a %}1{% endif %}", ["{{ params.x }}"], {"a": "{{ x }}"}])
def test_a_template_in_any_field_is_left_alone(field: str, template: Any) -> None:
    assert getattr(create(**{field: template}), field) == template


@pytest.mark.parametrize("field", REQUEST_FIELDS)
def test_another_task_s_output_in_any_field_is_left_alone(field: str) -> None:
    with DAG("outputs", schedule=None):
        before = BaseOperator(task_id="before")
        outputs: dict[str, Any] = {field: before.output}
        operator = create(**outputs)
        assert operator.upstream_task_ids == {"before"}


def test_an_output_among_literals_is_left_alone() -> None:
    with DAG("mixed", schedule=None):
        before = BaseOperator(task_id="before")
        operator = create(reference_images=[IMAGE, before.output], extra={"a": {"b": [before.output]}})
        assert operator.upstream_task_ids == {"before"}


def test_a_broken_literal_is_refused_though_another_field_is_a_template() -> None:
    with pytest.raises(InvalidRequestError, match="duration"):
        create(duration=99, prompt="{{ params.prompt }}")


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "{{ params.model }}", "duration": 99},
        {"first_frame": "{{ params.frame }}", "reference_images": [IMAGE]},
        {"reference_audios": [SOUND], "reference_images": "{{ params.images }}"},
        {"reference_audios": [SOUND], "reference_images": ["{{ params.image }}"]},
    ],
)
def test_a_rule_that_depends_on_a_template_waits_for_its_value(fields: dict[str, Any]) -> None:
    assert create(**fields)


@pytest.mark.parametrize("model", ["ep-20261120-abc", "seedance-3-0-new"])
def test_a_model_that_nobody_documented_is_left_to_its_vendor(model: str) -> None:
    assert create(model=model, duration=99)


def test_numbers_and_switches_may_be_texts_as_templates_make_them() -> None:
    assert create(duration="5", seed="7", watermark="false", generate_audio="True")


# -- the operator's face ---------------------------------------------------------------------------------------------


def test_every_field_of_a_request_is_an_argument_and_a_template_field() -> None:
    arguments = inspect.signature(SeedanceCreateVideoOperator.__init__).parameters
    assert set(REQUEST_FIELDS) <= set(arguments)
    others = {"seedance_conn_id", "fallback_conn_ids", "max_cost", "output_path", "object_storage_conn_id"}
    assert set(SeedanceCreateVideoOperator.template_fields) == {*REQUEST_FIELDS, *others}
    documented = SeedanceCreateVideoOperator.__doc__ or ""
    for name in arguments:
        if name not in ("self", "kwargs"):
            assert f":param {name}: " in documented
    for name in SeedanceCreateVideoOperator.template_fields:
        line = documented.partition(f":param {name}: ")[2].partition(":param ")[0]
        assert "(templated)" in line


def test_it_maps_over_fields_and_over_dicts() -> None:
    simple = SIMPLE["byteplus"]
    with DAG("mapped", schedule=None) as dag:
        prompts = BaseOperator(task_id="prompts")
        partial = SeedanceCreateVideoOperator.partial(task_id="create", model=simple["model"])
        created = partial.expand(prompt=["a", "b"])
        SeedanceCreateVideoOperator.partial(task_id="of_output").expand_kwargs(prompts.output)
        SeedanceCreateVideoOperator.partial(task_id="of_dicts").expand_kwargs([simple, simple | {"duration": 5}])
        SeedanceVideoSensor.partial(task_id="wait").expand(video_id=created.output)
    assert set(dag.task_ids) == {"prompts", "create", "of_output", "of_dicts", "wait"}


def test_a_mapped_field_that_does_not_exist_is_refused() -> None:
    with DAG("mapped_badly", schedule=None), pytest.raises(TypeError, match="prompts"):
        SeedanceCreateVideoOperator.partial(task_id="create", model="m").expand(prompts=["a"])


def test_its_output_can_be_taken_key_by_key() -> None:
    with DAG("keys", schedule=None) as dag:
        created = create()
        waiting = SeedanceVideoSensor(task_id="wait", video_id=created.output["video_id"])

        @task
        def upload(url: str) -> None: ...

        upload(waiting.output["video_url"])
    assert dag.get_task("wait").upstream_task_ids == {"create"}
    assert dag.get_task("upload").upstream_task_ids == {"wait"}


DAG_FILE = """
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

with DAG("parsed", schedule=None):
    SeedanceCreateVideoOperator(
        task_id="create", model="dreamina-seedance-2-0-260128", prompt="Zebedee", duration={duration}
    )
"""


def test_a_dag_file_with_a_broken_literal_is_an_import_error_that_names_field_and_rule(
    tmp_path: Path, airflow_db: None
) -> None:
    (tmp_path / "bad.py").write_text(DAG_FILE.format(duration=99))
    (tmp_path / "good.py").write_text(DAG_FILE.format(duration=5))
    bag = load_dag_bag(tmp_path)
    assert list(bag.dags) == ["parsed"]
    ((path, message),) = bag.import_errors.items()
    assert path.endswith("bad.py")
    assert_names(message, ["InvalidRequestError", "duration", "4", "15"])
    assert "Zebedee" not in message.partition("InvalidRequestError")[2]
