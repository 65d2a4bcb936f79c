"""One task from the prompt to the file: `SeedanceCreateVideoOperator(output_path=...)`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from dev.mp4 import inspect

from .helpers import CREATE, run, states, xcom

pytestmark = pytest.mark.dag


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "videos"


def make(dag_id: str, out: Path, **arguments: Any) -> Any:
    """The task instance of a create operator that lands its video."""
    with DAG(dag_id, schedule=None) as dag:
        arguments = CREATE | {"output_path": f"file://{out}/{{run_id}}/{{video_id}}.{{ext}}", **arguments}
        SeedanceCreateVideoOperator(task_id="create", **arguments)
    return run(dag)["create"]


def videos_in(out: Path) -> list[Path]:
    return sorted(path for path in out.rglob("*") if path.is_file() and not path.name.endswith(".manifest.json"))


@pytest.mark.parametrize("deferrable", [True, False])
def test_the_video_is_landed_after_the_wait(sim: Simulator, out: Path, deferrable: bool) -> None:
    ti = make(f"one_task_{deferrable}", out, deferrable=deferrable, duration=5)
    assert str(ti.state) == "success"
    (file,) = videos_in(out)
    value = xcom(ti)
    assert value["uri"] == xcom(ti, "uri") == f"file://{file}"
    assert value["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (value["status"], value["content_type"], value["width"]) == ("succeeded", "video/mp4", inspect(file).width)
    assert file.stem == value["video_id"]
    assert len(sim.ledger) == 1


def test_a_file_host_that_is_down_for_one_try_costs_no_second_video(
    sim: Simulator, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_seedance.landing.download.PATIENCE", 1)
    sim.faults.add(Fault("http_503", on="media"))
    ti = make("one_task_again", out)
    assert (str(ti.state), ti.try_number) == ("success", 2)
    assert len(videos_in(out)) == 1
    assert len(sim.ledger) == 1


def test_a_storage_that_fails_for_one_try_costs_no_second_video(
    sim: Simulator, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.landing.lander import land_video
    from airflow_provider_seedance.tasks import landing

    tries: list[int] = []

    def full_disk_first(*args: Any, **kwargs: Any) -> dict[str, Any]:
        tries.append(1)
        if len(tries) == 1:
            raise OSError(28, "No space left on device")
        return land_video(*args, **kwargs)

    monkeypatch.setattr(landing, "land_video", full_disk_first)
    ti = make("one_task_full_disk", out)
    assert (str(ti.state), len(tries)) == ("success", 2)
    assert len(sim.ledger) == 1


def test_what_may_not_be_fetched_is_not_retried_and_the_video_is_not_bought_again(
    sim: Simulator, out: Path, connect: Callable[..., None]
) -> None:
    connect("byteplus", allow_private_hosts=False)
    ti = make("one_task_refused", out)
    assert (str(ti.state), ti.try_number) == ("failed", 1)
    assert videos_in(out) == []
    assert len(sim.ledger) == 1


def test_a_mapped_batch_lands_each_of_its_videos(sim: Simulator, out: Path) -> None:
    with DAG("one_task_mapped", schedule=None) as dag:
        arguments = {name: value for name, value in CREATE.items() if name != "prompt"}
        SeedanceCreateVideoOperator.partial(
            task_id="create", output_path=f"file://{out}/{{map_index}}.{{ext}}", **arguments
        ).expand(prompt=["a boat", "a kite"])
    assert states(run(dag)) == {"create[0]": "success", "create[1]": "success"}
    assert [file.name for file in videos_in(out)] == ["0.mp4", "1.mp4"]
    assert len(sim.ledger) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"wait_for_completion": False}, "wait_for_completion=True"),
        ({"output_path": "s3://b/{prompt}.mp4"}, r"\{prompt\} is not known"),
    ],
)
def test_what_cannot_work_is_refused_when_the_dag_is_parsed(arguments: dict[str, Any], words: str, out: Path) -> None:
    with pytest.raises(ValueError, match=words):
        SeedanceCreateVideoOperator(task_id="create", **CREATE | {"output_path": f"file://{out}/"} | arguments)
