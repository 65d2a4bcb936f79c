"""Judges the URLs and hosts that files are fetched from; the rules about addresses are in `api.addresses`."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import SplitResult, quote, urlsplit

from airflow_provider_seedance.api.addresses import addresses_of, is_public, may_be_public
from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError

_SCHEMES = ("http", "https")
_ORIGIN = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*", re.IGNORECASE)
# All characters that a URL may contain, including `%`, so that encoded parts stay unchanged (RFC 3986).
_AS_THEY_ARE = "!#$%&'()*+,/:;=?@[]~"


def encoded(url: str) -> str:
    """A URL, or a relative part of one, with all forbidden characters encoded, as browsers do.

    The host is left alone: oddities there are judged, not mended.
    """
    url = re.sub(r"[\t\r\n]", "", url.strip())
    origin = _ORIGIN.match(url)
    start = origin.end() if origin else 0
    return url[:start] + quote(url[start:], safe=_AS_THEY_ARE, errors="surrogatepass")


def location_of(header: str) -> str:
    """The target of a redirect. Headers arrive as Latin-1; hosts that don't encode their URLs mean UTF-8.

    :param header: the value of `Location`, as `http.client` gives it.
    """
    with suppress(UnicodeError):  # it really is Latin-1, or was decoded already
        header = header.encode("latin-1").decode("utf-8")
    return encoded(header)


def check_url(url: str, *, came_from: str | None = None) -> SplitResult:
    """Checks a URL, and gives its parts.

    :param url: as made by `encoded`.
    :param came_from: the scheme of the URL that redirected to it.
    :raises LandingRefusedError: the message names the fault, and only scheme and host of the URL.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise LandingRefusedError("The file's URL can't be read. Nothing was fetched.") from None
    if parts.scheme not in _SCHEMES:
        scheme = f"{parts.scheme}://" if parts.scheme else "no scheme"
        raise LandingRefusedError(f"The file's URL has {scheme}; only http:// and https:// are fetched.")
    if not host or not parts.netloc.isprintable() or " " in parts.netloc or "\\" in parts.netloc:
        raise LandingRefusedError("The file's URL has no usable host. Nothing was fetched.")
    if parts.username is not None or parts.password is not None:
        raise LandingRefusedError(f"The file's URL at {host} holds a user name or password; such URLs are not fetched.")
    if came_from == "https" and parts.scheme == "http":
        raise LandingRefusedError(f"The file host redirects from https to http ({host}); that is not followed.")
    return parts


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The IP addresses of a host to which a connection is allowed, in the resolver's order.

    :param host: a name or an address.
    :param port: the port.
    :param allow_private: whether private addresses are allowed.
    :raises LandingRefusedError: it has only private ones.
    :raises LandingInterruptedError: the name can't be resolved now.
    """
    try:
        addresses = addresses_of(host, port)
    except OSError as error:
        raise LandingInterruptedError(f"The name of the file host {host} can't be resolved ({error}).") from None
    usable = addresses if allow_private else [address for address in addresses if is_public(address)]
    if not usable:
        raise private_host(host)
    return usable


def check_literal(host: str) -> None:
    """Judges a host without resolving its name, for use where a proxy resolves it.

    :raises LandingRefusedError: the host is a private address, this machine, or a name of a local network.
    """
    if not may_be_public(host):
        raise private_host(host)


def private_host(host: str) -> LandingRefusedError:
    """The error for a host that only this network can reach."""
    return LandingRefusedError(
        f"The file host {host} has a private address, which is not fetched from. "
        "If that is meant, set `allow_private_hosts` in the connection's extra."
    )
