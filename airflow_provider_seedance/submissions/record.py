"""The record of a task's submission. Pure: no I/O, no Airflow."""

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
"""Unix time near the end of the year 9999, the last that a `datetime` can express."""

_LONGEST_CAUSE = 500


@dataclass(frozen=True)
class SubmissionRecord:
    """A video that a task has submitted, or was about to submit.

    :param fingerprint: a short hash per field of the request, and one of the connection; no prompt.
    :param max_tries: the task instance's `max_tries`, part of its `Life`.
    :param intended_at: Unix time just before the create was sent.
    :param vendor: the name of the vendor that the create was sent to.
    :param model: the requested model.
    :param video_id: the vendor's id; `None` as long as only the intent is known.
    :param marker: the mark that was sent along to recognise the video by; `None` if the vendor shows no such mark.
    :param version: the version of the record's format; always 1.
    :param fingerprint_version: the version of the hashing. Records of the first release don't hold it, which means 1.
    :param life: the other known fields of the task instance's `Life`.
    :param seed: the seed that was sent, the user's or a drawn one.
    :param attempt: a random word, drawn by the attempt that wrote the intent, so that no two records are equal.
    :param cause: the error of the create, if its outcome is unknown.
    :param possible_id: an id from an answer that was not an acceptance.
    :param delivered: whether the task has handed the video on.
    :param seedance_conn_id: the id of the connection that was used. Records of the first release don't hold it.
    :param ends_after: the deadline sent to the vendor, in seconds after the video's creation, at which the vendor
        cancels an unfinished video; `None` if none was sent.
    :param unknown: fields that a later release has added, kept as they are.
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
        """The record in JSON types. Fields that the first release didn't have are left out if they are unset."""
        known = asdict(self)
        value: dict[str, Any] = known.pop("unknown")
        said = {name: each for name, each in known.items() if each is not None and each is not False}
        return value | {name: known[name] for name in _ALWAYS} | said

    @classmethod
    def from_json(cls, value: Any) -> SubmissionRecord:
        """Reads a stored record.

        :param value: the stored JSON value.
        :raises SubmissionRecordError: no release writes such a value. It is never a reason to submit again.
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
        """The life of the task instance in which the record was written."""
        return Life.read(self.max_tries, self.life)

    def _is_sound(self) -> bool:
        """Whether the fields, read from JSON, have the types and ranges that this class writes."""
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
    """Draws the random word that identifies an attempt in its record."""
    return uuid.uuid4().hex


def cause_of(error: Exception) -> str:
    """The message of an error, cleaned and cut to 500 characters, so that any store can keep it.

    :param error: the error of the create.
    """
    return clean(str(error), _LONGEST_CAUSE) or type(error).__name__
