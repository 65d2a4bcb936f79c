"""The rows of the fail-over matrix: who refuses what, who is next, and when the task's process dies. No act, no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.submissions.moving_on import Reason
from dev.fault_rows import AFTER_POST, AFTER_RECORD, BEFORE_POST, BETWEEN_VENDORS
from tests.support.requests import SAMPLES

VENDORS = tuple(SAMPLES)

UNREACHABLE = "no connection"
NO_ROOM = "no room"
"""For longer than `room_patience`."""
NO_QUOTA = "no balance or quota"
KEY_REFUSED = "key refused"
NOT_OPEN = "model not open"
MODERATION = "refused by moderation"

# In which life of the task the first vendor's refusal comes.
FIRST_ATTEMPT = "first attempt"
SECOND_ATTEMPT = "second attempt"
KILLED_BETWEEN = "killed between the two vendors"
KILLED_IN_DOUBT = "killed after the second's POST"
KILLED_AFTER = "killed after the second's record"
MOMENTS = (FIRST_ATTEMPT, SECOND_ATTEMPT, KILLED_BETWEEN, KILLED_IN_DOUBT, KILLED_AFTER)
_DIES_AT = {KILLED_BETWEEN: BETWEEN_VENDORS, KILLED_IN_DOUBT: AFTER_POST, KILLED_AFTER: AFTER_RECORD}

SLOW = "slow"
RETRIES = 3


@dataclass(frozen=True)
class Refusal:
    """A way in which a vendor says that it has created nothing.

    :param name: for people, and in `Sample.refusals`.
    :param fault: the simulator's; "" for a closed port.
    :param reason: that the task tells.
    """

    name: str
    fault: str
    reason: Reason


REFUSALS = (
    Refusal(UNREACHABLE, "", Reason.UNREACHABLE),
    Refusal(NO_ROOM, "http_429", Reason.NO_ROOM),
    Refusal(NO_QUOTA, "no_balance", Reason.NO_QUOTA),
    Refusal(KEY_REFUSED, "auth", Reason.KEY_REFUSED),
    Refusal(NOT_OPEN, "model_not_open", Reason.KEY_REFUSED),
    Refusal(MODERATION, "moderation_submit", Reason.MODERATION),
)


@dataclass(frozen=True)
class Outcome:
    """A create of which nobody can tell what became of it.

    :param name: for people.
    :param fault: the simulator's; "" if the process dies instead.
    :param options: of that fault.
    :param dies: the place where the process dies.
    """

    name: str
    fault: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    dies: str | None = None


UNKNOWN_OUTCOMES = (
    Outcome("reset after sending, nothing created", "reset_before"),
    Outcome("reset after sending, accepted", "reset_after"),
    Outcome("500, nothing created", "http_500"),
    Outcome("500, accepted", "http_500_after"),
    Outcome("503, nothing created", "http_503"),
    Outcome("a gateway's page, 502, nothing created", "http_502_html"),
    Outcome("a gateway's page, 502, accepted", "http_502_html_after"),
    Outcome("a gateway's page, 504", "stranger_page", (("status", 504),)),
    Outcome("time-out", SLOW),
    Outcome("half an answer", "torn_json"),
    Outcome("an answer without an id", "missing_id"),
    Outcome("an answer that is no JSON", "not_json"),
    Outcome("killed before the POST", dies=BEFORE_POST),
    Outcome("killed after the POST", dies=AFTER_POST),
)


@dataclass(frozen=True)
class Row:
    """One task with two connections.

    :param first: the vendor that is asked first.
    :param second: the vendor that is asked next.
    :param what: what befalls the create at the first.
    :param moment: when, where the first refuses.
    :param has_budgets: whether both connections have a budget of one video.
    :param is_killed: whether a death is a SIGKILL of a process of its own.
    """

    first: str
    second: str
    what: Refusal | Outcome
    moment: str = FIRST_ATTEMPT
    has_budgets: bool = False
    is_killed: bool = False

    @property
    def operator(self) -> dict[str, Any]:
        """Arguments of the create operator."""
        return {
            "model": "seedance-2.0",
            "prompt": "a paper boat in rain",
            "duration": 5,
            "seedance_conn_id": conn_id(self.first),
            "fallback_conn_ids": [conn_id(self.second)],
            "fail_over_on_moderation": getattr(self.what, "name", "") == MODERATION,
            "wait_for_completion": False,
            # A deferred wait for room never fails an attempt; one on the worker does, and is waited out in earnest.
            "deferrable": self.moment != SECOND_ATTEMPT,
            "room_patience": 0.03 if self.moment == SECOND_ATTEMPT else 60.0,
            "retries": RETRIES,
        }

    @property
    def dies(self) -> str | None:
        """Where the first attempt's process dies, if it does."""
        return self.what.dies if isinstance(self.what, Outcome) else _DIES_AT.get(self.moment)

    def __str__(self) -> str:
        """For a test's failure message."""
        return f"{self.what.name}, {self.first} -> {self.second}, {self.moment}"


def conn_id(vendor: str) -> str:
    """The connection's id."""
    return f"failover_{vendor}"


def source_of(refusal: Refusal, vendor: str) -> str:
    """Where the vendor documents this refusal of a create; "" if it does not."""
    if refusal.name == UNREACHABLE:
        return "no vendor is needed for it"
    return SAMPLES[vendor].refusals.get(refusal.name, "")


def pairs() -> list[tuple[str, str]]:
    """All ordered pairs of vendors."""
    return [(first, second) for first in VENDORS for second in VENDORS if first != second]


def diagonal() -> list[tuple[str, str]]:
    """Pairs with each vendor once in the first place and once in the second."""
    return [(first, VENDORS[number - 1]) for number, first in enumerate(VENDORS)]


def refusal_rows(of: list[tuple[str, str]]) -> Iterator[Row]:
    """Each documented refusal at each moment.

    :param of: pairs of vendors.
    """
    for refusal in REFUSALS:
        for first, second in of:
            if source_of(refusal, first):
                yield from (Row(first, second, refusal, moment) for moment in MOMENTS)


def unknown_rows(of: list[tuple[str, str]]) -> Iterator[Row]:
    """Each unknown outcome.

    :param of: pairs of vendors.
    """
    yield from (Row(first, second, outcome) for outcome in UNKNOWN_OUTCOMES for first, second in of)


def budget_rows(of: list[tuple[str, str]]) -> Iterator[Row]:
    """With a budget of one video on both connections: each documented refusal, once.

    :param of: pairs of vendors.
    """
    for refusal in REFUSALS:
        for first, second in of:
            if source_of(refusal, first):
                yield Row(first, second, refusal, has_budgets=True)


def killed_rows(of: list[tuple[str, str]]) -> Iterator[Row]:
    """A sample with processes that are killed for real.

    :param of: pairs of vendors.
    """
    for number, (first, second) in enumerate(of):
        documented = [refusal for refusal in REFUSALS if source_of(refusal, first)]
        refusal = documented[number % len(documented)]
        yield Row(first, second, refusal, MOMENTS[2 + number % 3], is_killed=True)
