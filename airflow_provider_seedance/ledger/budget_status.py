"""The state of a connection's budgets, for display. It only reads the ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from airflow_provider_seedance.api.budgets import Budgets
from airflow_provider_seedance.ledger.table import RESERVED_FOR, LedgerTable, as_text

_MILLION = 1_000_000

_BY = {"per_day": (), "per_dag": ("dag_id",), "per_dag_run": ("dag_id", "run_id")}
"""The columns by which a budget is counted, besides the connection and, except for a run's budget, the day."""

MOST = 200
"""The most DAGs, and the most runs, whose budgets are returned."""


@dataclass(frozen=True)
class BudgetStatus:
    """The current state of one budget.

    :param conn_id: the id of the vendor's connection.
    :param budget: `per_day`, `per_dag` or `per_dag_run`.
    :param dag_id: the DAG of a DAG's or a run's budget; otherwise `None`.
    :param run_id: the run of a run's budget; otherwise `None`.
    :param currency: the currency of all amounts.
    :param limit: the most that may be spent.
    :param spent: the sum of the known real costs.
    :param reserved: the sum of the estimates of videos that are unfinished, in doubt, or have no known real cost.
    """

    conn_id: str
    budget: str
    dag_id: str | None
    run_id: str | None
    currency: str
    limit: Decimal
    spent: Decimal
    reserved: Decimal

    @property
    def left(self) -> Decimal:
        """The amount that may still be spent; below 0 if real costs exceeded their estimates."""
        return self.limit - self.spent - self.reserved


class BudgetReader(LedgerTable):
    """Reads from the ledger the amounts that count against budgets."""

    def status(self, seedance_conn_id: str, budgets: Budgets, *, day: str | None = None) -> list[BudgetStatus]:
        """All budgets of a connection: the day's, and those of each DAG and each run with a submission on that day.

        :param seedance_conn_id: the id of the vendor's connection.
        :param budgets: the connection's budgets, from `SeedanceConnection.budgets`.
        :param day: the day in UTC, as in `2026-11-26`. Default: today.
        :return: the state of each budget; empty if the connection has none.
        :raises LedgerDownError: the ledger can't be reached.
        """
        day = day or datetime.now(tz=UTC).strftime("%Y-%m-%d")
        told = []
        for budget, columns in _BY.items():
            for currency, amount in (getattr(budgets, budget) or {}).items():
                known = {"conn_id": seedance_conn_id, "currency": currency, "day": day}
                rows = self._counted(columns, known, of_day=budget != "per_dag_run")
                if not columns and not rows:
                    rows = [(0, 0)]
                for *names, spent, reserved in rows:
                    dag_id, run_id = [*names, None, None][:2]
                    told.append(
                        BudgetStatus(
                            seedance_conn_id,
                            budget,
                            dag_id,
                            run_id,
                            currency,
                            Decimal(amount),
                            Decimal(int(spent or 0)) / _MILLION,
                            Decimal(int(reserved or 0)) / _MILLION,
                        )
                    )
        return told

    def _counted(self, columns: tuple[str, ...], known: dict[str, Any], *, of_day: bool) -> list[tuple[Any, ...]]:
        """The spent and reserved amounts, in millionths, by these columns; counted as `LedgerTable.spent` counts."""
        mine = "withdrawn = 0 AND conn_id = :conn_id AND currency = :currency"
        # A run's budget counts its submissions of all days, but only runs with a submission on this day are returned.
        here = " AND day = :day" if of_day else ""
        if not of_day:
            today = f"SELECT 1 FROM seedance_submissions d WHERE {mine} AND d.day = :day"  # noqa: S608
            here = f" AND EXISTS ({today} AND d.dag_id = s.dag_id AND d.run_id = s.run_id)"
        grouped = ", ".join(columns)
        statement = (
            f"SELECT {grouped}{', ' if grouped else ''}"  # noqa: S608
            "SUM(CASE WHEN cost_micros IS NULL THEN 0 ELSE cost_micros END), "
            "SUM(CASE WHEN cost_micros IS NOT NULL THEN 0 WHEN video_id IS NULL AND intended_at < :expired THEN 0 "
            "ELSE estimated_micros END) "
            f"FROM seedance_submissions s WHERE {mine}{here}"
        ) + (f" GROUP BY {grouped} ORDER BY {grouped} LIMIT {MOST}" if grouped else "")
        with self.transaction() as connection:
            rows = connection.execute(as_text(statement), {**known, "expired": time.time() - RESERVED_FOR})
            return [tuple(row) for row in rows]


def budget_status(
    ledger_conn_id: str, seedance_conn_id: str, budgets: Budgets, *, day: str | None = None
) -> list[BudgetStatus]:
    """The state of a connection's budgets, see `BudgetReader.status`.

    :param ledger_conn_id: the id of the ledger's connection.
    :param seedance_conn_id: the id of the vendor's connection.
    :param budgets: the connection's budgets, from `SeedanceConnection.budgets`.
    :param day: the day in UTC, as in `2026-11-26`. Default: today.
    :raises LedgerDownError: the ledger can't be reached.
    """
    return BudgetReader(ledger_conn_id).status(seedance_conn_id, budgets, day=day)
