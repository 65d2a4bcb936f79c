"""Create, wait, and upload the video by the HTTP provider to a service of your own (connection `video_library`)."""

from __future__ import annotations

import requests
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import DAG, task

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor

with DAG("seedance_upload_http", schedule=None, catchup=False, tags=["seedance"]):
    create = SeedanceCreateVideoOperator(
        task_id="create",
        seedance_conn_id="seedance_gmicloud",
        model="seedance-2-0-fast-260128",
        prompt="A fox runs through fresh snow at dawn",
        duration=5,
        generate_audio=True,
    )
    wait = SeedanceVideoSensor(
        task_id="wait",
        seedance_conn_id="seedance_gmicloud",
        video_id=create.output["video_id"],
        poke_interval=2,
    )

    @task
    def upload(video_id: str, video_url: str) -> int:
        with requests.get(video_url, stream=True, timeout=60) as video:
            video.raise_for_status()
            answer = HttpHook(method="PUT", http_conn_id="video_library").run(
                f"videos/{video_id}.mp4", data=video.raw, headers={"Content-Type": "video/mp4"}
            )
        return int(answer.status_code)

    upload(wait.output["video_id"], wait.output["video_url"])
