"""Tells hosts of the public Internet from others.

The URLs of finished videos, and those for uploads of reference media, come from outside. Without rules, the author of
such a URL could make the worker call services that only the worker can reach: a cloud's metadata service, a database, a
neighbour.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from airflow_provider_seedance.api.http.network import proxy_for

# The only block of IPv6 that is assigned for the public Internet (RFC 4291, IANA). Everything else is local,
# deprecated or reserved: `fe80::/10`, `fec0::/10`, `fc00::/7`, `::1`, `5f00::/16` ...
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Some versions of Python call these global: protocol assignments (a cloud has its metadata service there),
# the deprecated anycast of 6to4, and addresses for documentation.
_NOT_GLOBAL_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
_NOT_GLOBAL_V6 = (IPv6Network("3fff::/20"),)

# Names that never belong to a host of the public Internet: RFC 6761, 6762 and 8375, ICANN's reservation of `.internal`,
# and names that Linux distributions give to the machine itself.
_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet: not private, shared, local, reserved or multicast."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        else:
            # 6to4 and Teredo are tunnels that hide another address, and nobody serves files through them.
            tunnel = ip.sixtofour is not None or ip.teredo is not None
            return ip in _GLOBAL_UNICAST and ip.is_global and not tunnel and not any(ip in n for n in _NOT_GLOBAL_V6)
    if any(ip in network for network in _NOT_GLOBAL_V4):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def may_be_public(host: str) -> bool:
    """Judges a host without resolving its name, for use where a proxy resolves it.

    :param host: a name or an address.
    :return: `False` for private addresses, however they are written, for this machine, and for names that only a local
        network knows.
    """
    name = host.strip("[]").rstrip(".").lower()
    if "%" in name and ":" not in name:
        return False  # a proxy may decode it: `127.0.0.1%2e`
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    try:
        # Also forms that only a resolver understands: `127.1`, `0x7f000001`.
        return is_public(name if ":" in name else socket.inet_ntoa(socket.inet_aton(name)))
    except (OSError, ValueError):
        pass
    # A name of one label is completed by the local network.
    return "." in name and not any(name == local or name.endswith(f".{local}") for local in _LOCAL_NAMES)


def leads_inside(url: str) -> bool:
    """Whether a URL leads, or may lead, into a private network. Resolves its name, unless a proxy is there to do that.

    For clients that connect by name; a client that connects to the judged address itself uses `addresses_of`.

    :param url: the URL.
    :raises SeedanceConfigError: the environment names a proxy that can't be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if proxy_for(url) is not None:
        return not may_be_public(host)
    try:
        addresses = addresses_of(host, parts.port or (443 if parts.scheme == "https" else 80))
    except OSError:
        return False  # it leads nowhere, and the call itself will say why
    return not all(map(is_public, addresses))


def addresses_of(host: str, port: int) -> list[str]:
    """The IP addresses of a host, in the resolver's order.

    :raises OSError: the name can't be resolved now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError(f"no usable name: {error}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
