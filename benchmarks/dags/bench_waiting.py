"""Videos that wait from the beginning: in DAGs of a thousand, and others that are asked for more often."""

import os

from airflow.sdk import DAG

from benchmarks.waiting import WaitOperator

VIDEOS = int(os.environ.get("BENCH_VIDEOS", "0"))
SHARING = int(os.environ.get("BENCH_SHARING", "0"))
A_DAG = 1000


def waiting(dag_id: str, numbers: range, interval: float) -> DAG:
    """A DAG of tasks that wait for the videos of these numbers."""
    with DAG(dag_id, schedule=None, catchup=False, max_active_tasks=2 * A_DAG) as dag:
        for number in numbers:
            video_id = f"cgt-20261120000000-{number:06d}"
            WaitOperator(task_id=f"wait_{number}", conn_id="bench_stored", video_id=video_id, interval=interval)
    return dag


for first in range(0, VIDEOS, A_DAG):
    name = f"bench_waiting_{first // A_DAG}"
    globals()[name] = waiting(name, range(first, min(first + A_DAG, VIDEOS)), 10.0)
if SHARING:
    bench_sharing = waiting("bench_sharing", range(SHARING), 2.0)
