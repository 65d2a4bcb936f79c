"""`make failover-matrix`: who pays what when a vendor refuses, and another one is asked.

Each row is one task with two connections, run over real HTTP against the simulator, whose ledger counts the bills. A
refusal is good if the second vendor has made the video, there is exactly one bill, and dict, record and XCom tell who
refused and who has it. An unknown outcome is good if the second vendor never saw a create, in no attempt, whatever the
first one says afterwards. A refusal of which a vendor documents no form has no row.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev.failover_rows import (
    FIRST_ATTEMPT,
    KILLED_AFTER,
    KILLED_BETWEEN,
    KILLED_IN_DOUBT,
    NO_ROOM,
    RETRIES,
    SECOND_ATTEMPT,
    SLOW,
    VENDORS,
    Outcome,
    Refusal,
    Row,
    budget_rows,
    conn_id,
    diagonal,
    killed_rows,
    pairs,
    refusal_rows,
    unknown_rows,
)
from tests.support.requests import CAN_LIST, SENDS_ONCE, TAKES_IDS

if TYPE_CHECKING:
    from airflow_provider_seedance.simulator import Simulator
    from dev.task_life import Result, TaskState

READ_TIMEOUT = 0.05
"""Seconds, where a create is to run into it."""

PATIENCE = 30.0
"""Seconds within which such a create arrives at the simulator all the same."""

A_VIDEO = 0.5
"""What each video costs, and what each budget is: five seconds at 0.1."""

LEDGER = "failover_ledger"

DELIVERED = "delivered by the second"
FOUND = "found at the first"
UNKNOWN = "unknown, and said so"


@dataclass(frozen=True)
class Verdict:
    """A row, run.

    :param row: the row.
    :param outcome: how it ended.
    :param bills: the vendor of each bill.
    :param wrong: what must not be, "" if all is well.
    """

    row: Row
    outcome: str
    bills: tuple[str, ...]
    wrong: str


class WrongError(Exception):
    """Something is not as it must be."""


def must(holds: bool, what: str) -> None:
    """Ends the row if it does not hold."""
    if not holds:
        raise WrongError(what)


class Laboratory:
    """A simulator and its connections, which a row bends and `run` straightens again.

    :param sim: the simulator.
    :param closed_port: where nobody listens.
    :param folder: for ledgers.
    """

    def __init__(self, sim: Simulator, closed_port: int, folder: Path) -> None:
        self.sim, self._closed_port, self._folder = sim, closed_port, folder
        self._has_database = False

    def run(self, row: Row) -> Verdict:
        """Lives the row's task's life."""
        self.sim.reset()
        outcome, wrong = "", ""
        with ExitStack() as self._bent:
            for vendor in (row.first, row.second):
                self._connect(vendor, **(self._budgets() if row.has_budgets else {}))
            if row.has_budgets:
                self._empty_database()
            if row.is_killed:
                folder = self._bent.enter_context(tempfile.TemporaryDirectory(dir=self._folder))
                self._set("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{folder}")
            try:
                outcome = _Life(row, self).live()
            except WrongError as error:
                wrong = str(error)
        return Verdict(row, outcome, tuple(bill.vendor for bill in self.sim.ledger), wrong)

    def refuse(self, vendor: str, refusal: Refusal) -> None:
        """From now on the vendor refuses each create."""
        from airflow_provider_seedance.simulator import Fault

        if refusal.fault:
            self.sim.faults.add(Fault(refusal.fault, vendor=vendor, times=None))
        else:
            self._connect(vendor, host=f"http://127.0.0.1:{self._closed_port}")

    def relent(self, row: Row) -> None:
        """The first vendor would take a create now."""
        self.sim.faults.clear()
        self._connect(row.first, **(self._budgets() if row.has_budgets else {}))

    def be_impatient_with(self, vendor: str) -> None:
        """Its connection gets a short time-out."""
        self._connect(vendor, read_timeout=READ_TIMEOUT)

    def reserved(self) -> dict[str, int]:
        """By connection: the millionths that its submissions reserve or cost."""
        from sqlalchemy import text

        with self._engine().begin() as connection:
            statement = "SELECT conn_id, SUM(estimated_micros) FROM seedance_submissions WHERE withdrawn = 0 GROUP BY 1"
            return {str(row[0]): int(row[1]) for row in connection.execute(text(statement))}

    def _connect(self, vendor: str, host: str = "", **extra: Any) -> None:
        connection = json.loads(self.sim.connection_json(vendor, **extra))
        self._set(f"AIRFLOW_CONN_{conn_id(vendor).upper()}", json.dumps(connection | ({"host": host} if host else {})))

    def _set(self, name: str, value: str) -> None:
        if name not in os.environ:
            self._bent.callback(os.environ.pop, name, None)
        os.environ[name] = value

    def _budgets(self) -> dict[str, Any]:
        price = {"currency": "USD", "per_second": A_VIDEO / 5}
        return {"prices": {"*": price}, "budgets": {"per_day": {"USD": A_VIDEO}}}

    def _empty_database(self) -> None:
        from sqlalchemy import text

        from airflow_provider_seedance.ledger.migrations import migrate

        lead = json.dumps({"conn_type": "sqlite", "host": str(self._folder / "ledger.db")})
        self._set(f"AIRFLOW_CONN_{LEDGER.upper()}", lead)
        self._set("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", LEDGER)
        if not self._has_database:
            migrate(self._engine())
            self._has_database = True
        with self._engine().begin() as connection:
            connection.execute(text("DELETE FROM seedance_submissions"))

    def _engine(self) -> Any:
        from airflow_provider_seedance.ledger.engine import open_engine

        return open_engine(LEDGER)


class _Life:
    """One task's attempts. Each is made anew from what is stored, as a new process makes it, or is one."""

    def __init__(self, row: Row, laboratory: Laboratory) -> None:
        from dev.task_life import TaskState

        self._row, self._lab, self._sim = row, laboratory, laboratory.sim
        self._state: TaskState | None = None if row.is_killed else TaskState()
        self._number = 0

    def live(self) -> str:
        """How it ends.

        :raises WrongError: not as it must.
        """
        if not isinstance(self._row.what, Refusal):
            return self._unknown(self._row.what)
        self._lab.refuse(self._row.first, self._row.what)
        if self._row.moment == FIRST_ATTEMPT:
            return self._end(self._attempt())
        if self._row.moment == SECOND_ATTEMPT:
            return self._second_attempt()
        return self._after_a_death()

    def _second_attempt(self) -> str:
        """In the first attempt something in front of the second vendor turns the create away."""
        from airflow_provider_seedance.simulator import Fault

        self._sim.faults.add(Fault("stranger_page", vendor=self._row.second, status=403))
        result = self._attempt()
        must((result.kind, result.retryable) == ("failed", True), f"the first attempt: {_told(result)}")
        told = [refusal["vendor"] for refusal in _refusals(result)]
        must(told == [self._row.first, self._row.second], f"the first attempt tells of {told}")
        return self._end(self._attempt())

    def _after_a_death(self) -> str:
        self._die(self._row.dies)
        if self._row.moment != KILLED_BETWEEN:
            self._lab.relent(self._row)  # who begins at the first vendor again pays twice
        seen = self._creates(self._row.first)
        if self._row.moment != KILLED_IN_DOUBT:
            is_last = self._row.moment == KILLED_AFTER
            result = self._attempt()
            must(not is_last or self._creates(self._row.first) == seen, "the first vendor was asked again")
            return self._end(result, tells=not is_last)
        result = self._attempt()
        must(self._creates(self._row.first) == seen, "the first vendor was asked again")
        must(self._bills == [self._row.second], f"bills: {self._bills}")
        if self._row.second in (*CAN_LIST, *TAKES_IDS):
            return self._end(result, tells=False)
        must(result.error == "SubmissionUnknownError", _told(result))
        return UNKNOWN

    def _end(self, result: Result, *, tells: bool = True) -> str:
        """The second vendor has it, and everything says so."""
        first, second = self._row.first, self._row.second
        must(result.kind == "done", _told(result))
        must(self._bills == [second], f"bills: {self._bills}")
        at = (result.value["vendor"], result.value["seedance_conn_id"])
        must(at == (second, conn_id(second)), f"the dict says {at}")
        if self._state is not None:
            record = json.loads(self._state.kept["seedance_submission"])
            must(record["seedance_conn_id"] == conn_id(second), f"the record says {record['seedance_conn_id']}")
        if tells and isinstance(self._row.what, Refusal):
            told = [(refusal["vendor"], refusal["reason"]) for refusal in _refusals(result)]
            must(told == [(first, self._row.what.reason.value)], f"the XCom says {told}")
        if self._row.has_budgets:
            reserved = self._lab.reserved()
            must(reserved == {conn_id(second): round(A_VIDEO * 1e6)}, f"reserved: {reserved}")
            self._next_of(second, "BudgetExceededError")
            self._lab.relent(self._row)
            self._next_of(first, "")
        return DELIVERED

    def _next_of(self, vendor: str, error: str) -> None:
        """Another task at one vendor alone: what its budget says."""
        alone = {"seedance_conn_id": conn_id(vendor), "fallback_conn_ids": None}
        result = self._do("execute", {}, operator=alone, task_id="other", state=None)
        must(result.error == error, f"another task at {vendor}: {_told(result)}")

    def _unknown(self, outcome: Outcome) -> str:
        """Three attempts: what is unknown; then the first vendor refuses whatever it is asked; then it relents."""
        from airflow_provider_seedance.simulator import Fault

        first = self._row.first
        result: Result | None = None
        if outcome.dies:
            self._die(outcome.dies)
        else:
            options = {"seconds": 4 * READ_TIMEOUT} if outcome.fault == SLOW else dict(outcome.options)
            if outcome.fault == SLOW:
                self._lab.be_impatient_with(first)
            self._sim.faults.add(Fault(outcome.fault, vendor=first, **options))
            result = self._attempt()
            if outcome.fault == SLOW:
                self._wait_for_create(first)
        self._sim.faults.clear()
        if result is None or result.kind != "done":
            self._sim.faults.add(Fault("no_balance", vendor=first, on="any", times=None))
            refused = self._attempt()
            must(refused.kind == "failed", f"while the first vendor refuses: {_told(refused)}")
            self._lab.relent(self._row)
            result = self._attempt()
        must(self._creates(self._row.second) == 0, "the second vendor was asked")
        must(self._bills in ([], [first]), f"bills: {self._bills}")
        must(first not in SENDS_ONCE or self._creates(first) <= 1, "the create was sent twice")
        if result.kind == "done":
            must(result.value["vendor"] == first, f"the dict says {result.value['vendor']}")
            return FOUND
        must(result.error == "SubmissionUnknownError", _told(result))
        return UNKNOWN

    def _attempt(self, die: str | None = None) -> Result:
        """Up to its end; a wait for room is over at once, and has taken too long."""
        self._number += 1
        result = self._do("execute", {}, die)
        if result.kind != "deferred":
            return result
        must(result.method == "execute_when_room", f"deferred to {result.method}")
        must(self._row.what.name == NO_ROOM, "waits for room")
        must(self._creates(self._row.second) == 0, "the second vendor was asked before `room_patience` was over")
        return self._do(result.method, {"event": {"since": 1.0}}, die)

    def _die(self, place: str | None) -> None:
        from dev.task_life import DeathError

        with contextlib.suppress(DeathError):
            result = self._attempt(place)
            raise WrongError(f"nobody died: {_told(result)}")

    def _do(
        self, method: str, kwargs: dict[str, Any], die: str | None = None, *, task_id: str = "create", **changed: Any
    ) -> Result:
        from dev.task_life import Step, Ti, in_a_process, work

        operator = {**self._row.operator, **changed.get("operator", {})}
        ti = Ti(self._number, RETRIES, task_id=task_id)
        step = Step(operator, ti, method, kwargs, die, kill=self._row.is_killed)
        if self._row.is_killed:
            killed: Result = in_a_process(work, step, None)
            return killed
        return work(step, changed.get("state", self._state))

    def _wait_for_create(self, vendor: str) -> None:
        """Until the create that its sender has given up arrives: the next row must not take it for its own."""
        end = time.monotonic() + PATIENCE
        while not self._creates(vendor) and time.monotonic() < end:
            time.sleep(0.01)

    def _creates(self, vendor: str) -> int:
        return len(self._sim.creates(vendor))

    @property
    def _bills(self) -> list[str]:
        return [bill.vendor for bill in self._sim.ledger]


