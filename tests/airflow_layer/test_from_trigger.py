from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.from_trigger import why_not_from_trigger
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

PULL = "{{ ti.xcom_pull(task_ids='create', key='video_id', map_indexes=-1) }}"


@pytest.mark.parametrize("video_id", ["vid-1", "{{ dag_run.conf['video_id'] }}", "{{ params.video_id }}", PULL])
def test_what_the_triggerer_can_render_starts_there(video_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.__version__", "3.3.2")
    sensor = SeedanceVideoSensor(task_id="wait", video_id=video_id, start_from_trigger=True, poke_interval=3)
    assert sensor.start_from_trigger is True
    args = sensor.start_trigger_args
    assert args is not None
    trigger = SeedanceVideoTrigger(**(args.trigger_kwargs or {}))
    assert args.trigger_cls == f"{SeedanceVideoTrigger.__module__}.{SeedanceVideoTrigger.__name__}"
    # Airflow renders an attribute of the trigger if it has the name of a template field of the task.
    assert trigger.video_id == video_id
    assert set(sensor.template_fields) <= set(args.trigger_kwargs or {})
    assert args.timeout is not None
    assert args.timeout.total_seconds() == 3600


@pytest.mark.parametrize(
    ("arguments", "version", "reason"),
    [
        pytest.param({"video_id": PULL, "deferrable": False}, "3.3.2", "deferrable=True", id="on a worker"),
        pytest.param(
            {"video_id": "{{ ti.xcom_pull('create', key='video_id') }}"}, "3.3.2", "map_indexes=-1", id="hanging pull"
        ),
        pytest.param({"video_id": {"video_id": "{{ params.v }}"}}, "3.3.2", "must be a string", id="dict"),
        pytest.param({"video_id": "v"}, "3.1.8", "switched off", id="Airflow 3.1"),
        pytest.param({"video_id": "v"}, "3.2.2", "switched off", id="Airflow 3.2"),
        pytest.param({"video_id": "{{ params.v }}"}, "2.11.2", "does not render", id="template on Airflow 2.11"),
    ],
)
def test_what_airflow_cannot_start_in_the_triggerer_is_refused_with_the_reason(
    arguments: dict[str, Any], version: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow.__version__", version)
    with pytest.raises(ValueError, match=reason):
        SeedanceVideoSensor(task_id="wait", start_from_trigger=True, **arguments)


def test_the_output_of_another_task_is_refused_with_what_to_write_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.__version__", "3.3.2")
    with DAG("d"):
        create = SeedanceCreateVideoOperator(task_id="create", model="m", prompt="p")
        with pytest.raises(ValueError, match="map_indexes=-1"):
            SeedanceVideoSensor(task_id="wait", video_id=create.output["video_id"], start_from_trigger=True)  # type: ignore[index]


@pytest.mark.parametrize("version", ["2.11.2", "3.0.6", "3.3.2", "3.4.0b2"])
def test_a_literal_id_starts_in_the_triggerer_wherever_airflow_can(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow.__version__", version)
    assert why_not_from_trigger("v", "c", deferrable=True) is None


def test_without_asking_for_it_a_worker_looks_first() -> None:
    sensor = SeedanceVideoSensor(task_id="wait", video_id="v")
    assert sensor.start_from_trigger is False
