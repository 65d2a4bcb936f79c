"""Airflow metrics of videos, budgets and reconciliations. They never raise: what they count is paid for."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from airflow_provider_seedance.api.errors import (
    SeedanceError,
    VideoFailedError,
    VideoModerationError,
    VideoTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_seedance.api.budgets import Limit
    from airflow_provider_seedance.api.pricing import Quantities

log = logging.getLogger(__name__)

SUCCEEDED = "succeeded"


def outcome_of(error: SeedanceError) -> str:
    """One word for how a wait ended without a video: the metric's tag."""
    if isinstance(error, VideoModerationError):
        return "moderated"
    if isinstance(error, VideoFailedError):
        return "failed"
    return "timed_out" if isinstance(error, VideoTimeoutError) else "lost"


_NO_TAG = re.compile(r"[^A-Za-z0-9._/-]+")
_NO_PART = re.compile(r"[./]")


def tag(text: str | None) -> str:
    """A word that every metrics backend takes as a tag: some part tags at commas, colons or bars."""
    return _NO_TAG.sub("_", text or "")[:100] or "unknown"


def names(stat: str, *labels: str) -> tuple[str, ...]:
    """Under which names a metric is told: where tags are dropped, also under one that ends with what they would say.

    Plain StatsD drops them: the gauges of several connections or triggerers would overwrite each other.

    :param stat: the metric.
    :param labels: what tells it apart, in the order in which they stand in the name.
    """
    if _keeps_tags():
        return (stat,)
    return stat, ".".join([stat, *(_NO_PART.sub("_", tag(label)) for label in labels)])


def _keeps_tags() -> bool:
    from airflow.providers.common.compat.sdk import conf

    def is_on(option: str) -> bool:
        return bool(conf.getboolean("metrics", option, fallback=False))

    return not is_on("statsd_on") or is_on("statsd_datadog_enabled") or is_on("statsd_influxdb_enabled")


def count_video(outcome: str, *, vendor: str | None, model: str | None, known: Quantities | None = None) -> None:
    """Counts `seedance.videos`, and of a finished one `seedance.video_seconds` and `seedance.tokens` if known.

    :param outcome: `succeeded`, `moderated`, `failed`, `timed_out` or `lost` (nothing could be learnt any more).
    """
    try:
        from airflow.providers.common.compat.sdk import Stats

        tags = {"vendor": tag(vendor), "model": tag(model), "outcome": outcome}
        counts = {"seedance.videos": 1}
        if known is not None and known.seconds:
            counts["seedance.video_seconds"] = known.seconds
        if known is not None and known.tokens:
            counts["seedance.tokens"] = known.tokens
        for stat, count in counts.items():
            for name in names(stat, *tags.values()):
                Stats.incr(name, count, tags=tags)
    except Exception:
        log.warning("The video was not counted.", exc_info=True)


def tell_budgets(limits: Sequence[Limit], left: Sequence[int]) -> None:
    """Gauges `seedance.budget` and `seedance.budget_left`, in units of the currency, when something was reserved.

    A run's name is no tag: each would be a series of its own. What is left of a run's budget is told by its DAG.

    :param limits: the budgets that it counts against.
    :param left: what is left of each, in millionths.
    """
    try:
        for limit, micros in zip(limits, left, strict=True):
            where = {name: tag(str(limit.where[name])) for name in ("conn_id", "dag_id") if name in limit.where}
            tags = {**where, "budget": limit.name, "currency": tag(limit.currency)}
            tell_gauge("seedance.budget", limit.micros / 1_000_000, tags)
            tell_gauge("seedance.budget_left", micros / 1_000_000, tags)
    except Exception:
        log.warning("What is left of the budgets was not told.", exc_info=True)


def tell_gauge(name: str, value: float, tags: Mapping[str, str]) -> None:
    """One gauge; its name ends with the tags where these are dropped."""
    from airflow.providers.common.compat.sdk import Stats

    for each in names(name, *tags.values()):
        Stats.gauge(each, value, tags=dict(tags))
