"""What is left of a connection's budgets: read only, for whoever shows it."""

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
"""What a budget is counted by, beside its connection and, but for a run's, the day."""

MOST = 200
"""How many DAGs, and how many runs, are told of at most."""


@dataclass(frozen=True)
class BudgetStatus:
    """One budget, now.

    :param conn_id: the vendor's connection.
    :param budget: `per_day`, `per_dag` or `per_dag_run`.
    :param dag_id: the DAG, where the budget is one's.
    :param run_id: its run, where the budget is one's.
    :param currency: of all amounts.
    :param limit: the most that may be spent.
    :param spent: the real cost of what is there.
    :param reserved: estimates of what is under way, in doubt, or has no real cost.
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
        """What may still be spent; below 0 where a real cost was above its estimate."""
        return self.limit - self.spent - self.reserved


class BudgetReader(LedgerTable):
    """Reads the ledger for what counts against budgets."""

    def status(self, seedance_conn_id: str, budgets: Budgets, *, day: str | None = None) -> list[BudgetStatus]:
        """All budgets of a connection: the day's, and that of each DAG and each run that has submitted on that day.

        :param seedance_conn_id: the vendor's connection.
        :param budgets: `SeedanceConnection.budgets` of it.
        :param day: of UTC, as `2026-11-26`; default: today.
        :return: empty where there are no budgets.
        :raises LedgerDownError: the ledger can't be used now.
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
        """Spent and reserved, in millionths, by those columns. It counts as `LedgerTable.spent` does."""
        mine = "withdrawn = 0 AND conn_id = :conn_id AND currency = :currency"
        # A run's budget counts whatever day it was; which runs are told of is what happened on this one.
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
    """What is left of a connection's budgets, by `BudgetReader.status`.

    :param ledger_conn_id: the ledger's connection.
    """
    return BudgetReader(ledger_conn_id).status(seedance_conn_id, budgets, day=day)
