"""The rows of the fault matrix: what befalls a task instance, and where. No act, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tests.support.requests import CAN_LIST as CAN_LIST
from tests.support.requests import MODELS as MODELS
from tests.support.requests import TAKES_IDS

# Where a process dies.
BEFORE_POST = "before POST"
AFTER_POST = "after POST, before the record"
AFTER_RECORD = "after the record"
WHILE_DEFERRED = "while deferred"
IN_TRIGGER = "in the trigger"
IN_EXECUTE_COMPLETE = "in execute_complete"
BEFORE_XCOM = "between id and XCom"
BETWEEN_VENDORS = "between two vendors"
DEATHS = (
    BEFORE_POST,
    AFTER_POST,
    AFTER_RECORD,
    WHILE_DEFERRED,
    IN_TRIGGER,
    IN_EXECUTE_COMPLETE,
    BEFORE_XCOM,
)

# Where a call fails.
AT_POST = "at the POST"
AT_POLL = "in the trigger"
AT_READ = "in execute_complete"
AT_REATTACH = "at the reattachment"
AT_LOOK_UP = "at the look-up"

# How it may end.
DELIVERED = "delivered"
REFUSED = "refused"
IN_DOUBT = "in doubt"
"""Delivered, or the task says that nobody can tell: only where there is nothing to look it up by."""
TURNED_AWAY = "turned away"
"""By something in front of the vendor: nothing was created then; a retry may deliver."""
UNREADABLE = "unreadable record"

PORT_CLOSED = "refused"
TRIES = 3
"""How often the client repeats a read that fails: as many faults make it give up."""
POISON = "cut \ud83d\0\x1b[2J"


@dataclass(frozen=True)
class Strike:
    """One fault of the simulator.

    :param kind: its name there, `refused` for a closed port.
    :param on: the call that it strikes.
    :param times: how often.
    :param options: of that kind.
    """

    kind: str
    on: str = "create"
    times: int = 1
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Row:
    """One task instance and what befalls it.

    :param vendor: whom it buys from.
    :param fault: what fails, in words.
    :param place: where.
    :param strikes: the simulator's faults, in force from that moment on.
    :param dies: the place where the first attempt's process dies.
    :param expected: see the constants above.
    :param sibling: the prompt of another task that buys at the same vendor; "" for none.
    :param sibling_comes: whether it does so "before", or "after" the first attempt.
    :param tears: what becomes of the record before the second attempt: "", "empty" or "half".
    """

    vendor: str
    fault: str
    place: str
    strikes: tuple[Strike, ...] = ()
    dies: str | None = None
    expected: str = DELIVERED
    sibling: str = ""
    sibling_comes: str = "before"
    tears: str = ""

    @property
    def prompt(self) -> str:
        """What is asked for; a sibling may ask for the same."""
        return TWIN if self.sibling else f"a paper boat in rain, {self.fault}"

    @property
    def operator(self) -> dict[str, Any]:
        """Arguments of the create operator."""
        return {
            "seedance_conn_id": f"matrix_{self.vendor}",
            "model": MODELS[self.vendor],
            "prompt": self.prompt,
            "duration": 5,
            # Without waiting, the id is all that the XCom holds.
            "wait_for_completion": self.dies != BEFORE_XCOM,
            "poll_interval": 0.02,
            "timeout": 60.0,
        }


TWIN = "two paper boats"

_POST_FAULTS = (
    # What happens, the simulator's kind, whether nobody can tell from the answer if a video was created.
    ("connection refused", PORT_CLOSED, False),
    ("429, no room", "http_429", False),
    ("reset before it was read", "reset_before", True),
    ("500, nothing created", "http_500", True),
    ("reset after it was accepted", "reset_after", True),
    ("answer slower than the read time-out", "slow", True),
    ("500 after it was accepted", "http_500_after", True),
    ("HTML 502 after it was accepted", "http_502_html_after", True),
    ("torn JSON", "torn_json", True),
    ("answer without an id", "missing_id", True),
    ("answer that is no JSON", "not_json", True),
    ("poisoned text", "poisoned_text", False),
)
_REFUSALS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("refused by moderation", "moderation_submit", {}),
    ("key refused", "auth", {}),
    ("no balance", "no_balance", {}),
    ("refused with a poisoned text", "moderation_submit", {"message": f"moderation: {POISON}"}),
)
READ_FAULTS = (
    ("connection reset", "reset_before"),
    ("answer lost", "reset_after"),
    ("answer slower than the read time-out", "slow"),
    ("500", "http_500"),
    ("HTML 502", "http_502_html"),
    ("429", "http_429"),
    ("torn JSON", "torn_json"),
    ("answer that is no JSON", "not_json"),
    ("poisoned text", "poisoned_text"),
)
_PAGES = (403, 404, 502)


def rows(vendors: Sequence[str] = tuple(MODELS)) -> list[Row]:
    """All rows that make sense."""
    return [
        row
        for vendor in vendors
        for part in (_creates, _deaths, _reads, _look_ups, _late_truths, _siblings)
        for row in part(vendor)
    ]


def _in_doubt(vendor: str) -> str:
    """How a lost create ends: where it may be sent again under the id that we chose, there is no doubt."""
    return DELIVERED if vendor in TAKES_IDS else IN_DOUBT


def _creates(vendor: str) -> Iterator[Row]:
    for fault, kind, doubtful in _POST_FAULTS:
        yield Row(vendor, fault, AT_POST, (Strike(kind),), expected=_in_doubt(vendor) if doubtful else DELIVERED)
    for fault, kind, options in _REFUSALS:
        yield Row(vendor, fault, AT_POST, (Strike(kind, options=options),), expected=REFUSED)
    for status in _PAGES:
        page = Strike("stranger_page", options={"status": status})
        expected = TURNED_AWAY if status < 500 else _in_doubt(vendor)
        yield Row(vendor, f"a stranger's page, {status}", AT_POST, (page,), expected=expected)
    for status in (500, 504):
        told = Strike("id_in_error", options={"status": status})
        yield Row(vendor, f"{status} with the id in it", AT_POST, (told,))


def _deaths(vendor: str) -> Iterator[Row]:
    for place in DEATHS:
        doubtful = place in (BEFORE_POST, AFTER_POST)
        fault = "defect in the trigger" if place == IN_TRIGGER else "process killed"
        yield Row(vendor, fault, place, dies=place, expected=_in_doubt(vendor) if doubtful else DELIVERED)
    for tears in ("empty", "half"):
        fault = f"process killed, record torn ({tears})"
        yield Row(vendor, fault, AT_REATTACH, dies=AFTER_RECORD, tears=tears, expected=UNREADABLE)


def _reads(vendor: str) -> Iterator[Row]:
    faults: list[tuple[str, str, dict[str, Any]]] = [(fault, kind, {}) for fault, kind in READ_FAULTS]
    faults += [(f"a stranger's page, {status}", "stranger_page", {"status": status}) for status in _PAGES]
    for fault, kind, options in faults:
        yield Row(vendor, fault, AT_POLL, (Strike(kind, "poll", 2, options),))
        tries = 1 if kind == "poisoned_text" else TRIES
        yield Row(vendor, fault, AT_READ, (Strike(kind, "poll", tries, options),))
    yield Row(vendor, "500 until the trigger gives up", AT_POLL, (Strike("http_500", "poll", 5),))
    for fault, kind, options in [f for f in faults if f[1] in ("http_500", "poisoned_text", "stranger_page")]:
        strike = Strike(kind, "poll", 1 if kind == "poisoned_text" else TRIES, options)
        yield Row(vendor, f"process killed, then {fault}", AT_REATTACH, (strike,), dies=AFTER_RECORD)


def _look_ups(vendor: str) -> Iterator[Row]:
    if vendor not in CAN_LIST:
        return
    lost = Strike("reset_after")
    for fault, strike in (
        ("500 once", Strike("http_500", "list", 1)),
        ("500 for long", Strike("http_500", "list", 6)),
        ("a poisoned text", Strike("poisoned_text", "list", 1)),
        *((f"a stranger's page, {s}", Strike("stranger_page", "list", 6, {"status": s})) for s in _PAGES),
    ):
        yield Row(vendor, f"answer lost, then {fault}", AT_LOOK_UP, (lost, strike), expected=IN_DOUBT)


def _late_truths(vendor: str) -> Iterator[Row]:
    late, flapping = "late_url", "flapping_status"
    yield Row(vendor, "success, its URL two polls later", AT_POLL, (Strike(late, "poll", options={"polls": 2}),))
    yield Row(vendor, "success, its URL a read later", AT_READ, (Strike(late, "poll"),))
    yield Row(vendor, "success, then it runs again", AT_READ, (Strike(flapping, "poll"),))
    yield Row(
        vendor,
        "process killed, then it runs again",
        AT_REATTACH,
        (Strike(flapping, "poll"),),
        dies=IN_EXECUTE_COMPLETE,
    )


def _siblings(vendor: str) -> Iterator[Row]:
    """Two creates, one of which is lost: what the other one bought is not its own."""
    for sibling, whose in ((TWIN, "same prompt"), ("another paper boat", "another prompt")):
        for when, kind in (("before it was read", "reset_before"), ("after it was accepted", "reset_after")):
            words = f"reset {when}, beside a sibling ({whose})"
            yield Row(vendor, words, AT_POST, (Strike(kind),), sibling=sibling, expected=_in_doubt(vendor))
        for place in (BEFORE_POST, AFTER_POST):
            words = f"process killed, then a sibling buys ({whose})"
            yield Row(
                vendor, words, place, dies=place, sibling=sibling, sibling_comes="after", expected=_in_doubt(vendor)
            )
