"""The cost of a video by the user's own prices; none is built in, since prices change. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.api.errors import MaxCostError as MaxCostError
from airflow_provider_seedance.api.extra_json import read_object
from airflow_provider_seedance.api.http.json_values import is_sound_number

if TYPE_CHECKING:
    from airflow_provider_seedance.api.vendors.billed import Billed

ANY = "*"
"""Stands for all other models or resolutions."""

_MILLION = 1_000_000

_MOST_DECIMALS = 30


def _by_resolution(value: object) -> object:
    return {ANY: value} if isinstance(value, int | float | str | Decimal) else value


def _not_too_fine(value: Decimal) -> Decimal:
    # Not by `decimal_places`: pydantic 2.12 lets 1e-999999999 pass.
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_MOST_DECIMALS:
        raise ValueError(f"has more than {_MOST_DECIMALS} decimals")
    return value


Amount = Annotated[Decimal, Field(ge=0, le=10**12, allow_inf_nan=False), AfterValidator(_not_too_fine)]
"""Money, or a count that is paid for. Written out it stays short: `1e999999` would be a million digits in a log."""

_AMOUNT: TypeAdapter[Decimal] = TypeAdapter(Amount)

ByResolution = Annotated[dict[str, Amount], BeforeValidator(_by_resolution), Field(min_length=1)]
"""A number, or one per resolution: `{"720p": 0.1, "*": 0.2}`."""


class Price(BaseModel):
    """The price of a model, as the user has it from the vendor. The parts that are given add up.

    :param currency: for example `USD`; only repeated, never converted.
    :param per_video: for each video.
    :param per_second: for each second of video.
    :param per_million_tokens: for each million of the tokens that the vendor counts.
    :param tokens_per_second: tokens for each second, as found in earlier videos. Without it a price per token gives no
        estimate, since tokens are counted only afterwards.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    currency: str = Field(min_length=1, max_length=12)
    per_video: Amount | None = None
    per_second: ByResolution | None = None
    per_million_tokens: Amount | None = None
    tokens_per_second: ByResolution | None = None

    @model_validator(mode="after")
    def _has_a_price(self) -> Price:
        if self.per_video is None and self.per_second is None and self.per_million_tokens is None:
            raise ValueError("has none of per_video, per_second, per_million_tokens")
        return self


Prices = dict[str, Price]
"""By the model's name; `*` is for all others."""

_PRICES: TypeAdapter[Prices] = TypeAdapter(Prices)


def read_prices(value: Any) -> Prices:
    """The price table of a connection's extra: a JSON object, or the text of one.

    :raises ValueError: naming each place that is wrong.
    """
    if value in (None, ""):
        return {}
    return read_object("prices", value, _PRICES)


@dataclass(frozen=True)
class Quantities:
    """The facts of a video on which its price can depend; `None` is unknown.

    :param model: as requested.
    :param seconds: length of the video.
    :param resolution: in the request's words.
    :param tokens: as counted by the vendor.
    :param unclear: the reason why the request doesn't tell the price, `None` if it does.
    :param size_unclear: the reason why it doesn't tell length and resolution.
    """

    model: str | None = None
    seconds: int | None = None
    resolution: str | None = None
    tokens: int | None = None
    unclear: str | None = None
    size_unclear: str | None = None


def quantities(fields: Mapping[str, Any], usage: Mapping[str, Any] | None = None) -> Quantities:
    """The facts from a request and, afterwards, from the vendor's usage counts.

    :param fields: of the request, as far as they are known; `duration=-1` leaves the length to the model. The same
        fields in `extra` take precedence, as they do at the vendor.
    :param usage: `Video.usage`.
    """
    extra = fields.get("extra")
    asked = {**fields, **extra} if isinstance(extra, Mapping) else fields
    seconds = _whole(asked.get("duration")) if "frames" not in asked else None
    resolution = _word(asked.get("resolution"))
    return Quantities(
        model=_word(asked.get("model")),
        seconds=seconds if seconds is not None and seconds > 0 else None,
        resolution=resolution.lower() if resolution else None,
        tokens=_tokens(usage or {}),
    )


def quantities_of(billed: Billed, usage: Mapping[str, Any] | None = None) -> Quantities:
    """The facts from the body that was really sent and, afterwards, from the vendor's usage counts.

    :param billed: `VendorAdapter.billed` of the request.
    :param usage: `Video.usage`.
    """
    fields = {"model": billed.model}
    if billed.size_unclear is None:
        fields |= {"duration": billed.duration, "resolution": billed.resolution}
    return replace(quantities(fields, usage), unclear=billed.unclear, size_unclear=billed.size_unclear)


@dataclass(frozen=True)
class Cost:
    """An amount of money, or the reason why it is unknown.

    :param amount: `None` if it is unknown.
    :param currency: as in the price.
    :param reason: how the amount was calculated, or what is missing.
    """

    amount: Decimal | None
    currency: str | None
    reason: str

    @property
    def number(self) -> float | None:
        """The amount as a JSON number, rounded to a millionth."""
        return None if self.amount is None else float(round(self.amount, 6))

    def __str__(self) -> str:
        return f"unknown ({self.reason})" if self.amount is None else f"{_plain(self.amount)} {self.currency}"


