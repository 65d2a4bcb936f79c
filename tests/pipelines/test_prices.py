"""Usage and cost by the user's own prices: pure tables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.pricing import (
    MaxCostError,
    Quantities,
    cost_of,
    quantities,
    read_limit,
    read_prices,
    refuse_above,
    told_cost,
)

PRICES: dict[str, Any] = {
    "by-second": {"currency": "USD", "per_second": {"720p": 0.1, "1080p": 0.25}},
    "one-rate": {"currency": "USD", "per_second": 0.1},
    "by-video": {"currency": "CNY", "per_video": 2.5},
    "by-token": {"currency": "USD", "per_million_tokens": 7},
    "token-estimate": {"currency": "USD", "per_million_tokens": 7, "tokens_per_second": {"720p": 21780}},
    "all": {"currency": "USD", "per_video": 1, "per_second": {"*": 0.5}, "per_million_tokens": 10},
    "free": {"currency": "USD", "per_video": 0},
}


def known(seconds: int | None = None, resolution: str | None = None, tokens: int | None = None) -> Quantities:
    return Quantities(seconds=seconds, resolution=resolution, tokens=tokens)


@pytest.mark.parametrize(
    ("model", "quantity", "amount", "words"),
    [
        pytest.param("by-second", known(5, "720p"), "0.5", "5 s at 0.1", id="seconds"),
        pytest.param("by-second", known(4, "1080p"), "1.0", "4 s at 0.25", id="another-resolution"),
        pytest.param("by-second", known(5), None, "the resolution is not set, and `per_second`", id="no-resolution"),
        pytest.param("by-second", known(None, "720p"), None, "the duration is not set", id="no-duration"),
        pytest.param("by-second", known(5, "4k"), None, "`per_second` has nothing for 4k", id="unpriced-resolution"),
        pytest.param("one-rate", known(5), "0.5", "5 s at 0.1", id="resolution-does-not-matter"),
        pytest.param("by-video", known(), "2.5", "2.5 per video", id="video"),
        pytest.param("by-token", known(5, "720p"), None, "tokens are known afterwards only", id="tokens-before"),
        pytest.param("by-token", known(tokens=108_900), "0.7623", "108900 tokens at 7", id="tokens-after"),
        pytest.param("token-estimate", known(5, "720p"), "0.7623", "about 108900 tokens", id="tokens-estimated"),
        pytest.param("token-estimate", known(), None, "the duration is not set", id="tokens-not-estimated"),
        pytest.param("token-estimate", known(tokens=100_000), "0.7", "100000 tokens", id="counted-beats-estimated"),
        pytest.param("all", known(5, "720p", 100_000), "4.5", "1 per video + 5 s at 0.5 + 100000", id="adds-up"),
        pytest.param("all", known(5, "720p"), None, "tokens are known afterwards only", id="one-part-is-missing"),
        pytest.param("free", known(), "0", "0 per video", id="free"),
        pytest.param("other", known(5, "720p", 9), None, "`prices` have none for other", id="no-price"),
    ],
)
def test_what_a_video_costs(model: str, quantity: Quantities, amount: str | None, words: str) -> None:
    cost = cost_of(read_prices(PRICES), replace(quantity, model=model))
    assert cost.amount == (None if amount is None else Decimal(amount))
    assert words in cost.reason
    assert cost.number == (None if amount is None else float(amount))


@pytest.mark.parametrize(
    ("fields", "usage", "expected"),
    [
        ({"duration": 5, "resolution": "720P"}, None, known(5, "720p")),
        ({"duration": "5"}, {"completion_tokens": 9, "total_tokens": 10}, known(5, tokens=9)),
        ({"duration": -1}, {"total_tokens": 10}, known(tokens=10)),
        ({"duration": "{{ x }}", "resolution": ""}, {"completion_tokens": "many"}, known()),
        ({}, {"completion_tokens": None}, known()),
        ({"duration": True, "resolution": 720}, {"completion_tokens": True}, known()),
        ({"duration": 5, "extra": {"duration": 9, "resolution": "1080p"}}, None, known(9, "1080p")),
        ({"duration": 5, "extra": {"frames": 240}}, None, known()),
        ({"duration": "inf"}, {"completion_tokens": float("nan")}, known()),
    ],
)
def test_what_is_known_of_a_video(fields: dict[str, Any], usage: dict[str, Any] | None, expected: Quantities) -> None:
    assert quantities(fields, usage) == expected


@pytest.mark.parametrize(
    ("model", "expected"), [("a", "USD"), ("b", "EUR"), (None, None)], ids=["named", "any-other", "not-known"]
)
def test_a_star_is_the_price_of_all_other_models(model: str | None, expected: str | None) -> None:
    prices = read_prices({"a": {"currency": "USD", "per_video": 1}, "*": {"currency": "EUR", "per_video": 2}})
    assert cost_of(prices, Quantities(model=model)).currency == expected


def test_a_star_alone_is_the_price_of_a_model_that_is_not_known() -> None:
    prices = read_prices({"*": {"currency": "EUR", "per_video": 2}})
    assert cost_of(prices, Quantities()).amount == 2


def test_prices_may_be_the_text_of_a_json_object_as_a_form_gives_it() -> None:
    (price,) = read_prices('{"m": {"currency": "USD", "per_second": {"720p": 0.1}}}').values()
    assert price.per_second == {"720p": Decimal("0.1")}
    assert read_prices(None) == read_prices("") == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON that can be read"),
        (f'{{"m": {{"currency": "USD", "per_video": {"9" * 5000}}}}}', "is no JSON that can be read"),
        ({"m": {"currency": "USD", "per_video": 10**5000}}, "m.per_video: Input should be less than or equal to"),
        ({"m": {"currency": "USD", "per_video": "1e999999"}}, "m.per_video: Input should be less than or equal to"),
        (
            {"m": {"currency": "USD", "per_second": "1e-999999"}},
            "m.per_second.*: Value error, has more than 30 decimals",
        ),
        ([], "it: Input should be a valid dictionary"),
        ({"m": {"per_video": 1}}, "m.currency: Field required"),
        ({"m": {"currency": "USD"}}, "m: Value error, has none of per_video"),
        ({"m": {"currency": "USD", "tokens_per_second": 5}}, "has none of per_video"),
        ({"m": {"currency": "USD", "per_video": -1}}, "m.per_video: Input should be greater than or equal to 0"),
        ({"m": {"currency": "USD", "per_video": "NaN"}}, "m.per_video: Input should be a finite number"),
        ({"m": {"currency": "USD", "per_second": {}}}, "m.per_second"),
        ({"m": {"currency": "USD", "per_secnd": 1}}, "m.per_secnd: Extra inputs are not permitted"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match="extra `prices`") as caught:
        read_prices(value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "quantity", "refusal"),
    [
        ("0.5", known(5, "720p"), None),
        ("0.49", known(5, "720p"), "would cost 0.5 USD (5 s at 0.1), more than max_cost, which is 0.49"),
        ("100", known(None, "720p"), "can't be told: the duration is not set"),
        ("100", known(5), "can't be told: the resolution is not set"),
    ],
)
def test_max_cost_refuses_what_is_dearer_or_not_known(limit: str, quantity: Quantities, refusal: str | None) -> None:
    estimate = cost_of(read_prices(PRICES), replace(quantity, model="by-second"))
    if refusal is None:
        refuse_above(Decimal(limit), estimate)
        return
    with pytest.raises(MaxCostError) as caught:
        refuse_above(Decimal(limit), estimate)
    assert str(caught.value).startswith("Nothing was sent. ")
    assert refusal in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "limit", ["", "ten", "-1", "NaN", float("inf"), pytest.param(10**5000, id="long"), "1e999999999", "1e-999999999"]
)
def test_a_limit_that_is_no_amount_of_money_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"Nothing was sent\. max_cost"):
        read_limit(limit)


def test_a_vendor_s_cost_that_no_log_could_hold_is_not_known() -> None:
    assert told_cost({"cost": 1e300, "currency": "USD"}) is None
