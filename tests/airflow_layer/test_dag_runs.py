# mypy: disable-error-code="index"
"""Whole DAGs in this process: the connection in Airflow's database, mapped values, templates, skips."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Fault, Simulator
from tests.any_airflow import AIRFLOW, run_dag

from .helpers import PROMPT, SIMPLE, assert_no_secret

pytestmark = pytest.mark.dag


@pytest.fixture
def _running(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with Simulator(speed=getattr(request, "param", 100.0)) as simulator:
        yield simulator


SLOWLY = pytest.mark.parametrize("_running", [12.0], indirect=True)
"""Videos take about five seconds: longer than any Airflow needs to begin a task."""


@pytest.fixture
def stored(_running: Simulator, airflow_db: None) -> Iterator[Simulator]:
    """A simulator whose videos take about half a second; the connection to it is in Airflow's database only."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    row = Connection(
        conn_id="seedance_stored",
        conn_type="seedance",
        host=_running.base_url("byteplus"),
        password=_running.api_key,
        extra='{"vendor": "byteplus"}',
    )
    with create_session() as session:
        session.add(row)
    yield _running
    with create_session() as session:
        session.query(Connection).filter(Connection.conn_id == "seedance_stored").delete()


def run(dag: DAG) -> dict[str, Any]:
    """Runs the DAG; the task instances by task id and map index."""
    return {f"{ti.task_id}[{ti.map_index}]": ti for ti in run_dag(dag).get_task_instances()}


def states(tasks: dict[str, Any]) -> dict[str, str]:
    return {name: str(ti.state) for name, ti in sorted(tasks.items())}


def xcom(ti: Any, key: str = "return_value") -> Any:
    return ti.xcom_pull(task_ids=ti.task_id, key=key, map_indexes=ti.map_index)


CONN: dict[str, Any] = {"seedance_conn_id": "seedance_stored"}
CREATE: dict[str, Any] = SIMPLE["byteplus"] | CONN | {"retries": 2, "retry_delay": 0.01}


@SLOWLY
def test_a_connection_in_airflow_s_database_does_for_a_sensor_that_defers(stored: Simulator) -> None:
    stored.faults.add(Fault("unknown_status", polls=2))  # so that it isn't there at the first look, on any machine
    with DAG("stored_connection", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(task_id="create", **CREATE)
        SeedanceVideoSensor(task_id="wait", video_id=created.output["video_id"], poke_interval=0.1, **CONN)
    tasks = run(dag)
    assert states(tasks) == {"create[-1]": "success", "wait[-1]": "success"}
    (bill,) = stored.ledger
    waited = tasks["wait[-1]"]
    assert (xcom(waited, "video_id"), xcom(waited, "status")) == (bill.video_id, "succeeded")
    assert bill.video_id in xcom(waited, "video_url")
    assert xcom(waited)["video_url"] == xcom(waited, "video_url")
    assert stored.videos[bill.video_id].polls >= 4  # a first look, two while deferred, one at the end


def test_a_failed_video_skips_what_follows_if_the_sensor_fails_softly(stored: Simulator) -> None:
    stored.faults.add(Fault("fail"))
    with DAG("soft", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(task_id="create", **CREATE)
        waiting = SeedanceVideoSensor(
            task_id="wait", video_id=created.output["video_id"], poke_interval=0.1, soft_fail=True, **CONN
        )
        after = SeedanceVideoSensor(task_id="after", video_id=waiting.output["video_id"], **CONN)
        waiting >> after
    assert states(run(dag)) == {"after[-1]": "skipped", "create[-1]": "success", "wait[-1]": "skipped"}


def test_a_failed_video_fails_the_sensor_without_a_retry(stored: Simulator) -> None:
    stored.faults.add(Fault("fail", message="out of luck"))
    with DAG("hard", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(task_id="create", **CREATE)
        SeedanceVideoSensor(
            task_id="wait", video_id=created.output["video_id"], poke_interval=0.1, retries=3, retry_delay=0.01, **CONN
        )
    tasks = run(dag)
    assert states(tasks) == {"create[-1]": "success", "wait[-1]": "failed"}
    assert tasks["wait[-1]"].try_number == 1
    assert len(stored.ledger) == 1


def test_a_template_that_breaks_a_rule_when_rendered_fails_at_once_and_sends_nothing(stored: Simulator) -> None:
    with DAG("rendered_badly", schedule=None, params={"seconds": 99}) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE | {"duration": "{{ params.seconds }}"})
    tasks = run(dag)
    assert states(tasks) == {"create[-1]": "failed"}
    assert tasks["create[-1]"].try_number == 1
    assert stored.requests == []


def test_templates_become_numbers_switches_and_lists_on_the_wire(stored: Simulator) -> None:
    with DAG("rendered_well", schedule=None, params={"seconds": 4, "sound": False}) as dag:
        SeedanceCreateVideoOperator(
            task_id="create",
            model="{{ 'dreamina-seedance-2-0-fast-260128' }}",
            prompt="take {{ run_id }}",
            duration="{{ params.seconds }}",
            generate_audio="{{ params.sound }}",
            reference_images=["https://cdn.example/{{ params.seconds }}.png"],
            **CONN,
        )
    assert states(run(dag)) == {"create[-1]": "success"}
    (bill,) = stored.ledger
    assert (bill.request["duration"], bill.request["generate_audio"]) == (4, False)
    assert "https://cdn.example/4.png" in str(bill.request["content"])
    assert "take manual__" in str(bill.request["content"])


def test_a_mapped_value_that_breaks_a_rule_fails_its_own_task_at_once_and_no_other(stored: Simulator) -> None:
    with DAG("mapped_badly", schedule=None) as dag:
        shared = {key: value for key, value in CREATE.items() if key != "prompt"}
        creates = SeedanceCreateVideoOperator.partial(task_id="create", **shared)
        creates.expand_kwargs([{"prompt": "a"}, {"prompt": "b", "duration": 99}, {"prompt": "c"}])
    tasks = run(dag)
    assert states(tasks) == {"create[0]": "success", "create[1]": "failed", "create[2]": "success"}
    assert tasks["create[1]"].try_number == 1
    assert len(stored.ledger) == 2


@pytest.mark.skipif(AIRFLOW == (3, 0), reason="Airflow 3.0's dag.test() prints all that it sends, at DEBUG")
def test_the_log_of_a_run_shows_ids_but_no_key_prompt_or_signed_url(
    stored: Simulator, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with DAG("logged", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(
            task_id="create", wait_for_completion=True, poll_interval=0.1, **CREATE | {"prompt": PROMPT}
        )
        SeedanceVideoSensor(task_id="wait", video_id=created.output["video_id"], **CONN)
    with caplog.at_level(logging.INFO):
        assert set(states(run(dag)).values()) == {"success"}
    shown = capfd.readouterr()
    text = "\n".join([shown.out, shown.err, caplog.text])
    assert stored.ledger[0].video_id in text
    assert_no_secret(text)
