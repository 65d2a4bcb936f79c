"""Sentences for errors that may come from a wrong base URL."""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow_provider_seedance.api.http.messages import HttpResponse
from airflow_provider_seedance.api.http.texts import one_line


def hint_at_base_url(title: str, base_url: str, own: str) -> str:
    """A sentence for an answer that can't be the vendor's API; empty if the base URL is the vendor's own.

    :param title: the vendor's name, for people.
    :param base_url: the base URL in use.
    :param own: the vendor's own, as documented.
    """
    return "" if base_url == own else f"The connection's base URL is {base_url}; {title}'s own is {own}."


def redirected(title: str, response: HttpResponse) -> str:
    """A sentence for an answer that is a redirect.

    :param title: the vendor's name, for people.
    :param response: the redirect.
    """
    try:
        host = urlsplit(response.headers.get("location", "")).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    where = one_line(host, 100) or "another address"
    return f"{title} answered HTTP {response.status_code}, a redirect to {where}. The key does not follow it."
