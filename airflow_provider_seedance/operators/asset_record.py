"""The record of what an upload task brought to the vendor, so that a retry goes on with it. Losing it costs a copy."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_provider_seedance.api.assets import MediaAsset

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, ObjectStoragePath

log = logging.getLogger(__name__)

KEY = "seedance_asset"


class AssetRecord(BaseModel):
    """What was uploaded.

    :param fingerprint: of source, options and account: what a retry recognises its own upload by.
    :param max_tries: the task instance's, which only clearing changes: it tells a retry from a new life.
    :param file: the stored file, where a library takes URLs only.
    :param asset: what was asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    max_tries: int
    file: MediaAsset | None = None
    asset: MediaAsset | None = None


class AssetStore(Protocol):
    """Keeps one record per task instance, across retries."""

    def read(self) -> Any:
        """What was kept, `None` if nothing was."""

    def write(self, value: dict[str, Any]) -> None:
        """Keeps it."""


class _TaskState:
    def __init__(self, state: Any) -> None:
        self._state = state

    def read(self) -> Any:
        return self._state.get(KEY, default="") or None

    def write(self, value: dict[str, Any]) -> None:
        self._state.set(KEY, value)


class _Ledger:
    def __init__(self, folder: ObjectStoragePath, identity: tuple[str, ...]) -> None:
        name = hashlib.sha256("\0".join((KEY, *identity)).encode()).hexdigest()
        self._path = folder / f"{name}.json"

    def read(self) -> Any:
        return json.loads(self._path.read_text()) if self._path.exists() else None

    def write(self, value: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(value))


class AssetRecords:
    """Reads and writes the record of the running task instance; does without where Airflow has no place for it.

    :param fingerprint: of this upload.
    """

    def __init__(self, context: Context, fingerprint: str) -> None:
        self._store = _open_store(context)
        self.record = AssetRecord(fingerprint=fingerprint, max_tries=context["ti"].max_tries)

    def earlier(self) -> AssetRecord:
        """What an earlier attempt of this life uploaded; an empty record if that is not known, or something else."""
        found = None
        try:
            value = self._store.read() if self._store else None
            found = AssetRecord.model_validate(value) if value is not None else None
        except (ValidationError, ValueError):
            log.warning("The record of an earlier upload can't be read; uploading again.")
        if found and (found.fingerprint, found.max_tries) == (self.record.fingerprint, self.record.max_tries):
            self.record = found
        return self.record

    def keep(self, **known: MediaAsset) -> None:
        """Notes what is known now. If that fails, the upload is not given up for it."""
        self.record = self.record.model_copy(update=known)
        if self._store:
            try:
                self._store.write(self.record.model_dump(mode="json"))
            except Exception:
                log.exception("The upload could not be recorded: a retry would upload again.")


def fingerprint_of(account: str, fields: Mapping[str, Any]) -> str:
    """A hash of what is uploaded where. Signatures of URLs are left out: each rendering makes them anew.

    :param account: what tells one account from another, without its key.
    """
    values = {name: _without_signature(value) for name, value in fields.items()}
    return hashlib.sha256(json.dumps([account, values], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _without_signature(value: Any) -> Any:
    is_url = isinstance(value, str) and value.lower().startswith(("https://", "http://"))
    return value.partition("?")[0] if is_url else value


def _open_store(context: Context) -> AssetStore | None:
    state = context.get("task_state_store")
    if state is not None:
        return _TaskState(state)
    from airflow.providers.common.compat.sdk import ObjectStoragePath, conf

    folder = conf.get("seedance", "ledger_path", fallback="")
    if folder:
        ti = context["ti"]
        return _Ledger(ObjectStoragePath(folder), (ti.dag_id, ti.task_id, ti.run_id, str(ti.map_index)))
    log.info("No task state store (Airflow 3.3+) and no `[seedance] ledger_path`: a retry uploads again.")
    return None
