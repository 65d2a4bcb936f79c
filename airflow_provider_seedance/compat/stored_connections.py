"""Lets our own commands read connections from Airflow's database, as Airflow's commands do."""

from __future__ import annotations

import os


def read_stored_connections() -> None:
    """Allows it; to be called before Airflow is imported.

    Since Airflow 3.2, a process gets connections only from the environment and from secrets backends, unless it is a
    worker or declares itself a part of the server. Older versions don't read the variable.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
