"""The record of an upload, with which a retry resumes it. Without the record, a retry uploads a second copy."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_provider_seedance.api.assets import MediaAsset
from airflow_provider_seedance.api.url_signatures import unsigned
from airflow_provider_seedance.submissions.places import NOTHING, open_place

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

KEY = "seedance_asset"

VERSION = 2
"""The current version of the fingerprints."""


class AssetRecord(BaseModel):
    """The record of an upload.

    :param fingerprint: a hash of source, options and account, by which a retry recognises its own upload.
    :param max_tries: the task instance's `max_tries`. Only clearing changes it, so it tells a retry from a clear.
    :param file: the stored file, if the vendor's library accepts only URLs.
    :param asset: the uploaded asset.
    :param fingerprint_version: the version of the fingerprint; 1 if it is missing, as in the first release.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    fingerprint: str
    max_tries: int
    file: MediaAsset | None = None
    asset: MediaAsset | None = None
    fingerprint_version: int = 1


class AssetRecords:
    """Reads and writes the upload's record of the running task instance, if Airflow has a place for it.

    :param context: the task's context.
    :param account: the account's identity, without its key.
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
        """The record of this upload by an earlier attempt; an empty one if there is none, or the task was cleared."""
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
        """Adds fields to the record. A failure to write it is only logged.

        :param known: the fields of `AssetRecord` that are known now.
        """
        self.record = self.record.model_copy(update=known)
        if self._place:
            try:
                self._place.write(self.record.model_dump(mode="json"))
            except Exception:
                log.exception("The upload could not be recorded: a retry would upload again.")


def fingerprint_of(account: str, fields: Mapping[str, Any], version: int = VERSION) -> str:
    """A hash of the upload's fields and the account, without the signatures of URLs, since each rendering signs anew.

    :param account: the account's identity, without its key.
    :param fields: the operator's fields that describe the upload.
    :param version: the version of the fingerprint. Version 1 left out the whole query of each URL. Default: the current
        one.
    :return: 16 hexadecimal digits.
    """
    values = {name: _comparable(value, version) for name, value in fields.items()}
    return hashlib.sha256(json.dumps([account, values], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _comparable(value: Any, version: int) -> Any:
    if not isinstance(value, str) or not value.lower().startswith(("https://", "http://")):
        return value
    return unsigned(value) if version > 1 else value.partition("?")[0]
