"""One GET from a file host: redirects by rule, and a connection to the very address that was checked.

It is built on the standard library's `http.client`, for three reasons. It lets us choose the address to connect to: a
name that is checked first and resolved again afterwards can have changed in between. It hands over large pieces without
copying them, where httpx's engine needs twice the time of curl. And it logs nothing: httpx logs whole URLs, in which a
signed one is a secret.
"""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from urllib.request import getproxies, proxy_bypass

import httpx

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError
from airflow_provider_seedance.transfers.addresses import check_literal, check_url, resolve

MAX_REDIRECTS = 5

CONNECT_TIMEOUT = 10.0
"""Seconds, for each address of a host."""

READ_TIMEOUT = 60.0
"""Seconds; the longest silence between two pieces of the file."""

READ_SIZE = 512 * 1024
"""Bytes asked of the socket at once; what is there is taken at once, however little."""

_REDIRECTS = (301, 302, 303, 307, 308)


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
            connection, asked, introduction = self._connection(target)
            with closing(connection):
                with _failures_of(target.host):
                    connection.connect()
                    connection.sock.settimeout(READ_TIMEOUT)
                    connection.request("GET", asked, headers=_headers({**headers, **introduction}))
                    response = connection.getresponse()
                with response:  # it outlives a connection that the host won't keep
                    received = {name.lower(): value for name, value in response.getheaders()}
                    location = received.get("location")
                    if response.status not in _REDIRECTS or not location:
                        yield Answer(response.status, received, _blocks(response, target.host, _promised(received)))
                        return
            came_from = target.scheme
            url = _joined(target, location)
        raise LandingRefusedError(f"The file host {target.host} redirects more than {MAX_REDIRECTS} times.")

    def _connection(self, target: httpx.URL) -> tuple[HTTPConnection, str, Mapping[str, str]]:
        """What asks for the target, the words for it in the request, and what a proxy is told beside."""
        path = target.raw_path.decode("ascii")
        proxies = getproxies()
        proxy = proxies.get(target.scheme) or proxies.get("all")
        if not proxy or proxy_bypass(target.host):
            certificates = self._certificates if target.scheme == "https" else None
            return _Direct(target, certificates, allow_private=self._allow_private), path, {}
        # The proxy resolves the name and guards the network: all that can be judged here is what the URL itself says.
        if not self._allow_private:
            check_literal(target.host)
        through = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
        if through.scheme != "http":
            raise LandingRefusedError(
                f"Files can't be fetched through a proxy that is spoken to by {through.scheme}, only by http."
            )
        host, port = _host(through), through.port or 80
        if target.scheme == "https":
            tunnel = HTTPSConnection(host, port, timeout=CONNECT_TIMEOUT, context=self._certificates)
            tunnel.set_tunnel(_host(target), target.port or 443, _credentials(through))
            return tunnel, path, {}
        whole = str(target.copy_with(fragment=None))
        return HTTPConnection(host, port, timeout=CONNECT_TIMEOUT), whole, _credentials(through)


class _Direct(HTTPConnection):
    """Connects to an address that has been judged, not to a name; the certificate is checked against the name."""

    def __init__(self, target: httpx.URL, certificates: SSLContext | None, *, allow_private: bool) -> None:
        self.default_port = 443 if certificates else 80
        super().__init__(_host(target), target.port or self.default_port)
        self._certificates = certificates
        self._allow_private = allow_private

    def connect(self) -> None:
        """Tries one address after the other."""
        failure: OSError | None = None
        for address in resolve(self.host, self.port, allow_private=self._allow_private):
            try:
                self.sock = socket.create_connection((address, self.port), CONNECT_TIMEOUT)
                break
            except OSError as error:
                failure = error
        else:
            raise failure or OSError("no address")
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._certificates:
            self.sock = self._certificates.wrap_socket(self.sock, server_hostname=self.host)


def _blocks(response: HTTPResponse, host: str, promised: int | None) -> Iterator[bytes]:
    came = 0
    while True:
        # Only what reading raises: whoever takes the blocks has failures of its own.
        with _failures_of(host):
            block = response.read1(READ_SIZE)
            if not block and came < (promised or 0):
                raise ConnectionError(f"closed after {came} of {promised} bytes")
        if not block:
            return
        came += len(block)
        yield block


def _promised(headers: Mapping[str, str]) -> int | None:
    """Bytes of the body, `None` if it tells its end itself (chunked), which `http.client` watches over."""
    length = headers.get("content-length", "").strip()
    return int(length) if length.isdigit() and "transfer-encoding" not in headers else None


def _headers(more: Mapping[str, str]) -> dict[str, str]:
    # `identity`: the length and the ranges of a compressed body would be those of something else.
    own = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"airflow-provider-seedance/{__version__}"}
    return own | dict(more)


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").strip("[]")


def _credentials(proxy: httpx.URL) -> dict[str, str]:
    if not proxy.username:
        return {}
    words = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode("ascii")
    return {"Proxy-Authorization": f"Basic {words}"}


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
    except OSError as error:
        what = str(error) or type(error).__name__
    except HTTPException as error:
        what = type(error).__name__  # its words may be the host's
    else:
        return
    raise LandingInterruptedError(f"The connection to the file host {host} failed ({what}).") from None
