"""Further notes of a task in the ledger: the expected cost of its video, and the outcome."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_seedance.api.budgets import micros_of
from airflow_provider_seedance.api.errors import BudgetExceededError, SeedanceConfigError
from airflow_provider_seedance.api.vendors.descriptor import FAMILIES
from airflow_provider_seedance.compat.metrics import SUCCEEDED
from airflow_provider_seedance.ledger.settings import ledger_conn_id

if TYPE_CHECKING:
    from airflow_provider_seedance.api.pricing import Cost
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.submissions.store import SubmissionStore

log = logging.getLogger(__name__)

OnBudget = Literal["fail", "skip"]


def expect(store: SubmissionStore | None, hook: SeedanceHook, estimate: Cost, model: str) -> None:
    """Tells the ledger the cost of the next submission, and the budgets into which it has to fit.

    :param store: the task's store of records.
    :param hook: of the connection that will be used.
    :param estimate: by the connection's prices.
    :param model: as requested; it may be a family.
    :raises SeedanceConfigError: the connection has budgets, but there is no ledger to enforce them.
    """
    budgets = hook.connection.budgets
    if ledger_conn_id():
        from airflow_provider_seedance.submissions.ledger_table import Expected, TableSubmissionStore

        if isinstance(store, TableSubmissionStore):
            family = model if model in FAMILIES else None
            store.expect(Expected(hook.seedance_conn_id, estimate, budgets, family))
            return
    if not budgets.is_empty:
        raise SeedanceConfigError(
            f"Nothing was sent. The connection {hook.seedance_conn_id!r} has budgets, which only a ledger in a "
            "database can keep: set `[seedance] ledger_conn_id`."
        )


@contextmanager
def skipping_over_budget(on_budget: OnBudget) -> Iterator[None]:
    """Skips the task if its video exceeds a budget and `on_budget` is `skip`.

    :param on_budget: the operator's argument.
    """
    try:
        yield
    except BudgetExceededError as error:
        if on_budget != "skip":
            raise
        raise AirflowSkipException(str(error)) from None


def note_landing(hook: SeedanceHook, video: Mapping[str, Any], uri: str) -> None:
    """Notes the place of a video that was landed by another task than its create task.

    :param hook: of the vendor's connection.
    :param video: the known fields of the video.
    :param uri: the URI of the landed object.
    """
    if ledger_conn_id():
        vendor = video.get("vendor") or hook.connection.vendor
        note_end(vendor, video.get("video_id"), SUCCEEDED, {"uri": uri})


def note_end(vendor: str | None, video_id: str | None, outcome: str, value: Mapping[str, Any] | None = None) -> None:
    """Notes the outcome and the real cost of a video. A ledger that can't be reached is only a warning.

    :param vendor: the vendor's name.
    :param video_id: the vendor's id.
    :param outcome: one word.
    :param value: the video's dict, if there is one.
    """
    try:
        conn_id = ledger_conn_id()
        if not conn_id or not vendor or not video_id:
            return
        from airflow_provider_seedance.ledger.table import LedgerTable

        known = value or {}
        cost = known.get("cost")
        columns = {name: known.get(name) for name in ("seconds", "tokens", "currency", "uri")}
        columns |= {"outcome": outcome, "ended_at": time.time()}
        columns["cost_micros"] = None if cost is None else micros_of(Decimal(str(cost)))
        LedgerTable(conn_id).end(vendor, video_id, columns)
    except Exception as error:
        log.warning("The ledger does not know how video %s ended (%s): %s", video_id, outcome, error)
