"""Decides which stored objects the API server may send to viewers. Pure: it only compares texts.

The address comes from an XCom, which may hold anything. So it is split into its parts, which are compared with the
folders that the administrator has allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import unquote

SCHEMES = ("file", "s3", "gs", "abfs", "abfss")
"""The schemes of the supported storages."""

Copy = Literal["uri", "last_frame_uri", "thumbnail_uri"]
"""The items of a manifest that are addresses of stored copies."""

MOST_CHARACTERS = 4096

_ADDRESS = re.compile(r"([a-z0-9]+)://([^/]*)(/.*)?", re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\\?#]")
_DAG_ID = "{dag_id}"


class RefusedError(ValueError):
    """An address is not allowed, or a configured root is invalid; the message says why."""


@dataclass(frozen=True)
class Root:
    """A folder whose objects may be sent to viewers.

    :param scheme: the storage's scheme.
    :param parts: the bucket and the folders, any of which may contain `{dag_id}`.
    :param conn_id: the connection that opens the storage; `None` for local files.
    """

    scheme: str
    parts: tuple[str, ...]
    conn_id: str | None

    def of(self, dag_id: str) -> tuple[str, ...] | None:
        """The root's parts for one DAG; `None` if the DAG's id can't be the name of a folder.

        :param dag_id: the DAG's id, which replaces `{dag_id}`.
        """
        if not any(_DAG_ID in part for part in self.parts):
            return self.parts
        if dag_id in ("", ".", "..") or "/" in dag_id or _FORBIDDEN.search(dag_id):
            return None
        return tuple(part.replace(_DAG_ID, dag_id) for part in self.parts)


@dataclass(frozen=True)
class Place:
    """An object that may be sent to viewers.

    :param scheme: the storage's scheme.
    :param conn_id: the connection that opens the storage; `None` for local files.
    :param key: the object's key for the storage's library: a path, or bucket and key.
    :param root: the key of the root, outside of which nothing may be read.
    """

    scheme: str
    conn_id: str | None
    key: str
    root: str


def read_roots(setting: str) -> list[Root]:
    """Reads the roots of `[seedance] playback_roots`.

    :param setting: addresses of folders, separated by commas or line breaks.
    :raises RefusedError: a root is invalid.
    """
    return [_root(text.strip()) for text in re.split(r"[,\n]", setting) if text.strip()]


def _root(text: str) -> Root:
    found = _ADDRESS.fullmatch(text)
    if not found or found[1] not in SCHEMES:
        raise RefusedError(f"playback_roots: {text!r} is no address of a folder ({', '.join(SCHEMES)})")
    scheme, host, path = found[1], found[2], found[3] or ""
    conn_id, _, bucket = host.rpartition("@")
    if scheme == "file":
        if host:
            raise RefusedError(f"playback_roots: {text!r} needs three slashes, file:///folder")
    elif not conn_id or not bucket or "@" in conn_id:
        raise RefusedError(
            f"playback_roots: {text!r} must name the connection that opens it, {scheme}://CONN_ID@bucket"
        )
    parts = _parts(path.rstrip("/"))
    if scheme == "file" and not parts:
        raise RefusedError("playback_roots: the whole disk is no root")
    return Root(scheme, parts if scheme == "file" else (bucket, *parts), conn_id or None)


def place_of(address: object, roots: Sequence[Root], dag_id: str) -> Place:
    """The object at an address, if the address is below one of the roots.

    :param address: the value from the XCom.
    :param roots: the allowed roots.
    :param dag_id: the id of the XCom's DAG.
    :raises RefusedError: the address is below none of the roots, or it is not a plain address.
    """
    if not isinstance(address, str) or not 0 < len(address) <= MOST_CHARACTERS:
        raise RefusedError("no address")
    found = _ADDRESS.fullmatch(address)
    if not found or found[1] not in SCHEMES or "::" in address:
        raise RefusedError("no address of a storage")
    scheme, host, path = found[1], found[2], found[3] or ""
    if "@" in host or (scheme == "file") is bool(host):
        raise RefusedError("an address names no connection")
    parts = _parts(path) if scheme == "file" else (host, *_parts(path))
    for root in roots:
        above = root.of(dag_id)
        if root.scheme == scheme and above is not None and len(parts) > len(above) and parts[: len(above)] == above:
            lead = "/" if scheme == "file" else ""
            return Place(scheme, root.conn_id, lead + "/".join(parts), lead + "/".join(above))
    raise RefusedError("outside of the roots")


def served(manifest: Mapping[str, Any], roots: Sequence[Root], dag_id: str) -> list[str]:
    """The items of a manifest whose addresses are below one of the roots. Whether there are such objects isn't known.

    :param manifest: the dict that a task has returned.
    :param roots: the allowed roots.
    :param dag_id: the id of the task's DAG.
    """
    return [what for what in get_args(Copy) if _is_below(manifest.get(what), roots, dag_id)]


def _is_below(address: object, roots: Sequence[Root], dag_id: str) -> bool:
    try:
        place_of(address, roots, dag_id)
    except RefusedError:
        return False
    return True


def _parts(path: str) -> tuple[str, ...]:
    """The names in a path that begins with a slash.

    :raises RefusedError: a name, as it is or URL-decoded, could lead to another folder.
    """
    parts = tuple(path.split("/")[1:]) if path else ()
    for part in parts:
        plain, before = part, None
        while plain != before:  # it may be encoded more than once
            before, plain = plain, unquote(plain)
        if plain.strip() in ("", ".", "..") or "/" in plain or _FORBIDDEN.search(part) or _FORBIDDEN.search(plain):
            raise RefusedError("no plain path")
    return parts
