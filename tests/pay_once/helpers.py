"""What the tests of "pay once" share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from airflow.providers.common.compat.sdk import AirflowFailException, Context

from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.simulator import VENDORS, Simulator
from airflow_provider_seedance.submissions.store import KEY
from dev.fault_rows import CAN_LIST as CAN_LIST
from dev.fault_rows import MODELS
from dev.task_life import Result, Run, Step, TaskState, Ti, work
from tests.any_airflow import AIRFLOW
from tests.support.requests import TAKES_IDS

PROMPT = "a paper boat named Zebedee in rain"
ARKS = ("byteplus", "volcengine")
NO_LIST = tuple(vendor for vendor in VENDORS if vendor not in CAN_LIST and vendor not in TAKES_IDS)


def conn_id(vendor: str) -> str:
    return f"seedance_{vendor}"


def asks(vendor: str, **fields: Any) -> dict[str, Any]:
    """Arguments of a create operator that waits."""
    base = {"model": MODELS[vendor], "prompt": PROMPT, "duration": 5, "seedance_conn_id": conn_id(vendor)}
    return base | {"wait_for_completion": True, "poll_interval": 0.01} | fields


class Attempts:
    """Attempts of one task instance, one `execute` each, over one task state."""

    def __init__(self, operator: dict[str, Any], *, retries: int = 2, state: TaskState | None = None) -> None:
        self.operator = operator
        self.state = state or TaskState()
        self.retries = retries
        self.ti = Ti(try_number=0, max_tries=retries)
        self.run = Run()

    def next(self, die: str | None = None, **changes: Any) -> Result:
        """One attempt up to its end or deferral."""
        self.ti.try_number += 1
        return work(Step(self._operator(changes), self.ti, die=die, run=self.run), self.state)

    def resume(self, method: str, **kwargs: Any) -> Result:
        """A deferral's end."""
        return work(Step(self._operator({}), self.ti, method, kwargs, run=self.run), self.state)

    def _operator(self, changes: dict[str, Any]) -> dict[str, Any]:
        return {"retries": self.retries} | self.operator | changes

    def clear(self, *, finished: bool = False) -> None:
        """As Airflow does when the user clears the task.

        :param finished: whether the run has finished, and is started again by that.
        """
        self.ti.max_tries = self.ti.try_number + self.retries
        if finished:
            self.run.start_date = (self.run.start_date or datetime.now(tz=UTC)) + timedelta(hours=1)
        if finished or AIRFLOW >= (3, 2):
            self.run.clear_number += 1

    @property
    def record(self) -> dict[str, Any] | None:
        """What is kept of the submission."""
        kept: dict[str, Any] | None = self.state.get(KEY)
        return kept

    @property
    def video_id(self) -> str:
        """Of the recorded submission."""
        assert self.record
        assert isinstance(self.record["video_id"], str)
        return self.record["video_id"]


def context_of(ti: Any, state: TaskState | None) -> Context:
    stored = {"task_state_store": state} if state is not None else {}
    return cast("Context", {"ti": ti, "dag_run": Run(), **stored})


def create_operator(vendor: str, **fields: Any) -> SeedanceCreateVideoOperator:
    return SeedanceCreateVideoOperator(task_id="create", **asks(vendor, **fields))


def bills(sim: Simulator) -> list[str]:
    """Ids of what was paid and not given back."""
    return [bill.video_id for bill in sim.ledger if not bill.refunded]


def fails_for_good(error: BaseException) -> bool:
    """Whether Airflow leaves the task's retries alone."""
    return isinstance(error, AirflowFailException)
