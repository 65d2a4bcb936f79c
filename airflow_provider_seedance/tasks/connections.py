"""The connections that a create task may use, and the connection with which a video was made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow_provider_seedance.tasks.literals import is_literal


def conn_id_of(video: Any, seedance_conn_id: str) -> str:
    """The id of the connection with which a video was made.

    :param video: the dict that a create task returns, which names the connection; or another reference, such as an id.
    :param seedance_conn_id: the connection to use if `video` doesn't name one.
    """
    told = video.get("seedance_conn_id") if isinstance(video, Mapping) else None
    return told if isinstance(told, str) and told else seedance_conn_id


def check_connections(first: Any, others: Any) -> tuple[str, ...]:
    """Checks the ids of the fall-back connections. Templates can be checked only once they are rendered.

    :param first: the id of the first connection.
    :param others: the fall-back connections, as the user gave them or as they were rendered.
    :return: the ids of the fall-back connections; empty for `None` and for a template.
    :raises ValueError: `others` is no list of ids, or a connection is named twice.
    """
    if others is None or not is_literal(others):
        return ()
    if isinstance(others, str | bytes) or not isinstance(others, Collection):
        raise ValueError("fallback_conn_ids must be a list of connection ids")
    ids = tuple(others)
    if not all(isinstance(conn_id, str) and conn_id.strip() for conn_id in ids):
        raise ValueError("fallback_conn_ids must be a list of connection ids; one of them is no id")
    if len({first, *ids}) < len(ids) + 1:
        raise ValueError("fallback_conn_ids names a connection twice, or the one in seedance_conn_id")
    return ids