def _refusals(result: Result) -> list[dict[str, str]]:
    return list(result.xcoms.get("seedance_refusals", []))


def _told(result: Result) -> str:
    return f"{result.kind} {result.error} {result.message or result.value}"


@contextlib.contextmanager
def laboratory_of(sim: Simulator) -> Iterator[Laboratory]:
    """Around a simulator that runs, in a process whose waits are short."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own in there
    with socket.socket() as taken, tempfile.TemporaryDirectory(prefix="seedance-failover-", dir=memory) as folder:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        yield Laboratory(sim, taken.getsockname()[1], Path(folder))


@contextlib.contextmanager
def laboratory() -> Iterator[Laboratory]:
    """With a simulator of its own, in this process's environment."""
    from dev import fault_matrix

    with fault_matrix.laboratory() as sim, laboratory_of(sim) as made:
        from airflow_provider_seedance.api.vendors.runware.videos import RunwareAdapter
        from airflow_provider_seedance.submissions.pauses import Pauses
        from dev.task_life import Haste

        Haste(Pauses(look_up=(0.0,), rewrite=(0.0, 0.0), room=0.01), backoff=0.0).apply()
        RunwareAdapter.pauses = (0.0, 0.0)
        yield made


def all_rows() -> Iterator[Row]:
    """The whole matrix."""
    yield from refusal_rows(pairs())
    yield from unknown_rows(pairs())
    yield from budget_rows(pairs())
    yield from killed_rows(diagonal())


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables; 1 if a row is wrong."""
    from dev.failover_tables import as_markdown, summary, tables

    parser = argparse.ArgumentParser(
        prog="python -m dev.failover_matrix", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there, too")
    parser.add_argument("--first", choices=VENDORS, action="append", help="only this one first (repeatable)")
    options = parser.parse_args(arguments)
    started, verdicts = time.monotonic(), []
    with laboratory() as made:
        for row in all_rows():
            if options.first and row.first not in options.first:
                continue
            verdict = made.run(row)
            verdicts.append(verdict)
            if verdict.wrong:
                print(f"WRONG  {row}: {verdict.wrong}", flush=True)
    print(tables(verdicts))
    print(f"\n{summary(verdicts)} ({time.monotonic() - started:.0f} s)")
    if options.markdown:
        options.markdown.write_text(as_markdown(verdicts, __doc__ or ""))
    return int(any(verdict.wrong for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main())
