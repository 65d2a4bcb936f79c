"""Sensors of the HTTP provider that wait for videos in reschedule mode: a worker slot and a process per poke."""

from typing import Any

from airflow.providers.http.sensors.http import HttpSensor
from airflow.sdk import DAG


def is_ready(response: Any) -> bool:
    """Whether the video has ended."""
    return bool(response.json()["status"] == "success")


with DAG("bench_reschedule", schedule=None):
    for number in range(3):
        HttpSensor(
            task_id=f"wait_{number}",
            http_conn_id="bench_http",
            endpoint=f"gmi/requests/11111111-2222-4333-8444-{number:012d}",
            response_check=is_ready,
            mode="reschedule",
            poke_interval=3,
            timeout=600,
        )
