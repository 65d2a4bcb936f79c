"""XComs of each field: Airflow 3.0 can't keep a null."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from airflow_provider_seedance.compat.xcom import returned
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

FIELDS = {"video_id": "v", "video_url": None, "progress": 0, "usage": {"tokens": None}}


def handed_on(version: str, monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> tuple[bool, dict[str, Any]]:
    """Whether Airflow itself pushes each field, and what was pushed before."""
    monkeypatch.setattr("airflow.__version__", version)
    task, pushed = SeedanceVideoSensor(task_id="wait", video_id="v", **arguments), dict[str, Any]()
    ti = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    assert returned(task, cast("Any", {"ti": ti}), dict(FIELDS)) == FIELDS
    return bool(task.multiple_outputs), pushed


@pytest.mark.parametrize("version", ["3.0.0", "3.0.6"])
def test_on_airflow_3_0_only_what_has_a_value_is_an_xcom_of_its_own(
    version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = {name: value for name, value in FIELDS.items() if value is not None}
    assert handed_on(version, monkeypatch) == (False, pushed)


@pytest.mark.parametrize("version", ["2.11.2", "3.1.0", "3.3.2", "3.30.1"])
def test_elsewhere_airflow_pushes_each_field_itself(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_on(version, monkeypatch) == (True, {})


@pytest.mark.parametrize("off", ["multiple_outputs", "do_xcom_push"])
def test_a_task_that_shall_not_push_its_fields_does_not(off: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert handed_on("3.0.6", monkeypatch, **{off: False})[1] == {}
