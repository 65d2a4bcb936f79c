"""Lets a program of one's own read connections from Airflow's database, as its own commands do."""

from __future__ import annotations

import os


def read_stored_connections() -> None:
    """Call it before Airflow is imported.

    Since 3.2, a process that is neither a worker's nor says that it belongs to the server's side is given connections
    of the environment and of secrets backends only. Older versions don't read the variable.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
