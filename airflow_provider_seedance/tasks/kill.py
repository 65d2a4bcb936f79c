"""Cancels a video when its task is killed while it waits on the worker."""

from __future__ import annotations

from threading import Thread
from typing import Any

from airflow_provider_seedance.compat.task_state import has_ended_for_good
from airflow_provider_seedance.hooks.seedance import SeedanceHook


def cancel_if_ended(ti: Any, video_id: str, seedance_conn_id: str, *, patience: float, log: Any) -> None:
    """Cancels a video that has not started, if its task was ended by the user and is not resumed elsewhere.

    It never raises, and logs the result.

    :param ti: the task instance.
    :param video_id: the id of the video that the task waits for.
    :param seedance_conn_id: the connection's id.
    :param patience: the longest wait for the result of the cancel, in seconds.
    :param log: the task's logger.
    """

    def cancel() -> None:
        try:
            if not has_ended_for_good(ti):
                log.info("Video %s goes on: its task has not ended.", video_id)
                return
            log.info(SeedanceHook(seedance_conn_id).cancel_if_not_started(video_id).sentence)
        except Exception as error:
            log.warning("Video %s was not cancelled (%s); it may be billed.", video_id, type(error).__name__)

    # In a thread with a time limit, since the signal may have interrupted a call to Airflow's supervisor.
    thread = Thread(target=cancel, daemon=True)
    thread.start()
    thread.join(timeout=patience)
