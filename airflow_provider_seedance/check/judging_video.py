"""Judges assumptions by the life of the bought video. Pure."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.check.buying import LISTED_WITHIN
from airflow_provider_seedance.check.seen import Purchase, Said, Seen

LAG = 10.0
"""Seconds after which a look-up trusts the list (the sum of `submissions.pauses.Pauses.look_up`)."""

LATE = 60.0
"""Seconds for which a success may lack its URL until a wait gives up."""


def _accepted(bought: Purchase, seen: Seen) -> Said:
    if bought.video_id and bought.outcome == "bought":
        return "holds", "accepted"
    return "can't tell", f"{bought.outcome}: {bought.refusal}" if bought.refusal else bought.outcome


def _repeatable(bought: Purchase, seen: Seen) -> Said:
    return "can't tell", "not asked: if it weren't so, asking would buy a second video"


def _read_at_once(bought: Purchase, seen: Seen) -> Said:
    if not bought.read_at_once:
        return _not_seen(bought)
    return ("holds", "read") if bought.read_at_once == "yes" else ("doesn't", bought.read_at_once)


def _status_known(bought: Purchase, seen: Seen) -> Said:
    if bought.undocumented:
        return "doesn't", f"undocumented: {', '.join(bought.undocumented)}"
    return ("holds", _course(bought)) if bought.is_over else _not_seen(bought)


def _status_order(bought: Purchase, seen: Seen) -> Said:
    rank = {VideoStatus.QUEUED.value: 0, VideoStatus.RUNNING.value: 1}
    words = [status for status, _ in bought.course]
    if any(rank.get(after, 2) <= rank.get(before, 2) for before, after in pairwise(words)):
        return "doesn't", _course(bought)
    return ("holds", _course(bought)) if bought.is_over else _not_seen(bought)


def _delivered(bought: Purchase, seen: Seen) -> Said:
    if not bought.is_over:
        return _not_seen(bought)
    if bought.last_status != VideoStatus.SUCCEEDED:
        return "can't tell", f"it ended {bought.last_status}"
    if bought.url_late is None:
        return "doesn't", "no URL came that can be used"
    return ("holds" if bought.url_late <= LATE else "doesn't"), f"{bought.url_late:.0f} s after the success"


def _url_open(bought: Purchase, seen: Seen) -> Said:
    if bought.file == "mp4":
        return "holds", "an MP4 file"
    if not bought.file or bought.file.startswith(("no answer", "not asked")):
        return "can't tell", bought.file or "no URL was seen"
    # Some hosts answer 404 at first.
    return ("can't tell" if bought.file.startswith("HTTP 5") else "doesn't"), bought.file


def _url_life(bought: Purchase, seen: Seen) -> Said:
    hours = seen.retention_hours or 0.0
    if bought.url_life is None:
        return "can't tell", "the URL doesn't say when it ends" if bought.is_over else "not seen"
    told = bought.url_life / 3600
    # A signature is made some time after the end, or at each read, which doesn't shorten the URL's life.
    return ("holds" if told > hours * 0.95 else "doesn't"), f"its signature says {told:.3g} hours"


def _ids_exact(bought: Purchase, seen: Seen) -> Said:
    if not bought.by_ids:
        return _not_seen(bought)
    return ("holds" if bought.by_ids == "exact" else "doesn't"), bought.by_ids


def _mark_repeated(bought: Purchase, seen: Seen) -> Said:
    if not bought.mark:
        return "can't tell", "no mark was sent"
    if bought.strangers_by_mark:
        return "doesn't", f"{bought.strangers_by_mark} other videos have the same mark"
    if bought.listed_after is not None:
        return "holds", "found by its mark"
    if bought.list_looked_for >= min(LISTED_WITHIN, 2 * LAG) or (bought.is_over and bought.list_looked_for > 0):
        return "doesn't", f"not found by its mark for {bought.list_looked_for:.0f} s"
    return _not_seen(bought)


def _list_lag(bought: Purchase, seen: Seen) -> Said:
    if bought.listed_after is None:
        return "can't tell", "not found by its mark" if bought.mark else "no mark was sent"
    return ("holds" if bought.listed_after <= LAG else "doesn't"), f"found {bought.listed_after:.0f} s after the answer"


def _seed(bought: Purchase, seen: Seen) -> Said:
    if bought.seed is None:
        return "can't tell", "no seed was sent"
    if not bought.is_over:
        return _not_seen(bought)
    if bought.last_status != VideoStatus.SUCCEEDED and bought.told_seed is None:
        return "can't tell", f"it ended {bought.last_status}"
    return ("holds", "the same") if bought.told_seed == bought.seed else ("doesn't", _other_seed(bought))


def _other_seed(bought: Purchase) -> str:
    return "none was told" if bought.told_seed is None else "another one was told"


def _cancelled(bought: Purchase, seen: Seen) -> Said:
    if not bought.cancel:
        return "can't tell", "takes a video that is cancelled: `--buy-one --cancel-it`"
    if bought.cancel == "too late":
        return "can't tell", f"it was {bought.status_before_cancel} already"
    if bought.cancel == "done" and bought.last_status == VideoStatus.CANCELLED:
        return "holds", "cancelled"
    started = any(status == VideoStatus.RUNNING for status, _ in bought.course[:2])
    if bought.cancel != "done" and started:
        return "can't tell", f"{bought.cancel}; it may have started in between"
    return "doesn't", f"{bought.cancel}; then {bought.last_status or 'nothing was seen'}"


def _course(bought: Purchase) -> str:
    return " -> ".join(f"{status} ({after:.0f} s)" for status, after in bought.course)


def _not_seen(bought: Purchase) -> Said:
    return "can't tell", f"not seen to its end: {_course(bought) or bought.outcome}"


BOUGHT: dict[str, Callable[[Purchase, Seen], Said]] = {
    "create.accepted": _accepted,
    "create.repeatable": _repeatable,
    "read.at-once": _read_at_once,
    "status.known": _status_known,
    "status.order": _status_order,
    "video.delivered": _delivered,
    "url.open": _url_open,
    "url.life": _url_life,
    "ids.exact": _ids_exact,
    "mark.repeated": _mark_repeated,
    "list.lag": _list_lag,
    "seed.repeated": _seed,
    "cancel.queued": _cancelled,
}
"""By the assumption's key: the judge of the bought video."""
