"""A batch: one create and one wait per prompt, by dynamic task mapping."""

from __future__ import annotations

from airflow.sdk import DAG, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_batch", schedule=None, catchup=False, tags=["seedance"]):

    @task
    def prompts() -> list[str]:
        return [f"A {thing} made of glass, turning slowly" for thing in ("teapot", "violin", "bicycle")]

    create = SeedanceCreateVideoOperator.partial(
        task_id="create",
        seedance_conn_id="seedance_modellix",
        model="seedance-2.0-fast-t2v",
        duration=4,
        ratio="1:1",
        # Orders at most three at a time. If one of them fails, no sensor runs: `seedance_lanes` goes on then.
        max_active_tis_per_dagrun=3,
    ).expand(prompt=prompts())

    wait = SeedanceVideoSensor.partial(task_id="wait", seedance_conn_id="seedance_modellix", poke_interval=2).expand(
        video_id=create.output
    )

    @task
    def collect(urls: list[str]) -> int:
        return len(list(urls))

    collect(wait.output["video_url"])
