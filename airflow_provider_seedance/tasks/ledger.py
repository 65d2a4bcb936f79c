"""A task's entries in the ledger besides its record: the expected cost of its video, and the outcome."""

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
    """Passes to the ledger the expected cost of the next submission, and the budgets that limit it.

    :param store: the store of the task's record.
    :param hook: the hook of the connection that will be used.
    :param estimate: the estimated cost, by the connection's prices.
    :param model: the requested model or model family.
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
    """A context manager that skips the task if its video exceeds a budget and `on_budget` is `skip`.

    A task whose video has no known cost fails, since that is a mistake in the prices; so does a task of which an
    earlier submission is in doubt, since a skipped task would look as if nothing had been spent.

    :param on_budget: the operator's argument.
    :raises AirflowSkipException: a budget is exceeded, and the task is to be skipped.
    :raises BudgetExceededError: a budget is exceeded, and the task is to fail.
    """
    try:
        yield
    except BudgetExceededError as error:
        if on_budget != "skip" or not error.may_skip:
            raise
        raise AirflowSkipException(str(error)) from None


def note_landing(hook: SeedanceHook, video: Mapping[str, Any], uri: str) -> None:
    """Records the URI of a video that was landed by a task other than its create task. Failures are only logged.

    :param hook: the hook of the vendor's connection.
    :param video: the known fields of the video.
    :param uri: the URI of the landed object.
    """
    if ledger_conn_id():
        vendor = video.get("vendor") or hook.connection.vendor
        note_end(vendor, video.get("video_id"), SUCCEEDED, {"uri": uri})


def note_end(vendor: str | None, video_id: str | None, outcome: str, value: Mapping[str, Any] | None = None) -> None:
    """Records the outcome and the real cost of a video. A failure is only logged, as a warning.

    :param vendor: the vendor's name; without it, nothing is recorded.
    :param video_id: the vendor's id; without it, nothing is recorded.
    :param outcome: the outcome in one word, see `compat.metrics`.
    :param value: the video's dict, with cost, usage and URI, as far as they are known. Default: they are unknown.
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
