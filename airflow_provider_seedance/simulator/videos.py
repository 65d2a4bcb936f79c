"""The simulator's records: bills, requests and videos."""

import json as jsonlib
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_seedance.simulator.clock import Clock

Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]
ENDINGS: tuple[Status, ...] = ("succeeded", "failed", "cancelled", "expired")


@dataclass(slots=True)
class Bill:
    """The bill for one accepted create, which a vendor would have charged.

    ``refunded`` is true if the vendor documents no charge for the video's final status (``SimulatedVendor.uncharged``).
    If that is not documented, the bill stays charged.
    """

    vendor: str
    video_id: str
    model: str
    created_at: float
    request: dict[str, Any]
    refunded: bool = False


@dataclass(slots=True)
class RecordedRequest:
    """One received request.

    ``path`` is the vendor's own (without the simulator's leading segment), ``headers`` have lower-case names, ``at`` is
    a Unix time. ``answered`` is the HTTP status of the answer, ``"reset"`` if the connection was reset,
    ``"client_gone"`` if the caller left before the answer, ``None`` before the answer. ``call`` is the kind of call
    ("create", "poll", "result", "list", "cancel", "auth_probe", "info", "media", "upload", "upload_url", "asset",
    "unknown"), ``fault`` the kind of the fault that affected it, ``video_id`` the video that a create made, even if its
    answer was lost.
    """

    vendor: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    at: float
    number: int
    call: str
    answered: int | str | None = None
    fault: str | None = None
    video_id: str | None = None

    @property
    def json(self) -> Any:
        """The decoded body; ``None`` if it is not JSON."""
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Picture:
    """The properties of the rendered file. ``duration`` is in seconds, ``last_frame`` adds an image of it."""

    duration: int = 5
    resolution: str = "720p"
    ratio: str = "16:9"
    sound: bool = True
    last_frame: bool = False
    container: str = "mp4"


@dataclass(frozen=True, slots=True)
class Look:
    """A video as one answer shows it, with the effects of faults.

    :param status: the status in the answer
    :param url_form: see :class:`SimulatedVideo`
    :param unknown_word: the word in place of the status; ``None`` = the status itself
    """

    status: Status
    url_form: str
    unknown_word: str | None = None


@dataclass(slots=True)
class SimulatedVideo:
    """A video and its life cycle.

    ``request`` is the accepted body of the create. ``born`` and ``*_seconds`` are in simulated seconds, ``created_at``
    is a Unix time.
    """

    id: str
    vendor: str
    model: str
    prompt: str
    request: dict[str, Any]
    picture: Picture
    clock: Clock = field(repr=False)
    born: float
    created_at: float
    queue_seconds: float
    run_seconds: float
    seed: int = 0
    #: Simulated seconds after which an unfinished video expires; ``None`` = never.
    expires_after: float | None = None
    #: The planned end; "stuck" = it never ends.
    ending: str = "succeeded"
    error_code: str | None = None
    error_message: str | None = None
    #: "signed" = the normal URL, "none" = a success without a URL, "relative" = an object key instead of a URL.
    url_form: str = "signed"
    unknown_word: str = "pondering"
    unknown_polls: int = 0
    #: The number of answers that still show the success without a URL.
    late_polls: int = 0
    #: The number of answers that show the video running again, after the first answer with the success.
    flapping_polls: int = 0
    was_seen_to_succeed: bool = False
    forced_end: tuple[Status, float] | None = None
    deleted: bool = False
    polls: int = 0

    def end(self) -> tuple[Status, float] | None:
        """The final status and the simulated time of the end; ``None`` while the video has not ended."""
        if self.forced_end is not None:
            return self.forced_end
        course = [(status, at) for status, at in self._course() if at <= self.clock.simulated()]
        return min(course, key=lambda step: step[1]) if course else None

    def look(self) -> Look:
        """The video for one answer. Counts down the faults that affect a number of answers."""
        status, url_form, word = self.status, self.url_form, None
        if status == "succeeded":
            if self.was_seen_to_succeed and self.flapping_polls > 0:
                self.flapping_polls -= 1
                status = "running"
            elif self.late_polls > 0:
                self.late_polls -= 1
                url_form = "none"
            self.was_seen_to_succeed = True
        if self.unknown_polls > 0:
            self.unknown_polls -= 1
            word = self.unknown_word
        return Look(status, url_form, word)

    def _course(self) -> list[tuple[Status, float]]:
        """The planned ends with their simulated times; the earliest one counts."""
        ends: list[tuple[Status, float]] = []
        for status in ENDINGS:
            if status == self.ending:
                # The fault "cancel" applies in the queue, where every vendor with a cancel allows it.
                run = 0.0 if status == "cancelled" else self.run_seconds
                ends.append((status, self.born + self.queue_seconds + run))
        if self.expires_after is not None:
            ends.append(("expired", self.born + self.expires_after))
        return ends

    @property
    def status(self) -> Status:
        """The current status, in this package's words; each vendor's answers have their own."""
        end = self.end()
        if end:
            return end[0]
        return "queued" if self.clock.simulated() < self.born + self.queue_seconds else "running"

    @property
    def completed_at(self) -> float | None:
        """The Unix time of the end; ``None`` while the video has not ended."""
        end = self.end()
        return self.clock.stamp_of(end[1]) if end else None

    @property
    def timeline(self) -> dict[str, float]:
        """The statuses reached so far with their Unix times, in order."""
        steps = {"queued": self.created_at}
        running, end = self.born + self.queue_seconds, self.end()
        if running <= (end[1] if end else self.clock.simulated()) and (end is None or end[0] != "cancelled"):
            steps["running"] = self.clock.stamp_of(running)
        if end:
            steps[end[0]] = self.clock.stamp_of(end[1])
        return steps

    @property
    def updated_at(self) -> float:
        """The Unix time of the last change of status."""
        return list(self.timeline.values())[-1]

    @property
    def progress(self) -> int:
        """The progress in percent: 0 in the queue, 1-99 while running, 100 on success, 0 after another end."""
        status = self.status
        if status != "running":
            return 100 if status == "succeeded" else 0
        done = (self.clock.simulated() - self.born - self.queue_seconds) / max(self.run_seconds, 1e-9)
        return 1 + int(98 * min(done, 1.0))
