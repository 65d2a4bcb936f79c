"""Judges each assumption by the answers. Pure. "Can't tell" never counts as "false"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_seedance.api.vendors.assumptions import Assumption, Verdict
from airflow_provider_seedance.check.judging_answers import FREE
from airflow_provider_seedance.check.judging_video import BOUGHT
from airflow_provider_seedance.check.seen import Said, Seen


@dataclass(frozen=True)
class Finding:
    """The verdict on one assumption.

    :param assumption: the assumption.
    :param verdict: whether it holds.
    :param seen: the reason for the verdict.
    """

    assumption: Assumption
    verdict: Verdict
    seen: str


def judge(assumptions: Sequence[Assumption], seen: Seen) -> list[Finding]:
    """A verdict on each assumption."""
    return [Finding(assumption, *_said(assumption, seen)) for assumption in assumptions]


def _said(assumption: Assumption, seen: Seen) -> Said:
    if assumption.key in seen.looks:
        return seen.looks[assumption.key]
    if assumption.key in seen.why_not:
        return "can't tell", seen.why_not[assumption.key]
    if assumption.key in FREE:
        question, read = FREE[assumption.key]
        reply = seen.replies.get(question)
        return ("can't tell", "not asked") if reply is None else read(reply, seen)
    if assumption.key in BOUGHT:
        if seen.purchase is None:
            return "can't tell", "takes a video: `--buy-one`"
        return BOUGHT[assumption.key](seen.purchase, seen)
    return "can't tell", "nobody asks about this one"


def judged_keys() -> frozenset[str]:
    """The keys of the assumptions that are judged here; `Look`s have their own judge."""
    return frozenset(FREE) | frozenset(BOUGHT)
