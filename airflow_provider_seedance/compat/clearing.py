"""The effect of clearing a task on its state in Airflow's task state store."""

from __future__ import annotations


def clearing_discards_state() -> bool:
    """Whether clearing a task discards its state, unless the user chooses to keep it (Airflow 3.4+).

    If so, a state that still exists after a clear was kept on purpose. On 3.3 it always survives, which proves nothing.
    """
    from airflow import __version__
    from packaging.version import Version

    return Version(__version__).release >= (3, 4)
