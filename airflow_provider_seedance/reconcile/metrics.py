"""The gauges of a reconciliation. A failure to send them is only logged."""

from __future__ import annotations

import logging

from airflow_provider_seedance.compat.metrics import tag, tell_gauge
from airflow_provider_seedance.reconcile.findings import Kind, costs_of, counts_of
from airflow_provider_seedance.reconcile.report import Report

log = logging.getLogger(__name__)


def tell(report: Report) -> None:
    """Sends `seedance.reconciled_videos`, for every kind so that a 0 ends an alert, and `seedance.reconciled_cost`.

    :param report: the result of the reconciliation.
    """
    try:
        for account in report.accounts:
            whose = {"vendor": tag(account.vendor), "conn_id": tag(account.conn_id)}
            counts = counts_of(account.findings)
            for kind in Kind:
                tell_gauge("seedance.reconciled_videos", counts.get(kind.value, 0), {**whose, "kind": tag(kind.value)})
            for kind_name, amounts in costs_of(account.findings).items():
                for currency, amount in amounts.items():
                    tags = {**whose, "kind": tag(kind_name), "currency": tag(currency)}
                    tell_gauge("seedance.reconciled_cost", float(amount), tags)
    except Exception:
        log.warning("What was reconciled was not told as metrics.", exc_info=True)
