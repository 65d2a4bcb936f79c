"""With Airflow's own task state store and retries: DAGs run in this process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, get_current_context, task

from airflow_provider_seedance.api.errors import SubmissionRecordError
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.submissions.record import SubmissionRecord
from airflow_provider_seedance.submissions.store import KEY, TaskStateSubmissionStore, open_store
from airflow_provider_seedance.tasks import deferral
from tests.any_airflow import AIRFLOW, run_dag

from .helpers import asks, bills

pytestmark = [pytest.mark.dag, pytest.mark.usefixtures("airflow_db", "submission_records")]

HAS_STORE = pytest.mark.skipif(AIRFLOW < (3, 3), reason="Airflow's task state store came with 3.3")
RECORD = SubmissionRecord({"prompt": "1"}, 0, 1_790_000_000.0, "byteplus", "m", video_id="v-1", marker="airflow-1")


def run_in_task(work: Callable[[Any], None], dag_id: str) -> None:
    """Runs the function in a real task, with the store that `open_store` gives there."""

    with DAG(dag_id, schedule=None) as dag:

        @task
        def working() -> None:
            store = open_store(get_current_context())
            assert isinstance(store, TaskStateSubmissionStore)
            work(store)

        working()
    assert run_dag(dag).state == "success"


@HAS_STORE
def test_airflow_s_own_store_keeps_a_record_as_it_is() -> None:
    def work(store: TaskStateSubmissionStore) -> None:
        assert store.read() is None
        store.withdraw(RECORD)
        assert store.claim(RECORD, None)
        assert store.read() == RECORD
        store.withdraw(RECORD)
        assert store.read() is None

    run_in_task(work, "pay_once_store")


@HAS_STORE
def test_airflow_s_own_store_raises_for_what_is_no_record() -> None:
    def work(store: TaskStateSubmissionStore) -> None:
        get_current_context()["task_state_store"].set(KEY, {"video_id": "v-1"})
        with pytest.raises(SubmissionRecordError):
            store.read()

    run_in_task(work, "pay_once_corrupt")


def create_dag(dag_id: str, **fields: Any) -> DAG:
    with DAG(dag_id, schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", retries=1, retry_delay=timedelta(0), **asks("byteplus", **fields))
    return dag


def state_after(dag: DAG) -> str:
    """As `dag.test()` does, which makes every attempt that the task's retries allow; gives the task's state."""
    return str(run_dag(dag).get_task_instance("create").state)


def break_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Has the function do its work once, and then fail."""
    whole, broken = getattr(owner, name), list[int]()

    def breaking(*args: Any, **kwargs: Any) -> Any:
        value = whole(*args, **kwargs)
        if not broken:
            broken.append(1)
            raise OSError("the disk is gone")
        return value

    monkeypatch.setattr(owner, name, breaking)


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_retry_in_airflow_goes_on_with_the_first_attempt_s_video(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    from airflow_provider_seedance.submissions.submitter import Submitter

    break_once(monkeypatch, Submitter, "obtain")
    assert state_after(create_dag(f"pay_once_retry_{deferrable}", deferrable=deferrable)) == "success"
    assert len(quick.creates()) == len(bills(quick)) == 1


def test_a_failure_in_execute_complete_pays_nothing(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    break_once(monkeypatch, deferral, "video_of_event")
    assert state_after(create_dag("pay_once_complete")) == "success"
    assert len(quick.creates()) == 1


def test_a_saturated_vendor_in_airflow(quick: Simulator) -> None:
    quick.faults.add(Fault("http_429"))
    assert state_after(create_dag("pay_once_room")) == "success"
    assert len(bills(quick)) == 1


def test_mapped_tasks_have_records_of_their_own(quick: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = ["a", "b", "a"]
    fields = {name: value for name, value in asks("byteplus").items() if name != "prompt"}
    with DAG("pay_once_mapped", schedule=None) as dag:
        SeedanceCreateVideoOperator.partial(task_id="create", **fields).expand(prompt=prompts)
    assert run_dag(dag).state == "success"
    assert sorted(video.prompt for video in quick.videos.values()) == sorted(prompts)
    assert len(set(bills(quick))) == 3


def test_the_ledger_serves_where_airflow_has_no_store(
    quick: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from airflow_provider_seedance.submissions import store
    from airflow_provider_seedance.submissions.submitter import Submitter

    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")

    def below_3_3(context: Any) -> Any:
        return open_store({"ti": context["ti"]})

    monkeypatch.setattr(store, "open_store", below_3_3)
    break_once(monkeypatch, Submitter, "obtain")
    assert state_after(create_dag("pay_once_ledger")) == "success"
    assert len(bills(quick)) == 1
    assert len(list(tmp_path.iterdir())) == 1


@HAS_STORE
def test_airflow_s_own_store_refuses_an_attempt_that_has_been_replaced() -> None:
    """Each try of a task instance has an id of its own. That is what makes attempts of one task wait for nobody."""

    def work(store: TaskStateSubmissionStore) -> None:
        from airflow.models.taskinstance import TaskInstance
        from airflow.utils.session import create_session
        from sqlalchemy import delete, update

        own, tries = get_current_context()["ti"].id, TaskInstance.__table__
        assert store.read() is None
        with create_session() as session:
            session.get(TaskInstance, own).prepare_db_for_next_try(session)  # type: ignore[union-attr]
        with pytest.raises(Exception, match=r"(?i)not.found|404|API_SERVER_ERROR"):
            store.claim(RECORD, None)
        with create_session() as session:  # so that this task may end
            latest = tries.c.dag_id == "pay_once_replaced"
            if AIRFLOW >= (3, 4):  # keeps all tries in this table
                session.execute(delete(tries).where(latest, tries.c.id != own))
                session.execute(update(tries).where(latest).values(working_set=True, archived_reason=None))
            else:
                session.execute(update(tries).where(latest).values(id=own))
        assert store.claim(RECORD, None)

    run_in_task(work, "pay_once_replaced")
