"""The fail-over matrix as tables: one line per refusal or outcome and first vendor, all second vendors together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dev.failover_rows import MOMENTS, REFUSALS, VENDORS, Refusal, source_of

if TYPE_CHECKING:
    from dev.failover_matrix import Verdict

Table = list[tuple[str, ...]]


def summary(verdicts: Sequence[Verdict]) -> str:
    """One line."""
    refused = [verdict for verdict in verdicts if isinstance(verdict.row.what, Refusal)]
    killed = sum(verdict.row.is_killed for verdict in verdicts)
    budgets = sum(verdict.row.has_budgets for verdict in verdicts)
    more = sum(len(verdict.bills) > (2 if verdict.row.has_budgets else 1) for verdict in verdicts)
    return (
        f"{len(verdicts)} rows: {len(refused)} refusals ({budgets} of them with budgets, {killed} with processes that "
        f"were killed for real), {len(verdicts) - len(refused)} unknown outcomes; {more} paid twice, "
        f"{sum(bool(verdict.wrong) for verdict in verdicts)} wrong."
    )


def tables(verdicts: Sequence[Verdict]) -> str:
    """For a terminal."""
    return "\n\n".join(_aligned(table) for table in _all(verdicts))


def as_markdown(verdicts: Sequence[Verdict], about: str) -> str:
    """For the documentation."""
    refused, unknown, nowhere = (_piped(table) for table in _all(verdicts))
    text = about.partition("\n\n")[2].strip()
    return (
        f"# Fail-over matrix\n\n{text}\n\n`make failover-matrix` runs it. Run on {datetime.now(tz=UTC):%Y-%m-%d}: "
        f"{summary(verdicts)}\n\n"
        "## Refusals\n\nA cell says in how many rows, one per second vendor, the video was delivered by the second "
        "with one bill. `?` are those that were killed after the second's POST where that vendor has nothing to look "
        "a lost create up by: they have their one bill there, and say that nobody can tell.\n\n"
        f"{refused}\n\n## Refusals that have no row\n\nThe vendors document no form of these. Forms that were observed "
        f"or inferred are [tested](fail-over.md) too, but are no facts.\n\n{nowhere}\n\n## Unknown outcomes\n\n"
        "In no row was the second vendor asked. An accepted video is found again where the vendor has something to "
        f"look it up by.\n\n{unknown}\n"
    )


def _all(verdicts: Sequence[Verdict]) -> tuple[Table, Table, Table]:
    return _refusals(verdicts), _unknowns(verdicts), _without_a_row()


def _refusals(verdicts: Sequence[Verdict]) -> Table:
    kinds: list[tuple[str, Callable[[Verdict], bool]]] = [
        (moment, lambda verdict, moment=moment: _is_plain(verdict) and verdict.row.moment == moment)  # type: ignore[misc]
        for moment in MOMENTS
    ]
    kinds += [("with budgets", lambda verdict: verdict.row.has_budgets)]
    kinds += [("killed for real", lambda verdict: verdict.row.is_killed)]
    table: Table = [("refusal", "first vendor", "it answers", *(name for name, _ in kinds))]
    for refusal in REFUSALS:
        for vendor in VENDORS:
            own = [verdict for verdict in verdicts if (verdict.row.what, verdict.row.first) == (refusal, vendor)]
            if own:
                cells = (_cell([verdict for verdict in own if fits(verdict)]) for _, fits in kinds)
                table.append((refusal.name, vendor, source_of(refusal, vendor), *cells))
    return table


def _is_plain(verdict: Verdict) -> bool:
    return not verdict.row.has_budgets and not verdict.row.is_killed


def _cell(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    delivered = sum(verdict.outcome.startswith("delivered") for verdict in verdicts)
    unknown = sum(verdict.outcome.startswith("unknown") for verdict in verdicts)
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    return f"{delivered}" + (f" + {unknown}?" if unknown else "") + (f" !! {wrong}" if wrong else "")


def _unknowns(verdicts: Sequence[Verdict]) -> Table:
    table: Table = [("outcome of the create", "first vendor", "the second was asked", "found", "unknown")]
    outcomes = dict.fromkeys(verdict.row.what for verdict in verdicts if not isinstance(verdict.row.what, Refusal))
    for outcome in outcomes:
        for vendor in VENDORS:
            own = [verdict for verdict in verdicts if (verdict.row.what, verdict.row.first) == (outcome, vendor)]
            if own:
                ends = Counter(verdict.outcome.partition(" ")[0].rstrip(",") for verdict in own)
                wrong = sum(bool(verdict.wrong) for verdict in own)
                asked = f"0 of {len(own)}" if not wrong else f"!! {wrong}"
                table.append((outcome.name, vendor, asked, str(ends["found"]), str(ends["unknown"])))
    return table


def _without_a_row() -> Table:
    table: Table = [("refusal", "no documented form of a create's answer at")]
    for refusal in REFUSALS:
        missing = [vendor for vendor in VENDORS if not source_of(refusal, vendor)]
        if missing:
            table.append((refusal.name, ", ".join(missing)))
    return table


def _aligned(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )


def _piped(table: Table) -> str:
    lines = [table[0], tuple("---" for _ in table[0]), *table[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
