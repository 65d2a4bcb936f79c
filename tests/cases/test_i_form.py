"""The connection form and the code that reads the connection agree on what is a number."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.get_provider_info import connection_fields
from airflow_provider_seedance.hooks.connection import SeedanceConnection

CONNECTION_FIELDS = connection_fields(BUILT_IN)
NUMBERS = [name for name, field in CONNECTION_FIELDS.items() if "number" in field["schema"]["type"]]


def read(extra: dict[str, Any]) -> None:
    whole = {"vendor": "byteplus"} | extra
    assert SeedanceConnection("c", password="sk-0123456789", extra=whole).settings


def form_takes(name: str, value: Any) -> bool:
    return not list(jsonschema.Draft7Validator(CONNECTION_FIELDS[name]["schema"]).iter_errors(value))


def test_there_are_numbers_in_the_form() -> None:
    assert {"polls_per_second", "lists_per_second", "connect_timeout", "read_timeout"} <= set(NUMBERS)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [0, -1, 0.0])
def test_case_i_nought_polls_per_second_are_refused_by_the_form_as_by_the_settings(name: str, value: float) -> None:
    assert not form_takes(name, value)
    with pytest.raises(SeedanceConfigError, match=f"`{name}` must be a number.*above 0"):
        read({name: value})


@pytest.mark.parametrize("name", NUMBERS)
def test_case_i_what_the_form_takes_the_settings_take(name: str) -> None:
    # What Airflow's form looks at for a number's lower end; it knows no `exclusiveMinimum`.
    least = CONNECTION_FIELDS[name]["schema"]["minimum"]
    assert least > 0
    for value in (None, least, 0.5, 1, 1000):
        assert form_takes(name, value)
        read({name: value})
