"""Three takes by a loop (Airflow 3.4+), a task to be cleared, and one that is none of ours."""

from typing import Any

from airflow.sdk import DAG, task, task_group

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

ASKS: dict[str, Any] = {
    "seedance_conn_id": "seedance_volcengine",
    "model": "doubao-seedance-2-0-fast-260128",
    "prompt": "A paper boat, another take",
    "duration": 5,
}

with DAG("ui_loop", schedule=None):

    @task_group
    def take() -> None:
        create = SeedanceCreateVideoOperator(task_id="create", **ASKS)
        SeedanceVideoSensor(
            task_id="wait",
            seedance_conn_id=ASKS["seedance_conn_id"],
            video_id=create.output["video_id"],
            poke_interval=1,
        )

    take.loop(max_iterations=3)  # type: ignore[attr-defined]

with DAG("ui_clear", schedule=None):
    SeedanceCreateVideoOperator(task_id="create", retries=1, **ASKS)

with DAG("ui_other", schedule=None):

    @task
    def no_video() -> str:
        return "nothing to see"

    no_video()
