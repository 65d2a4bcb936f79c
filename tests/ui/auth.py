"""Airflow's simple auth manager with one more rule, so that a test has a user who may see some DAGs only.

The simple one gives every role all DAGs. Only the yes or no per DAG is ours; Airflow's own code asks for it everywhere.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

GUEST = "guest"


class PerDagAuthManager(SimpleAuthManager):
    """The user `guest` may see no DAG whose id has `secret` in it."""

    def is_authorized_dag(self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None) -> bool:
        """Whether the user may do this with the DAG, or, without one, with DAGs at all."""
        if user.username == GUEST and details is not None and "secret" in (details.id or ""):
            return False
        return super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
