"""Tells whether a task instance has ended for good, which distinguishes a user's kill from a failover of triggerers."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.compat.loops import is_in_loop

_FINAL_STATES = frozenset(("success", "failed", "skipped", "upstream_failed", "removed"))


def has_ended_for_good(ti: Any) -> bool:
    """Asks Airflow whether the task instance is in a final state. It blocks.

    When a trigger or a worker is killed, the user may have marked the task as ended or cleared it, or another triggerer
    may have taken over. Only in the first case is the state final; in the others another process owns the video by now.

    :param ti: the task instance, of a context or of a trigger.
    """
    try:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
    except ImportError:
        # Airflow 2: its task instances read the database themselves.
        return ti.current_state() in _FINAL_STATES
    if is_in_loop(ti):
        # Airflow always returns the state of the latest pass. An earlier pass that was cleared, and waits again, would
        # seem to have ended. So a kill never cancels a video of a loop.
        return False
    map_index = ti.map_index if ti.map_index is not None else -1
    states = RuntimeTaskInstance.get_task_states(
        dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=map_index
    )
    # Airflow returns the state of a mapped task instance under the key "task_id_index".
    key = ti.task_id if map_index < 0 else f"{ti.task_id}_{map_index}"
    return (states.get(ti.run_id) or {}).get(key) in _FINAL_STATES
