"""Airflow metrics of videos, budgets and reconciliations. A failed metric must not fail the task of a paid video."""

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
    """The outcome of a wait that ended without a video, in one word, for the metric's tag.

    :param error: the error that ended the wait.
    :return: `moderated`, `failed`, `timed_out` or `lost`.
    """
    if isinstance(error, VideoModerationError):
        return "moderated"
    if isinstance(error, VideoFailedError):
        return "failed"
    return "timed_out" if isinstance(error, VideoTimeoutError) else "lost"


_NO_TAG = re.compile(r"[^A-Za-z0-9._/-]+")
_NO_PART = re.compile(r"[./]")


def tag(text: str | None) -> str:
    """Makes a text a valid tag for every metrics backend; some separate tags by commas, colons or bars.

    :param text: the text; `None` and an empty text become `unknown`.
    :return: at most 100 characters.
    """
    return _NO_TAG.sub("_", text or "")[:100] or "unknown"


def names(stat: str, *labels: str) -> tuple[str, ...]:
    """The names under which to send a metric: its own, and, if the backend drops tags, one that ends with their values.

    Plain StatsD drops tags, so that the gauges of several connections or triggerers would overwrite each other.

    :param stat: the metric's name.
    :param labels: the values of its tags, in their order in the name.
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
    """Counts `seedance.videos`, and for a finished video `seedance.video_seconds` and `seedance.tokens`. Never raises.

    :param outcome: `succeeded`, `moderated`, `failed`, `timed_out` or `lost` (the outcome can't be learnt any more).
    :param vendor: the vendor's name; `None` if it is unknown.
    :param model: the requested model; `None` if it is unknown.
    :param known: the seconds and tokens of a finished video, as far as they are known. Default: neither is counted.
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
    """Sends the gauges `seedance.budget` and `seedance.budget_left`, in units of the currency. Never raises.

    The run's id is not a tag, since each run would make a series of its own; a run's budget has its DAG as tag.

    :param limits: the budgets in which an amount was just reserved.
    :param left: the amount left in each budget, in millionths of its currency.
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
    """Sends one gauge, under each of its `names`.

    :param name: the gauge's name.
    :param value: its value.
    :param tags: its tags.
    """
    from airflow.providers.common.compat.sdk import Stats

    for each in names(name, *tags.values()):
        Stats.gauge(each, value, tags=dict(tags))
