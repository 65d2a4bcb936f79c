"""Reconciles one account: reads the ledger, asks the vendor, decides, records ids that were found, lands orphans."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.api.errors import SeedanceError, SubmissionRecordError
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.api.pricing import Prices
from airflow_provider_seedance.compat.metrics import SUCCEEDED
from airflow_provider_seedance.reconcile import judging
from airflow_provider_seedance.reconcile.asking import Asking, Bounds, Listing
from airflow_provider_seedance.reconcile.findings import (
    CALLS_FOR_ACTION,
    Difference,
    Finding,
    Kind,
    difference_of,
    money_of,
)
from airflow_provider_seedance.reconcile.judging import Span, Told
from airflow_provider_seedance.submissions.finder import CLOCK_SKEW
from airflow_provider_seedance.submissions.record import SubmissionRecord

if TYPE_CHECKING:
    from airflow_provider_seedance.api.client import SeedanceClient
    from airflow_provider_seedance.ledger.reading import LedgerReader, Recorded

log = logging.getLogger(__name__)

Land = Callable[[Finding], str]
"""A function that lands an orphan and returns its URI."""


@dataclass(frozen=True)
class Account:
    """A vendor's account to reconcile.

    :param conn_id: the id of the vendor's connection.
    :param client: the client of the account.
    :param prices: the connection's prices. Default: none.
    """

    conn_id: str
    client: SeedanceClient
    prices: Prices = field(default_factory=dict)


@dataclass
class Reconciled:
    """The result of one account.

    :param conn_id: the id of the vendor's connection.
    :param vendor: the vendor's technical name.
    :param title: the vendor's display name.
    :param findings: one finding per submission, and one per video without a submission.
    :param notes: sentences about the lists and videos that were read, and the limits of such a reading.
    :param gaps: sentences about failures to get information; empty if there were none.
    :param differences: the recorded costs that differ from the vendor's.
    """

    conn_id: str
    vendor: str
    title: str
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def calls_for_action(self) -> bool:
        """Whether any finding calls for action, such as an orphan that was not landed, or a submission in doubt."""
        return any(finding.kind in CALLS_FOR_ACTION for finding in self.findings)

    @property
    def is_whole(self) -> bool:
        """Whether the reconciliation is complete: there are no gaps, and each finding could be decided."""
        return not self.gaps and not any(finding.kind is Kind.NOT_TOLD for finding in self.findings)


def reconcile_account(
    account: Account,
    ledger: LedgerReader | None,
    span: Span,
    *,
    bounds: Bounds,
    land: Land | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Reconciled:
    """Compares the videos of one account with the ledger's records and deliveries.

    :param account: the account.
    :param ledger: the ledger; `None` if there is none, and then the result only lists the vendor's videos.
    :param span: the time span to reconcile.
    :param bounds: the limits of the reading.
    :param land: lands orphans. Default: they are only reported.
    :param pause: the function that waits for a number of seconds. Default: `time.sleep`.
    :return: the result.
    :raises LedgerDownError: the ledger can't be reached.
    """
    return _Run(account, ledger, span, bounds, pause).run(land)


class _Run:
    def __init__(
        self,
        account: Account,
        ledger: LedgerReader | None,
        span: Span,
        bounds: Bounds,
        pause: Callable[[float], None],
    ) -> None:
        self._account, self._ledger, self._span, self._bounds = account, ledger, span, bounds
        self._adapter = account.client.adapter
        self._asking = Asking(account.client, bounds, pause=pause)
        self._told = Told()
        self._listing = Listing()
        self._resolved: set[str] = set()
        self._result = Reconciled(account.conn_id, self._adapter.name, self._adapter.title)

    def run(self, land: Land | None) -> Reconciled:
        rows = self._rows()
        here = [row for row in rows if row.vendor == self._adapter.name]
        if self._adapter.can_list:
            since = datetime.fromtimestamp(self._span.since, tz=UTC) - CLOCK_SKEW
            self._listing = self._asking.list_all(sorted({row.model for row in here}), since)
            self._told.videos |= self._listing.videos
        here = self._with_ids(here)
        wanted = judging.ids_to_read(here, self._told, tells_cost=self._adapter.descriptor.tells_cost)
        self._asking.read_each(wanted, self._told)
        self._judge(here)
        self._judge_unmatched()
        for row in rows:
            if row.vendor != self._adapter.name:
                why = f"was submitted to {row.vendor}, and the connection leads to {self._adapter.name} now"
                self._add(Kind.NOT_TOLD, why, row=row)
        if land is not None:
            self._result.findings = [self._landed(finding, land) for finding in self._result.findings]
        self._result.differences = [found for each in self._result.findings if (found := difference_of(each))]
        self._say_how()
        return self._result

    def _rows(self) -> list[Recorded]:
        if self._ledger is None:
            return []
        most = self._bounds.rows
        rows = self._ledger.between(self._account.conn_id, self._span.since, self._span.until, most=most + 1)
        if len(rows) > most:
            self._result.gaps.append(f"the ledger has more than {most} submissions in that time: take a shorter one")
        return rows[:most]

    # -- doubts --------------------------------------------------------------------------------------------------

    def _with_ids(self, rows: Sequence[Recorded]) -> list[Recorded]:
        """The rows, with the video's id added to those in doubt whose video was found."""
        doubts = [row for row in rows if row.video_id is None]
        found = {row.attempt: video for row in doubts if (video := self._search(row)) is not None}
        if self._ledger is None or not found:
            return list(rows)
        ids = {video.video_id for video in found.values()}
        others = judging.taken(self._ledger.known(self._adapter.name, video_ids=ids), ids)
        return [self._identified(row, found.get(row.attempt), others) for row in rows]

    def _search(self, row: Recorded) -> Video | None:
        carriers = judging.carriers(row, self._listing.videos.values())
        if carriers:
            return carriers[0]
        possible = _record_of(row).possible_id if _is_readable(row) else None
        # An id from an unclear answer can be this submission's only if the vendor's read shows the mark.
        by_answer = possible if not row.mark or self._adapter.read_tells_mark else None
        for video_id in dict.fromkeys((row.mark if self._adapter.mark_is_id else None, by_answer)):
            if video_id is None:
                continue
            if video_id not in self._told.videos:
                self._asking.read_each([video_id], self._told)
            video = self._told.videos.get(video_id)
            if video is not None and video.mark in (None, row.mark):
                return video
        return None

    def _identified(self, row: Recorded, video: Video | None, others: Mapping[str, str]) -> Recorded:
        if video is None or self._ledger is None or others.get(video.video_id, row.attempt) != row.attempt:
            return row
        if not _is_readable(row):
            return row
        record = replace(_record_of(row), video_id=video.video_id)
        text = json.dumps(record.to_json(), sort_keys=True)
        if not self._ledger.identify(row, video.video_id, text):
            return row  # its task has recorded the id or withdrawn the intent meanwhile: the next run sees it
        log.info("The lost submission %s is video %s.", row.attempt, video.video_id)
        self._resolved.add(row.attempt)
        return replace(row, video_id=video.video_id, record=text)

    # -- verdicts ------------------------------------------------------------------------------------------------

    def _judge(self, rows: Sequence[Recorded]) -> None:
        now = time.time()
        for row in rows:
            if row.video_id is None:
                is_whole = self._adapter.can_list and not self._listing.why_not_whole
                looked = self._where_looked(row)
                kind, why = judging.judge_doubt(row, self._span, now, looked=looked, is_list_whole=is_whole)
            else:
                kind, why = judging.judge_recorded(row, self._told, self._span, now)
            self._add(kind, why, row=row, video=self._told.videos.get(row.video_id or ""))

    def _where_looked(self, row: Recorded) -> str:
        title = self._adapter.title
        if self._adapter.mark_is_id and row.mark:
            if row.mark in self._told.unclear:
                return f"its id is {row.mark}, of which nothing is known: {self._told.unclear[row.mark]}"
            return f"{title} was asked for its id, {row.mark}, and told of no video"
        if not self._adapter.can_list:
            return f"{title} has no list to look in"
        if not row.mark:
            return f"nothing was sent along by which {title} would tell it"
        if self._listing.why_not_whole:
            return f"its mark is not in what was read of {title}'s list"
        return f"its mark is not in {title}'s list"

    def _judge_unmatched(self) -> None:
        """Judges the listed videos that belong to none of the rows."""
        ours = {finding.video_id for finding in self._result.findings}
        others = [video for video in self._listing.videos.values() if video.video_id not in ours]
        others = [video for video in others if self._span.holds(video.created_at)]
        known: list[Recorded] = []
        if self._ledger is not None:
            ids, marks = [video.video_id for video in others], [video.mark for video in others if video.mark]
            known = self._ledger.known(self._adapter.name, video_ids=ids, marks=marks)
        for video in others:
            verdict = judging.judge_unmatched(video, known) if self._ledger else judging.without_ledger(video)
            if verdict is not None:
                self._add(*verdict, video=video)

    def _add(self, kind: Kind, why: str, *, row: Recorded | None = None, video: Video | None = None) -> None:
        self._result.findings.append(
            Finding(
                kind,
                why,
                self._account.conn_id,
                row.vendor if row else self._adapter.name,
                video_id=(row.video_id if row else None) or (video.video_id if video else None),
                row=row,
                video=video,
                is_resolved=row is not None and row.attempt in self._resolved,
                money=money_of(row, video, self._account.prices),
                uri=row.uri if row else None,
            )
        )

    # -- orphans -------------------------------------------------------------------------------------------------

    def _landed(self, finding: Finding, land: Land) -> Finding:
        if finding.kind is not Kind.ORPHAN:
            return finding
        if self._asking.is_over:
            return replace(finding, why=f"{finding.why}; not landed: the time was up")
        try:
            uri = land(finding)
        except Exception as error:
            said = str(error) if isinstance(error, SeedanceError) else type(error).__name__
            return replace(finding, why=f"{finding.why}; could not be landed: {said}")
        self._note_landed(finding, uri)
        return replace(finding, kind=Kind.RESCUED, why="had succeeded and was never delivered; landed now", uri=uri)

    def _note_landed(self, finding: Finding, uri: str) -> None:
        known: dict[str, Any] = {"uri": uri, "outcome": SUCCEEDED, "ended_at": time.time()}
        try:
            if self._ledger is not None and finding.video_id:
                self._ledger.end(finding.vendor, finding.video_id, known)
        except Exception as error:
            log.warning("The ledger does not know that video %s is at %s: %s", finding.video_id, uri, error)

    # -- how it was asked ----------------------------------------------------------------------------------------

    def _say_how(self) -> None:
        title, descriptor, reads = self._adapter.title, self._adapter.descriptor, self._asking.reads
        notes, gaps = self._result.notes, self._result.gaps
        if not self._adapter.can_list:
            notes.append(f"{title} has no list: {reads} read by id; what no record names can't be seen.")
        else:
            listed, pages = len(self._listing.videos), self._listing.pages
            notes.append(f"{title} listed {listed} in {pages} requests; {reads} read by id. {descriptor.list_note}")
            if self._listing.why_not_whole:
                gaps.append(f"{title}: {self._listing.why_not_whole}")
            window = descriptor.list_window
            if window is not None and self._span.since < time.time() - window.total_seconds():
                notes.append(f"The span begins before {title}'s list: what is older and in no record can't be seen.")
        if self._ledger is None:
            gaps.append(
                "There is no ledger in a database (`[seedance] ledger_conn_id`): nobody can say what was submitted, "
                "what is in doubt, what was delivered, and what it cost."
            )


def _is_readable(row: Recorded) -> bool:
    try:
        _record_of(row)
    except SubmissionRecordError:
        return False
    return True


def _record_of(row: Recorded) -> SubmissionRecord:
    try:
        value = json.loads(row.record)
    except (ValueError, RecursionError):
        value = None
    return SubmissionRecord.from_json(value)
