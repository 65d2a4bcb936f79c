"""`make fault-matrix`: what a task pays and gets, vendor by vendor, whatever fails and wherever its process dies.

Each row is one task instance with two retries, run over real HTTP against the simulator, whose ledger counts the bills.
A row is good if nothing was paid twice and the video was delivered. Not delivered is good only where the outcome of the
create was in doubt and there was nothing to look it up by: the vendor has no list, or never got the create; the task
must say so then (`SubmissionUnknownError`). What the vendor refuses by name must be refused, at no cost.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.simulator import Simulator
    from dev.task_life import Ended

MODELS = {
    "jimmyai": "seedance2.0-fast-i2v",
    "gmicloud": "seedance-2-0-fast-260128",
    "modellix": "seedance-2.0-t2v",
    "byteplus": "dreamina-seedance-2-0-fast-260128",
    "volcengine": "doubao-seedance-2-0-fast-260128",
}
CAN_LIST = ("gmicloud", "byteplus", "volcengine")

AT_POST = "at the POST"
AT_POLL = "in the trigger"
AT_READ = "in execute_complete"
AT_REATTACH = "at the reattachment"
AT_LOOK_UP = "at the look-up"

SPEED = 1000.0
"""Simulated seconds per second: a video takes 0.06 s."""

READ_TIMEOUT = 0.2

_TRIES = 3
"""How often the client repeats a read that fails: as many faults make it give up."""


@dataclass(frozen=True)
class Row:
    """One task instance and what befalls it.

    :param vendor: whom it buys from.
    :param fault: what fails, in words.
    :param place: where.
    :param kind: the simulator's fault, `refused` for a closed port, "" for none.
    :param on: the simulator's call that the fault strikes.
    :param times: how often.
    :param dies: the place where the first attempt's process dies.
    :param expected: `delivered`, `refused`, or `in doubt` (then see the module's docstring).
    """

    vendor: str
    fault: str
    place: str
    kind: str = ""
    on: str = "create"
    times: int = 1
    dies: str | None = None
    expected: str = "delivered"

    @property
    def operator(self) -> dict[str, Any]:
        """Arguments of the create operator."""
        from dev.task_life import BEFORE_XCOM

        return {
            "seedance_conn_id": f"matrix_{self.vendor}",
            "model": MODELS[self.vendor],
            "prompt": f"a paper boat in rain, {self.fault}",
            "duration": 5,
            # Without waiting, the id is all that the XCom holds.
            "wait_for_completion": self.dies != BEFORE_XCOM,
            "poll_interval": 0.02,
            "timeout": 60.0,
        }


@dataclass(frozen=True)
class Verdict:
    """A row, run.

    :param row: the row.
    :param attempts: how many the task made.
    :param bills: in the simulator's ledger.
    :param outcome: `delivered`, `refused`, or the error's name.
    :param wrong: what must not be, "" if all is well.
    """

    row: Row
    attempts: int
    bills: int
    outcome: str
    wrong: str

    @property
    def duplicates(self) -> int:
        """Bills too many."""
        return max(0, self.bills - 1)

    @property
    def cells(self) -> tuple[str, ...]:
        """For the table."""
        row = self.row
        counts = (str(self.attempts), str(self.bills), str(self.duplicates))
        return (row.vendor, row.fault, row.place, *counts, self.outcome + (f" !! {self.wrong}" if self.wrong else ""))


HEADERS = ("vendor", "fault", "place", "attempts", "bills", "duplicates", "outcome")

_POST_FAULTS = (
    # What happens, the simulator's kind, whether nobody can tell from the answer if a video was created.
    ("connection refused", "refused", False),
    ("429, no room", "http_429", False),
    ("reset before it was read", "reset_before", True),
    ("500, nothing created", "http_500", True),
    ("reset after it was accepted", "reset_after", True),
    ("answer slower than the read time-out", "slow", True),
    ("500 after it was accepted", "http_500_after", True),
    ("HTML 502 after it was accepted", "http_502_html_after", True),
    ("torn JSON", "torn_json", True),
    ("answer without an id", "missing_id", True),
    ("answer that is no JSON", "not_json", True),
)
_REFUSALS = (
    ("refused by moderation", "moderation_submit"),
    ("key refused", "auth"),
    ("no balance", "no_balance"),
)
_READ_FAULTS = (
    ("connection reset", "reset_before"),
    ("answer lost", "reset_after"),
    ("answer slower than the read time-out", "slow"),
    ("500", "http_500"),
    ("HTML 502", "http_502_html"),
    ("429", "http_429"),
    ("torn JSON", "torn_json"),
    ("answer that is no JSON", "not_json"),
)


def rows(vendors: Sequence[str] = tuple(MODELS)) -> list[Row]:
    """All rows that make sense."""
    return [row for vendor in vendors for row in _rows_of(vendor)]


def _rows_of(vendor: str) -> Iterator[Row]:
    from dev.task_life import AFTER_POST, AFTER_RECORD, BEFORE_POST, PLACES

    for fault, kind, doubtful in _POST_FAULTS:
        yield Row(vendor, fault, AT_POST, kind, expected="in doubt" if doubtful else "delivered")
    for fault, kind in _REFUSALS:
        yield Row(vendor, fault, AT_POST, kind, expected="refused")
    for place in PLACES:
        doubtful = place in (BEFORE_POST, AFTER_POST)
        fault = "defect in the trigger" if place == "in the trigger" else "process killed"
        yield Row(vendor, fault, place, dies=place, expected="in doubt" if doubtful else "delivered")
    for fault, kind in _READ_FAULTS:
        yield Row(vendor, fault, AT_POLL, kind, on="poll", times=2)
        yield Row(vendor, fault, AT_READ, kind, on="poll", times=_TRIES)
    yield Row(vendor, "500 until the trigger gives up", AT_POLL, "http_500", on="poll", times=5)
    yield Row(vendor, "process killed, then 500", AT_REATTACH, "http_500", on="poll", times=_TRIES, dies=AFTER_RECORD)
    if vendor in CAN_LIST:
        yield Row(vendor, "answer lost, then 500 once", AT_LOOK_UP, "reset_after", times=1, expected="in doubt")
        yield Row(vendor, "answer lost, then 500 for long", AT_LOOK_UP, "reset_after", times=6, expected="in doubt")


def run_row(row: Row, sim: Simulator, *, forked: bool = False) -> Verdict:
    """Lives one task instance's life.

    :param sim: its books are emptied.
    :param forked: see `TaskLife`.
    """
    from airflow_provider_seedance.simulator import Fault
    from dev.task_life import TaskLife

    sim.reset()
    faults: list[Fault] = []
    armed: list[bool] = []
    with ExitStack() as until_the_second_attempt:

        def before(attempt: int, method: str) -> None:
            if attempt > 1:
                until_the_second_attempt.close()
            if row.kind and not armed and _is_the_moment(row, attempt, method):
                armed.append(True)
                if row.kind == "refused":
                    until_the_second_attempt.enter_context(sim.refuse_connections())
                    return
                slow: dict[str, Any] = {"seconds": 2 * READ_TIMEOUT} if row.kind == "slow" else {}
                times = 1 if row.place == AT_LOOK_UP else row.times
                faults.append(Fault(row.kind, row.vendor, on=row.on, times=times, **slow))
                if row.place == AT_LOOK_UP:
                    faults.append(Fault("http_500", row.vendor, on="list", times=row.times))
                sim.faults.add(*faults)

        ended = TaskLife(row.operator, dies=row.dies, forked=forked, before=before).live()
    verdict = _judge(row, ended, sim)
    if (row.kind and not armed) or any(fault.fired != fault.times for fault in faults):
        return replace(verdict, wrong=f"the fault did not strike as it should: {faults}")
    return verdict


def _is_the_moment(row: Row, attempt: int, method: str) -> bool:
    if row.place in (AT_POST, AT_LOOK_UP):
        return True
    if row.place == AT_REATTACH:
        return attempt == 2
    return method == ("watch" if row.place == AT_POLL else "execute_complete")


def _judge(row: Row, ended: Ended, sim: Simulator) -> Verdict:
    bills = [bill.video_id for bill in sim.ledger]
    outcome, wrong = ended.error, ""
    if ended.delivered is not None:
        outcome = "delivered"
        if ended.delivered["video_id"] not in bills:
            wrong = "not the video that was paid"
        elif row.operator["wait_for_completion"] and not ended.delivered["video_url"]:
            wrong = "no URL"
    elif row.expected == "refused" and ended.error in (
        "SeedanceModerationError",
        "SeedanceAuthError",
        "SeedanceQuotaError",
    ):
        outcome = f"refused ({ended.error})"
        wrong = f"{len(bills)} bills" if bills else ""
    elif ended.error != "SubmissionUnknownError" or row.expected != "in doubt":
        wrong = ended.message or "not delivered"
    elif row.vendor in CAN_LIST and bills:
        wrong = "the vendor's list shows it"
    if len(bills) > 1:
        wrong = "paid more than once"
    if row.expected == "refused" and outcome == "delivered":
        wrong = "not refused"
    return Verdict(row, ended.attempts, len(bills), outcome, wrong)


@contextlib.contextmanager
def laboratory() -> Iterator[Simulator]:
    """A fast simulator, connections to it, a ledger, and an Airflow home of its own, in this process's environment."""
    with tempfile.TemporaryDirectory(prefix="seedance-matrix-", ignore_cleanup_errors=True) as home:
        yield from _laboratory_in(home)


def _laboratory_in(home: str) -> Iterator[Simulator]:
    # Airflow reads its configuration when it is first imported.
    os.environ |= {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }
    from airflow_provider_seedance.simulator import Simulator
    from dev.task_life import Haste

    logging.disable(logging.CRITICAL)
    Haste().apply()
    with Simulator(speed=SPEED) as sim:
        os.environ |= connections(sim)
        yield sim


def connections(sim: Simulator) -> dict[str, str]:
    """The environment variables of the connections that the rows use."""
    return {
        f"AIRFLOW_CONN_MATRIX_{vendor.upper()}": sim.connection_json(vendor, read_timeout=READ_TIMEOUT)
        for vendor in MODELS
    }


def run_all(wanted: Iterable[Row], sim: Simulator) -> Iterator[Verdict]:
    """Runs rows; where a process dies, it is a real one."""
    for row in wanted:
        if row.dies is None:
            yield run_row(row, sim)
            continue
        with tempfile.TemporaryDirectory(prefix="seedance-ledger-") as ledger:
            os.environ["AIRFLOW__SEEDANCE__LEDGER_PATH"] = f"file://{ledger}"
            yield run_row(row, sim, forked=True)


def as_markdown(verdicts: Sequence[Verdict]) -> str:
    """The table and its summary, for the documentation."""
    lines = [HEADERS, tuple("---" for _ in HEADERS), *(verdict.cells for verdict in verdicts)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"# Fault matrix\n\n{(__doc__ or '').partition(chr(10) * 2)[2]}\n{table}\n\n{summary(verdicts)}\n"


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line."""
    delivered = sum(verdict.outcome == "delivered" for verdict in verdicts)
    refused = sum(verdict.outcome.startswith("refused") for verdict in verdicts)
    unknown = sum(verdict.outcome == "SubmissionUnknownError" for verdict in verdicts)
    return (
        f"{len(verdicts)} rows: {sum(v.bills for v in verdicts)} bills, {delivered} delivered, {refused} refused, "
        f"{unknown} unknown, {sum(v.duplicates for v in verdicts)} duplicates, "
        f"{sum(bool(v.wrong) for v in verdicts)} wrong."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if a row is wrong."""
    parser = argparse.ArgumentParser(prog="python -m dev.fault_matrix", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table there, too")
    parser.add_argument("--vendor", choices=sorted(MODELS), action="append", help="only this one (repeatable)")
    parser.add_argument("--json", action="store_true", help="one JSON list per row instead of a table")
    options = parser.parse_args(arguments)
    started, verdicts = time.monotonic(), []
    with laboratory() as sim:
        wanted = rows(options.vendor or tuple(MODELS))
        widths = [max(map(len, column)) for column in _columns(wanted)]
        widths += [len(header) for header in HEADERS[3:]]
        for cells in (HEADERS, tuple("-" * width for width in widths)):
            print(_line(cells, widths))
        for verdict in run_all(wanted, sim):
            verdicts.append(verdict)
            print(json.dumps(verdict.cells) if options.json else _line(verdict.cells, widths), flush=True)
    print(f"\n{summary(verdicts)} ({time.monotonic() - started:.0f} s)")
    if options.markdown:
        options.markdown.parent.mkdir(parents=True, exist_ok=True)
        options.markdown.write_text(as_markdown(verdicts))
    return int(any(verdict.wrong or verdict.duplicates for verdict in verdicts))


def _columns(wanted: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    return zip(HEADERS[:3], *((row.vendor, row.fault, row.place) for row in wanted), strict=True)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
