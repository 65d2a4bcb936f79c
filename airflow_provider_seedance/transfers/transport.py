"""One GET from a file host: redirects by rule, and a connection to the very address that was checked.

`httpcore` is httpx's own engine. It is used directly because it lets us choose the address to connect to (a name that
is checked first and resolved again afterwards can have changed in between), read in large pieces, and because httpx
logs whole URLs, in which a signed one is a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError
from airflow_provider_seedance.transfers.addresses import check_literal, check_url, resolve

MAX_REDIRECTS = 5
TIMEOUTS = {"connect": 10.0, "read": 60.0, "write": 10.0, "pool": 10.0}
"""Seconds; `read` is the longest silence between two pieces of the file."""

READ_SIZE = 1024 * 1024
"""Bytes asked of the socket at once. httpcore's own 64 KiB make Python, not the network, the limit."""

_REDIRECTS = (301, 302, 303, 307, 308)
_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
)


@dataclass(frozen=True)
class Answer:
    """A file host's answer that is no redirect.

    :param headers: with names in lower case.
    :param blocks: the body as it comes.
    """

    status: int
    headers: Mapping[str, str]
    blocks: Iterable[bytes]


class FileHost:
    """Fetches from hosts that are nobody's API: a client of its own, that holds no key.

    :param allow_private: whether private and loopback addresses may be fetched from.
    """

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._certificates: SSLContext = httpx.create_ssl_context()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """Sends a GET and follows up to five redirects, each judged like the first URL.

        :raises LandingRefusedError: a rule forbids a URL on the way.
        :raises LandingInterruptedError: the host can't be reached, or the connection is lost while reading.
        """
        came_from = None
        for _ in range(MAX_REDIRECTS + 1):
            check_url(url, came_from=came_from)
            target = _target(url)
            with _failures_of(target.host), self._pool(target) as pool:
                asked = httpcore.URL(
                    scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
                )
                with pool.stream("GET", asked, headers=_headers(headers), extensions={"timeout": TIMEOUTS}) as response:
                    received = {
                        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
                    }
                    location = received.get("location")
                    if response.status not in _REDIRECTS or not location:
                        yield Answer(response.status, received, response.iter_stream())
                        return
            came_from = target.scheme
            url = _joined(target, location)
        raise LandingRefusedError(f"The file host {target.host} redirects more than {MAX_REDIRECTS} times.")

    def _pool(self, target: httpx.URL) -> httpcore.ConnectionPool:
        common: dict[str, Any] = {"ssl_context": self._certificates, "max_keepalive_connections": 0}
        proxies = getproxies()
        proxy = proxies.get(target.scheme) or proxies.get("all")
        if not proxy or proxy_bypass(target.host):
            return httpcore.ConnectionPool(network_backend=_Backend(self._allow_private), **common)
        # The proxy resolves the name and guards the network: all that can be judged here is what the URL itself says.
        if not self._allow_private:
            check_literal(target.host)
        through = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
        if through.scheme not in ("http", "https"):
            raise LandingRefusedError(
                f"Files can't be fetched through a {through.scheme} proxy, only through an HTTP one."
            )
        return httpcore.HTTPProxy(
            proxy_url=httpcore.URL(
                scheme=through.raw_scheme, host=through.raw_host, port=through.port, target=through.raw_path
            ),
            proxy_auth=(through.username, through.password) if through.username else None,
            network_backend=_Backend(allow_private=True),
            **common,
        )


class _Backend(httpcore.NetworkBackend):
    """Connects to an address that has been judged, not to a name."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in resolve(host, port, allow_private=self._allow_private):
            try:
                return _WideStream(self._inner.connect_tcp(address, port, *args, **kwargs))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address")


class _WideStream(httpcore.NetworkStream):
    """Reads more at once than it is asked for; the parser above takes what comes."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(READ_SIZE, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _WideStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _headers(more: Mapping[str, str]) -> list[tuple[str, str]]:
    # `identity`: the length and the ranges of a compressed body would be those of something else.
    own = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"airflow-provider-seedance/{__version__}"}
    return [*(own | dict(more)).items()]


def _target(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        raise LandingRefusedError("The file's URL can't be read. Nothing was fetched.") from None


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location))
    except httpx.InvalidURL:
        raise LandingRefusedError(f"The file host {base.host} redirects to something that is no URL.") from None


@contextmanager
def _failures_of(host: str) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        what = str(error) or type(error).__name__
        raise LandingInterruptedError(f"The connection to the file host {host} failed ({what}).") from None
