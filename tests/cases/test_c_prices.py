"""What is sent is what is priced: `extra` is merged into the body last, and `max_cost` looks at that body."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.pricing import cost_of, quantities_of, read_prices
from airflow_provider_seedance.api.validation import to_request
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.vendors.billed import Billed
from airflow_provider_seedance.simulator import Simulator
from dev.task_life import TaskLife
from tests.support.requests import LARGE_MODELS as MODELS

SIZE = {"duration": 5, "resolution": "720p"}
PRICES: dict[str, Any] = {
    "*": {"currency": "USD", "per_second": {"480p": 0.01, "720p": 0.02, "1080p": 1}},
    "dear": {"currency": "USD", "per_second": 100},
}


def billed(vendor: str, **fields: Any) -> Billed:
    request = to_request({"model": MODELS[vendor], "prompt": "a boat"} | fields)
    return make_adapter(vendor).billed(request)


each_vendor = pytest.mark.parametrize("vendor", MODELS)


@each_vendor
def test_case_c8_without_extra_the_fields_are_what_is_sent(vendor: str) -> None:
    assert billed(vendor, **SIZE) == Billed(MODELS[vendor], 5, "720p")


@each_vendor
def test_case_c8_extra_counts_where_the_vendor_reads_it(vendor: str) -> None:
    asked = billed(vendor, **SIZE, extra={"duration": 15, "resolution": "1080p"})
    assert (asked.duration, asked.resolution, asked.unclear) == (15, "1080p", None)


@pytest.mark.parametrize("vendor", ["jimmyai", "byteplus", "volcengine"])
def test_case_c8_another_model_in_extra_is_the_one_that_is_bought(vendor: str) -> None:
    assert billed(vendor, extra={"model": "dear"}) == Billed("dear", 5 if vendor == "jimmyai" else None, None)


UNCLEAR: dict[str, tuple[str, dict[str, Any], str]] = {
    "a second model beside GMI Cloud's own": ("gmicloud", {"model": "dear"}, "'model' stands in the request twice"),
    "a payload in GMI Cloud's payload": ("gmicloud", {"payload": {"duration": 15}}, "'duration' stands"),
    "a model in Modellix's body": ("modellix", {"model": "dear"}, "'model' stands in the request twice"),
    "a length in an object of Ark's": ("byteplus", {"parameters": {"duration": 15}}, "'duration' stands"),
    "a size in a list": ("byteplus", {"outputs": [{"resolution": "4k"}]}, "'resolution' stands"),
    "two at once": ("jimmyai", {"n": 2}, "'n' may ask for several videos"),
    "a count of samples": ("modellix", {"options": {"num_videos": "3"}}, "'num_videos' may ask for several"),
    "a model that is no name": ("byteplus", {"model": {"id": "dear"}}, "is no name"),
    "frames": ("byteplus", {"frames": 289}, "the length is given in 'frames'"),
    "a length that is none": ("byteplus", {"duration": "as long as it takes"}, "the duration is not set"),
    "no length": ("byteplus", {"duration": None}, "the duration is not set"),
}
"""What stands in `extra` -> at which vendor, and why nobody can tell the price before."""

each_unclear = pytest.mark.parametrize(("vendor", "extra", "words"), UNCLEAR.values(), ids=list(UNCLEAR))


@each_unclear
def test_case_c8_what_extra_makes_unclear_has_no_price(vendor: str, extra: dict[str, Any], words: str) -> None:
    cost = cost_of(read_prices(PRICES), quantities_of(billed(vendor, **SIZE, extra=extra)))
    assert cost.amount is None
    assert words in cost.reason


def test_case_c8_what_says_the_same_twice_or_asks_for_one_is_clear() -> None:
    extra = {"n": 1, "options": {"duration": 5}, "callback_url": "https://a.example/frames", "seed": 2}
    assert billed("byteplus", **SIZE, extra=extra) == Billed(MODELS["byteplus"], 5, "720p")


@pytest.mark.parametrize("prompt", ["a boat --dur 12", "a boat --rs 1080p --rt 16:9", "a boat  --resolution  1080p"])
def test_case_c8_commands_in_the_prompt_leave_length_and_resolution_open(prompt: str) -> None:
    known = quantities_of(billed("byteplus", **SIZE, prompt=prompt))
    assert "`--dur`" in cost_of(read_prices(PRICES), known).reason
    assert cost_of(read_prices({"*": {"currency": "USD", "per_video": 1}}), known).number == 1.0
    assert billed("byteplus", **SIZE, prompt="a boat - duration and all").size_unclear is None


def test_case_c8_the_length_that_the_adapter_adds_is_priced() -> None:
    """Jimmy AI needs the field; where the user sets none, its documented default is sent."""
    known = quantities_of(billed("jimmyai", resolution="720p"))
    assert cost_of(read_prices(PRICES), known).number == 0.1


# -- in a task -------------------------------------------------------------------------------------------------------


@pytest.fixture
def sim(
    seedance_simulator: Simulator,
    seedance_connections: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    submission_records: None,
) -> Simulator:
    for vendor in MODELS:
        connection = seedance_simulator.connection_json(vendor, prices=PRICES)
        monkeypatch.setenv(f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}", connection)
    return seedance_simulator


def task(vendor: str, **fields: Any) -> TaskLife:
    asks = {"model": MODELS[vendor], "prompt": "a boat", "seedance_conn_id": f"seedance_{vendor}"}
    return TaskLife(asks | SIZE | {"max_cost": 1} | fields)


@pytest.mark.parametrize(
    ("vendor", "extra", "words"),
    [
        ("jimmyai", {"model": "dear"}, "would cost 500 USD"),
        ("gmicloud", {"model": "dear"}, "can't be told: 'model' stands in the request twice"),
        ("gmicloud", {"duration": 15, "resolution": "1080p"}, "would cost 15 USD"),
        ("modellix", {"model": "dear"}, "can't be told"),
        ("modellix", {"resolution": "1080p"}, "would cost 5 USD"),
        ("byteplus", {"model": "dear"}, "would cost 500 USD"),
        ("byteplus", {"resolution": "1080p"}, "would cost 5 USD"),
        ("volcengine", {"frames": 289}, "can't be told: the length is given in 'frames'"),
        ("volcengine", {"n": 100}, "can't be told: 'n' may ask for several videos"),
    ],
)
def test_case_c8_max_cost_refuses_what_extra_makes_too_dear_or_unclear_and_nothing_is_sent(
    vendor: str, extra: dict[str, Any], words: str, sim: Simulator
) -> None:
    ended = task(vendor, extra=extra).live()
    assert (ended.error, ended.attempts) == ("MaxCostError", 1)
    assert words in ended.message
    assert sim.requests == []


@each_vendor
def test_case_c8_max_cost_lets_pass_what_costs_no_more_as_it_is_sent(vendor: str, sim: Simulator) -> None:
    # A dear resolution in the operator's own words, which `extra` takes back.
    ended = task(vendor, resolution="1080p", extra={"resolution": "720p"}).live()
    assert ended.delivered
    assert ended.delivered["estimated_cost"] == 0.1
    assert len(sim.ledger) == 1


def test_case_c8_the_price_in_the_result_is_that_of_what_was_sent(sim: Simulator) -> None:
    dear = task("byteplus", extra={"duration": 15, "resolution": "1080p"}, max_cost=None).live().delivered
    assert dear
    assert (dear["estimated_cost"], dear["seconds"]) == (15.0, 15)
    unclear = task("gmicloud", extra={"model": "dear"}, max_cost=None).live().delivered
    assert unclear
    assert unclear["estimated_cost"] is None
