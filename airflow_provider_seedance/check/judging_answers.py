"""Judges the answers to the free questions. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_seedance.api.errors import (
    GatewayRefusedError,
    InvalidRequestError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.vendors.assumptions import Verdict
from airflow_provider_seedance.api.vendors.video_adapter import VideoPage
from airflow_provider_seedance.check.seen import Reply, Said, Seen, described


def no_verdict(error: SeedanceError) -> Said | None:
    """The verdict for errors that say nothing about the question: no answer, no room, no key, no such call."""
    if isinstance(error, UnsupportedByVendorError):
        return "can't tell", "not asked: no documented call"
    silent = isinstance(error, TransientApiError) and error.status_code is None
    if silent or isinstance(error, SeedanceRateLimitError | SeedanceQuotaError | GatewayRefusedError):
        return "can't tell", described(error)
    return None


def _key_works(reply: Reply[str], seen: Seen) -> Said:
    if reply.error is None:
        return "holds", "answered"
    return no_verdict(reply.error) or ("doesn't", described(reply.error))


def _key_refused(reply: Reply[str], seen: Seen) -> Said:
    if reply.error is None:
        return "doesn't", "a wrong key was answered like a right one"
    if isinstance(reply.error, SeedanceAuthError):
        return "holds", described(reply.error)
    # Each read was tried three times, and the right key worked just before.
    return no_verdict(reply.error) or ("doesn't", described(reply.error))


def _unknown_id(reply: Reply[Video], seen: Seen) -> Said:
    if reply.value is not None:
        return "doesn't", f"answered as a video that is {reply.value.status}"
    error = reply.error
    if isinstance(error, VideoNotFoundError):
        return "holds", described(error)
    if isinstance(error, TransientApiError) and error.status_code is not None:
        return "doesn't", f"{described(error)}: a wait would ask for it until its deadline"
    return _odd(error)


def _unknown_ids(reply: Reply[list[Video]], seen: Seen) -> Said:
    if reply.value is None:
        return _odd(reply.error)
    return ("doesn't", f"{len(reply.value)} videos came") if reply.value else ("holds", "none came")


def _list_answered(reply: Reply[Any], seen: Seen) -> Said:
    if reply.value is None:
        return _odd(reply.error)
    return "holds", "answered" if reply.value.videos else "answered, and empty"


def _page_size(reply: Reply[Any], seen: Seen) -> Said:
    if reply.value is None:
        return _odd(reply.error)
    most = len(reply.value.videos)
    if most > 1:
        return "doesn't", f"1 was asked for, {most} came"
    whole = _listed(seen, "list")
    if not whole or len(whole) < 2:
        return "can't tell", "the account has fewer than two videos"
    return ("holds", "1 of several came") if most else ("doesn't", "none of several came")


def _by_status(reply: Reply[Any], seen: Seen) -> Said:
    pages: dict[VideoStatus, VideoPage] = {}
    for status in (VideoStatus.SUCCEEDED, VideoStatus.CANCELLED):
        asked = seen.replies.get(f"list_{status}")
        if asked is None or asked.value is None:
            return _odd(asked.error if asked else None)
        pages[status] = asked.value
    for status, page in pages.items():
        strangers = sorted({video.status.value for video in page.videos if video.status is not status})
        if strangers:
            return "doesn't", f"a list of {status} videos holds {', '.join(strangers)} ones"
    whole = _listed(seen, "list") or ()
    for status, page in pages.items():
        missing = {video.video_id for video in whole if video.status is status}
        missing -= {video.video_id for video in page.videos}
        # No order is promised: the next page may have it.
        if missing and not page.has_more:
            return "doesn't", f"the list of {status} videos lacks {len(missing)} that the whole list has"
    if not whole:
        return "can't tell", "the account has no video"
    return "holds", ", ".join(f"{len(page.videos)} {status}" for status, page in pages.items())


def _by_model(reply: Reply[Any], seen: Seen) -> Said:
    of_model, of_none, whole = (_listed(seen, name) for name in ("list_model", "list_no_model", "list"))
    if of_none:
        return "doesn't", f"a model that doesn't exist has {len(of_none)} videos"
    if of_model is None:
        return _odd(reply.error)
    strangers = {video.model for video in of_model if video.model not in (None, seen.model)}
    if strangers:
        return "doesn't", f"{len(strangers)} other models in it"
    if any(video.model == seen.model for video in whole or ()) and not of_model:
        return "doesn't", "it is empty, though the whole list has videos of this model"
    if not of_model:
        return "can't tell", "the account has no video of this model"
    return "holds", f"{len(of_model)} of this model, none of a model that doesn't exist"


def _unknown_mark(reply: Reply[list[Video]], seen: Seen) -> Said:
    if reply.value is None:
        return _odd(reply.error)
    return ("doesn't", f"{len(reply.value)} videos have it") if reply.value else ("holds", "found at none")


def _model_listed(reply: Reply[Any], seen: Seen) -> Said:
    if reply.error is None:
        return "holds", "told"
    return _odd(reply.error)


def _refused(reply: Reply[Video], seen: Seen) -> Said:
    if reply.value is not None:
        return "doesn't", f"ACCEPTED, as {reply.value.video_id}: it may be billed, look at it in the vendor's console"
    error = reply.error
    if isinstance(error, RequestRejectedError):
        return "holds", described(error)
    if isinstance(error, SeedanceAuthError):
        return "can't tell", f"{described(error)}: the key may not create"
    if isinstance(error, InvalidRequestError):
        return "can't tell", "refused before it was sent"
    if isinstance(error, SeedanceApiError) and error.may_be_billed:
        verdict: Verdict = "can't tell" if error.status_code is None else "doesn't"
        return verdict, f"{described(error)}: look in the vendor's console whether a video was made"
    return _odd(error)


def _odd(error: SeedanceError | None) -> Said:
    """The verdict for an unexpected answer."""
    if error is None:
        return "can't tell", "not asked"
    return no_verdict(error) or ("doesn't", described(error))


def _listed(seen: Seen, name: str) -> tuple[Video, ...] | None:
    reply = seen.replies.get(name)
    return None if reply is None or reply.value is None else tuple(reply.value.videos)


FREE: dict[str, tuple[str, Callable[[Reply[Any], Seen], Said]]] = {
    "key.works": ("probe", _key_works),
    "key.refused": ("wrong_key", _key_refused),
    "id.unknown": ("unknown_id", _unknown_id),
    "ids.unknown": ("unknown_ids", _unknown_ids),
    "list.answered": ("list", _list_answered),
    "list.page-size": ("list_page", _page_size),
    "list.by-status": ("list", _by_status),
    "list.by-model": ("list_model", _by_model),
    "mark.unknown": ("unknown_mark", _unknown_mark),
    "model.listed": ("model_info", _model_listed),
    "request.refused": ("refused", _refused),
}
"""By the assumption's key: the question that tests it, and the judge of its answer."""
