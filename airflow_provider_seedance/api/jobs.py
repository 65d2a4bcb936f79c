"""A job at a vendor (a video, an asset in review), and the meaning of each poll: wait on, succeeded, or failed. Pure.

All kinds of jobs are treated alike here. Their differences are in `JobKind`: see `video_jobs` and `asset_jobs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceError,
    SeedanceQuotaError,
    TransientApiError,
    VideoNotFoundError,
)

MOST_FAILURES = 5
"""Consecutive failed polls after which a wait ends: a paid job isn't given up for a hiccup.

Each pause between them is twice as long as the one before: with polls every 10 seconds, they span two and a half
minutes.
"""

MOST_REFUSALS = 3
"""Consecutive refusals of one kind (unknown id, wrong key ...) after which the vendor is believed.

Replicas lag, keys are rotated and balances topped up, while the paid job goes on. With polls every 10 seconds, these
refusals span half a minute.
"""

LONGEST_PAUSE = 120.0
"""Seconds to which the pause after a failed poll grows, unless polls are further apart anyway."""

_MOST_DOUBLINGS = 20

NOT_FOUND_GRACE = 30.0
"""Seconds from the start of a wait during which an unknown id is tolerated: records may lag behind the create."""

_REFUSALS: tuple[type[SeedanceApiError], ...] = (
    VideoNotFoundError,
    AssetNotFoundError,
    SeedanceAuthError,
    SeedanceQuotaError,
    RequestRejectedError,
)


class JobStatus(Protocol):
    """The state of a job, in the same words for all vendors."""

    @property
    def value(self) -> Any:
        """The word."""

    @property
    def is_terminal(self) -> bool:
        """Whether the state is final."""


class Job(Protocol):
    """A job as it was last seen."""

    @property
    def status(self) -> JobStatus:
        """Its state."""

    @property
    def undocumented_status(self) -> str | None:
        """The vendor's own word for the state, if it isn't documented; such a job counts as unfinished."""

    @property
    def is_deliverable(self) -> bool:
        """Whether the job has succeeded and its result can be used."""


J = TypeVar("J", bound=Job)


@dataclass(frozen=True)
class JobKind(Generic[J]):
    """The differences between videos and assets in a wait.

    :param noun: the word at the beginning of a sentence: `Video`.
    :param id_field: the name of the id in events.
    :param not_found: the error for an unknown id.
    :param is_listed: whether one request may ask for several jobs, where the vendor has such a call.
    :param standing: describes a job's state in words.
    :param failure_of: the error for a job that has nothing to deliver.
    :param timed_out: the error for a wait that has reached its deadline, from the id, the last status and a sentence
        about the last poll.
    :param result_due: gets a finished job, and the Unix time since which its result has been missing; returns the Unix
        time until which it may be missing, `None` if it is there. Default: the result comes with the status.
    """

    noun: str
    id_field: str
    not_found: type[SeedanceApiError]
    is_listed: bool
    standing: Callable[[J], str]
    failure_of: Callable[[J], SeedanceError]
    timed_out: Callable[[str, str, str], SeedanceError]
    result_due: Callable[[J, float], float | None] = lambda job, since: None


class Outcome(StrEnum):
    """The next thing to do after a poll."""

    WAIT = "wait"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Decision(Generic[J]):
    """The decision after one poll.

    :param outcome: the next thing to do.
    :param delay: seconds until the next poll, if there is one.
    :param job: the job as it was last seen, if ever.
    :param error: the reason why the wait failed.
    :param note: a sentence for the log, if anything changed.
    :param warn: whether the note is a warning.
    :param doubt: the error of this poll, if the wait goes on in spite of it.
    """

    outcome: Outcome
    delay: float = 0.0
    job: J | None = None
    error: SeedanceError | None = None
    note: str | None = None
    warn: bool = False
    doubt: SeedanceError | None = None


class Misses:
    """Counts consecutive failed polls.

    Failures that may pass are tolerated up to `MOST_FAILURES`. A refusal by the vendor itself weighs more, but only
    `MOST_REFUSALS` of the same kind in a row are taken as proof. A 429 says nothing about the job, and only makes the
    pauses longer.

    :param interval: seconds between polls.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self.clear()

    def clear(self) -> None:
        """Starts counting again after a successful poll."""
        self._in_a_row = self._failures = self._refusals = 0
        self._kind: type[SeedanceApiError] | None = None

    def refused(self, error: SeedanceError) -> None:
        """Remembers the kind of a refusal, without counting it as a failure yet.

        :param error: the refusal.
        """
        kind = _kind_of(error)
        self._refusals = self._refusals + 1 if kind is self._kind else 1
        self._kind = kind

    def add(self, error: SeedanceError) -> bool:
        """Counts a failed poll.

        :param error: the poll's error.
        :return: whether the wait has to end now.
        """
        self._in_a_row += 1
        self._failures += not _is_too_busy(error)
        if isinstance(error, TransientApiError):
            self._refusals, self._kind = 0, None
        else:
            self.refused(error)
        return self._failures >= MOST_FAILURES or self._refusals >= MOST_REFUSALS

    def note(self, error: SeedanceError) -> str:
        """A sentence about the last failed poll.

        :param error: the poll's error.
        """
        if _is_too_busy(error):
            return f"A poll was refused, which says nothing about the job: {error}"
        count, most = (self._refusals, MOST_REFUSALS) if self._refusals else (self._failures, MOST_FAILURES)
        return f"Poll {count} of at most {most} in a row failed: {error}"

    def pause(self, error: SeedanceError) -> float:
        """Seconds until the next poll: doubled each time, and at least as long as the vendor asks for.

        :param error: the last poll's error.
        """
        longer: float = min(LONGEST_PAUSE, self._interval * 2 ** min(self._in_a_row - 1, _MOST_DOUBLINGS))
        # A refusal is checked again soon, even if polls are far apart.
        pause = longer if self._refusals else max(self._interval, longer)
        asked = error.retry_after if isinstance(error, SeedanceApiError) else None
        return max(pause, asked or 0.0)


