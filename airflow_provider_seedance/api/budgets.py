"""How much may be spent on a connection in a day, by a DAG in a day, and by one DAG run. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from airflow_provider_seedance.api.errors import BudgetExceededError, SeedanceConfigError
from airflow_provider_seedance.api.extra_json import read_object
from airflow_provider_seedance.api.pricing import Amount, Cost

_MILLION = 1_000_000

_MOST = 2**62

ByCurrency = Annotated[dict[Annotated[str, Field(min_length=1, max_length=12)], Amount], Field(min_length=1)]


class Budgets(BaseModel):
    """The most that may be spent, by currency: `{"per_day": {"USD": 50}}`. An amount that is left out is no limit.

    :param per_day: of everything on the connection, in a day of UTC.
    :param per_dag: of each DAG on the connection, in a day of UTC.
    :param per_dag_run: of each DAG run on the connection, however long it takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_day: ByCurrency | None = None
    per_dag: ByCurrency | None = None
    per_dag_run: ByCurrency | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no limit at all."""
        return self.per_day is None and self.per_dag is None and self.per_dag_run is None


_BUDGETS = TypeAdapter(Budgets)


def read_budgets(value: Any) -> Budgets:
    """The budgets of a connection's extra: a JSON object, or the text of one.

    :raises ValueError: naming each place that is wrong. A limit that can't be read is not the same as none.
    """
    if value in (None, ""):
        return Budgets()
    return read_object("budgets", value, _BUDGETS)


@dataclass(frozen=True)
class Limit:
    """A budget that a submission has to fit into.

    :param name: as in the connection.
    :param micros: the budget, in millionths of the currency.
    :param currency: of budget and price.
    :param where: the ledger's columns by which submissions are counted, with their values.
    """

    name: str
    micros: int
    currency: str
    where: Mapping[str, Any]


def limits_of(budgets: Budgets, estimate: Cost, *, conn_id: str, dag_id: str, run_id: str, day: str) -> list[Limit]:
    """The budgets that a submission has to fit into.

    :param estimate: of the video's cost.
    :param day: of UTC, as `2026-11-26`.
    :raises BudgetExceededError: what it would cost can't be told, so nobody can tell whether it fits.
    :raises SeedanceConfigError: a budget says nothing about the currency of its price.
    """
    if budgets.is_empty:
        return []
    if estimate.amount is None or estimate.currency is None:
        error = BudgetExceededError(
            f"Nothing was sent. The connection {conn_id!r} has budgets, but what the video would cost can't be told: "
            f"{estimate.reason}."
        )
        error.may_skip = False
        raise error
    scopes = {
        "per_day": (budgets.per_day, {"day": day}),
        "per_dag": (budgets.per_dag, {"day": day, "dag_id": dag_id}),
        "per_dag_run": (budgets.per_dag_run, {"dag_id": dag_id, "run_id": run_id}),
    }
    limits = []
    for name, (amounts, where) in scopes.items():
        if amounts is None:
            continue
        if estimate.currency not in amounts:
            raise SeedanceConfigError(
                f"Connection {conn_id!r}: the price is in {estimate.currency}, for which `budgets` has no {name}. "
                "Nothing was sent."
            )
        micros = micros_of(amounts[estimate.currency], ROUND_FLOOR)
        limits.append(Limit(name, micros, estimate.currency, {"conn_id": conn_id, **where}))
    return limits


def micros_of(amount: Decimal, rounding: str = ROUND_CEILING) -> int:
    """An amount in millionths, which any database adds up exactly; by default rounded up."""
    return min(int((amount * _MILLION).to_integral_value(rounding)), _MOST)


def refuse_over(limits: Sequence[Limit], micros: int | None, spent: Callable[[Limit], int]) -> list[int]:
    """Lets a submission pass that fits into each of the budgets.

    :param micros: its cost, in millionths of the currency.
    :param spent: gives the amount that counts against a budget already, in millionths.
    :return: the rest of each budget afterwards, in millionths.
    :raises BudgetExceededError: naming the first into which it doesn't fit.
    """
    left = []
    for limit in limits:
        gone = spent(limit)
        left.append(limit.micros - gone - (micros or 0))
        if left[-1] < 0:
            raise BudgetExceededError(
                f"Nothing was sent. The video would cost {_plain(micros or 0)} {limit.currency}; of the budget "
                f"{limit.name}, which is {_plain(limit.micros)} {limit.currency}, {_plain(gone)} are spent or reserved."
            )
    return left


def _plain(micros: int) -> str:
    return f"{(Decimal(micros) / _MILLION).normalize():f}"
