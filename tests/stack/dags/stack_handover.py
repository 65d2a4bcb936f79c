"""A finished video's URL handed on in every form that users write."""
# `output[...]` works on every operator, but Airflow types it as the base class, which has no index.
# mypy: disable-error-code="index"

from airflow.sdk import DAG, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

CONNECTION = "seedance_byteplus"
MODEL = "dreamina-seedance-2-0-260128"


@task
def by_taskflow(url: str) -> str:
    """What arrives as an argument."""
    return url


@task
def by_jinja(url: str) -> str:
    """What a template in an argument was rendered to."""
    return url


@task
def all_at_once(urls: list[str]) -> list[str]:
    """What arrives from all mapped tasks together."""
    return list(urls)


with DAG("stack_handover", schedule=None):
    create = SeedanceCreateVideoOperator(
        task_id="create", seedance_conn_id=CONNECTION, model=MODEL, prompt="A fox crosses a frozen lake", duration=4
    )
    wait = SeedanceVideoSensor(
        task_id="wait", seedance_conn_id=CONNECTION, video_id=create.output["video_id"], poke_interval=1, timeout=300
    )
    by_taskflow(wait.output["video_url"])
    wait >> by_jinja("{{ ti.xcom_pull(task_ids='wait', key='video_url') }}")

with DAG("stack_handover_mapped", schedule=None):
    creates = SeedanceCreateVideoOperator.partial(
        task_id="create", seedance_conn_id=CONNECTION, model=MODEL, duration=4
    ).expand(prompt=["A fox crosses a frozen lake", "An owl looks on"])
    # Airflow maps over return values only, not over other keys: hence `map` where a single task has `output[...]`.
    waits = SeedanceVideoSensor.partial(
        task_id="wait", seedance_conn_id=CONNECTION, poke_interval=1, timeout=300
    ).expand(video_id=creates.output.map(lambda video: video["video_id"]))
    by_taskflow.expand(url=waits.output.map(lambda video: video["video_url"]))
    all_at_once(waits.output["video_url"])
    waits >> by_jinja("{{ ti.xcom_pull(task_ids='wait', key='video_url') | join(' ') }}")
