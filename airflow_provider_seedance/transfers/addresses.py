"""Which addresses a file may be fetched from.

The URL comes from outside. Without rules, whoever can choose it makes the worker read what only the worker can reach:
a cloud's metadata service, a database, a neighbour.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError

_NAT64 = IPv6Network("64:ff9b::/96")
# IETF protocol assignments: not global, but Python before 3.11.9 says so; a cloud has its metadata service there.
_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
_SCHEMES = ("http", "https")


def check_url(url: str, *, came_from: str | None = None) -> SplitResult:
    """The parts of a URL that may be asked for.

    :param came_from: the scheme of the URL that redirected to it.
    :raises LandingRefusedError: naming what is wrong, and no more of the URL than scheme and host.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise LandingRefusedError("The file's URL can't be read. Nothing was fetched.") from None
    if parts.scheme not in _SCHEMES:
        scheme = f"{parts.scheme}://" if parts.scheme else "no scheme"
        raise LandingRefusedError(f"The file's URL has {scheme}; only http:// and https:// are fetched.")
    if not host or not url.isprintable() or " " in url:
        raise LandingRefusedError("The file's URL has no usable host. Nothing was fetched.")
    if parts.username is not None or parts.password is not None:
        raise LandingRefusedError(f"The file's URL at {host} holds a user name or password; such URLs are not fetched.")
    if came_from == "https" and parts.scheme == "http":
        raise LandingRefusedError(f"The file host redirects from https to http ({host}); that is not followed.")
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet: not private, shared, local, reserved or multicast."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.sixtofour is not None or ip.teredo is not None:
            return False  # tunnels that nobody serves files through, and that hide another address
    if ip in _ASSIGNMENTS:
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The IP addresses that may be connected to for this host, in the resolver's order.

    :raises LandingRefusedError: it has none but private ones.
    :raises LandingInterruptedError: the name can't be resolved now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise LandingInterruptedError(f"The name of the file host {host} can't be resolved ({error}).") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    usable = addresses if allow_private else [address for address in addresses if is_public(address)]
    if not usable:
        raise private_host(host)
    return usable


def check_literal(host: str) -> None:
    """What can be judged without resolving names: used where a proxy does that.

    :raises LandingRefusedError: the host is a private address, or this machine.
    """
    try:
        # Also the forms that only a resolver understands: `127.1`, `0x7f000001`.
        literal = host if ":" in host else socket.inet_ntoa(socket.inet_aton(host))
        public = is_public(literal)
    except (OSError, ValueError):
        public = host != "localhost" and not host.endswith(".localhost")
    if not public:
        raise private_host(host)


def private_host(host: str) -> LandingRefusedError:
    """The error for a host that only this network can reach."""
    return LandingRefusedError(
        f"The file host {host} has a private address, which is not fetched from. "
        "If that is meant, set `allow_private_hosts` in the connection's extra."
    )
