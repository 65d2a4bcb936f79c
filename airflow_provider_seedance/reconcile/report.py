"""The result of a reconciliation, as a table for people, JSON for programs, or a short summary for XCom. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from airflow_provider_seedance.reconcile.account import Reconciled
from airflow_provider_seedance.reconcile.findings import (
    CALLS_FOR_ACTION,
    Finding,
    Kind,
    costs_of,
    counts_of,
)
from airflow_provider_seedance.reconcile.judging import Span

ACCOUNTED_FOR, CALLS, NOT_TOLD = 0, 1, 2

_COLUMNS = ("kind", "video", "task", "cost", "why")
_QUIET = (Kind.DELIVERED, Kind.NO_VIDEO, Kind.UNDER_WAY)
_LONGEST_WHY = 200


@dataclass(frozen=True)
class Report:
    """The result of all accounts.

    :param span: the time span.
    :param accounts: the result of each account; empty if no connection was named and the ledger has no submission of
        that time.
    """

    span: Span
    accounts: Sequence[Reconciled]

    @property
    def findings(self) -> list[Finding]:
        """The findings of all accounts."""
        return [finding for account in self.accounts for finding in account.findings]

    @property
    def exit_code(self) -> int:
        """1 if any finding calls for action, otherwise 2 if the result is incomplete, otherwise 0."""
        if any(account.calls_for_action for account in self.accounts):
            return CALLS
        return ACCOUNTED_FOR if all(account.is_whole for account in self.accounts) else NOT_TOLD

    def as_json(self, *, most: int | None = None) -> dict[str, Any]:
        """The result in JSON types.

        :param most: the most rows to include, those that call for action first, and without delivered, failed and
            running videos. Default: all rows.
        """
        rows = self.findings
        if most is not None:
            rows = sorted((row for row in rows if row.kind not in _QUIET), key=_by_gravity)
        given = rows[:most]
        return {
            "reconcile": 1,
            **_span(self.span),
            "is_whole": all(account.is_whole for account in self.accounts),
            "calls_for_action": any(account.calls_for_action for account in self.accounts),
            "counts": counts_of(self.findings),
            "costs": _numbers(costs_of(self.findings)),
            "accounts": [_account(account, most) for account in self.accounts],
            "rows": [finding.as_json() for finding in given],
            "left_off": len(rows) - len(given),
        }

    def as_text(self, *, show_all: bool = False) -> str:
        """The result as text, with a table.

        :param show_all: whether to show rows for delivered, failed and running videos too. Default: no.
        """
        told = _span(self.span)
        lines = [f"From {told['since']} to {told['until']}"]
        for account in self.accounts:
            lines += ["", f"{account.title}, connection {account.conn_id!r}"]
            lines += [f"  {note}" for note in account.notes]
            lines += [f"  NOT TOLD: {gap}" for gap in account.gaps]
            lines += [f"  {line}" for line in _sums(account.findings)]
            for each in account.differences:
                lines.append(
                    f"  money: {each.video_id} is recorded with {_plain(each.recorded)}, "
                    f"the vendor says {_plain(each.told)} {each.currency}"
                )
            shown = [finding for finding in account.findings if show_all or finding.kind not in _QUIET]
            if shown:
                lines += ["", *_table([_cells(finding) for finding in sorted(shown, key=_by_gravity)])]
        return "\n".join([*lines, "", self._verdict(), ""])

    def _verdict(self) -> str:
        calling = counts_of(finding for finding in self.findings if finding.kind in CALLS_FOR_ACTION)
        said = ", ".join(f"{kind} {count}" for kind, count in calling.items())
        if self.exit_code == CALLS:
            return f"Look at this: {said}."
        if not self.accounts:
            return "The ledger has no submission of that time."
        return "Everything is accounted for." if self.exit_code == ACCOUNTED_FOR else "Not everything could be told."


def _span(span: Span) -> dict[str, str]:
    moments = {"since": span.since, "until": span.until}
    return {name: datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="seconds") for name, at in moments.items()}


def _account(account: Reconciled, most: int | None) -> dict[str, Any]:
    differences = [
        {
            "video_id": each.video_id,
            "recorded": float(each.recorded),
            "told": float(each.told),
            "currency": each.currency,
        }
        for each in account.differences
    ]
    return {
        "conn_id": account.conn_id,
        "vendor": account.vendor,
        "counts": counts_of(account.findings),
        "costs": _numbers(costs_of(account.findings)),
        "notes": list(account.notes),
        "gaps": list(account.gaps),
        "cost_differences": differences[:most],
    }


def _numbers(costs: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, float]]:
    return {kind: {currency: float(round(amount, 6)) for currency, amount in by.items()} for kind, by in costs.items()}


def _sums(findings: Sequence[Finding]) -> Iterable[str]:
    costs = costs_of(findings)
    for kind, count in counts_of(findings).items():
        money = ", ".join(f"{_plain(amount)} {currency}" for currency, amount in costs.get(kind, {}).items())
        unknown = sum(finding.kind == kind and finding.money is None for finding in findings)
        without = f"{unknown} of unknown cost" if unknown and kind != Kind.NO_VIDEO else ""
        told = "; ".join(part for part in (money, without) if part)
        yield f"{kind:<11} {count:>5}{'   ' + told if told else ''}"


def _by_gravity(finding: Finding) -> tuple[int, str, str]:
    order = (*CALLS_FOR_ACTION, Kind.NOT_TOLD, Kind.STRANGER, Kind.RESCUED, Kind.UNDER_WAY)
    place = order.index(finding.kind) if finding.kind in order else len(order)
    return place, finding.conn_id, finding.video_id or ""


def _cells(finding: Finding) -> tuple[str, ...]:
    row, money = finding.row, finding.money
    index = f"[{row.map_index}]" if row and row.map_index >= 0 else ""
    task = f"{row.dag_id}.{row.task_id}{index} {row.run_id}" if row else "-"
    basis = "" if money is None or money.basis == "recorded" else f" ({money.basis})"
    cost = f"{_plain(money.amount)} {money.currency}{basis}" if money else "unknown"
    by_mark = "; its id was found by its mark" if finding.is_resolved else ""
    where = f": {finding.uri}" if finding.kind is Kind.RESCUED and finding.uri else ""
    return finding.kind.value, finding.video_id or "-", task, cost, f"{finding.why[:_LONGEST_WHY]}{where}{by_mark}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (_COLUMNS, *rows)) for column in range(len(_COLUMNS) - 1)]
    return [
        "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in (_COLUMNS, *rows)
    ]


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
