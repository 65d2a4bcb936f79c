"""Which pass of a loop a task instance belongs to (Airflow 3.4+)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NO_REGION = "00000000-0000-0000-0000-000000000000"


def pass_of(context: Mapping[str, Any]) -> int | None:
    """The number of the pass, from 0; `None` outside of loops. It is the same for a retry, and after clearing.

    Each pass has a task instance of its own, with the map index -1: without this number all passes would be taken for
    one. Loops don't nest.

    :param context: of the task instance that runs.
    """
    index = getattr(context.get("loop"), "index", None)
    return index if type(index) is int else None


def region_of(context: Mapping[str, Any]) -> str | None:
    """The id of the loop's execution. Clearing the loop's gate makes a new one, with passes of the same numbers."""
    region = getattr(context.get("ti"), "region_id", None)
    return str(region) if region is not None and pass_of(context) is not None else None


def is_in_loop(ti: Any) -> bool:
    """Whether a task instance, as triggers have it, belongs to a pass and is not mapped."""
    region = getattr(ti, "region_id", None)
    return region is not None and str(region) != _NO_REGION and ti.map_index in (None, -1)
