"""What is told of the version matrix: a table for the terminal, and one for the docs with the reasons of skips."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from dev.matrix_cells import Cell, Outcome, all_cells
from dev.screen import table

BEGIN, END = "<!-- matrix: written by `make matrix` -->", "<!-- /matrix -->"
HEADER = ["cell", "Airflow", "Python", "tests", "result", "passed", "skipped", "failed", "seconds"]


def read_report(path: Path) -> Outcome:
    """Counts and reasons of pytest's JUnit report."""
    cases = ElementTree.parse(path).getroot().iter("testcase")  # noqa: S314 - pytest has just written it
    passed = skipped = failed = 0
    seconds = 0.0
    reasons: dict[str, int] = {}
    for case in cases:
        seconds += float(case.get("time", 0))
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif skip is not None:
            skipped += 1
            reason = skip.get("message", "")
            reasons[reason] = reasons.get(reason, 0) + 1
        else:
            passed += 1
    verdict = "failed" if failed or not passed else "passed"
    return Outcome(verdict, "", passed, skipped, failed, seconds, tuple(sorted(reasons.items())))


def row(cell: Cell, outcome: Outcome) -> list[str]:
    """A line of the table."""
    ran = outcome.passed or outcome.failed
    counts = [str(n) for n in (outcome.passed, outcome.skipped, outcome.failed)] if ran else ["", "", ""]
    verdict = outcome.verdict if cell.line.required or outcome.verdict == "passed" else f"{outcome.verdict} (allowed)"
    airflow = outcome.airflow or cell.line.name
    tests = "all" if cell.runs_all else "in Airflow"
    return [cell.name, airflow, cell.python, tests, verdict, *counts, f"{outcome.seconds:.0f}" if ran else ""]


def as_text(outcomes: Mapping[str, Outcome]) -> str:
    """The table for the terminal."""
    return table(HEADER, [row(cell, outcomes[cell.name]) for cell in all_cells() if cell.name in outcomes])


def as_markdown(outcomes: Mapping[str, Outcome]) -> str:
    """The table for the docs, and what is skipped where."""
    rows = [
        [*row(cell, outcomes[cell.name])[:-1], outcomes[cell.name].day] for cell in all_cells() if cell.name in outcomes
    ]
    header = [*HEADER[:-1], "day"]
    lines = ["| " + " | ".join(line) + " |" for line in (header, ["---"] * len(header), *rows)]
    return "\n".join([*lines, "", "What is skipped, and why:", "", *_reasons(outcomes)])


def _reasons(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Reasons, with the cells' lines and the number of tests there."""
    where: dict[str, dict[str, int]] = {}
    for cell in all_cells():
        for reason, count in outcomes[cell.name].reasons if cell.name in outcomes else ():
            lines = where.setdefault(reason, {})
            lines[cell.line.name] = max(count, lines.get(cell.line.name, 0))
    told = []
    for reason, lines in sorted(where.items()):
        tests = sorted(set(lines.values()))
        number = f"{tests[0]} to {tests[-1]}" if len(tests) > 1 else str(tests[0])
        told.append(f"- {reason} ({', '.join(lines)}: {number} test{'' if tests == [1] else 's'})")
    return told


def write_into(page: Path, outcomes: Mapping[str, Outcome]) -> None:
    """Replaces what is between the markers of a page.

    :raises ValueError: the page has no markers.
    """
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no markers {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n\n{as_markdown(outcomes)}\n\n{END}{after}")
