"""The pass of a loop to which a task instance belongs (Airflow 3.4+)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NO_REGION = "00000000-0000-0000-0000-000000000000"


def pass_of(context: Mapping[str, Any]) -> int | None:
    """The number of the pass, from 0; `None` outside of loops. It is the same in a retry, and after clearing.

    Each pass has its own task instance, all with the map index -1, so that only this number tells them apart. Loops
    can't be nested.

    :param context: the task's context.
    """
    index = getattr(context.get("loop"), "index", None)
    return index if type(index) is int else None


def region_of(context: Mapping[str, Any]) -> str | None:
    """The id of the loop's region; `None` outside of loops.

    Clearing the loop's gate makes a new region, whose passes have the same numbers.

    :param context: the task's context.
    """
    region = getattr(context.get("ti"), "region_id", None)
    return str(region) if region is not None and pass_of(context) is not None else None


def is_in_loop(ti: Any) -> bool:
    """Whether a task instance belongs to a pass of a loop, and is not mapped.

    :param ti: the task instance, of a context or of a trigger.
    """
    region = getattr(ti, "region_id", None)
    return region is not None and str(region) != _NO_REGION and ti.map_index in (None, -1)
