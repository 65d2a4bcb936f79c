"""Fetches the first bytes of a finished video without the key, as anybody with the URL could."""

from __future__ import annotations

from urllib.parse import urljoin

import httpx

from airflow_provider_seedance.api.addresses import leads_inside
from airflow_provider_seedance.api.http import httpx_transport

_MOST_REDIRECTS = 5
_BYTES = 12


def first_bytes(url: str, *, allow_private_hosts: bool) -> str:
    """Fetches the beginning of the file, and returns `mp4`, or words for what came instead.

    :param url: the video's URL, which is secret.
    :param allow_private_hosts: whether it may lead to private addresses.
    """
    options = {"headers": {"Range": f"bytes=0-{_BYTES - 1}"}, "timeout": 30.0}
    for _ in range(_MOST_REDIRECTS):
        if leads_inside(url) and not allow_private_hosts:
            return "not asked: a private address"
        try:
            with (
                httpx_transport.unlogged(url),
                httpx_transport.make_client(url, options) as client,
                client.stream("GET", url) as answer,
            ):
                if not answer.has_redirect_location:
                    return _told(answer)
                url = urljoin(url, answer.headers["location"])
        except Exception as error:
            return f"no answer ({type(error).__name__})"
        if not url.startswith(("https://", "http://")):
            return "a redirect to no web address"
    return "too many redirects"


def _told(answer: httpx.Response) -> str:
    if answer.status_code not in (200, 206):
        return f"HTTP {answer.status_code}"
    start = next(answer.iter_bytes(_BYTES), b"")
    return "mp4" if start[4:8] == b"ftyp" else "no MP4"
