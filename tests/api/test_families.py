"""Each model family at each vendor: the request to the letter, or a refusal that names the choices."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.validation import check_literals, check_request, for_vendor
from airflow_provider_seedance.api.vendors import BUILT_IN, make_adapter, vendor_of_model
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES
from tests.support.families import PROMPT, REFUSED, SENT, TASK


def request(model: str, **fields: Any) -> VideoRequest:
    return VideoRequest(**{"model": model, "prompt": PROMPT, "duration": 5} | fields)


def test_each_family_at_each_vendor_is_in_one_of_the_tables() -> None:
    assert {*SENT, *REFUSED} == {(vendor, family) for vendor in BUILT_IN for family in FAMILIES}


@pytest.mark.parametrize(
    ("vendor", "family", "fields", "path", "body"),
    [
        pytest.param(vendor, family, *row, id=f"{vendor}-{family}-{number}")
        for (vendor, family), rows in SENT.items()
        for number, row in enumerate(rows)
    ],
)
def test_a_family_reaches_the_vendor_under_the_vendor_s_own_name(
    vendor: str, family: str, fields: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    adapter = make_adapter(vendor)
    named = for_vendor(request(family, **fields), adapter)
    check_request(named, adapter)
    http = adapter.build_create(adapter.mark(named, TASK) if adapter.create_is_repeatable else named)
    assert (http.path, http.json) == (path, body)


@pytest.mark.parametrize(("vendor", "family"), REFUSED)
def test_a_family_that_a_vendor_does_not_have_is_refused_with_the_choices(vendor: str, family: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        for_vendor(request(family), make_adapter(vendor))
    told = str(refused.value)
    assert "Nothing was sent" in told
    assert all(name in told for name in BUILT_IN[vendor].families)
    having = [other.title for other in BUILT_IN.values() if family in other.families]
    assert having
    assert all(title in told for title in having)
    assert "`models`" in told


@pytest.mark.parametrize("vendor", BUILT_IN)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_account_has_for_a_family_counts_before_the_vendor_s_own_name(vendor: str, family: str) -> None:
    adapter = make_adapter(vendor, models={family: "ep-20260101120000-abcde"})
    assert for_vendor(request(family), adapter).model == "ep-20260101120000-abcde"


@pytest.mark.parametrize("vendor", BUILT_IN)
@pytest.mark.parametrize(
    "model", ["dreamina-seedance-2-0-260128", "seedance2.0-md", "seedance-2.0-fast-i2v", "ep-1", "Seedance-2.0"]
)
def test_a_name_that_is_no_family_is_left_alone(vendor: str, model: str) -> None:
    assert for_vendor(request(model), make_adapter(vendor)).model == model


@pytest.mark.parametrize("vendor", BUILT_IN)
def test_descriptors_name_families_that_there_are(vendor: str) -> None:
    assert BUILT_IN[vendor].families.keys() <= set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_vendor_owns_the_name_of_a_family(family: str) -> None:
    assert vendor_of_model(family) is None


@pytest.mark.parametrize("family", ["seedance-2.0", "seedance-2.0-fast", "seedance-2.0-mini"])
def test_a_literal_that_every_vendor_refuses_is_refused_when_the_dag_is_parsed(family: str) -> None:
    with pytest.raises(InvalidRequestError, match="prompt"):
        check_literals({"model": family, "prompt": ""}, set())
    # Runware documents no limit, so it would be asked.
    check_literals({"model": family, "prompt": "x", "duration": 99}, set())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_literal_that_one_vendor_takes_is_left_to_the_connection(family: str) -> None:
    check_literals({"model": family, "prompt": "x", "duration": 15}, set())
    check_literals({"model": family, "prompt": "x", "duration": "{{ params.seconds }}"}, {"duration"})
