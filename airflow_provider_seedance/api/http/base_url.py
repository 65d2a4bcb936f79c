"""What to say when the base URL seems to be the wrong one."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_seedance.api.http.messages import HttpResponse
from airflow_provider_seedance.api.http.texts import one_line


def hint_at_base_url(title: str, base_url: str, own: str) -> str:
    """A sentence for an answer that the vendor's API doesn't give; empty where the base URL is the vendor's own.

    :param base_url: that is used.
    :param own: the vendor's own, by its documents.
    """
    return "" if base_url == own else f"The connection's base URL is {base_url}; {title}'s own is {own}."


def redirected(title: str, response: HttpResponse) -> str:
    """What has happened, for an answer that is a redirect."""
    try:
        host = urlsplit(response.headers.get("location", "")).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    where = one_line(host, 100) or "another address"
    return f"{title} answered HTTP {response.status_code}, a redirect to {where}. The key does not follow it."
