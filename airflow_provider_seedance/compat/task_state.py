"""Whether a task instance has ended for good: the one question that tells a user's kill from a failover."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.compat.loops import is_in_loop

_FINAL_STATES = frozenset(("success", "failed", "skipped", "upstream_failed", "removed"))


def has_ended_for_good(ti: Any) -> bool:
    """Asks Airflow for the state of the task instance; blocks.

    A killed trigger or worker may mean that the user marked the task, or cleared it, or that another triggerer has
    taken over. Only in the first case is the state final; in the others another process owns the video by now.

    :param ti: a task instance, as triggers and contexts have it.
    """
    try:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
    except ImportError:
        # Airflow 2: its task instances read the database themselves.
        return ti.current_state() in _FINAL_STATES
    if is_in_loop(ti):
        # Airflow tells the state of the latest pass, whichever is asked for: an earlier one that was cleared, and waits
        # again, would be said to have ended. So a video of a loop is never cancelled by a kill.
        return False
    map_index = ti.map_index if ti.map_index is not None else -1
    states = RuntimeTaskInstance.get_task_states(
        dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=map_index
    )
    # A mapped task instance answers under "task_id_index".
    key = ti.task_id if map_index < 0 else f"{ti.task_id}_{map_index}"
    return (states.get(ti.run_id) or {}).get(key) in _FINAL_STATES
