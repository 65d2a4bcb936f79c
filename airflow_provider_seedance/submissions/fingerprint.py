"""The fingerprint of a request: a short hash per field, so that no prompt is stored. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.url_signatures import in_urls, unsigned

VERSION = 2
"""The current version of the hashing. Version 1 left out the whole query of each URL; its records still exist."""


def fingerprint_of(request: VideoRequest, connection: str, version: int = VERSION) -> dict[str, str]:
    """Makes the short hashes by which a retry recognises its own request.

    :param request: the request; only the fields that are set are hashed.
    :param connection: the account's identity, without its key.
    :param version: the version of the hashing, for records of earlier releases. Default: the current one.
    :return: a hash of 16 hexadecimal digits per field, and one for `connection`.
    """
    of_field = _of_field if version > 1 else _of_field_in_version_1
    fields = {
        name: of_field(name, getattr(request, name)) for name in type(request).model_fields if request.is_set(name)
    }
    return {name: _hash(value) for name, value in fields.items()} | {"connection": fingerprint_of_account(connection)}


def fingerprint_of_account(connection: str) -> str:
    """The hash of an account in a fingerprint, the same in each version.

    :param connection: the account's identity, without its key.
    """
    return _hash(connection)


def fingerprints_of(request: VideoRequest, connection: str) -> dict[int, dict[str, str]]:
    """The request's fingerprint in each version that a record may hold.

    :param request: the request.
    :param connection: the account's identity, without its key.
    :return: the fingerprint, by version.
    """
    return {version: fingerprint_of(request, connection, version) for version in range(1, VERSION + 1)}


def _of_field(name: str, value: Any) -> Any:
    # Even a prompt that begins with a URL is hashed as it is.
    return value if name == "prompt" else unsigned(value)


def _of_field_in_version_1(name: str, value: Any) -> Any:
    return in_urls(value, _cut)


def _cut(text: str) -> str:
    if not text.startswith(("https://", "http://")):  # version 1 left schemes in capitals alone
        return text
    try:
        return urlunsplit(urlsplit(text)._replace(query="", fragment=""))
    except ValueError:
        return text


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
