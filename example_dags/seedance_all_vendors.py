"""One video at each vendor, side by side: create, wait without a worker slot, store. `make demo` runs this one."""

from __future__ import annotations

import os
import tempfile

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.transfers.seedance_to_object_storage import SeedanceVideoToObjectStorageOperator

# What each vendor calls its fast model, and the seconds that the model takes.
MODELS = {
    "byteplus": "dreamina-seedance-2-0-fast-260128",
    "volcengine": "doubao-seedance-2-0-fast-260128",
    "jimmyai": "seedance2.0-fast-sp",
    "gmicloud": "seedance-2-0-fast-260128",
    "modellix": "seedance-2.0-fast-t2v",
    "openrouter": "bytedance/seedance-2.0-fast",
    "runware": "bytedance:seedance@2.0-fast",
    "fal": "bytedance/seedance-2.0/fast",
    "replicate": "bytedance/seedance-2.0-fast",
}
FOLDER = os.environ.get("SEEDANCE_OUTPUT", f"file://{tempfile.gettempdir()}/seedance")

with DAG("seedance_all_vendors", schedule=None, catchup=False, tags=["seedance"]):
    for vendor, model in MODELS.items():
        create = SeedanceCreateVideoOperator(
            task_id=f"create_{vendor}",
            seedance_conn_id=f"seedance_{vendor}",
            model=model,
            prompt=f"A paper boat in the rain, filmed from above, for {vendor}. Run {{{{ run_id }}}}.",
            duration=5,
            resolution="720p",
            ratio="16:9",
        )

        wait = SeedanceVideoSensor(
            task_id=f"wait_{vendor}",
            seedance_conn_id=f"seedance_{vendor}",
            video_id=create.output["video_id"],
            poke_interval=2,
            timeout=1800,
        )

        SeedanceVideoToObjectStorageOperator(
            task_id=f"store_{vendor}",
            seedance_conn_id=f"seedance_{vendor}",
            video_id=wait.output["video_id"],
            video_url=wait.output["video_url"],
            output_path=f"{FOLDER}/{{vendor}}-{{video_id}}.{{ext}}",
        )
