"""The record of what a task has submitted. Pure: no I/O, no Airflow."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_provider_seedance.api.errors import SubmissionRecordError
from airflow_provider_seedance.api.http.texts import clean
from airflow_provider_seedance.submissions import fingerprint
from airflow_provider_seedance.submissions.life import Life

_END_OF_TIME = 253_402_300_000.0
"""Unix time of the last moments that a date can tell."""

_LONGEST_CAUSE = 500


@dataclass(frozen=True)
class SubmissionRecord:
    """What a task submitted, or was about to.

    :param fingerprint: per field of the request a short hash, and one of the connection; holds no prompt.
    :param max_tries: the task instance's, part of its `life`.
    :param intended_at: Unix time just before the POST.
    :param vendor: name of the vendor that it was sent to.
    :param model: what was asked for.
    :param video_id: the vendor's id, `None` as long as only the intent is known.
    :param marker: what was sent along to recognise the video, where the vendor repeats such a thing.
    :param fingerprint_version: how the hashes are made; records of the first release don't say, which means 1.
    :param life: what else is known of the life of the task instance, see `Life`.
    :param seed: that was sent, the user's own or a drawn one.
    :param attempt: a random word of the attempt that wrote the intent: no two records are the same.
    :param cause: what happened to the submission, if its outcome is unknown.
    :param possible_id: an id that stood in an answer that was no acceptance.
    :param delivered: whether the task has handed the video on.
    :param seedance_conn_id: the connection that it was sent by; records of the first release don't say.
    :param ends_after: seconds after which the vendor was told to give the video up, where the task's time-out says so.
    :param unknown: what a later release has added, kept as it is.
    """

    fingerprint: dict[str, str]
    max_tries: int
    intended_at: float
    vendor: str
    model: str
    video_id: str | None = None
    marker: str | None = None
    version: int = 1
    fingerprint_version: int = 1
    life: dict[str, Any] | None = None
    seed: int | None = None
    attempt: str | None = None
    cause: str | None = None
    possible_id: str | None = None
    delivered: bool = False
    seedance_conn_id: str | None = None
    ends_after: int | None = None
    unknown: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON types, for the store. What the first release didn't have is left out where there is nothing to say."""
        known = asdict(self)
        value: dict[str, Any] = known.pop("unknown")
        said = {name: each for name, each in known.items() if each is not None and each is not False}
        return value | {name: known[name] for name in _ALWAYS} | said

    @classmethod
    def from_json(cls, value: Any) -> SubmissionRecord:
        """The record as stored.

        :raises SubmissionRecordError: for anything that no release wrote; it never means "submit again".
        """
        record = None
        if isinstance(value, Mapping):
            known = {name: value[name] for name in _FIELDS if name in value}
            unknown = {name: each for name, each in value.items() if name not in _FIELDS}
            with suppress(TypeError):
                record = cls(**known, unknown=unknown)
        if record is None or not record._is_sound():
            raise SubmissionRecordError(
                "The record of this task's earlier submission can't be read, so a video may exist and be billed. "
                "Nothing was sent. Look in the vendor's console, then delete the record "
                "(key `seedance_submission` of the task's state, or its file in the ledger)."
            )
        return record

    @property
    def since_when(self) -> Life:
        """The life of the task instance that the record was written in."""
        return Life.read(self.max_tries, self.life)

    def _is_sound(self) -> bool:
        """Whether the fields, read from JSON, are what this class writes."""
        texts = [*self.fingerprint.values(), self.vendor, self.model] if isinstance(self.fingerprint, dict) else [None]
        may_be_missing = (
            *(self.video_id, self.marker, self.attempt, self.cause, self.possible_id),
            self.seedance_conn_id,
        )
        return (
            self.version == 1
            and all(isinstance(text, str) for text in texts)
            and all(text is None or (isinstance(text, str) and text != "") for text in may_be_missing)
            and type(self.max_tries) is int
            and type(self.intended_at) in (int, float)
            and 0 < self.intended_at < _END_OF_TIME
            and type(self.fingerprint_version) is int
            and 1 <= self.fingerprint_version <= fingerprint.VERSION
            and (self.life is None or isinstance(self.life, dict))
            and all(number is None or type(number) is int for number in (self.seed, self.ends_after))
            and type(self.delivered) is bool
        )


_FIELDS = tuple(name for name in SubmissionRecord.__dataclass_fields__ if name != "unknown")
_ALWAYS = ("fingerprint", "max_tries", "intended_at", "vendor", "model", "video_id", "marker", "version")


def new_attempt() -> str:
    """A random word for a record."""
    return uuid.uuid4().hex


def cause_of(error: Exception) -> str:
    """What happened, in a length and a form that any store keeps."""
    return clean(str(error), _LONGEST_CAUSE) or type(error).__name__
