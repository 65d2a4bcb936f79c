"""Publishes a task's video: the dict for XCom, the asset events, the metrics. It never fails a paid video."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypedDict

from airflow_provider_seedance.api.errors import VideoFailedError, VideoUrlMissingError
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.pricing import Quantities, cost_of, quantities, quantities_of, told_cost
from airflow_provider_seedance.api.validation import for_vendor, to_request
from airflow_provider_seedance.api.vendors import all_vendors, make_adapter
from airflow_provider_seedance.compat.metrics import SUCCEEDED, count_video, outcome_of
from airflow_provider_seedance.tasks.asset_events import attach_to_outlets
from airflow_provider_seedance.tasks.cost_check import prices_on
from airflow_provider_seedance.tasks.ledger import note_end

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_seedance.api.errors import SeedanceError
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

log = logging.getLogger(__name__)

_SHORT = timedelta(hours=2)
"""A URL that is valid for no longer than this may expire before a later task uses it."""


class Usage(TypedDict):
    """The items in a video's dict besides the fields of `Video`. `None` means unknown.

    :param seconds: the video's length in seconds: of the finished video if the vendor reports it, else as requested.
    :param tokens: the number of tokens that the vendor counted.
    :param attempts: the number of the task's try.
    :param estimated_cost: the cost by the connection's `prices`, from the request alone.
    :param cost: the cost by the connection's `prices`, once the video is finished; without prices, the cost that the
        vendor reports with the video, if it does. The invoice may differ.
    :param currency: the currency of both costs.
    """

    seconds: int | None
    tokens: int | None
    attempts: int | None
    estimated_cost: float | None
    cost: float | None
    currency: str | None


def hand_on(
    context: Context,
    video: Video,
    *,
    hook: SeedanceHook,
    fields: Mapping[str, Any] | None = None,
    landed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Completes the video's dict, adds it to the outlets' events, and counts and records a finished video.

    :param context: the task's context.
    :param video: the video as last read.
    :param hook: the hook of the connection, whose prices give the cost.
    :param fields: the fields of the request, if the task knows them. Default: they are unknown.
    :param landed: the manifest, if the task has landed the video. Default: it hasn't.
    :return: the dict for XCom, in JSON types.
    """
    asked = _asked(video, fields or {}, hook)
    known = replace(
        asked, seconds=video.made_seconds or asked.seconds, resolution=video.made_resolution or asked.resolution
    )
    value = video.to_dict() | _usage(context, video, asked, known, hook)
    value["model"] = video.model or known.model
    value["seedance_conn_id"] = hook.seedance_conn_id
    if video.seed is None:
        value["seed"] = _own_seed(fields)
    value |= {name: fact for name, fact in (landed or {}).items() if name not in value}
    attach_to_outlets(context, value, landed["uri"] if landed else None)
    if video.status is VideoStatus.SUCCEEDED:
        count_video(SUCCEEDED, vendor=video.vendor, model=known.model, known=known)
        note_end(video.vendor, video.video_id, SUCCEEDED, value)
        if landed is None:
            _hurry(video)
    return value


def _hurry(video: Video) -> None:
    """Logs until when the URL is valid, if that is only a short time."""
    vendor = all_vendors().get(video.vendor)
    if vendor and vendor.retention and vendor.retention <= _SHORT:
        until = f" until {video.url_expires_at:%H:%M} UTC" if video.url_expires_at else ""
        log.info("The URL of video %s works%s. %s", video.video_id, until, vendor.retention_note)


def count_failure(
    error: SeedanceError,
    *,
    hook: SeedanceHook,
    fields: Mapping[str, Any] | None = None,
    video_id: str | None = None,
) -> None:
    """Counts a wait that ended without a video, and records the outcome if the video has ended too.

    :param error: the error that ended the wait.
    :param hook: the hook of the vendor's connection.
    :param fields: the fields of the request, if the task knows them. Default: they are unknown.
    :param video_id: the vendor's id; without it, nothing is recorded in the ledger.
    """
    try:
        vendor = hook.connection.vendor
    except Exception:
        vendor = None
    count_video(outcome_of(error), vendor=vendor, model=quantities(fields or {}).model)
    if isinstance(error, VideoFailedError) and not isinstance(error, VideoUrlMissingError):
        note_end(vendor, video_id, outcome_of(error))


def _asked(video: Video, fields: Mapping[str, Any], hook: SeedanceHook) -> Quantities:
    """The requested quantities: as they were sent, or at least as far as the task still knows them."""
    try:
        adapter = hook.connection.adapter
        adapter = adapter if adapter.name == video.vendor else make_adapter(video.vendor)
        return quantities_of(adapter.billed(for_vendor(to_request(fields), adapter)), video.usage)
    except Exception as error:
        log.debug("The request can't be rebuilt (%s).", type(error).__name__)
    try:
        return quantities({"model": video.model, **fields}, video.usage)
    except Exception as error:
        log.warning("What was asked for can't be counted (%s).", type(error).__name__)
        return Quantities(model=video.model)


def _own_seed(fields: Mapping[str, Any] | None) -> int | None:
    """The seed in the request; `None` if there is none, or it is negative, which means any."""
    try:
        seed = int((fields or {}).get("seed"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seed if 0 <= seed < 2**63 else None


def _usage(context: Context, video: Video, asked: Quantities, known: Quantities, hook: SeedanceHook) -> Usage:
    before = after = None
    try:
        if prices := prices_on(hook):
            before = cost_of(prices, replace(asked, tokens=None))
            if video.status is VideoStatus.SUCCEEDED:
                after = cost_of(prices, known)
                log.info("Video %s costs %s by the connection's prices.", video.video_id, after)
        elif video.status is VideoStatus.SUCCEEDED:
            after = told_cost(video.usage)
    except Exception as error:
        log.warning("There is no cost: %s", error)
    return Usage(
        seconds=known.seconds,
        tokens=known.tokens,
        attempts=getattr(context.get("ti"), "try_number", None),
        estimated_cost=before.number if before else None,
        cost=after.number if after else None,
        currency=next((cost.currency for cost in (before, after) if cost), None),
    )
