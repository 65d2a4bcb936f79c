"""Sensors that wait: three that defer, as is the default, and one that is told to hold its worker."""
# `output[...]` works on every operator, but Airflow types it as the base class, which has no index.
# mypy: disable-error-code="index"

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

CONNECTION = "seedance_byteplus"
MODEL = "dreamina-seedance-2-0-260128"

with DAG("stack_waiting", schedule=None):
    creates = SeedanceCreateVideoOperator.partial(
        task_id="create", seedance_conn_id=CONNECTION, model=MODEL, duration=4
    ).expand(prompt=["Rain on a tin roof", "Snow on a pine", "Fog over a harbour"])
    # Airflow maps over return values only, not over other keys.
    SeedanceVideoSensor.partial(task_id="wait", seedance_conn_id=CONNECTION, poke_interval=1, timeout=300).expand(
        video_id=creates.output.map(lambda video: video["video_id"])
    )

with DAG("stack_holding", schedule=None):
    create = SeedanceCreateVideoOperator(
        task_id="create", seedance_conn_id=CONNECTION, model=MODEL, prompt="A tide comes in", duration=4
    )
    SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id=CONNECTION,
        video_id=create.output["video_id"],
        deferrable=False,
        poke_interval=1,
        timeout=300,
    )

with DAG("stack_from_trigger", schedule=None):
    SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id=CONNECTION,
        video_id="{{ dag_run.conf['video_id'] }}",
        start_from_trigger=True,
        poke_interval=1,
        timeout=300,
    )
