"""Removes signatures from URLs, since each rendering of a template signs anew. Pure.

Only the documented parameters of a storage's signature are removed, and only if the URL has that signature. All other
parameters belong to the address: `?id=1` and `?id=2` may be two pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

_SCHEMES = ("https://", "http://")


def _prefixed(prefix: str, *names: str) -> frozenset[str]:
    return frozenset(prefix + name for name in names)


# From the parameter that holds the signature itself to all parameters of that kind of signature, in lower case.
_KINDS: dict[str, frozenset[str]] = {
    # AWS, version 4, and storages that are compatible with S3
    "x-amz-signature": _prefixed(
        "x-amz-",
        *("algorithm", "content-sha256", "credential", "date", "expires", "security-token", "signature"),
        *("s3session-token", "signedheaders"),
    ),
    # Volcengine and BytePlus TOS
    "x-tos-signature": _prefixed(
        "x-tos-",
        *("algorithm", "content-sha256", "credential", "date", "expires", "policy", "security-token", "signature"),
        *("signedheaders", "signedqueries"),
    ),
    # Google Cloud Storage, version 4
    "x-goog-signature": _prefixed(
        "x-goog-", "algorithm", "content-sha256", "credential", "date", "expires", "signature", "signedheaders"
    ),
    # Alibaba Cloud OSS, version 4
    "x-oss-signature": _prefixed(
        "x-oss-",
        *("additional-headers", "credential", "date", "expires", "security-token", "signature", "signature-version"),
    ),
    # Tencent Cloud COS
    "q-signature": frozenset(
        {
            *_prefixed("q-", "ak", "header-list", "key-time", "sign-algorithm", "sign-time", "signature"),
            *("q-url-param-list", "x-cos-security-token"),
        }
    ),
    # AWS version 2, Google version 2, OSS version 1, Huawei OBS, CloudFront
    "signature": frozenset(
        {
            *("accesskeyid", "awsaccesskeyid", "googleaccessid", "ossaccesskeyid", "key-pair-id"),
            *("expires", "hash-algorithm", "policy", "security-token", "signature"),
            *("x-amz-security-token", "x-obs-security-token"),
        }
    ),
    # Azure, shared access signatures
    "sig": frozenset(
        {
            *("saoid", "scid", "sdd", "se", "ses", "si", "sig", "sip", "sp", "spr", "sr", "srt", "ss", "st", "suoid"),
            *("ske", "skoid", "sks", "skt", "sktid", "skv", "sv"),
        }
    ),
}


def unsigned(value: Any) -> Any:
    """Removes the signatures from the URLs in a value.

    :param value: JSON types; each text that is an HTTP URL is changed, also within lists and dicts.
    :return: the changed copy.
    """
    return in_urls(value, _without_signature)


def without_queries(value: Any) -> Any:
    """Removes queries and fragments from the URLs in a value.

    :param value: JSON types; each text that is an HTTP URL is changed, also within lists and dicts.
    :return: the changed copy.
    """
    return in_urls(value, _without_query)


def in_urls(value: Any, change: Callable[[str], str]) -> Any:
    """Changes the URLs in a value.

    :param value: JSON types; each text that is an HTTP URL is changed, also within lists and dicts.
    :param change: returns the changed URL.
    :return: the changed copy.
    """
    if isinstance(value, str):
        return change(value) if value.lower().startswith(_SCHEMES) else value
    if isinstance(value, list | tuple):
        return [in_urls(item, change) for item in value]
    if isinstance(value, Mapping):
        return {name: in_urls(item, change) for name, item in value.items()}
    return value


def _without_signature(url: str) -> str:
    rest, hash_mark, fragment = url.partition("#")
    path, question_mark, query = rest.partition("?")
    if not question_mark:
        return url
    parts = query.split("&")
    names = {_name(part) for part in parts}
    signing = frozenset().union(*(kind for mark, kind in _KINDS.items() if mark in names))
    kept = [part for part in parts if _name(part) not in signing]
    return path + (question_mark + "&".join(kept) if kept else "") + hash_mark + fragment


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0]).lower()


def _without_query(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]
