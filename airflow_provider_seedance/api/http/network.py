"""The same proxies and certificates for all calls, whichever library makes them.

Proxies are read only from the environment, so that creates, polls and downloads take the same way. `~/.netrc` is never
read: the only key is the connection's.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, unquote, urlsplit

from airflow_provider_seedance.api.errors import SeedanceConfigError

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """A proxy.

    :param url: scheme, host and port, without user and password.
    :param variable: the environment variable that asks for it.
    :param authorization: value of `Proxy-Authorization`, `None` if the variable names no user. Secret.
    """

    url: str
    variable: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Extra headers for the proxy."""
        return {} if self.authorization is None else {"Proxy-Authorization": self.authorization}


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy for a URL, `None` for a direct connection.

    `https_proxy` or `http_proxy` by the URL's scheme, then `all_proxy`; lower case before upper case; not for hosts
    that `no_proxy` names (hosts with their subdomains, addresses, networks such as `10.0.0.0/8` and `fd00::/8`, `*`,
    each with or without a port).

    :param url: the URL to reach.
    :param environ: in place of the process's environment.
    :raises SeedanceConfigError: naming the variable; its value stays out, it may hold a password.
    """
    environ = os.environ if environ is None else environ
    parts = urlsplit(url)
    found = _asked_for(f"{parts.scheme}_proxy", environ) or _asked_for("all_proxy", environ)
    if found is None or _is_excepted(parts, environ):
        return None
    return _read(*found)


@cache
def certificates() -> ssl.SSLContext:
    """The trusted certificates: `SSL_CERT_FILE` or `SSL_CERT_DIR`, else certifi's list.

    Loading them takes 20 ms, which each client would otherwise spend again, even on the triggerer's event loop.
    """
    import httpx

    return httpx.create_ssl_context()


def _asked_for(name: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable as it is spelled, and its value; an empty variable in lower case overrides the other."""
    # In a CGI script, HTTP_PROXY may come from the visitor's own header `Proxy`.
    upper = [] if name == "http_proxy" and "REQUEST_METHOD" in environ else [name.upper()]
    spelling = next((spelling for spelling in (name, *upper) if spelling in environ), None)
    value = environ[spelling].strip() if spelling else ""
    return (spelling, value) if spelling and value else None


def _read(variable: str, value: str) -> Proxy:
    advice = f"Nothing was sent. {variable} has to be the URL of an HTTP proxy, such as http://proxy.example:3128"
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SeedanceConfigError(f"{advice}; it is no URL.") from None
    if parts.scheme.startswith("socks"):
        raise SeedanceConfigError(
            f"{advice}; SOCKS proxies are not supported. Name an HTTP proxy there, or except the host by NO_PROXY."
        )
    if parts.scheme not in _PORTS or not host or not _is_plain(host):
        raise SeedanceConfigError(f"{advice}; it is something else.")
    authorization = None
    if parts.username is not None:
        user, password = unquote(parts.username), unquote(parts.password or "")
        authorization = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    address = f"[{host}]" if ":" in host else host
    return Proxy(f"{parts.scheme}://{address}:{port or _PORTS[parts.scheme]}", variable, authorization)


def _is_plain(host: str) -> bool:
    return host.isascii() and host.isprintable() and " " not in host


def _is_excepted(parts: SplitResult, environ: Mapping[str, str]) -> bool:
    text = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or _PORTS.get(parts.scheme)
    return any(_matches(rule, host, port) for rule in text.replace(",", " ").split())


def _matches(rule: str, host: str, port: int | None) -> bool:
    if rule == "*":
        return True
    name, only_port = _split_port(rule.lower())
    if only_port is not None and only_port != port:
        return False
    address = _address(host)
    if address is not None:
        network = _network(name)
        return network is not None and address.version == network.version and address in network
    # `*.example.com`, `.example.com` and `example.com` all mean the host and its subdomains, as for curl.
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split_port(rule: str) -> tuple[str, int | None]:
    """`host:80`, `[::1]:80`, `[::1]`, `::1`, `fd00::/8`."""
    if rule.startswith("["):
        name, _, rest = rule[1:].partition("]")
        prefix = rest if rest.startswith("/") else ""
        return name + prefix, _port(rest.removeprefix(":")) if rest.startswith(":") else None
    name, colon, port = rule.rpartition(":")
    if not colon or ":" in name:
        return rule, None
    return name, _port(port)


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