class Wait(Generic[J]):
    """The memory of one wait: the job as last seen, the failed polls, the deadline.

    :param kind: the kind of job.
    :param job_id: the vendor's id.
    :param interval: seconds between polls.
    :param deadline: Unix time after which the wait is given up, kept across restarts; `None` waits for ever.
    :param started: Unix time of the first poll.
    """

    def __init__(
        self, kind: JobKind[J], job_id: str, *, interval: float, deadline: float | None, started: float
    ) -> None:
        self.kind = kind
        self.job_id = job_id
        self.interval = interval
        self.deadline = deadline
        self.started = started
        self._last: J | None = None
        self._misses = Misses(interval)
        self._without_result_since: float | None = None
        self._warned: set[str] = set()

    def saw(self, job: J, now: float) -> Decision[J]:
        """Decides after an answer.

        :param job: the job as it stands.
        :param now: Unix time.
        :return: the decision.
        """
        before, self._last = self._last, job
        self._misses.clear()
        note, warn = self._status_note(before, job)
        if not job.status.is_terminal:
            self._without_result_since = None
            return self._wait_or_give_up(now, self.interval, note, warn)
        if job.is_deliverable:
            return Decision(Outcome.SUCCEEDED, job=job, note=note)
        since = now if self._without_result_since is None else self._without_result_since
        due = self.kind.result_due(job, since)
        if due is None:
            return Decision(Outcome.FAILED, job=job, error=self.kind.failure_of(job), note=note)
        self._without_result_since = since
        return self._wait_for_result(job, now, due, note)

    def missed(self, error: SeedanceError, now: float) -> Decision[J]:
        """Decides after a failed poll.

        :param error: the poll's error.
        :param now: Unix time.
        :return: the decision.
        """
        if not isinstance(error, SeedanceApiError):  # the connection can't be used: no vendor has answered
            return Decision(Outcome.FAILED, job=self._last, error=error)
        is_new = self._last is None and now - self.started < NOT_FOUND_GRACE
        if is_new and isinstance(error, self.kind.not_found):
            self._misses.refused(error)
            note = f"{self.kind.noun} {self.job_id} is not known yet."
            return self._wait_or_give_up(now, self.interval, note, False)
        if self._misses.add(error):
            return Decision(Outcome.FAILED, job=self._last, error=error)
        note = self._misses.note(error)
        return self._wait_or_give_up(now, self._misses.pause(error), note, True, error)

    def start_afresh(self) -> None:
        """Forgets earlier refusals, after the connection got another key."""
        self._misses.clear()

    def put_off(self, now: float) -> Decision[J]:
        """Decides when no poll could be made in time: it says nothing about the job, but the deadline holds.

        :param now: Unix time.
        :return: the decision.
        """
        return self._wait_or_give_up(now, self.interval, None, False)

    def _wait_for_result(self, job: J, now: float, due: float, note: str | None) -> Decision[J]:
        until = due if self.deadline is None else min(due, self.deadline)
        if now >= until:
            return Decision(Outcome.FAILED, job=job, error=self.kind.failure_of(job), note=note)
        if note:
            note = f"{note} Its URL is not there yet; waiting for it."
        return Decision(Outcome.WAIT, min(self.interval, until - now), job, note=note)

    def _wait_or_give_up(
        self, now: float, delay: float, note: str | None, warn: bool, doubt: SeedanceError | None = None
    ) -> Decision[J]:
        if self.deadline is None:
            return Decision(Outcome.WAIT, delay, self._last, note=note, warn=warn, doubt=doubt)
        left = self.deadline - now
        if left <= 0:
            status = self._last.status.value if self._last else "never seen"
            error = self.kind.timed_out(self.job_id, status, f"The last poll failed: {doubt} " if doubt else "")
            return Decision(Outcome.FAILED, job=self._last, error=error, note=note, warn=warn)
        return Decision(Outcome.WAIT, min(delay, left), self._last, note=note, warn=warn, doubt=doubt)

    def _status_note(self, before: J | None, job: J) -> tuple[str | None, bool]:
        word, noun = job.undocumented_status, self.kind.noun
        if word and word not in self._warned:
            self._warned.add(word)
            as_if = f"waiting on as if it were {job.status.value}"
            return f"{noun} {self.job_id}: undocumented status {word!r}; {as_if}.", True
        if before is None or before.status != job.status:
            return f"{noun} {self.job_id}: {self.kind.standing(job)}.", False
        return None, False


def _is_too_busy(error: SeedanceError) -> bool:
    return isinstance(error, TransientApiError) and error.status_code == 429


def _kind_of(error: SeedanceError) -> type[SeedanceApiError]:
    return next((kind for kind in _REFUSALS if isinstance(error, kind)), SeedanceApiError)
