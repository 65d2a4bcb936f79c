"""Whether a reconciliation after a chaos run finds exactly what the simulator knows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dev.chaos_judge import TaskOutcome

PAID_AND_LEFT = frozenset({"orphan", "unrecorded"})
"""Kinds of findings that say: there is a video, and nobody has it."""


@dataclass(frozen=True)
class Finding:
    """A row of the reconciliation.

    :param kind: in its words.
    :param index: map index of the task, if it names one.
    """

    kind: str
    video_id: str | None
    index: int | None
    vendor: str


@dataclass(frozen=True)
class Made:
    """A video as the simulator knows it."""

    video_id: str
    vendor: str
    status: str


def reconcile_problems(findings: Sequence[Finding], tasks: Sequence[TaskOutcome], made: Sequence[Made]) -> list[str]:
    """What it doesn't say, or says and isn't so; empty if all is well."""
    problems = []
    kinds = {finding.video_id: finding.kind for finding in findings if finding.video_id}
    doubts = {finding.index for finding in findings if finding.kind == "in doubt"}
    delivered = {task.delivered for task in tasks if task.delivered}
    for task in tasks:
        name = f"task {task.index} ({task.vendor})"
        for video_id in task.billed:
            said = kinds.get(video_id)
            if video_id in delivered:
                if said != "delivered":
                    problems.append(f"reconciliation: {name} delivered {video_id}, which is called {said}")
            elif said not in PAID_AND_LEFT and task.index not in doubts:
                problems.append(f"reconciliation: {name} left {video_id}, which is called {said}")
        if task.unknown and not task.billed and task.index not in doubts:
            problems.append(f"reconciliation: {name} is unknown, and it has no doubt")
    there = {video.video_id for video in made}
    problems += [
        f"reconciliation: {finding.video_id} is called {finding.kind}, and {finding.vendor} never made it"
        for finding in findings
        if finding.video_id and finding.video_id not in there
    ]
    return problems
