"""The record of what was submitted, and what a new attempt may do with it. Pure: no I/O, no Airflow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airflow_provider_seedance.api.errors import RequestChangedError as RequestChangedError
from airflow_provider_seedance.api.errors import SubmissionRecordError as SubmissionRecordError
from airflow_provider_seedance.api.models import VideoRequest

_END_OF_TIME = 253_402_300_000.0
"""Unix time of the last moments that a date can tell."""


class Action(StrEnum):
    """What a new attempt may do."""

    SUBMIT = "submit"
    """Nothing was submitted in this life of the task."""
    REATTACH = "reattach"
    """This very video was submitted: wait for it, or take it."""
    LOOK_UP = "look up"
    """Something may have been submitted, nobody noted its id."""
    START_OVER = "start over"
    """The user cleared the task: the old video is not wanted any more."""
    REFUSE = "refuse"
    """Another video was submitted by this life of the task."""


@dataclass(frozen=True)
class SubmissionRecord:
    """What a task submitted, or was about to.

    :param fingerprint: per field of the request a short hash, and one of the connection; holds no prompt.
    :param max_tries: the task instance's, which only clearing changes: it tells a retry from a new life.
    :param intended_at: Unix time just before the POST.
    :param vendor: whom it was sent to.
    :param model: what was asked for.
    :param video_id: the vendor's id, `None` as long as only the intent is known.
    :param marker: what was sent along to find the video again, where the vendor echoes such a thing.
    """

    fingerprint: dict[str, str]
    max_tries: int
    intended_at: float
    vendor: str
    model: str
    video_id: str | None = None
    marker: str | None = None
    version: int = 1

    def to_json(self) -> dict[str, Any]:
        """JSON types, for the store."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> SubmissionRecord:
        """The record as stored.

        :raises SubmissionRecordError: for anything that this class didn't write; it never means "submit again".
        """
        try:
            record = cls(**value)
        except TypeError:
            record = None
        if record is None or not record._is_sound():
            raise SubmissionRecordError(
                "The record of this task's earlier submission can't be read, so a video may exist and be billed. "
                "Nothing was sent. Look in the vendor's console, then delete the record "
                "(key `seedance_submission` of the task's state, or its file in the ledger)."
            )
        return record

    def _is_sound(self) -> bool:
        """Whether the fields, read from JSON, are what this class writes."""
        texts = [*self.fingerprint.values(), self.vendor, self.model] if isinstance(self.fingerprint, dict) else [None]
        return (
            self.version == 1
            and all(isinstance(text, str) for text in texts)
            and all(text is None or (isinstance(text, str) and text != "") for text in (self.video_id, self.marker))
            and type(self.max_tries) is int
            and type(self.intended_at) in (int, float)
            and 0 < self.intended_at < _END_OF_TIME
        )


def decide(record: SubmissionRecord | None, fingerprint: Mapping[str, str], max_tries: int) -> Action:
    """What an attempt may do, given what an earlier one left behind."""
    if record is None:
        return Action.SUBMIT
    if record.max_tries != max_tries:
        return Action.START_OVER
    if record.video_id is None:
        return Action.LOOK_UP
    return Action.REATTACH if record.fingerprint == fingerprint else Action.REFUSE


def changed_fields(record: SubmissionRecord, fingerprint: Mapping[str, str]) -> list[str]:
    """Names of the fields in which a request differs from the recorded one."""
    names = sorted({*record.fingerprint, *fingerprint})
    return [name for name in names if record.fingerprint.get(name) != fingerprint.get(name)]


def fingerprint_of(request: VideoRequest, connection: str) -> dict[str, str]:
    """Short hashes by which a retry recognises its own request.

    Signatures of media URLs are left out: they are made anew each time a template is rendered.

    :param connection: what tells one account from another, without its key.
    """
    fields = {
        name: without_signatures(getattr(request, name)) for name in type(request).model_fields if request.is_set(name)
    }
    return {name: _hash(value) for name, value in {**fields, "connection": connection}.items()}


def without_signatures(value: Any) -> Any:
    """JSON types without the query of any URL in them."""
    if isinstance(value, str):
        return _without_signature(value)
    if isinstance(value, list | tuple):
        return [without_signatures(item) for item in value]
    if isinstance(value, Mapping):
        return {name: without_signatures(item) for name, item in value.items()}
    return value


def _without_signature(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        return text
    try:
        return urlunsplit(urlsplit(text)._replace(query="", fragment=""))
    except ValueError:
        return text


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
