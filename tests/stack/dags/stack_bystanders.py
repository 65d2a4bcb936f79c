"""Waits of another provider, and waits for videos at a vendor that turns hostile."""

from datetime import timedelta

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.sdk import DAG

from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

ATTACKS = ("a1", "a2", "a3", "a6", "a7")

with DAG("stack_bystanders", schedule=None, max_active_tasks=50):
    # Some fire at a moment, some when a file is there.
    DateTimeSensorAsync.partial(task_id="moment").expand(
        target_time=[f"{{{{ dag_run.conf['moments'][{number}] }}}}" for number in range(5)]
    )
    FileSensor.partial(task_id="file", fs_conn_id="fs_anywhere", deferrable=True, poke_interval=1, timeout=600).expand(
        filepath=[f"{{{{ dag_run.conf['file'] }}}}.{number}" for number in range(5)]
    )

with DAG("stack_hostile", schedule=None, max_active_tasks=50):
    for attack in ATTACKS:
        SeedanceVideoSensor(
            task_id=attack,
            seedance_conn_id=f"seedance_stranger_{attack}",
            video_id="cgt-1",
            poke_interval=1,
            # The drip never ends by itself; the others are long done by then.
            timeout=timedelta(seconds=20 if attack == "a7" else 300),
        )
