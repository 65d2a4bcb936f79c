"""Where submission records are kept: Airflow's task state store (3.3+), else a ledger on any object storage."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_seedance.operators.submission import SubmissionRecord, SubmissionRecordError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

log = logging.getLogger(__name__)

KEY = "seedance_submission"

_NOTHING: Any = object()


class SubmissionStore(Protocol):
    """Keeps one record per task instance, across retries."""

    def read(self) -> SubmissionRecord | None:
        """The record, `None` if there is none; raises if it can't be read."""

    def write(self, record: SubmissionRecord) -> None:
        """Keeps the record, durably."""

    def delete(self) -> None:
        """Forgets the record."""


class TaskStateSubmissionStore:
    """In Airflow's own database, tied to the task instance: survives crashes, retries and clears (Airflow 3.3+).

    :param state: `context["task_state_store"]`.
    :param before: the ledger, if there is one: Airflow may have been upgraded since the submission.
    """

    def __init__(self, state: Any, before: SubmissionStore | None = None) -> None:
        self._state = state
        self._before = before

    def read(self) -> SubmissionRecord | None:
        """See `SubmissionStore`."""
        value = self._state.get(KEY, default=_NOTHING)
        if value is _NOTHING:
            return self._before.read() if self._before else None
        return SubmissionRecord.from_json(value)

    def write(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`."""
        self._state.set(KEY, record.to_json())

    def delete(self) -> None:
        """See `SubmissionStore`."""
        self._state.delete(KEY)
        if self._before:
            self._before.delete()


class LedgerSubmissionStore:
    """One JSON file per task instance below a folder on any object storage: for Airflow below 3.3.

    :param folder: provider config `[seedance] ledger_path`.
    :param identity: dag, task, run and map index; never the try number.
    """

    def __init__(self, folder: ObjectStoragePath, identity: tuple[str, ...]) -> None:
        name = hashlib.sha256("\0".join(identity).encode()).hexdigest()
        self._path = folder / f"{name}.json"

    def read(self) -> SubmissionRecord | None:
        """See `SubmissionStore`."""
        if not self._path.exists():
            return None
        try:
            value = json.loads(self._path.read_text())
        except ValueError:
            value = None
        return SubmissionRecord.from_json(value)

    def write(self, record: SubmissionRecord) -> None:
        """See `SubmissionStore`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(record.to_json()))
        if self.read() != record:
            raise SubmissionRecordError(
                f"The ledger {self._path.parent} did not keep what was written. Nothing was sent."
            )

    def delete(self) -> None:
        """See `SubmissionStore`."""
        self._path.unlink(missing_ok=True)


def open_store(context: Context) -> SubmissionStore | None:
    """The store of the running task instance, `None` (with one warning) where there is none."""
    ledger = _open_ledger(context)
    state = context.get("task_state_store")
    if state is not None:
        return TaskStateSubmissionStore(state, before=ledger)
    if ledger is None:
        log.warning(
            "This Airflow has no task state store (3.3+) and no `[seedance] ledger_path` is set: if the worker dies "
            "after the submission, a retry submits, and pays, again. Set the ledger, or `retries=0`."
        )
    return ledger


def _open_ledger(context: Context) -> LedgerSubmissionStore | None:
    from airflow.providers.common.compat.sdk import ObjectStoragePath, conf

    folder = conf.get("seedance", "ledger_path", fallback="")
    if not folder:
        return None
    ti = context["ti"]
    return LedgerSubmissionStore(ObjectStoragePath(folder), (ti.dag_id, ti.task_id, ti.run_id, str(ti.map_index)))
