"""One mapped task with as many instances as videos are to wait. `benchmarks.production` makes them wait, no worker."""

import os

from airflow.sdk import DAG, task

VIDEOS = int(os.environ.get("BENCH_VIDEOS", "0"))


@task
def wait(number: int) -> None:
    """Never executed."""


with DAG("bench_waiting", schedule=None, catchup=False):
    wait.expand(number=list(range(VIDEOS)))
