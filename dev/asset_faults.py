"""The fault matrix of reference media: what an upload task delivers, whatever fails and wherever its process dies.

An upload costs nothing. So what must not be is an asset that is lost, one that is not the task's own, or a second copy
where the record of the first was kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

from dev.fault_rows import (
    AFTER_POST,
    AFTER_RECORD,
    AT_POLL,
    AT_POST,
    AT_READ,
    IN_EXECUTE_COMPLETE,
    READ_FAULTS,
    REFUSED,
    TRIES,
    WHILE_DEFERRED,
    Row,
    Strike,
)

if TYPE_CHECKING:
    from airflow_provider_seedance.simulator import Simulator

VENDOR = "jimmyai"
"""The vendor whose libraries review what they are given."""

ATTEMPTS = 3

_UPLOAD_FAULTS = (
    # What happens, the simulator's kind, whether the vendor may have stored the first copy.
    ("reset before it was read", "reset_before", False),
    ("500, nothing stored", "http_500", False),
    ("429", "http_429", False),
    ("reset after it was accepted", "reset_after", True),
    ("torn JSON", "torn_json", True),
)
_DEATHS = (AFTER_POST, AFTER_RECORD, WHILE_DEFERRED, IN_EXECUTE_COMPLETE)


def asset_rows() -> Iterator[Row]:
    """All rows: each is one upload task with two retries."""
    for fault, kind, _ in _UPLOAD_FAULTS:
        yield Row(VENDOR, fault, AT_POST, (Strike(kind, "upload"),))
    yield Row(VENDOR, "key refused", AT_POST, (Strike("auth", "upload"),), expected=REFUSED)
    for place in _DEATHS:
        yield Row(VENDOR, "process killed", place, dies=place)
    for fault, kind in READ_FAULTS:
        yield Row(VENDOR, fault, AT_POLL, (Strike(kind, "asset", 2),))
        yield Row(VENDOR, fault, AT_READ, (Strike(kind, "asset", TRIES),))
    yield Row(VENDOR, "500 until the trigger gives up", AT_POLL, (Strike("http_500", "asset", 5),))


def wrong_with(row: Row, sim: Simulator) -> str:
    """Lives one upload task's life.

    :param sim: its books are emptied.
    :return: what must not be, "" if all is well.
    """
    from dev.fault_matrix import connect

    sim.reset()
    connect(row, sim)
    life = _Life(row, sim)
    delivered = life.live()
    if row.expected == REFUSED:
        return "" if delivered is None and not sim.assets else "not refused"
    if delivered is None:
        return f"not delivered: {life.error}"
    if delivered["asset_id"] not in sim.assets:
        return "not the vendor's asset"
    if delivered["status"] != "active":
        return f"it is {delivered['status']}"
    most = 2 if _may_be_stored_twice(row) else 1
    return "" if len(sim.assets) <= most else f"{len(sim.assets)} copies"


def _may_be_stored_twice(row: Row) -> bool:
    lost = [fault for fault, _, may_be_stored in _UPLOAD_FAULTS if may_be_stored]
    return row.dies == AFTER_POST or (row.place == AT_POST and row.fault in lost)


class _Life:
    def __init__(self, row: Row, sim: Simulator) -> None:
        from dev.task_life import TaskState

        self._row, self._sim, self._state = row, sim, TaskState()
        self._has_struck = False
        self.error = ""

    def live(self) -> dict[str, Any] | None:
        from airflow.providers.common.compat.sdk import AirflowFailException

        from dev.task_life import DeathError

        for number in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(number)
            except DeathError:
                self.error = "DeathError"
            except AirflowFailException as error:
                self.error = f"{type(error).__name__}: {error}"
                return None
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"
        return None

    def _attempt(self, number: int) -> dict[str, Any]:
        from airflow.providers.common.compat.sdk import TaskDeferred

        from dev.task_life import Ti, as_stored, watch

        context = cast("Any", {"ti": Ti(number, task_id="upload"), "task_state_store": self._state})
        dies = self._row.dies if number == 1 else None
        with ExitStack() as stack:
            self._prepare_death(stack, dies)
            self._strike_at(AT_POST)
            try:
                done: dict[str, Any] = as_stored(self._operator().execute(context))
            except TaskDeferred as deferral:
                path, kwargs = deferral.trigger.serialize()
            else:
                return done
            self._strike_at(AT_POLL)
            event = watch(path, kwargs, die=dies)
            self._strike_at(AT_READ)
            if dies == IN_EXECUTE_COMPLETE:
                self._die()
            result: dict[str, Any] = as_stored(self._operator().execute_complete(context, event))
            return result

    def _operator(self) -> Any:
        from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator

        return SeedanceUploadAssetOperator(
            task_id="upload",
            source="https://cdn.example/girl.jpg",
            library="sp",
            seedance_conn_id=f"matrix_{VENDOR}",
            poll_interval=0.02,
            timeout=60.0,
        )

    def _strike_at(self, place: str) -> None:
        from airflow_provider_seedance.simulator import Fault
        from dev.fault_matrix import READ_TIMEOUT

        if self._row.place != place or self._has_struck:
            return
        self._has_struck = True
        for strike in self._row.strikes:
            options = {"seconds": 2 * READ_TIMEOUT} if strike.kind == "slow" else dict(strike.options)
            self._sim.faults.add(Fault(strike.kind, VENDOR, on=strike.on, times=strike.times, **options))

    def _prepare_death(self, stack: ExitStack, dies: str | None) -> None:
        from airflow_provider_seedance.submissions.upload_record import AssetRecords

        keep = AssetRecords.keep

        def before(records: AssetRecords, **known: Any) -> None:
            self._die()

        def after(records: AssetRecords, **known: Any) -> None:
            keep(records, **known)
            self._die()

        if dies in (AFTER_POST, AFTER_RECORD):
            stack.enter_context(patch.object(AssetRecords, "keep", before if dies == AFTER_POST else after))

    @staticmethod
    def _die() -> None:
        from dev.task_life import DeathError

        raise DeathError
