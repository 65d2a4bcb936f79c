"""`make demo-pipelines`: storyboard, approval batch and asset DAGs by a real Airflow, landed in an S3 of its own."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import httpx

from dev.airflow_api import FINISHED_RUN, AirflowApi
from dev.demo import DemoFailedError
from dev.mp4 import inspect
from dev.screen import table
from dev.services import BUCKET, library, s3
from dev.showcase import DEMO_HOME, Showcase, show_path, showcase, stopwatch
from dev.stack import StackError, stop_on_signals

FILES = DEMO_HOME / "pipelines"
TIMEOUT = 300.0
Say = Callable[[str], None]


def main() -> int:
    """Run the pipelines and return the exit code."""
    stop_on_signals()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the S3's requests
    say = stopwatch()
    shutil.rmtree(FILES, ignore_errors=True)
    try:
        with s3() as storage, library(FILES / "library") as shelf, showcase(say, storage | shelf) as show:
            run(show, storage, say)
            say("stopping Airflow")
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C")
        return 130
    except (DemoFailedError, StackError, TimeoutError, RuntimeError, httpx.HTTPError) as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        print(f"\nLogs: {show_path(DEMO_HOME / 'airflow' / 'logs')}", file=sys.stderr)
        return 1
    say("done")
    return 0


def run(show: Showcase, storage: dict[str, str], say: Say) -> None:
    """Trigger the DAGs side by side, approve what waits for approval, and look at what is there in the end."""
    api = show.stack.api
    api.wait_for_dag("seedance_asset_consumer")
    api.request("PATCH", "/api/v2/dags/seedance_asset_consumer", json={"is_paused": False})
    runs = {
        dag_id: api.trigger_dag(dag_id) for dag_id in ("seedance_storyboard", "seedance_approval", "seedance_asset")
    }
    say(f"running {', '.join(runs)}; the UI is at {show.stack.url}")
    approve(api, "seedance_approval", runs["seedance_approval"], say)
    for dag_id, run_id in runs.items():
        if (state := api.wait_for_run(dag_id, run_id, TIMEOUT)) != "success":
            raise DemoFailedError(f"{dag_id} ended as {state}\n{show.stack.failures(dag_id, run_id)}")
        say(f"{dag_id}: {state}")
    say(f"seedance_asset_consumer, started by the asset, read: {consumed(api)}")
    rows = [[show_path(path), str(inspect(path))] for path in fetched(storage)]
    rows += [[show_path(path), str(inspect(path))] for path in sorted((FILES / "library").glob("*.mp4"))]
    print(f"\n{table(['file', 'content'], rows)}\n")
    bills = len(show.simulator.ledger)
    print(f"{bills} videos were paid for: 3 scenes, 2 clips of the approved batch, 1 trailer.\n", flush=True)
    if bills != 6 or len(rows) != 8:
        raise DemoFailedError(f"{bills} bills instead of 6, {len(rows)} files instead of 8")


def approve(api: AirflowApi, dag_id: str, run_id: str, say: Say) -> None:
    """Does what a person does on the page of required actions, as soon as there is something to approve."""
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails"
    deadline = time.monotonic() + TIMEOUT
    # An answer that comes before the task has come to rest fails it.
    api.wait_for_task(dag_id, run_id, "approve", {"awaiting_input", *FINISHED_RUN}, timeout=TIMEOUT)
    while True:
        try:
            asked = api.get(path)
            api.request("PATCH", path, json={"chosen_options": ["Approve"], "params_input": {}})
            break
        except httpx.HTTPStatusError as error:
            # Not asked yet, or SQLite is busy, which a person would answer by pressing the button once more.
            status = error.response.status_code
            if (status != httpx.codes.NOT_FOUND and status < 500) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
    say(f"a person is asked {asked['subject']!r} and answers Approve")


def consumed(api: AirflowApi) -> list[str]:
    """What the DAG that the asset started has read from the event."""
    deadline = time.monotonic() + TIMEOUT
    while not (runs := api.get("/api/v2/dags/seedance_asset_consumer/dagRuns")["dag_runs"]):
        if time.monotonic() > deadline:
            raise TimeoutError("the asset started no DAG")
        time.sleep(0.5)
    api.wait_for_run("seedance_asset_consumer", runs[0]["dag_run_id"], TIMEOUT)
    read: list[str] = api.xcom("seedance_asset_consumer", runs[0]["dag_run_id"], "use_trailer")
    return read


def fetched(storage: dict[str, Any]) -> list[Path]:
    """The videos in the bucket, brought here so that a player can open them."""
    from airflow.sdk import Connection

    connection = Connection.from_json(storage["AIRFLOW_CONN_AWS_DEFAULT"])
    client = boto3.client(
        "s3",
        aws_access_key_id=connection.login,
        aws_secret_access_key=connection.password,
        **connection.extra_dejson,
    )
    found = []
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        if item["Key"].endswith(".mp4"):
            path = FILES / "s3" / item["Key"].replace("/", "-").replace(":", "")
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(BUCKET, item["Key"], str(path))
            found.append(path)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
