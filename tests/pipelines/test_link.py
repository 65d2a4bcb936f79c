# mypy: disable-error-code="index"
"""The "Video" button, as Airflow's API server finds it: by the stored DAG and the stored XComs."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_seedance.links.seedance import SeedanceVideoLink
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.triggers import deferral
from tests.any_airflow import AIRFLOW

from .bench import ARK, CREATE, PROMPT, run, states, xcom

pytestmark = [
    pytest.mark.dag,
    pytest.mark.skipif(AIRFLOW < (3, 2), reason="looks for the button where Airflow 3.2+ keeps it"),
]


def link(dag: DAG, task_id: str, run_id: str, map_index: int = -1) -> Any:
    """What the button of a task instance leads to at this moment."""
    from airflow.models.taskinstancekey import TaskInstanceKey
    from airflow.serialization.definitions.operatorlink import XComOperatorLink
    from airflow.serialization.serialized_objects import DagSerialization

    (stored,) = (
        each["__var"] for each in DagSerialization.to_dict(dag)["dag"]["tasks"] if each["__var"]["task_id"] == task_id
    )
    ((name, key),) = stored["_operator_extra_links"].items()
    ti_key = TaskInstanceKey(dag.dag_id, task_id, run_id, 1, map_index)
    return XComOperatorLink(name=name, xcom_key=key).get_link(None, ti_key=ti_key)  # type: ignore[arg-type]


def test_it_leads_to_the_video_once_there_is_one_and_nowhere_while_deferred(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DAG("link_deferred", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE)
    seen: list[Any] = []
    whole = deferral.video_of_event

    def looking(conn_id: str, event: Any) -> Any:
        seen.append(link(dag, "create", current_run()))
        return whole(conn_id, event)

    monkeypatch.setattr(deferral, "video_of_event", looking)
    created = run(dag)["create"]
    assert seen == [""]
    assert link(dag, "create", created.run_id) == xcom(created, "video_url")


def current_run() -> str:
    from airflow.providers.common.compat.sdk import get_current_context

    return str(get_current_context()["run_id"])


def test_a_new_try_does_not_show_the_video_of_the_one_before(sim: Simulator) -> None:
    """The first sensor run finds a video; after a clear the second one fails, and the button is gone."""
    video_id = submit_finished(sim)
    with DAG("link_cleared", schedule=None) as dag:
        SeedanceVideoSensor(task_id="wait", video_id=video_id, seedance_conn_id="seedance_byteplus")
    waited = run(dag)["wait"]
    assert video_id in link(dag, "wait", waited.run_id)
    sim.videos[video_id].deleted = True
    again(waited, dag)
    waited.refresh_from_db()
    assert str(waited.state) == "failed"
    assert link(dag, "wait", waited.run_id) == ""


def submit_finished(sim: Simulator) -> str:
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    hook = SeedanceHook("seedance_byteplus")
    video = hook.create_video({"model": ARK["model"], "prompt": PROMPT})
    hook.close()
    sim.finish(video.video_id)
    return video.video_id


def again(ti: Any, dag: DAG) -> None:
    """Clears the task instance and runs it once more, in this process."""
    from airflow.models.taskinstance import clear_task_instances
    from airflow.sdk.definitions.dag import _run_task
    from airflow.utils.session import create_session

    with create_session() as session:
        ti = session.merge(ti)
        clear_task_instances([ti], session)
        session.flush()
        ti.try_number += 1
        session.commit()
        _run_task(ti=ti, task=dag.get_task(ti.task_id), run_triggerer=True)


def test_a_failed_video_has_no_button(sim: Simulator) -> None:
    sim.faults.add(Fault("fail"))
    with DAG("link_failed", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE | {"retries": 0})
    created = run(dag)["create"]
    assert str(created.state) == "failed"
    assert link(dag, "create", created.run_id) == ""


def test_mapped_and_decorated_tasks_have_it_as_well(sim: Simulator) -> None:
    with DAG("link_mapped", schedule=None) as dag:

        @task.seedance_video(**ARK)  # type: ignore[untyped-decorator]
        def make(prompt: str) -> str:
            return prompt

        make.expand(prompt=["a", "b"])
    tasks = run(dag)
    assert states(tasks) == {"make[0]": "success", "make[1]": "success"}
    for index in range(2):
        made = tasks[f"make[{index}]"]
        assert link(dag, "make", made.run_id, index) == xcom(made, "video_url")


def test_airflow_2_which_asks_with_a_stored_operator_finds_it_in_xcom(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat import sdk

    class Stored:
        @staticmethod
        def get_value(*, ti_key: Any, key: str) -> str | None:
            return "https://x.example/v.mp4" if (ti_key, key) == ("this", "video_url") else None

    monkeypatch.setattr(sdk, "XCom", Stored, raising=False)
    assert SeedanceVideoLink().get_link(object(), ti_key="this") == "https://x.example/v.mp4"  # type: ignore[arg-type]
    assert SeedanceVideoLink().get_link(object(), ti_key="other") == ""  # type: ignore[arg-type]


def test_airflow_knows_the_link_s_class() -> None:
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()  # type: ignore[no-untyped-call]
    path = f"{SeedanceVideoLink.__module__}.{SeedanceVideoLink.__name__}"
    assert path in manager.extra_links_class_names
