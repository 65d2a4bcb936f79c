"""The place of a task instance's record: Airflow's task state store (3.3+), else a ledger on any object storage.

What is kept there, a submission or an upload, makes no difference here: each kind of record has a key.
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
"""What is read where nothing has been kept."""


class Place(Protocol):
    """Keeps one record of a task instance, across retries."""

    def read(self) -> Any:
        """What was kept; `NOTHING` if nothing was.

        :raises ValueError: it can't be read.
        """

    def write(self, value: dict[str, Any]) -> None:
        """Keeps it, in the place of what was there."""


class TaskStatePlace:
    """In Airflow's own database, tied to the task instance (Airflow 3.3+).

    :param state: `context["task_state_store"]`.
    :param key: of the kind of record.
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
        """Forgets it."""
        self._state.delete(self._key)


class LedgerPlace:
    """A JSON file in the ledger.

    :param file: is written as a whole.
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

    :param key: of the kind of record.
    :return: `None` where there is none.
    """
    state = context.get("task_state_store")
    if state is not None:
        return TaskStatePlace(state, key)
    folder = ledger_folder()
    return None if folder is None else LedgerPlace(file_in(folder, (key, *identity_of(context))))


def ledger_folder() -> ObjectStoragePath | None:
    """Provider config `[seedance] ledger_path`; `None` if it is not set."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath, conf

    folder = conf.get("seedance", "ledger_path", fallback="")
    return ObjectStoragePath(folder) if folder else None


def identity_of(context: Context) -> tuple[str, ...]:
    """Dag, task, run, map index and, in a loop, the pass: what names a task instance's file; never the try number."""
    ti, number = context["ti"], pass_of(context)
    instance = ti.dag_id, ti.task_id, ti.run_id, str(ti.map_index)
    return instance if number is None else (*instance, f"pass {number}")


def file_in(folder: ObjectStoragePath, parts: tuple[str, ...]) -> LedgerFile:
    """The ledger's file that these parts name."""
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return LedgerFile(folder / f"{name}.json")
