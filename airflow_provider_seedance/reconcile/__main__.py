"""``python -m airflow_provider_seedance.reconcile``: the command that reconciles vendors' accounts with the ledger."""

from __future__ import annotations

from airflow_provider_seedance.compat.stored_connections import read_stored_connections

if __name__ == "__main__":
    read_stored_connections()
    from airflow_provider_seedance.reconcile.command import main

    raise SystemExit(main())
