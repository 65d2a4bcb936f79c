"""The ledger's settings in Airflow's configuration."""

from __future__ import annotations


def ledger_conn_id() -> str:
    """The id of the ledger's connection, from the provider config `[seedance] ledger_conn_id`; empty if not set."""
    from airflow.providers.common.compat.sdk import conf

    return (conf.get("seedance", "ledger_conn_id", fallback="") or "").strip()
