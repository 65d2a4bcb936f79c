"""`make fault-matrix`: what a task pays and gets, vendor by vendor, whatever fails and wherever its process dies.

Each row is one task instance with two retries, run over real HTTP against the simulator, whose ledger counts the bills.
A row is good if nothing was paid twice and the video was delivered: its own, never one that a sibling bought. Not
delivered is good only where the outcome of the create was in doubt and there was nothing to look it up by: the vendor
has no list, or never got the create; the task must say so then (`SubmissionUnknownError`). What the vendor refuses by
name must be refused, at no cost; so must what something in front of the vendor turns away, unless a retry gets through.
A record that was torn is an error (`SubmissionRecordError`) that buys nothing. All that is stored on the way has passed
the encoding that Airflow and its database demand.
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
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dev.asset_faults import asset_rows, wrong_with
from dev.fault_rows import (
    AT_LOOK_UP,
    AT_POLL,
    AT_POST,
    AT_READ,
    AT_REATTACH,
    CAN_LIST,
    DELIVERED,
    IN_DOUBT,
    MODELS,
    PORT_CLOSED,
    REFUSED,
    TURNED_AWAY,
    UNREADABLE,
    Row,
    rows,
)

if TYPE_CHECKING:
    from airflow_provider_seedance.simulator import Fault, Simulator
    from dev.task_life import Ended

SPEED = 1000.0
"""Simulated seconds per second: a video takes 0.06 s."""

READ_TIMEOUT = 1.0
"""Seconds until an answer counts as lost, in the rows in which one comes too late."""

PATIENCE = 60.0
"""The same in all other rows: how fast the machine is decides nothing."""


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

REFUSALS = ("SeedanceModerationError", "SeedanceAuthError", "SeedanceQuotaError")


def run_row(row: Row, sim: Simulator, *, forked: bool = False) -> Verdict:
    """Lives one task instance's life.

    :param sim: its books are emptied.
    :param forked: see `TaskLife`.
    """
    sim.reset()
    connect(row, sim)
    with _Events(row, sim, forked) as events:
        ended = events.life.live()
        verdict = _judge(row, ended, sim, events.sibling)
        odd = events.what_did_not_happen()
    return replace(verdict, wrong=odd) if odd else verdict


class _Events:
    """What befalls a task instance in its life, at the moments that its row names."""

    def __init__(self, row: Row, sim: Simulator, forked: bool) -> None:
        from dev.task_life import TaskLife

        self._row, self._sim, self._forked = row, sim, forked
        self._until_the_second_attempt = ExitStack()
        self._faults: list[Fault] = []
        self._has_struck = self._has_torn = False
        self.sibling: Ended | None = None
        self.life = TaskLife(row.operator, dies=row.dies, forked=forked, before=self._before)

    def __enter__(self) -> _Events:
        if self._row.sibling and self._row.sibling_comes == "before":
            self._let_sibling_buy()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._until_the_second_attempt.close()

    def what_did_not_happen(self) -> str:
        """Why this was not what the row is about, "" if it was."""
        if any(fault.fired != fault.times for fault in self._faults) or (self._row.strikes and not self._has_struck):
            return f"the fault did not strike as it should: {self._faults}"
        if self._row.sibling and (self.sibling is None or self.sibling.delivered is None):
            return f"the sibling got nothing: {self.sibling}"
        if self._row.tears and not self._has_torn:
            return "there was no record to be torn"
        return ""

    def _before(self, attempt: int, method: str) -> None:
        if attempt > 1:
            self._until_the_second_attempt.close()
            if self._row.sibling and self.sibling is None:
                self._let_sibling_buy()
            if self._row.tears and not self._has_torn:
                self._has_torn = self.life.tear(self._row.tears)
        if self._row.strikes and not self._has_struck and _is_the_moment(self._row, attempt, method):
            self._has_struck = True
            self._strike()

    def _strike(self) -> None:
        from airflow_provider_seedance.simulator import Fault

        for strike in self._row.strikes:
            if strike.kind == PORT_CLOSED:
                self._until_the_second_attempt.enter_context(self._sim.refuse_connections())
                continue
            options = {"seconds": 2 * READ_TIMEOUT} if strike.kind == "slow" else dict(strike.options)
            fault = Fault(strike.kind, self._row.vendor, on=strike.on, times=strike.times, **options)
            self._faults.append(fault)
            self._sim.faults.add(fault)

    def _let_sibling_buy(self) -> None:
        from dev.task_life import TaskLife

        operator = {**self._row.operator, "prompt": self._row.sibling}
        self.sibling = TaskLife(operator, map_index=1, forked=self._forked).live()


def _is_the_moment(row: Row, attempt: int, method: str) -> bool:
    if row.place == AT_REATTACH:
        return attempt == 2
    if row.place in (AT_POLL, AT_READ):
        return method == ("watch" if row.place == AT_POLL else "execute_complete")
    return row.place in (AT_POST, AT_LOOK_UP)


def _judge(row: Row, ended: Ended, sim: Simulator, sibling: Ended | None) -> Verdict:
    others = [sibling.delivered["video_id"]] if sibling and sibling.delivered else []
    bills = [bill.video_id for bill in sim.ledger if bill.video_id not in others]
    outcome, wrong = ended.error, ""
    if ended.delivered is not None:
        outcome, wrong = DELIVERED, _wrong_with(ended.delivered, row, bills)
    elif _was_refused(row, ended):
        outcome = f"refused ({ended.error})"
        wrong = f"{len(bills)} bills" if bills else ""
    elif row.expected == UNREADABLE and ended.error == "SubmissionRecordError":
        wrong = "" if len(bills) == 1 else f"{len(bills)} bills"
    elif ended.error != "SubmissionUnknownError" or row.expected != IN_DOUBT:
        wrong = ended.message or "not delivered"
    elif row.vendor in CAN_LIST and bills:
        wrong = "the vendor's list shows it"
    if len(bills) > 1:
        wrong = "paid more than once"
    if row.expected in (REFUSED, UNREADABLE) and outcome == DELIVERED:
        wrong = f"not {row.expected}"
    return Verdict(row, ended.attempts, len(bills), outcome, wrong)


def _was_refused(row: Row, ended: Ended) -> bool:
    """Whether it was said that nothing was created, where that is what the row is about."""
    if row.expected == TURNED_AWAY:
        return ended.error not in ("SubmissionUnknownError", "UnstorableError")
    return row.expected == REFUSED and ended.error in REFUSALS


def _wrong_with(delivered: dict[str, object], row: Row, bills: Sequence[str]) -> str:
    if delivered["video_id"] not in bills:
        return "not the video that was paid"
    if row.operator["wait_for_completion"] and not delivered["video_url"]:
        return "no URL"
    return ""


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
    return {_variable(vendor): sim.connection_json(vendor, read_timeout=PATIENCE) for vendor in MODELS}


def connect(row: Row, sim: Simulator) -> None:
    """Makes the connection of a row's vendor as patient as the row wants it, in this process's environment."""
    is_slow = any(strike.kind == "slow" for strike in row.strikes)
    read_timeout = READ_TIMEOUT if is_slow else PATIENCE
    os.environ[_variable(row.vendor)] = sim.connection_json(row.vendor, read_timeout=read_timeout)


def _variable(vendor: str) -> str:
    return f"AIRFLOW_CONN_MATRIX_{vendor.upper()}"


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
    about, day = (__doc__ or "").partition("\n\n")[2], f"{datetime.now(tz=UTC):%Y-%m-%d}"
    return f"# Fault matrix\n\n{about}\n{table}\n\nRun on {day}. {summary(verdicts)}\n"


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
        uploads = [(row, wrong_with(row, sim)) for row in asset_rows()]
    print(f"\n{summary(verdicts)} ({time.monotonic() - started:.0f} s)")
    wrong_uploads = [f"{row.fault}, {row.place}: {wrong}" for row, wrong in uploads if wrong]
    print(f"{len(uploads)} uploads of reference media: {len(wrong_uploads)} wrong.", *wrong_uploads, sep="\n")
    if options.markdown:
        options.markdown.parent.mkdir(parents=True, exist_ok=True)
        options.markdown.write_text(as_markdown(verdicts))
    return int(bool(wrong_uploads) or any(verdict.wrong or verdict.duplicates for verdict in verdicts))


def _columns(wanted: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    return zip(HEADERS[:3], *((row.vendor, row.fault, row.place) for row in wanted), strict=True)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
