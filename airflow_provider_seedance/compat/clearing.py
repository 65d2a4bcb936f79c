"""What clearing a task does to its state in Airflow's task state store."""

from __future__ import annotations


def clearing_discards_state() -> bool:
    """Whether clearing a task discards its state, unless whoever clears it wants it kept (Airflow 3.4+).

    So there, state that has outlived a clear was kept. On 3.3 it always outlives it, which says nothing.
    """
    from airflow import __version__
    from packaging.version import Version

    return Version(__version__).release >= (3, 4)
