"""The record of an upload, so that a retry goes on with it. Losing it costs a second copy at the vendor."""

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
"""The current way of making fingerprints."""


class AssetRecord(BaseModel):
    """The record of an upload.

    :param fingerprint: of source, options and account; a retry recognises its own upload by it.
    :param max_tries: the task instance's. Only clearing changes it, so it tells a retry from a new life.
    :param file: the stored file, if the library takes only URLs.
    :param asset: the uploaded asset.
    :param fingerprint_version: the way of making the fingerprint; 1 if it is missing, as in the first release.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    fingerprint: str
    max_tries: int
    file: MediaAsset | None = None
    asset: MediaAsset | None = None
    fingerprint_version: int = 1


class AssetRecords:
    """Reads and writes the record of the running task instance, if Airflow has a place for it.

    :param context: the task's context.
    :param account: the account's identity without its key.
    :param fields: the operator's fields that describe the upload.
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
        """The upload of an earlier attempt of this life; an empty record if it is unknown, or was of other media."""
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
        """Adds to the record. A failure to write it doesn't fail the upload."""
        self.record = self.record.model_copy(update=known)
        if self._place:
            try:
                self._place.write(self.record.model_dump(mode="json"))
            except Exception:
                log.exception("The upload could not be recorded: a retry would upload again.")


def fingerprint_of(account: str, fields: Mapping[str, Any], version: int = VERSION) -> str:
    """A hash of the upload's fields and the account, without signatures of URLs, since each rendering makes new ones.

    :param account: the account's identity without its key.
    :param fields: the operator's fields that describe the upload.
    :param version: the way of making it. Version 1 left out the whole query of each URL.
    """
    values = {name: _comparable(value, version) for name, value in fields.items()}
    return hashlib.sha256(json.dumps([account, values], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _comparable(value: Any, version: int) -> Any:
    if not isinstance(value, str) or not value.lower().startswith(("https://", "http://")):
        return value
    return unsigned(value) if version > 1 else value.partition("?")[0]
