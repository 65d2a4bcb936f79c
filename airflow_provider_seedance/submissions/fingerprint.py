"""The fingerprint of a request: a short hash per field, which reveals nothing of the prompt. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.submissions.signatures import unsigned

VERSION = 2
"""The current way of hashing. Version 1 left out the whole query of each URL; there still are such records."""


def fingerprint_of(request: VideoRequest, connection: str, version: int = VERSION) -> dict[str, str]:
    """Makes the short hashes by which a retry recognises its own request.

    :param request: the request.
    :param connection: the account's identity without its key.
    :param version: the way of hashing, for records of earlier releases.
    :return: a hash by field.
    """
    of_field = _of_field if version > 1 else _of_field_in_version_1
    fields = {
        name: of_field(name, getattr(request, name)) for name in type(request).model_fields if request.is_set(name)
    }
    return {name: _hash(value) for name, value in {**fields, "connection": connection}.items()}


def fingerprints_of(request: VideoRequest, connection: str) -> dict[int, dict[str, str]]:
    """The request's fingerprint in each version that a record may hold."""
    return {version: fingerprint_of(request, connection, version) for version in range(1, VERSION + 1)}


def _of_field(name: str, value: Any) -> Any:
    # A prompt may begin with a URL, and is still a prompt.
    return value if name == "prompt" else unsigned(value)


def _of_field_in_version_1(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, list | tuple):
        return [_of_field_in_version_1(name, item) for item in value]
    if isinstance(value, dict):
        return {key: _of_field_in_version_1(name, item) for key, item in value.items()}
    return value


def _cut(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        return text
    try:
        return urlunsplit(urlsplit(text)._replace(query="", fragment=""))
    except ValueError:
        return text


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
