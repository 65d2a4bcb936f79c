"""Whether the SQL ledger knows what a chaos run came to: every bill, and every doubt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dev.chaos_judge import TaskOutcome

EVERY = 5.0
"""Seconds between the moments for which an outage counts as a kill."""
AFTER = 15.0
"""Seconds after an outage in which what has failed meanwhile may still end a task."""


@dataclass(frozen=True)
class Row:
    """A submission in the ledger.

    :param index: map index of its task.
    :param video_id: `None` in doubt.
    :param withdrawn: whether it is certain that nothing was created.
    :param outcome: the end that a task has seen.
    """

    index: int
    video_id: str | None
    withdrawn: bool
    outcome: str | None

    @property
    def is_in_doubt(self) -> bool:
        """Whether there may be a video that nobody knows."""
        return self.video_id is None and not self.withdrawn


ROWS = "SELECT map_index, video_id, withdrawn, outcome FROM seedance_submissions WHERE dag_id = '{dag_id}'"


def rows_of(found: Sequence[tuple[object, ...]]) -> list[Row]:
    """What `ROWS` gives."""
    return [
        Row(int(str(index)), str(video_id) if video_id else None, bool(withdrawn), str(outcome) if outcome else None)
        for index, video_id, withdrawn, outcome in found
    ]


def ledger_problems(tasks: Sequence[TaskOutcome], rows: Sequence[Row]) -> list[str]:
    """What the ledger doesn't know, or knows wrongly; empty if all is well."""
    problems = []
    for task in tasks:
        own = [row for row in rows if row.index == task.index]
        known = {row.video_id for row in own}
        name = f"task {task.index} ({task.vendor})"
        in_doubt = any(row.is_in_doubt for row in own)
        problems += [
            f"the ledger knows nothing of video {video_id}, which {name} was billed for"
            for video_id in task.billed
            if video_id not in known and not in_doubt
        ]
        if task.unknown and not in_doubt:
            problems.append(f"{name} is unknown, and the ledger has no doubt")
        if task.delivered and task.delivered not in known:
            problems.append(f"{name} delivered video {task.delivered}, which the ledger doesn't know")
    return problems


def open_rows(tasks: Sequence[TaskOutcome], rows: Sequence[Row]) -> int:
    """How many videos were delivered while the ledger couldn't be told: their rows stay open, as documented."""
    delivered = {task.delivered for task in tasks if task.delivered}
    return sum(row.video_id in delivered and row.outcome is None for row in rows)


def moments(began: float, ended: float) -> list[float]:
    """When an outage may have ended a task, from its beginning until some time after it."""
    count = int((ended + AFTER - began) / EVERY) + 1
    return [began + number * EVERY for number in range(count)]
