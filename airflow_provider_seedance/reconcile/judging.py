"""Decides the fate of each submission and each video, from the ledger's records and the vendor's answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.compat.metrics import SUCCEEDED
from airflow_provider_seedance.reconcile.findings import Kind
from airflow_provider_seedance.submissions.finder import CLOCK_SKEW, LOST

if TYPE_CHECKING:
    from airflow_provider_seedance.api.models import Video
    from airflow_provider_seedance.ledger.reading import Recorded

_OUR_FORM = re.compile(r"airflow-[0-9a-f]{32}")
_SEED = "seed:"

Verdict = tuple[Kind, str]
"""The kind, and the reason for it as a sentence without a subject."""


@dataclass
class Told:
    """The vendor's answers about videos.

    :param videos: the videos, by id.
    :param gone: the ids that the vendor says it doesn't know.
    :param unclear: the reasons why there is no answer, by id.
    """

    videos: dict[str, Video] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unclear: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """The time span of a reconciliation.

    :param since: the start, Unix time.
    :param until: the end, Unix time, exclusive.
    :param settle: seconds after a submission or the end of a video during which its task may still be busy with it.
        Default: 900.
    """

    since: float
    until: float
    settle: float = 900.0

    def holds(self, moment: datetime | None) -> bool:
        """Whether a video of this date may be of the span.

        :param moment: the date; `None` if the vendor gives none, and then it may.
        """
        return moment is None or self.since <= moment.timestamp() < self.until


def is_delivered(row: Recorded) -> bool:
    """Whether the video was delivered, according to the ledger.

    `Recorded.delivered` is not enough, since a task that doesn't wait hands on only the id.

    :param row: the submission in the ledger.
    """
    return row.uri is not None or row.outcome == SUCCEEDED


def carriers(row: Recorded, videos: Iterable[Video]) -> list[Video]:
    """The videos that carry the mark of a submission, the most useful first. Mere similarity doesn't count.

    :param row: the submission in the ledger.
    :param videos: the vendor's videos.
    """
    if not row.mark:
        return []
    earliest = datetime.fromtimestamp(row.intended_at, tz=UTC) - CLOCK_SKEW
    found = [
        video
        for video in videos
        if video.mark == row.mark
        and (video.created_at is None or video.created_at >= earliest)
        # A seed is only a number, which identifies a video only together with the model.
        and not (row.mark.startswith(_SEED) and video.model not in (None, row.model))
    ]
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda video: (video.status in LOST, video.created_at or latest, video.video_id))


def ids_to_read(rows: Iterable[Recorded], told: Told, *, tells_cost: bool) -> list[str]:
    """The ids of the videos to read one by one, the most important first.

    :param rows: the submissions in the ledger.
    :param told: the vendor's answers so far; these videos need not be read again.
    :param tells_cost: whether the vendor reports the cost of a video; if so, delivered videos are read too, last.
    """
    open_, closed = [], []
    for row in rows:
        if row.video_id is None or row.video_id in told.videos:
            continue
        if row.outcome is None and not is_delivered(row):
            open_.append(row.video_id)
        elif tells_cost and is_delivered(row):
            closed.append(row.video_id)
    return list(dict.fromkeys((*open_, *closed)))


def judge_recorded(row: Recorded, told: Told, span: Span, now: float) -> Verdict:
    """Judges a submission whose id is known.

    :param row: the submission in the ledger, with its id.
    :param told: the vendor's answers.
    :param span: the time span.
    :param now: the current Unix time.
    """
    video_id = row.video_id or ""
    if is_delivered(row):
        return Kind.DELIVERED, "landed" if row.uri else "handed on by a task"
    if row.outcome is not None:
        return Kind.NO_VIDEO, f"{row.outcome}, as its task has seen"
    video = told.videos.get(video_id)
    if video is not None:
        return _judge_seen(row, video, span, now)
    if video_id in told.gone:
        if now - row.intended_at < span.settle:
            return Kind.UNDER_WAY, "was submitted just now, and the vendor doesn't know it yet"
        return Kind.GONE, "the vendor doesn't know it, or not any more, and the ledger knows of no task that had it"
    return Kind.NOT_TOLD, told.unclear.get(video_id, "not asked for")


def _judge_seen(row: Recorded, video: Video, span: Span, now: float) -> Verdict:
    if video.status in LOST:
        return Kind.NO_VIDEO, f"{video.status.value} at the vendor"
    if video.status is not VideoStatus.SUCCEEDED:
        return Kind.UNDER_WAY, f"{video.status.value} at the vendor"
    ended = video.completed_at.timestamp() if video.completed_at else row.intended_at
    if now - ended < span.settle:
        return Kind.UNDER_WAY, "has just ended: its task may be about to hand it on"
    return Kind.ORPHAN, f"succeeded, and the ledger knows of no task that had it; {_life_of_url(video, now)}"


def _life_of_url(video: Video, now: float) -> str:
    expires = video.url_expires_at
    if expires is None:
        return "when its URL dies is not known"
    said = expires.isoformat(timespec="seconds")
    return f"its URL dies at {said}" if expires.timestamp() > now else f"its URL is dead since {said}"


def judge_doubt(row: Recorded, span: Span, now: float, *, looked: str, is_list_whole: bool) -> Verdict:
    """Judges a submission whose id was not found.

    :param row: the submission in the ledger.
    :param span: the time span.
    :param now: the current Unix time.
    :param looked: the clause that says where it was looked for, or why it can't be found.
    :param is_list_whole: whether the vendor has a list, and it was read completely.
    """
    if now - row.intended_at < span.settle:
        return Kind.UNDER_WAY, "is being submitted, or was just now"
    proof = " That it isn't there is no proof." if is_list_whole and row.mark else ""
    return Kind.IN_DOUBT, f"a video may exist and be billed: {looked}.{proof}"


def judge_unmatched(video: Video, known: Sequence[Recorded]) -> Verdict | None:
    """Judges a listed video that belongs to no submission of this connection and time span.

    :param video: the video.
    :param known: the submissions in the whole ledger that have the video's id or its mark.
    :return: the verdict; `None` if the video belongs to another connection or another time span.
    """
    if any(row.video_id == video.video_id for row in known):
        return None
    sharing = [row for row in known if row.mark == video.mark and _may_be_of(row, video)]
    if any(row.video_id is None and not row.withdrawn for row in sharing):
        return None  # the submission of the other connection or span is in doubt, and is resolved there
    if any(row.withdrawn and row.video_id is None for row in sharing):
        return Kind.UNRECORDED, "carries the mark of a submission of which nothing was said to have come"
    if sharing:
        return Kind.UNRECORDED, "a second video of one submission: it carries the mark of one that has another id"
    if video.mark and _OUR_FORM.fullmatch(video.mark):
        return Kind.UNRECORDED, "carries a mark like ours, and no record has it: lost, or another Airflow's"
    return Kind.STRANGER, "no mark of ours, in no record; left alone"


def _may_be_of(row: Recorded, video: Video) -> bool:
    return bool(carriers(row, [video]))


def without_ledger(video: Video) -> Verdict:
    """Judges a listed video without a ledger.

    :param video: the video.
    """
    ours = "carries a mark like ours; " if video.mark and _OUR_FORM.fullmatch(video.mark) else ""
    return Kind.NOT_TOLD, f"{ours}without a ledger nobody can say whether it was recorded or delivered"


def taken(rows: Iterable[Recorded], ids: Collection[str]) -> Mapping[str, str]:
    """The ids that belong to submissions already, each with the key of its submission.

    :param rows: the submissions in the ledger.
    :param ids: the ids to look for.
    :return: `Recorded.attempt` by id.
    """
    return {row.video_id: row.attempt for row in rows if row.video_id in ids and row.video_id is not None}
