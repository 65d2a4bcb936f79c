"""The record of what an upload task brought to the vendor, so that a retry goes on with it. Losing it costs a copy."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.submissions.places import NOTHING, open_place
from airflow_provider_seedance.submissions.signatures import unsigned

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

KEY = "seedance_asset"

VERSION = 2
"""How fingerprints are made now."""


class AssetRecord(BaseModel):
    """What was uploaded.

    :param fingerprint: of source, options and account: what a retry recognises its own upload by.
    :param max_tries: the task instance's, which only clearing changes: it tells a retry from a new life.
    :param file: the stored file, where a library takes URLs only.
    :param asset: what was asked for.
    :param fingerprint_version: how the fingerprint is made; records of the first release don't say, which means 1.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    fingerprint: str
    max_tries: int
    file: MediaAsset | None = None
    asset: MediaAsset | None = None
    fingerprint_version: int = 1


class AssetRecords:
    """Reads and writes the record of the running task instance; does without where Airflow has no place for it.

    :param account: what tells one account from another, without its key.
    :param fields: what is uploaded.
    """

    def __init__(self, context: Context, account: str, fields: Mapping[str, Any]) -> None:
        self._place = open_place(context, KEY)
        if self._place is None:
            log.info("No task state store (Airflow 3.3+) and no `[seedance] ledger_path`: a retry uploads again.")
        self._fingerprints = {version: fingerprint_of(account, fields, version) for version in (1, VERSION)}
        self.record = AssetRecord(
            fingerprint=self._fingerprints[VERSION], fingerprint_version=VERSION, max_tries=context["ti"].max_tries
        )

    def earlier(self) -> AssetRecord:
        """What an earlier attempt of this life uploaded; an empty record if that is not known, or something else."""
        found = None
        try:
            value = self._place.read() if self._place else NOTHING
            found = AssetRecord.model_validate(value) if value is not NOTHING else None
        except (ValidationError, ValueError):
            log.warning("The record of an earlier upload can't be read; uploading again.")
        if found and found.max_tries == self.record.max_tries and self._is_this_upload(found):
            self.record = found
        return self.record

    def _is_this_upload(self, found: AssetRecord) -> bool:
        return self._fingerprints.get(found.fingerprint_version) == found.fingerprint

    def keep(self, **known: MediaAsset) -> None:
        """Notes what is known now. If that fails, the upload is not given up for it."""
        self.record = self.record.model_copy(update=known)
        if self._place:
            try:
                self._place.write(self.record.model_dump(mode="json"))
            except Exception:
                log.exception("The upload could not be recorded: a retry would upload again.")


def fingerprint_of(account: str, fields: Mapping[str, Any], version: int = VERSION) -> str:
    """A hash of what is uploaded where. Signatures of URLs are left out: each rendering makes them anew.

    :param account: what tells one account from another, without its key.
    :param version: of the way that it is made. Version 1 left out the whole query of each URL.
    """
    values = {name: _comparable(value, version) for name, value in fields.items()}
    return hashlib.sha256(json.dumps([account, values], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _comparable(value: Any, version: int) -> Any:
    if not isinstance(value, str) or not value.lower().startswith(("https://", "http://")):
        return value
    return unsigned(value) if version > 1 else value.partition("?")[0]
