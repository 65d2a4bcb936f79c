"""The stack that the pages are looked at on: simulator, Airflow, two users, and runs to be seen."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.simulator import VENDORS, Simulator
from dev.stack import CHECKOUT, AirflowStack
from tests.support.requests import SIZED_MODELS
from tests.ui.auth import GUEST

PROMPT = "A paper boat in the rain, filmed from above"


@dataclass
class World:
    """What a test may look at and do.

    :param sessions: of the users that have logged in, as the browser keeps them.
    """

    simulator: Simulator
    stack: AirflowStack
    videos: list[dict[str, Any]]
    sessions: dict[str, Any] = field(default_factory=dict)

    def password(self, user: str) -> str:
        """A user's password, as Airflow has it."""
        passwords: Mapping[str, str] = json.loads((self.stack.home / "passwords.json").read_text())
        return passwords[user]

    @retry(retry=retry_if_exception_type(httpx.HTTPStatusError), stop=stop_after_attempt(3), wait=wait_fixed(1))
    def trigger(self, dag_id: str) -> str:
        """Unpauses a DAG, starts a run and returns its id.

        Again if the API server fails: SQLite refuses a commit (of its audit log) when another process was faster.
        """
        return self.stack.trigger_dag(dag_id)

    def seed(self, dag_id: str, count: int) -> None:
        """Writes runs of a DAG into the database."""
        self.stack.api.wait_for_dag(dag_id)
        python = [self.stack.python, "-m", "tests.ui.seed", dag_id, str(count)]
        done = subprocess.run(
            python,
            env=self.stack.env,
            cwd=CHECKOUT,
            input=json.dumps(self.videos),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise RuntimeError(f"seeding {dag_id} failed:\n{done.stderr[-3000:]}")


def finished_videos(simulator: Simulator) -> list[dict[str, Any]]:
    """One real video per vendor, whose links can be played."""
    videos = []
    for vendor in VENDORS:
        settings = ClientSettings(api_key=simulator.api_key, base_url=simulator.base_url(vendor))
        with SeedanceClient(make_adapter(vendor), settings) as client:
            request: dict[str, Any] = {"model": SIZED_MODELS[vendor], "prompt": PROMPT, "duration": 5}
            request |= {"ratio": "16:9", "resolution": "720p"}
            if vendor in ("byteplus", "volcengine"):
                request["return_last_frame"] = True
            video_id = client.create_video(request).video_id
            simulator.finish(video_id)
            videos.append(client.get_video(video_id).to_dict() | {"model": SIZED_MODELS[vendor]})
    return videos


@contextmanager
def world(home: Path, say: Callable[[str], None]) -> Iterator[World]:
    """Starts everything, with two users; stops it at the end."""
    env = {
        "AIRFLOW__CORE__AUTH_MANAGER": "tests.ui.auth.PerDagAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"admin:admin,{GUEST}:viewer",
    }
    with bare_world(home, say, env=env) as found:
        found.videos += finished_videos(found.simulator)
        yield found


@contextmanager
def bare_world(
    home: Path,
    say: Callable[[str], None],
    *,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
    dags: Sequence[Path] = (),
) -> Iterator[World]:
    """Starts everything; stops it at the end.

    :param env: more environment variables of Airflow.
    :param python: the interpreter that has Airflow.
    :param dags: more folders of DAG files.
    """
    with (
        # As slow as in life: a video runs until a test has seen enough of its waiting, and finishes it.
        Simulator(speed=1.0, run_seconds=600) as simulator,
        # Not in the test's own folder, whose long name would be in the docs' pictures.
        tempfile.TemporaryDirectory(prefix="videos-") as videos,
    ):
        settings = {
            "PYTHONPATH": str(CHECKOUT),
            "SEEDANCE_OUTPUT": Path(videos).as_uri(),
            "AIRFLOW__SEEDANCE__PLAYBACK_ROOTS": Path(videos).as_uri(),
        }
        # The connection `seedance_byteplus` is made by hand, in the form.
        for vendor in set(VENDORS) - {"byteplus"}:
            settings[f"AIRFLOW_CONN_SEEDANCE_{vendor.upper()}"] = simulator.connection_json(vendor)
        folders = [Path(__file__).parent / "dags", CHECKOUT / "example_dags", *dags]
        everything = settings | dict(env or {})
        with AirflowStack(home / "airflow", folders, everything, python=python, progress=say) as stack:
            yield World(simulator, stack, [])
