"""Lets the provider's commands read connections from Airflow's database, as Airflow's own commands do."""

from __future__ import annotations

import os


def read_stored_connections() -> None:
    """Allows this process to read connections from Airflow's database. Call it before Airflow is imported.

    Since Airflow 3.2, a process gets connections only from the environment and from secrets backends, unless it is a
    worker or declares itself part of the server by an environment variable. Older versions ignore the variable.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