def cost_of(prices: Prices, known: Quantities) -> Cost:
    """The cost of a video by the price of its model, or else that of `*`; unknown if any part is unknown.

    :param prices: the user's own.
    :param known: the facts of the video.
    """
    price = prices.get(known.model or ANY) or prices.get(ANY)
    if price is None:
        return Cost(None, None, f"the connection's `prices` have none for {known.model or 'a model that is not known'}")
    if known.unclear is not None:
        return Cost(None, price.currency, known.unclear)
    if known.model is None and len(prices) > 1:
        return Cost(None, None, "the model is not known, and the connection's `prices` depend on it")
    parts = [part for part in (_for_video(price), _for_seconds(price, known), _for_tokens(price, known)) if part]
    missing = dict.fromkeys(words for amount, words in parts if amount is None)
    if missing:
        return Cost(None, price.currency, "; ".join(missing))
    amount = sum((amount for amount, _ in parts if amount is not None), Decimal(0))
    return Cost(amount, price.currency, " + ".join(words for _, words in parts))


def told_cost(usage: Mapping[str, Any] | None) -> Cost | None:
    """The cost of a video as told by the vendor itself, `None` if it doesn't tell it.

    :param usage: `Video.usage`; the adapter has added the currency, if a document names it.
    """
    told, currency = (usage or {}).get("cost"), (usage or {}).get("currency")
    if isinstance(told, bool) or not isinstance(told, int | float) or not isinstance(currency, str):
        return None
    try:
        return Cost(_AMOUNT.validate_python(str(told)), currency, "as the vendor says")
    except ValidationError:
        return None


def read_limit(max_cost: float | str | None) -> Decimal | None:
    """Reads `max_cost`.

    :param max_cost: an amount, or the text that a template renders to.
    :return: the amount, `None` if there is no limit.
    :raises InvalidRequestError: it is no amount of money, or more than a million million. An unreadable limit is not
        the same as no limit.
    """
    if max_cost is None:
        return None
    try:
        return _AMOUNT.validate_python(max_cost if isinstance(max_cost, int | float) else str(max_cost).strip())
    except ValidationError:
        raise InvalidRequestError("Nothing was sent. max_cost: is no amount of money from 0 to 10**12.") from None


def refuse_above(max_cost: Decimal, estimate: Cost) -> None:
    """Refuses a video that may cost more than the limit.

    :param max_cost: the limit, in the currency of the price.
    :param estimate: of the video's cost.
    :raises MaxCostError: it would cost more, or its cost is unknown.
    """
    if estimate.amount is None:
        raise MaxCostError(
            f"Nothing was sent. max_cost is set, but what the video would cost can't be told: {estimate.reason}."
        )
    if estimate.amount > max_cost:
        raise MaxCostError(
            f"Nothing was sent. The video would cost {estimate} ({estimate.reason}), "
            f"more than max_cost, which is {_plain(max_cost)}."
        )


_Part = tuple[Decimal | None, str]
"""An amount and its calculation, or no amount and what is missing."""


def _for_video(price: Price) -> _Part | None:
    return None if price.per_video is None else (price.per_video, f"{_plain(price.per_video)} per video")


def _for_seconds(price: Price, known: Quantities) -> _Part | None:
    return None if price.per_second is None else _per_second(price.per_second, "per_second", known)


def _for_tokens(price: Price, known: Quantities) -> _Part | None:
    rate = price.per_million_tokens
    if rate is None:
        return None
    words = f"tokens at {_plain(rate)} a million"
    if known.tokens is not None:
        return known.tokens * rate / _MILLION, f"{known.tokens} {words}"
    if price.tokens_per_second is None:
        return None, "tokens are known afterwards only, unless the price has `tokens_per_second`"
    tokens, missing = _per_second(price.tokens_per_second, "tokens_per_second", known)
    return (None, missing) if tokens is None else (tokens * rate / _MILLION, f"about {_plain(tokens)} {words}")


def _per_second(rates: Mapping[str, Decimal], name: str, known: Quantities) -> _Part:
    if known.seconds is None:
        return None, known.size_unclear or "the duration is not set"
    if known.resolution is None and set(rates) != {ANY}:
        return None, known.size_unclear or f"the resolution is not set, and `{name}` depends on it"
    rate = rates.get(known.resolution or ANY, rates.get(ANY))
    if rate is None:
        return None, f"`{name}` has nothing for {known.resolution}"
    return rate * known.seconds, f"{known.seconds} s at {_plain(rate)}"


def _tokens(usage: Mapping[str, Any]) -> int | None:
    """The billed tokens: Ark's `completion_tokens`, or `total_tokens` if there is nothing else."""
    return next((count for name in ("completion_tokens", "total_tokens") if (count := _whole(usage.get(name)))), None)


def _word(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    """A whole number, also from the text that a template renders to."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
        return int(value) if number.is_integer() and is_sound_number(number) else None
    except (ValueError, OverflowError):
        return None


def _plain(amount: Decimal) -> str:
    """The amount as text, without exponent and trailing zeros."""
    return f"{amount.normalize():f}"
