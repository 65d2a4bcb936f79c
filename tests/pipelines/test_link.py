# mypy: disable-error-code="index"
"""The "Video" button, as Airflow's API server finds it: by the stored DAG and the stored XComs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.links import seedance as links
from airflow_provider_seedance.links.seedance import SeedanceVideoLink
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.tasks import deferral
from tests.any_airflow import AIRFLOW

from .helpers import ARK, CREATE, run, states, xcom

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


def tab(ti: Any, task: str) -> str:
    return f"/dags/{ti.dag_id}/runs/{quote(ti.run_id, safe='')}/tasks/{task}/plugin/seedance-video"


def test_it_leads_to_the_tab_of_its_task_while_deferred_and_after(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DAG("link_deferred", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE)
    seen: list[Any] = []
    whole = deferral.video_of_event

    def looking(hook: SeedanceHook, event: Any, **more: Any) -> Any:
        seen.append(link(dag, "create", current_run()))
        return whole(hook, event, **more)

    monkeypatch.setattr(deferral, "video_of_event", looking)
    created = run(dag)["create"]
    assert [*seen, link(dag, "create", created.run_id)] == [tab(created, "create")] * 2


def current_run() -> str:
    from airflow.providers.common.compat.sdk import get_current_context

    return str(get_current_context()["run_id"])


def test_it_holds_no_signature(sim: Simulator) -> None:
    with DAG("link_unsigned", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE)
    created = run(dag)["create"]
    assert "Signature" in xcom(created, "video_url")
    assert "?" not in link(dag, "create", created.run_id)


def test_a_failed_video_has_it_too_for_the_tab_says_why(sim: Simulator) -> None:
    sim.faults.add(Fault("fail"))
    with DAG("link_failed", schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE | {"retries": 0})
    created = run(dag)["create"]
    assert str(created.state) == "failed"
    assert link(dag, "create", created.run_id) == tab(created, "create")


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
        assert link(dag, "make", made.run_id, index) == tab(made, f"make/mapped/{index}")


def test_airflow_2_which_asks_with_a_stored_operator_finds_it_in_xcom(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat import sdk

    monkeypatch.setattr(links, "AirflowPlugin", object)

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
