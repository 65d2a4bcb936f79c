"""Videos that wait until somebody ends the task: each task has a prompt of its own, by which a test finds its video.

The connections `seedance_queued_...` lead to a simulator where videos stay in the queue.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

MODELS = {"byteplus": "dreamina-seedance-2-0-260128", "jimmyai": "seedance2.0-fast-sp"}
ENDINGS = ("mark_failed", "mark_success", "clear")


def create(task_id: str, conn_id: str, **fields: Any) -> SeedanceCreateVideoOperator:
    """One video, waited for."""
    return SeedanceCreateVideoOperator(
        task_id=task_id,
        seedance_conn_id=conn_id,
        model=MODELS[conn_id.rpartition("_")[2]],
        prompt=f"{{{{ run_id }}}} {task_id}",
        duration=5,
        wait_for_completion=True,
        poll_interval=1,
        timeout=900,
        **fields,
    )


def sensor(task_id: str, **fields: Any) -> SeedanceVideoSensor:
    """Waits for a video that the test has submitted."""
    return SeedanceVideoSensor(
        task_id=task_id,
        seedance_conn_id="seedance_queued_byteplus",
        video_id="{{ dag_run.conf['video_id'] }}",
        poke_interval=1,
        timeout=900,
        **fields,
    )


with DAG("stack_kill", schedule=None):
    for ending in ENDINGS:
        create(f"queued_{ending}", "seedance_queued_byteplus")
        create(f"running_{ending}", "seedance_byteplus")
        create(f"jimmyai_{ending}", "seedance_queued_jimmyai")
        sensor(f"sensor_{ending}")
    SeedanceCreateVideoOperator.partial(
        task_id="mapped",
        seedance_conn_id="seedance_queued_byteplus",
        model=MODELS["byteplus"],
        duration=5,
        wait_for_completion=True,
        poll_interval=1,
        timeout=900,
    ).expand(prompt=["{{ run_id }} mapped 0", "{{ run_id }} mapped 1"])
    create("kept", "seedance_queued_byteplus", cancel_on_kill=False)

with DAG("stack_kill_holding", schedule=None):
    for ending in ENDINGS:
        create(f"queued_{ending}", "seedance_queued_byteplus", deferrable=False)
    create("jimmyai", "seedance_queued_jimmyai", deferrable=False)
    create("retried", "seedance_queued_jimmyai", deferrable=False, retries=3, retry_delay=timedelta(seconds=1))
    sensor("sensor", deferrable=False)

with DAG("stack_kill_run", schedule=None):
    create("queued", "seedance_queued_byteplus")
    create("jimmyai", "seedance_queued_jimmyai")
    sensor("sensor")

with DAG("stack_kill_failover", schedule=None):
    SeedanceCreateVideoOperator.partial(
        task_id="mapped",
        seedance_conn_id="seedance_queued_byteplus",
        model=MODELS["byteplus"],
        duration=5,
        wait_for_completion=True,
        poll_interval=1,
        timeout=900,
    ).expand(prompt=["{{ run_id }} mapped 0", "{{ run_id }} mapped 1"])
    create("alone", "seedance_queued_byteplus")
