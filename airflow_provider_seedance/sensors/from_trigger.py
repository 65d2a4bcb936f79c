"""Checks whether a sensor can start in the triggerer, without a worker, and refuses what Airflow can't do there."""

from __future__ import annotations

import re
from typing import Any

_XCOM_PULL = re.compile(r"xcom_pull\s*\(([^)]*)\)")


def why_not_from_trigger(video_id: Any, seedance_conn_id: Any, *, deferrable: bool) -> str | None:
    """The reason why `start_from_trigger` can't work with these arguments on this Airflow, `None` if it can."""
    if not deferrable:
        return "it goes with deferrable=True only."
    from airflow import __version__

    major, minor = (int(part) for part in __version__.split(".")[:2])
    if (major, minor) in ((3, 1), (3, 2)):
        return f"Airflow {major}.{minor} has it switched off; 2.11, 3.0 and 3.3 have it."
    for name, value in (("video_id", video_id), ("seedance_conn_id", seedance_conn_id)):
        if not isinstance(value, str):
            return (
                f"{name} must be a string: the output of another task arrives unresolved in the triggerer. "
                "Write \"{{ ti.xcom_pull(task_ids='create', key='video_id', map_indexes=-1) }}\" instead."
            )
        if "{{" in value and (major, minor) < (3, 3):
            return f"{name} is a template, which Airflow {major}.{minor} does not render in the triggerer (3.3+ does)."
        for arguments in _XCOM_PULL.findall(value):
            if "map_indexes" not in arguments:
                return (
                    f"{name} pulls an XCom without map_indexes, on which the triggerer hangs for ever; "
                    "write xcom_pull(..., map_indexes=-1)."
                )
    return None
