"""The findings of a reconciliation, each about one video or one submission. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.pricing import Prices, cost_of, quantities, told_cost

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.ledger.reading import Recorded

_MILLION = 1_000_000


class Kind(StrEnum):
    """The fate of a video or a submission."""

    DELIVERED = "delivered"
    """A task has handed the video on, or it was landed."""
    NO_VIDEO = "no video"
    """The video failed, was cancelled, or has expired at the vendor."""
    UNDER_WAY = "under way"
    """The video is unfinished, or finished so recently that its task may be about to hand it on."""
    RESCUED = "rescued"
    """The video was an orphan until this run landed it."""
    STRANGER = "stranger"
    """The vendor has the video, but no record does, and it has no mark of this provider's form: it is not ours."""
    ORPHAN = "orphan"
    """The video succeeded at the vendor, but was never delivered."""
    GONE = "gone"
    """The video was recorded but never delivered, and the vendor doesn't have it, or no longer does."""
    IN_DOUBT = "in doubt"
    """The submission has no id: there may be a video, and a bill."""
    UNRECORDED = "unrecorded"
    """The vendor has the video, with a mark of this provider's form, but no valid record in this ledger does."""
    NOT_TOLD = "not told"
    """The fate could not be determined."""


CALLS_FOR_ACTION = (Kind.ORPHAN, Kind.GONE, Kind.IN_DOUBT, Kind.UNRECORDED)


@dataclass(frozen=True)
class Money:
    """An amount of money, and its source.

    :param amount: the amount, in units of the currency.
    :param currency: the currency.
    :param basis: the source: `recorded`, `by prices`, `told by the vendor` or `estimated`.
    """

    amount: Decimal
    currency: str
    basis: str


@dataclass(frozen=True)
class Finding:
    """One row of the result.

    :param kind: the fate of the video or the submission.
    :param why: the reason for `kind`, as a sentence without a subject.
    :param conn_id: the id of the vendor's connection.
    :param vendor: the vendor's name.
    :param video_id: the vendor's id, if it is known.
    :param row: the submission in the ledger, if there is one.
    :param video: the video as the vendor reports it, if it does.
    :param is_resolved: whether the submission was in doubt until this run found its id.
    :param money: the cost, if it is known.
    :param uri: the URI of the landed video, if it was landed.
    """

    kind: Kind
    why: str
    conn_id: str
    vendor: str
    video_id: str | None = None
    row: Recorded | None = None
    video: Video | None = None
    is_resolved: bool = False
    money: Money | None = None
    uri: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as a flat dict of JSON types, without unknown values; it holds no vendor's URL and no prompt."""
        row, video = self.row, self.video
        task = {} if row is None else {name: getattr(row, name) for name in _OF_TASK}
        told = {
            "kind": self.kind.value,
            "vendor": self.vendor,
            "conn_id": self.conn_id,
            "video_id": self.video_id,
            "model": (row.model if row else None) or (video.model if video else None),
            "status": video.status.value if video else None,
            **task,
            "submitted_at": _moment(row.intended_at) if row else None,
            "created_at": _iso(video.created_at) if video else None,
            "completed_at": _iso(video.completed_at) if video else None,
            "url_expires_at": _iso(video.url_expires_at) if video else None,
            "cost": float(self.money.amount) if self.money else None,
            "currency": self.money.currency if self.money else None,
            "cost_is": self.money.basis if self.money else None,
            "uri": self.uri,
            "found_by_mark": self.is_resolved or None,
            "why": self.why,
        }
        return {name: value for name, value in told.items() if value is not None}


_OF_TASK = ("dag_id", "task_id", "run_id", "map_index", "try_number")


def money_of(row: Recorded | None, video: Video | None, prices: Prices) -> Money | None:
    """The cost of a video: as recorded, or else as the vendor reports it, by the prices, or as estimated.

    :param row: the submission in the ledger; `None` if there is none.
    :param video: the video as the vendor reports it; `None` if it doesn't.
    :param prices: the connection's prices.
    :return: the first of these that is known; `None` if none is.
    """
    if row and row.cost_micros is not None and row.currency:
        return Money(Decimal(row.cost_micros) / _MILLION, row.currency, "recorded")
    told = told_cost(video.usage) if video else None
    if told and told.amount is not None and told.currency:
        return Money(told.amount, told.currency, "told by the vendor")
    if row and video and video.made_seconds and prices:
        fields = {"model": row.model, "duration": video.made_seconds, "resolution": video.made_resolution}
        cost = cost_of(prices, quantities(fields, video.usage))
        if cost.amount is not None and cost.currency:
            return Money(cost.amount, cost.currency, "by prices")
    if row and row.estimated_micros is not None and row.currency:
        return Money(Decimal(row.estimated_micros) / _MILLION, row.currency, "estimated")
    return None


@dataclass(frozen=True)
class Difference:
    """A video whose recorded cost differs from the vendor's.

    :param video_id: the vendor's id.
    :param recorded: the cost in the ledger.
    :param told: the cost that the vendor reports.
    :param currency: the currency of both.
    """

    video_id: str
    recorded: Decimal
    told: Decimal
    currency: str


def difference_of(finding: Finding) -> Difference | None:
    """Compares the recorded cost with the cost that the vendor reports with the video.

    :param finding: the finding about the video.
    :return: the difference; `None` if there is none, or if the two can't be compared.
    """
    row, video = finding.row, finding.video
    told = told_cost(video.usage) if video else None
    if row is None or row.cost_micros is None or row.currency is None:
        return None
    if told is None or told.amount is None or told.currency != row.currency:
        return None
    recorded = Decimal(row.cost_micros) / _MILLION
    # Costs in the ledger are rounded up to a millionth.
    if abs(recorded - told.amount) <= Decimal(1) / _MILLION:
        return None
    return Difference(finding.video_id or "", recorded, told.amount, told.currency)


def counts_of(findings: Iterable[Finding]) -> dict[str, int]:
    """The number of findings of each kind that occurs, by the kind's name.

    :param findings: the findings to count.
    """
    counted = Counter(finding.kind for finding in findings)
    return {kind.value: counted[kind] for kind in Kind if counted[kind]}


def costs_of(findings: Iterable[Finding]) -> dict[str, dict[str, Decimal]]:
    """The sums of the known costs, by the kind's name and the currency.

    :param findings: the findings to add up.
    """
    summed: dict[str, dict[str, Decimal]] = {}
    for finding in findings:
        if finding.money is not None:
            of_kind = summed.setdefault(finding.kind.value, {})
            of_kind[finding.money.currency] = of_kind.get(finding.money.currency, Decimal(0)) + finding.money.amount
    return summed


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _moment(seconds: float) -> str | None:
    return _iso(datetime.fromtimestamp(seconds, tz=UTC))
