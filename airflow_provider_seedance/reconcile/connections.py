"""Opens the accounts of connections, and reconciles them one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import SeedanceConfigError, SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.reconcile.account import Account, Land, Reconciled, reconcile_account
from airflow_provider_seedance.reconcile.asking import Bounds, careful
from airflow_provider_seedance.reconcile.findings import Finding
from airflow_provider_seedance.reconcile.judging import Span
from airflow_provider_seedance.reconcile.report import Report

if TYPE_CHECKING:
    from airflow_provider_seedance.ledger.reading import LedgerReader


@dataclass(frozen=True)
class Landing:
    """The destination of orphans.

    :param path: a path like `output_path` of the create operator.
    :param conn_id: the connection that opens the storage. Default: as for `output_path`.
    """

    path: str
    conn_id: str | None = None


def open_ledger(conn_id: str | None = None) -> LedgerReader | None:
    """The reader of the ledger.

    :param conn_id: the id of the ledger's connection. Default: `[seedance] ledger_conn_id`.
    :return: the reader; `None` if no ledger is configured.
    """
    from airflow_provider_seedance.ledger.settings import ledger_conn_id

    name = conn_id or ledger_conn_id()
    if not name:
        return None
    from airflow_provider_seedance.ledger.reading import LedgerReader

    return LedgerReader(name)


def reconcile(
    conn_ids: Sequence[str],
    ledger: LedgerReader | None,
    span: Span,
    *,
    bounds: Bounds,
    landing: Landing | None = None,
) -> Report:
    """Reconciles accounts one after the other. If a connection can't be used, the others are reconciled all the same.

    :param conn_ids: the ids of the vendors' connections; empty for all with submissions in the ledger in that time.
    :param ledger: the ledger; `None` if there is none.
    :param span: the time span to reconcile.
    :param bounds: the limits of the reading, per connection.
    :param landing: the destination of orphans. Default: they are only reported.
    :return: the result of all accounts.
    :raises SeedanceConfigError: no connection is named, and there is no ledger to take them from.
    :raises LedgerDownError: the ledger can't be reached.
    """
    if not conn_ids and ledger is None:
        raise SeedanceConfigError(
            "Nothing was asked. Name the vendors' connections, or set `[seedance] ledger_conn_id`: the ledger knows "
            "them."
        )
    names = list(conn_ids) or (ledger.connections(span.since, span.until) if ledger else [])
    results = []
    for conn_id in dict.fromkeys(names):
        try:
            with _opened(conn_id) as (account, hook):
                land = None if landing is None else _landing_by(hook, landing)
                results.append(reconcile_account(account, ledger, span, bounds=bounds, land=land, pause=hook.pause))
        except _UnusableError as error:
            results.append(Reconciled(conn_id, "unknown", "Unknown vendor", gaps=[str(error)]))
    return Report(span, results)


class _UnusableError(Exception):
    """A connection can't be used."""


@contextmanager
def _opened(conn_id: str) -> Iterator[tuple[Account, SeedanceHook]]:
    from airflow_provider_seedance.api.client import SeedanceClient

    hook = SeedanceHook(conn_id)
    try:
        connection = hook.connection
        client = SeedanceClient(connection.adapter, careful(connection.settings), pause=hook.pause)
        prices = connection.prices
    except SeedanceError as error:
        raise _UnusableError(str(error)) from None
    except Exception as error:  # the message may quote the connection
        raise _UnusableError(f"The connection {conn_id!r} can't be read ({type(error).__name__}).") from None
    with client, closing(hook):
        yield Account(conn_id, client, prices), hook


def _landing_by(hook: SeedanceHook, landing: Landing) -> Land:
    def land(finding: Finding) -> str:
        from airflow_provider_seedance.landing.lander import land_video

        row = finding.row
        names = ("dag_id", "run_id", "task_id", "map_index")
        run = {name: getattr(row, name) for name in names} if row else {}
        video = {"video_id": finding.video_id, "vendor": finding.vendor, "model": row.model if row else None}
        known = {name: value for name, value in video.items() if value is not None}
        landed = land_video(hook, known, landing.path, conn_id=landing.conn_id, run=run)
        return str(landed["uri"])

    return land
