"""What a chaos run came to, judged by the simulator's record: bills, deliveries, unknowns, broken promises. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_seedance.simulator.videos import RecordedRequest
from dev.chaos_proxy import Spoilt, fate_of
from tests.support.requests import CAN_LIST

RECORDED_WITHIN = 25.0
"""Seconds within which an answered create is recorded, on a busy machine, slow answers included.

A video takes longer, so the next process that works for the task comes later.
"""


@dataclass
class TaskOutcome:
    """One task at the end, and what the simulator knows about it.

    :param index: its map index.
    :param vendor: whom it asked.
    :param state: Airflow's word for how it ended.
    :param tries: how often it was started.
    :param delivered: the video that it returned, `None` if it returned none.
    :param has_url: whether a URL came with it.
    :param unknown: whether it failed with `SubmissionUnknownError`.
    :param error: the end of its log, for people.
    :param creates: the create requests that carried its prompt.
    :param billed: ids of the videos that were billed for its prompt.
    :param kills: when a process that worked for it was killed, by us or by Airflow (Unix times).
    """

    index: int
    vendor: str
    state: str
    tries: int
    delivered: str | None
    has_url: bool
    unknown: bool
    error: str = ""
    creates: Sequence[RecordedRequest] = field(default_factory=list)
    billed: Sequence[str] = field(default_factory=list)
    kills: Sequence[float] = field(default_factory=list)

    @property
    def ambiguous_create(self) -> RecordedRequest | None:
        """A create of which its sender could not know what became, by the simulator's record."""
        return next((create for create in self.creates if is_ambiguous(create)), None)

    @property
    def why_unknown(self) -> str:
        """What made the outcome of its create unknown, empty if nothing did."""
        create = self.ambiguous_create
        if create is not None:
            return f"{fate_of(create.headers) or create.fault or 'cut off'}, answered {create.answered}"
        if any(killed_in(create, at) for create in self.creates for at in self.kills):
            return "its worker was killed before it could note the id"
        if self.kills and all(was_refused(create) for create in self.creates):
            return "its worker was killed before it could send what it had noted"
        return ""


def is_ambiguous(create: RecordedRequest) -> bool:
    """Whether the answer, or the lack of one, leaves open whether there is a video."""
    answered = create.answered
    # "reset", "client_gone", or no answer at all; or something on the way back spoke instead of the vendor.
    if not isinstance(answered, int) or fate_of(create.headers):
        return True
    return answered >= 500 or create.fault in ("torn_json", "missing_id", "not_json")


def was_refused(create: RecordedRequest) -> bool:
    """Whether the answer said that nothing was created."""
    return isinstance(create.answered, int) and 400 <= create.answered < 500


def turned_away(spoilt: Spoilt, vendor: str) -> RecordedRequest:
    """A create that never came to the simulator, as its record would be."""
    status = int(spoilt.kind.split()[1]) if " " in spoilt.kind else "reset"
    return RecordedRequest(
        vendor,
        spoilt.method,
        spoilt.path,
        query=[],
        headers={},
        body=spoilt.body.encode(),
        at=spoilt.at,
        number=0,
        call="create",
        answered=status,
        fault=f"proxy: {spoilt.kind}",
    )


def killed_in(create: RecordedRequest, at: float) -> bool:
    """Whether a kill hit the sender of a create between its intent and its record of the id, by the clock."""
    return create.at - 1.0 <= at <= create.at + RECORDED_WITHIN


def broken_promises(task: TaskOutcome) -> list[str]:
    """What this task shows to be untrue of "pay once, lose nothing"; empty if all is well."""
    name = f"task {task.index} ({task.vendor})"
    problems = []
    if len(task.billed) > 1:
        problems.append(f"{name} has {len(task.billed)} bills: {', '.join(task.billed)}")
    if task.state == "success":
        if task.delivered is None or not task.has_url:
            problems.append(f"{name} succeeded, but returned no video")
        elif task.delivered not in task.billed:
            problems.append(f"{name} returned video {task.delivered}, which is not its own ({task.billed or 'none'})")
    elif task.state == "failed" and task.unknown:
        if not task.why_unknown:
            problems.append(f"{name} says that its submission is unknown, but nothing was ambiguous: {task.error}")
        elif task.billed and task.vendor in CAN_LIST:
            problems.append(f"{name} gave video {task.billed[0]} up, though the vendor's list shows it: {task.error}")
    else:
        problems.append(f"{name} ended as {task.state}: {task.error}")
    return problems


def unknowns(tasks: Sequence[TaskOutcome], *, listed: bool) -> list[TaskOutcome]:
    """Tasks that failed with an unknown submission, at vendors with or without a list."""
    return [task for task in tasks if task.unknown and (task.vendor in CAN_LIST) == listed]
