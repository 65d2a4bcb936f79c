"""The stores of submission records: a ledger in a database, Airflow's task state store (3.3+), a ledger of files."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_seedance.api.errors import SubmissionRecordError
from airflow_provider_seedance.ledger.settings import ledger_conn_id
from airflow_provider_seedance.submissions.ledger_files import LedgerFile
from airflow_provider_seedance.submissions.places import NOTHING, TaskStatePlace, file_in, identity_of, ledger_folder
from airflow_provider_seedance.submissions.record import SubmissionRecord

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

log = logging.getLogger(__name__)

KEY = "seedance_submission"

_WITHDRAWN = "withdrawn"


class SubmissionStore(Protocol):
    """Keeps one record per task instance, across retries."""

    dies_with_run: bool
    """Whether the record that was read last is deleted with its DAG run, so that it can't be of another run."""

    def read(self) -> SubmissionRecord | None:
        """The record; `None` only if it is certain that there is none.

        :raises SubmissionRecordError: the record is damaged.
        :raises Exception: the store can't be read.
        """

    def claim(self, record: SubmissionRecord, before: SubmissionRecord | None) -> bool:
        """Stores an intent in place of the record that was read before.

        Of several attempts that have read the same record, only one succeeds.

        :param record: the intent.
        :param before: the record that `read` returned; `None` if there was none.
        :return: whether the intent is stored; `False` if another attempt was faster.
        """

    def write(self, record: SubmissionRecord) -> None:
        """Stores the record durably. Only the attempt whose intent is stored may call it.

        :param record: the new record of that attempt.
        """

    def withdraw(self, record: SubmissionRecord) -> None:
        """Withdraws an intent that has certainly led to no video. A later attempt's record is left alone.

        A submission in doubt that the intent has replaced stands again.

        :param record: the intent, as it was stored.
        """


