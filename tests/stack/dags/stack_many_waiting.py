"""Two hundred sensors that wait at once, for the videos that the run's configuration names.

Most of them start in the triggerer: each one that a worker defers costs half a second of it.
"""

from airflow.sdk import DAG, Param, task

from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

MANY = 200
MAPPED = 40

with DAG("stack_many_waiting", schedule=None, max_active_tasks=MANY, params={"video_ids": Param([], type="array")}):
    options = {
        "seedance_conn_id": "seedance_queued_byteplus",
        "poke_interval": 2,
        "timeout": 600,
        "do_xcom_push": False,
    }

    @task
    def videos(params: dict[str, list[str]] | None = None) -> list[str]:
        """Somebody else has submitted them."""
        return (params or {})["video_ids"][:MAPPED]

    SeedanceVideoSensor.partial(task_id="mapped", **options).expand(video_id=videos())

    for number in range(MAPPED, MANY):
        SeedanceVideoSensor(
            task_id=f"wait_{number}",
            video_id=f"{{{{ dag_run.conf['video_ids'][{number}] }}}}",
            start_from_trigger=True,
            **options,
        )
