"""The storages' rules for paths, as far as they are known without asking the storage. Pure, and cheap to import."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

from airflow_provider_seedance.landing.manifest import SUFFIX
from airflow_provider_seedance.landing.path_template import FACTS, fill, with_name
from airflow_provider_seedance.tasks.literals import is_literal

LONGEST_NAME = 255
"""The longest name of a file or folder on the common file systems, in bytes."""

LONGEST_KEY = 1024
"""The longest key of an object in S3 and Google Cloud Storage, in bytes; Azure allows as many characters."""

BUCKETS = frozenset(("s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "adl", "az", "wasb", "wasbs"))
"""The schemes of storages that have buckets (Azure: containers) and keys instead of folders and files."""

ROOM_FOR_ID = "i" * 64
"""A placeholder for the video's id while it is unknown; the vendors' ids are shorter."""


def problem_of(template: str, facts: Mapping[str, object]) -> str | None:
    """The reason why nothing can be landed at a path, as the end of a sentence about it; `None` if none is known.

    :param template: the path of a file, in which facts may stand in braces.
    :param facts: the known facts; the others are assumed to be as short as possible.
    """
    if template.strip().casefold() in ("", "none"):
        return "is empty, or the word 'None': a template that finds nothing renders to that"
    path = fill(template, dict.fromkeys(FACTS, "_") | dict(facts))
    if "\0" in path or (not path.isascii() and path != path.encode("utf-8", "replace").decode()):
        return "holds characters that no storage can write"
    scheme, _, rest = path.rpartition("://")
    if scheme.lower() in BUCKETS:
        bucket, _, key = rest.partition("/")
        return _problem_of_key(bucket.rpartition("@")[2], key)
    *folders, name = rest.split("/")
    longest = max((*map(_bytes, folders), _bytes(name + SUFFIX)))
    return _too_long("name", longest, LONGEST_NAME) if longest > LONGEST_NAME else None


def check_literal(argument: str, path: object) -> None:
    """Checks a path when the DAG is parsed. Templates and other tasks' outputs can be checked only once rendered.

    :param argument: the argument's name.
    :param path: the path as the user wrote it.
    :raises ValueError: the path can't work; the message names the argument.
    """
    if isinstance(path, PathLike) or (is_literal(path) and path is not None and not isinstance(path, str)):
        raise ValueError(f"{argument} must be a text, not a {type(path).__name__}")
    if isinstance(path, str) and is_literal(path):
        problem = problem_of(with_name(path, argument), {})
        if problem:
            raise ValueError(f"{argument}: {problem}")


def _problem_of_key(bucket: str, key: str) -> str | None:
    if not bucket or not key:
        return "needs a bucket and a name in it, such as s3://bucket/name.mp4"
    length = _bytes(key + SUFFIX)
    return _too_long("key", length, LONGEST_KEY) if length > LONGEST_KEY else None


def _bytes(text: str) -> int:
    return len(text.encode())


def _too_long(what: str, length: int, most: int) -> str:
    return f"a {what} gets {length} bytes long with {SUFFIX!r}, the end of its manifest's; the storage takes {most}"