class TaskStateSubmissionStore:
    """A store in Airflow's own database, tied to the task instance, which survives crashes and retries (Airflow 3.3+).

    Airflow's store has no compare-and-set. Airflow itself ensures that only one attempt writes: each try of a task
    instance has an id of its own, and once the next try exists, the store refuses writes of an earlier one.

    :param state: `context["task_state_store"]`.
    :param before: the ledger of files, which is read if the state holds no record, since Airflow may have been upgraded
        after the submission; `None` if there is none.
    """

    def __init__(self, state: Any, before: SubmissionStore | None = None) -> None:
        self._place = TaskStatePlace(state, KEY)
        self._before = before
        self._replaced: SubmissionRecord | None = None
        self.dies_with_run = True

    def read(self) -> SubmissionRecord | None:
        """See `SubmissionStore`."""
        value = self._place.read()
        self.dies_with_run = value is not NOTHING
        if value is NOTHING:
            return self._before.read() if self._before else None
        return SubmissionRecord.from_json(value)

    def claim(self, record: SubmissionRecord, before: SubmissionRecord | None) -> bool:
        """See `SubmissionStore`."""
        if self.read() != before:
            return False
        self._replaced = before
        self.write(record)
        return self.read() == record

    def write(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`."""
        self._place.write(record.to_json())

    def withdraw(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`."""
        with suppress(SubmissionRecordError):
            if self.read() != record:
                return
        if self._replaced is not None and self._replaced.video_id is None:
            self.write(self._replaced)  # that submission is in doubt as before, and is looked up by the next attempt
        else:
            self._place.delete()


class LedgerSubmissionStore:
    """A store of JSON files in a folder on any object storage, one per submission of a task instance (Airflow < 3.3).

    The name of the first record's file is derived from the task instance. The name of a file that replaces another
    record is derived from the replaced record. So the storage decides which of two attempts was first: both try to
    create the same file, and only one can. No file is ever removed, since that would free its name for another attempt.

    :param folder: the ledger's folder, from the provider config `[seedance] ledger_path`.
    :param identity: the parts that identify the task instance, from `identity_of`.
    """

    dies_with_run = False

    def __init__(self, folder: ObjectStoragePath, identity: tuple[str, ...]) -> None:
        self._folder = folder
        self._first = file_in(folder, identity)

    def read(self) -> SubmissionRecord | None:
        """See `SubmissionStore`."""
        return _standing(list(self._entries()))

    def claim(self, record: SubmissionRecord, before: SubmissionRecord | None) -> bool:
        """See `SubmissionStore`."""
        entries = list(self._entries())
        if _standing(entries) != before:
            return False
        if not entries:
            return self._first.create(_encoded(record))
        successor = self._after(entries[-1].record)
        if not successor.create(_encoded(record)):
            return False
        # Another attempt may have completed the record since it was read, and then it must not be replaced.
        if all(entry.file.read() == entry.content for entry in entries):
            return True
        successor.write(_encoded(record, withdrawn=True))
        return False

    def write(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`."""
        own = [entry.file for entry in self._entries() if _is_same_attempt(entry.record, record)]
        if not own:
            raise SubmissionRecordError(f"The ledger {self._folder} has lost what was written. Nothing was sent.")
        content = _encoded(record)
        own[0].write(content)
        if own[0].read() != content:
            raise SubmissionRecordError(f"The ledger {self._folder} did not keep what was written. Nothing was sent.")

    def withdraw(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`. The file is only marked: without it, the files after it could not be found.

        :param record: see `SubmissionStore`.
        """
        for entry in self._entries():
            if _is_same_attempt(entry.record, record) and entry.record == record:
                entry.file.write(_encoded(record, withdrawn=True))

    def _entries(self) -> Iterator[_Entry]:
        """All records, from the first to the last."""
        file = self._first
        while (content := file.read()) is not None:
            entry = _entry(file, content)
            yield entry
            file = self._after(entry.record)

    def _after(self, record: SubmissionRecord) -> LedgerFile:
        """The file of the record that replaces this one, or may do so. It stays the same when this one gets its id."""
        intent = [record.intended_at, record.vendor, record.model, record.fingerprint, record.attempt]
        name = hashlib.sha256(json.dumps(intent, sort_keys=True).encode()).hexdigest()[:16]
        return self._first.sibling(f".{name}")


@dataclass(frozen=True)
class _Entry:
    file: LedgerFile
    content: bytes
    record: SubmissionRecord
    withdrawn: bool


def _entry(file: LedgerFile, content: bytes) -> _Entry:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        value = None
    withdrawn = isinstance(value, dict) and value.pop(_WITHDRAWN, False) is True
    return _Entry(file, content, SubmissionRecord.from_json(value), withdrawn)


def _standing(entries: Sequence[_Entry]) -> SubmissionRecord | None:
    """The last record that was not withdrawn."""
    return next((entry.record for entry in reversed(entries) if not entry.withdrawn), None)


def _encoded(record: SubmissionRecord, *, withdrawn: bool = False) -> bytes:
    return json.dumps(record.to_json() | ({_WITHDRAWN: True} if withdrawn else {})).encode()


def _is_same_attempt(one: SubmissionRecord, other: SubmissionRecord) -> bool:
    return (one.attempt, one.intended_at, one.fingerprint) == (other.attempt, other.intended_at, other.fingerprint)


def open_store(context: Context) -> SubmissionStore | None:
    """The store of the running task instance.

    :param context: the task's context.
    :return: the store; `None`, with a warning in the log, where there is none.
    """
    return _open(context, is_paid=False)


def reopen_store(context: Context) -> SubmissionStore | None:
    """The store of a task whose video is paid for. It never raises, since the video must not be lost for it.

    :param context: the task's context.
    :return: the store; `None` if there is none, or if it can't be opened.
    """
    try:
        return _open(context, is_paid=True)
    except Exception:
        log.exception("The record of the submission could not be opened.")
        return None


def _open(context: Context, *, is_paid: bool) -> SubmissionStore | None:
    files, state, conn_id = _open_files(context), context.get("task_state_store"), ledger_conn_id()
    if conn_id:
        from airflow_provider_seedance.ledger.table import LedgerTable
        from airflow_provider_seedance.submissions.ledger_table import TableSubmissionStore, TaskTry

        copy = None if state is None else TaskStateSubmissionStore(state)
        who = TaskTry.of(context)
        return TableSubmissionStore(LedgerTable(conn_id), who, copy=copy, older=files, is_paid=is_paid)
    if state is not None:
        return TaskStateSubmissionStore(state, before=files)
    if files is None:
        log.warning(
            "This Airflow has no task state store (3.3+) and neither `[seedance] ledger_path` nor `ledger_conn_id` is "
            "set: if the worker dies after the submission, a retry submits, and pays, again. Set one, or `retries=0`."
        )
    return files


def _open_files(context: Context) -> LedgerSubmissionStore | None:
    folder = ledger_folder()
    return None if folder is None else LedgerSubmissionStore(folder, identity_of(context))
