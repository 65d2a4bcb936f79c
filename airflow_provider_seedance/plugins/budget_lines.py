"""The state of the budgets for the UI's pages: the ledger's figures, as far as the viewer may read them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import SeedanceConfigError
from airflow_provider_seedance.ledger.engine import LedgerDownError

if TYPE_CHECKING:
    from airflow_provider_seedance.ledger.budget_status import BudgetStatus

log = logging.getLogger(__name__)

MOST = 100
"""The most budgets in an answer; those with the largest spent fraction come first."""

RECENT = 24 * 3600.0
"""Only connections with a submission in the last so many seconds are included."""

AWAY = "The ledger can't be read now."


def budget_lines(
    ledger_conn_id: str, may_read_dag: Callable[[str], bool], may_read_connection: Callable[[str], bool]
) -> dict[str, Any]:
    """The budgets of recently used connections, with the amounts that count against them.

    :param ledger_conn_id: the id of the ledger's connection.
    :param may_read_dag: whether the viewer may read the XComs of a DAG, by its id, and so its costs.
    :param may_read_connection: whether the viewer may read a connection, by its id. The budget of a whole connection is
        shown only then, since it adds up all DAGs.
    :return: `budgets`; `denied`, the number of budgets that the viewer may not read; and `problem`, a sentence if the
        ledger could not be read, otherwise `None`.
    """
    rows: list[BudgetStatus] = []
    denied, problem = 0, None
    try:
        for row in _all_of(ledger_conn_id):
            if may_read_connection(row.conn_id) if row.dag_id is None else may_read_dag(row.dag_id):
                rows.append(row)
            else:
                denied += 1
    except (LedgerDownError, SeedanceConfigError) as error:
        log.warning("No budgets are shown: %s", error)
        problem = AWAY
    rows.sort(key=lambda row: (row.limit - row.left) / row.limit if row.limit else 1, reverse=True)
    return {"budgets": [_told(row) for row in rows[:MOST]], "denied": denied, "problem": problem}


def _all_of(ledger_conn_id: str) -> Iterator[BudgetStatus]:
    from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

    from airflow_provider_seedance.hooks.connection import SeedanceConnection
    from airflow_provider_seedance.ledger.budget_status import budget_status
    from airflow_provider_seedance.ledger.reading import LedgerReader

    now = time.time()
    for conn_id in LedgerReader(ledger_conn_id).connections(now - RECENT, now + RECENT):
        try:
            budgets = SeedanceConnection.of(BaseHook.get_connection(conn_id)).budgets
        except (AirflowNotFoundException, SeedanceConfigError) as error:
            log.info("No budgets of connection %s are shown (%s).", conn_id, type(error).__name__)
            continue
        yield from budget_status(ledger_conn_id, conn_id, budgets)


def _told(row: BudgetStatus) -> dict[str, Any]:
    return {
        "connection": row.conn_id,
        "scope": row.budget,
        "dag": row.dag_id,
        "run": row.run_id,
        "currency": row.currency,
        "limit": float(row.limit),
        "spent": float(row.spent + row.reserved),
    }
