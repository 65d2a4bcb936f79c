"""What the simulator remembers: bills, requests and videos."""

import json as jsonlib
from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_seedance.simulator.clock import Clock

Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "expired"]
ENDINGS: tuple[Status, ...] = ("succeeded", "failed", "cancelled", "expired")


@dataclass(slots=True)
class Bill:
    """One accepted create: what a vendor would have charged for.

    ``refunded`` tells that the vendor documents no charge for how the video ended (cancelled while queued; on Ark and
    GMI Cloud also failed). What Jimmy AI and Modellix do with failed videos is unknown, so theirs stay charged.
    """

    vendor: str
    video_id: str
    model: str
    created_at: float
    request: dict[str, Any]
    refunded: bool = False


@dataclass(slots=True)
class RecordedRequest:
    """One request as it came in.

    ``path`` is the vendor's own (without the simulator's leading segment), ``headers`` have lower-case names, ``at`` is
    unix time. ``answered`` is the HTTP status sent, ``"reset"`` when the connection was cut, ``"client_gone"`` when the
    caller left before the answer, ``None`` while there is none yet. ``call`` is what it was recognised as ("create",
    "poll", "result", "list", "cancel", "auth_probe", "info", "media", "upload", "upload_url", "asset", "unknown"),
    ``fault`` the kind that struck it, ``video_id`` the video that a create made (set even if nobody heard).
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
        """The parsed body, ``None`` if there is none or it is not JSON."""
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Picture:
    """What the rendered file must be: its length, size, sound, last frame and kind."""

    duration: int = 5
    resolution: str = "720p"
    ratio: str = "16:9"
    sound: bool = True
    last_frame: bool = False
    container: str = "mp4"


@dataclass(frozen=True, slots=True)
class Look:
    """A video as one answer shows it: what a fault hides is not in here.

    :param status: as told
    :param url_form: see :class:`SimulatedVideo`
    :param unknown_word: said in place of the status
    """

    status: Status
    url_form: str
    unknown_word: str | None = None


@dataclass(slots=True)
class SimulatedVideo:
    """A video and its course. ``request`` is the create body as accepted; times inside are simulated seconds."""

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
    #: Simulated seconds after which a video that has not ended is expired (Ark, Modellix); ``None`` = never.
    expires_after: float | None = None
    #: How the course ends; "stuck" never does.
    ending: str = "succeeded"
    error_code: str | None = None
    error_message: str | None = None
    #: "signed" is normal, "none" a success without a URL, "relative" an object key instead of a URL.
    url_form: str = "signed"
    unknown_word: str = "pondering"
    unknown_polls: int = 0
    #: So many looks at the success show no URL yet.
    late_polls: int = 0
    #: After the first look at the success so many show it running again.
    flapping_polls: int = 0
    was_seen_to_succeed: bool = False
    forced_end: tuple[Status, float] | None = None
    deleted: bool = False
    polls: int = 0

    def end(self) -> tuple[Status, float] | None:
        """How and when (simulated clock) the video ended, ``None`` while it has not."""
        if self.forced_end is not None:
            return self.forced_end
        course = [(status, at) for status, at in self._course() if at <= self.clock.simulated()]
        return min(course, key=lambda step: step[1]) if course else None

    def look(self) -> Look:
        """What the answer to one call shows; counts down the faults that show something else for a while."""
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
        """The ends that lie on the video's way, unless somebody interferes."""
        ends: list[tuple[Status, float]] = []
        for status in ENDINGS:
            if status == self.ending:
                # What is cancelled is cancelled in the queue: no vendor documents cancelling a running video.
                run = 0.0 if status == "cancelled" else self.run_seconds
                ends.append((status, self.born + self.queue_seconds + run))
        if self.expires_after is not None:
            ends.append(("expired", self.born + self.expires_after))
        return ends

    @property
    def status(self) -> Status:
        """The status now, in the project's words (each vendor has its own on the wire)."""
        end = self.end()
        if end:
            return end[0]
        return "queued" if self.clock.simulated() < self.born + self.queue_seconds else "running"

    @property
    def completed_at(self) -> float | None:
        """Unix time of the end, ``None`` while the video has not ended."""
        end = self.end()
        return self.clock.stamp_of(end[1]) if end else None

    @property
    def timeline(self) -> dict[str, float]:
        """The statuses reached so far with the unix time of each, in order."""
        steps = {"queued": self.created_at}
        running, end = self.born + self.queue_seconds, self.end()
        if running <= (end[1] if end else self.clock.simulated()) and (end is None or end[0] != "cancelled"):
            steps["running"] = self.clock.stamp_of(running)
        if end:
            steps[end[0]] = self.clock.stamp_of(end[1])
        return steps

    @property
    def updated_at(self) -> float:
        """Unix time of the last change of status."""
        return list(self.timeline.values())[-1]

    @property
    def progress(self) -> int:
        """Percent: 0 in the queue, 1-99 while running, 100 on success, 0 after another end."""
        status = self.status
        if status != "running":
            return 100 if status == "succeeded" else 0
        done = (self.clock.simulated() - self.born - self.queue_seconds) / max(self.run_seconds, 1e-9)
        return 1 + int(98 * min(done, 1.0))
