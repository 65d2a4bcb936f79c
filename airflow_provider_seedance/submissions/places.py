"""The place of a task instance's record: Airflow's task state store (3.3+), or else a ledger on any object storage.

A place keeps any kind of record, of a submission or of an upload; each kind has its own key.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_seedance.compat.loops import pass_of
from airflow_provider_seedance.submissions.ledger_files import LedgerFile

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

NOTHING: Any = object()
"""The result of a read if nothing is stored."""


class Place(Protocol):
    """Keeps one record of a task instance, across retries."""

    def read(self) -> Any:
        """The stored JSON value; `NOTHING` if none is stored.

        :raises ValueError: the stored value is no JSON.
        """

    def write(self, value: dict[str, Any]) -> None:
        """Stores a record, and replaces the one before.

        :param value: the record, in JSON types.
        """


class TaskStatePlace:
    """A place in Airflow's own database, tied to the task instance (Airflow 3.3+).

    :param state: `context["task_state_store"]`.
    :param key: the key of the kind of record.
    """

    def __init__(self, state: Any, key: str) -> None:
        self._state, self._key = state, key

    def read(self) -> Any:
        """See `Place`."""
        return self._state.get(self._key, default=NOTHING)

    def write(self, value: dict[str, Any]) -> None:
        """See `Place`."""
        self._state.set(self._key, value)

    def delete(self) -> None:
        """Deletes the record."""
        self._state.delete(self._key)


class LedgerPlace:
    """A place in the ledger of files: one JSON file.

    :param file: the file.
    """

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def read(self) -> Any:
        """See `Place`."""
        content = self._file.read()
        return NOTHING if content is None else json.loads(content)

    def write(self, value: dict[str, Any]) -> None:
        """See `Place`."""
        self._file.write(json.dumps(value).encode())


def open_place(context: Context, key: str) -> Place | None:
    """The place of the running task instance's record.

    :param context: the task's context.
    :param key: the key of the kind of record.
    :return: the place; `None` if there is neither a task state store nor a ledger of files.
    """
    state = context.get("task_state_store")
    if state is not None:
        return TaskStatePlace(state, key)
    folder = ledger_folder()
    return None if folder is None else LedgerPlace(file_in(folder, (key, *identity_of(context))))


def ledger_folder() -> ObjectStoragePath | None:
    """The folder of the ledger of files, from the provider config `[seedance] ledger_path`; `None` if it is not set."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath, conf

    folder = conf.get("seedance", "ledger_path", fallback="")
    return ObjectStoragePath(folder) if folder else None


def identity_of(context: Context) -> tuple[str, ...]:
    """The parts that identify a task instance: DAG, task, run, map index and, in a loop, the pass; not the try number.

    :param context: the task's context.
    """
    ti, number = context["ti"], pass_of(context)
    instance = ti.dag_id, ti.task_id, ti.run_id, str(ti.map_index)
    return instance if number is None else (*instance, f"pass {number}")


def file_in(folder: ObjectStoragePath, parts: tuple[str, ...]) -> LedgerFile:
    """A file of the ledger, named by a hash.

    :param folder: the ledger's folder.
    :param parts: the key and the identity, from which the hash is made.
    """
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return LedgerFile(folder / f"{name}.json")
