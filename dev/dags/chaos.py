"""The DAG of `make chaos`: mapped videos over all vendors, each with a prompt of its own, submitted and waited for."""

import json
import os
from datetime import timedelta

from airflow.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator

MODELS: dict[str, str] = json.loads(os.environ.get("SEEDANCE_CHAOS_MODELS", "{}"))
"""By vendor: a model that takes a prompt with resolution and ratio. `dev.chaos` tells."""
VENDORS = tuple(MODELS)
VIDEOS = int(os.environ.get("SEEDANCE_CHAOS_VIDEOS", "60"))
RETRIES = int(os.environ.get("SEEDANCE_CHAOS_RETRIES", "8"))
TIMEOUT = float(os.environ.get("SEEDANCE_CHAOS_TIMEOUT", "1200"))
PROMPT = os.environ.get("SEEDANCE_CHAOS_PROMPT", "A paper boat in a storm, take {index}.")


def video(index: int) -> dict[str, object]:
    """What task number `index` asks for; nobody else asks for the same."""
    vendor = VENDORS[index % len(VENDORS)]
    return {
        "seedance_conn_id": f"seedance_{vendor}",
        "model": MODELS[vendor],
        "prompt": PROMPT.format(index=f"{index:03d}"),
    }


with DAG("seedance_chaos", schedule=None, catchup=False, max_active_tasks=100, tags=["seedance"]):
    SeedanceCreateVideoOperator.partial(
        task_id="create",
        duration=5,
        resolution="720p",
        ratio="16:9",
        wait_for_completion=True,
        poll_interval=2,
        timeout=TIMEOUT,
        retries=RETRIES,
        retry_delay=timedelta(seconds=2),
        retry_exponential_backoff=False,
    ).expand_kwargs([video(index) for index in range(VIDEOS if MODELS else 0)])
