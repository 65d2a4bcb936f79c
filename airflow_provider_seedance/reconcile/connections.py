"""From the names of connections to the accounts that are reconciled, one after the other."""

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
    """Where orphans are landed.

    :param path: as `output_path` of the create operator.
    :param conn_id: the connection that opens the storage, if it is named.
    """

    path: str
    conn_id: str | None = None


def open_ledger(conn_id: str | None = None) -> LedgerReader | None:
    """The ledger.

    :param conn_id: its connection; default: `[seedance] ledger_conn_id`.
    :return: `None` where there is none.
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
    """Reconciles accounts one after the other. One that can't be asked keeps none of the others from it.

    :param conn_ids: of the vendors' connections; empty: all that the ledger has something of in that time.
    :param ledger: `None` where there is none.
    :param landing: where orphans are landed; default: they are only named.
    :raises SeedanceConfigError: no connection is named, and there is no ledger that names one.
    :raises LedgerDownError: the ledger can't be used now.
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
    except Exception as error:  # its text may quote the connection
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
