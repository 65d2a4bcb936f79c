"""One GET from a file host: redirects by rule, and a connection to the very address that was checked.

It is built on the standard library's `http.client`, for three reasons. It lets us choose the address to connect to: a
name that is checked first and resolved again afterwards can have changed in between. It hands over large pieces without
copying them, where httpx's engine needs twice the time of curl. And it logs nothing: httpx logs whole URLs, of which
signed ones are secret. urllib3 was tried in its place and gains nothing: the code that connects to the checked address,
opens the proxy's tunnel and encrypts would stay, and it was a little slower (0.94 of the throughput, median of 12
turns).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ssl import SSLSocket
from threading import Timer

import httpx

from airflow_provider_seedance import __version__
from airflow_provider_seedance.api.addresses import addresses_of
from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError
from airflow_provider_seedance.api.http.failures import reason_of
from airflow_provider_seedance.api.http.intake import LateError
from airflow_provider_seedance.api.http.network import Proxy, certificates, proxy_for
from airflow_provider_seedance.landing.address_rules import check_literal, check_url, encoded, location_of, resolve
from airflow_provider_seedance.landing.file_answers import content_length

MAX_REDIRECTS = 5

CONNECT_TIMEOUT = 10.0
"""Seconds for connecting to each address of a host."""

READ_TIMEOUT = 60.0
"""Seconds of silence between two pieces of the file, at most."""

HEAD_TIMEOUT = 120.0
"""Seconds in which the head of an answer must be complete, however many of its bytes trickle in meanwhile."""

READ_SIZE = 512 * 1024
"""Bytes to read from the socket at once; fewer are taken if no more are there."""

# In `http.client`'s own words.
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Answer:
    """A file host's answer that is no redirect.

    :param headers: names in lower case.
    :param blocks: the body as it comes.
    """

    status: int
    headers: Mapping[str, str]
    blocks: Iterable[bytes]


class FileHost:
    """Fetches files from any host.

    :param allow_private: whether to fetch from private and loopback addresses.
    :param own_headers: gives extra headers for a URL, such as the key for the vendor's own host. It is called only for
        the first URL: nothing goes along with a redirect.
    """

    def __init__(
        self, *, allow_private: bool = False, own_headers: Callable[[str], Mapping[str, str]] | None = None
    ) -> None:
        self._allow_private = allow_private
        self._own_headers = own_headers

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """Sends a GET and follows up to five redirects, each judged like the first URL.

        :param url: the file's URL.
        :param headers: of the request.
        :return: the answer, whose body is still to be read.
        :raises LandingRefusedError: a rule forbids a URL on the way.
        :raises LandingInterruptedError: the host can't be reached, or the connection is lost while reading.
        :raises SeedanceConfigError: the environment names a proxy that can't be used.
        """
        came_from, url = None, encoded(url)
        own = dict(self._own_headers(url)) if self._own_headers else {}
        for _ in range(MAX_REDIRECTS + 1):
            check_url(url, came_from=came_from)
            target = _target(url)
            connection, asked, introduction = self._connection(target)
            with closing(connection):
                with _failures_of(target.host, connection.proxy), connection.time_limit(HEAD_TIMEOUT):
                    connection.connect()
                    connection.sock.settimeout(READ_TIMEOUT)
                    connection.request("GET", asked, headers=_headers({**headers, **own, **introduction}))
                    response = connection.getresponse()
                with response:  # the socket outlives a connection that the host closes
                    received = {name.lower(): value for name, value in response.getheaders()}
                    location = received.get("location")
                    if response.status not in _REDIRECTS or not location:
                        yield Answer(response.status, received, _blocks(response, target.host, _promised(received)))
                        return
            came_from, own = target.scheme, {}
            url = _joined(target, location)
        raise LandingRefusedError(f"The file host {target.host} redirects more than {MAX_REDIRECTS} times.")

    def _connection(self, target: httpx.URL) -> tuple[_Connection, str, Mapping[str, str]]:
        """The connection, the request target, and extra headers for a proxy."""
        path = target.raw_path.decode("ascii")
        proxy = proxy_for(str(target))
        if proxy is None:
            return _Connection(target, None, allow_private=self._allow_private), path, {}
        # The proxy resolves the name and guards the network: here, only the URL itself can be judged.
        if not self._allow_private:
            check_literal(_host(target))
        connection = _Connection(target, proxy)
        if target.scheme == "https":
            return connection, path, {}
        return connection, str(target.copy_with(fragment=None)), proxy.headers


class _CutShortError(ConnectionError):
    """The body ended before all of the promised bytes had come."""


class _ProxyError(OSError):
    """The proxy refused to open a tunnel.

    :param status: the proxy's HTTP status.
    """

    def __init__(self, status: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class _Response(HTTPResponse):
    """An answer that ends with its last chunk: trailers may be endless, and the connection isn't used again."""

    def _read_and_discard_trailer(self) -> None:
        pass


class _Connection(HTTPConnection):
    """Connects to an address that has been judged, not to a name; the certificate is checked against the name.

    :param target: the requested URL.
    :param proxy: connected to in place of the target; for https it opens a tunnel to the target.
    :param allow_private: whether to connect to private addresses. A proxy's own is always allowed.
    """

    response_class = _Response

    def __init__(self, target: httpx.URL, proxy: Proxy | None, *, allow_private: bool = False) -> None:
        goal = httpx.URL(proxy.url) if proxy else target
        self._encrypts_first = goal.scheme == "https"
        self.default_port = 443 if target.scheme == "https" else 80
        super().__init__(_host(goal), goal.port or (443 if self._encrypts_first else 80), timeout=CONNECT_TIMEOUT)
        self.proxy = proxy
        self._allow_private = allow_private
        self._inner_host = _host(target) if proxy and target.scheme == "https" else None
        self._wire: socket.socket | None = None
        self._ran_out = False
        if proxy and self._inner_host is not None:
            self.set_tunnel(self._inner_host, target.port or 443, proxy.headers)
            if ":" in self._inner_host:  # before Python 3.12, addresses of IPv6 went without their brackets
                self._tunnel_host = f"[{self._inner_host}]"

    def connect(self) -> None:
        """Tries one address after the other; then opens the proxy's tunnel and encrypts, if need be."""
        self._use(self._dialled())
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._encrypts_first:
            self._encrypt(self.host)
        if self._inner_host is not None:
            self._lead_through()
            self._encrypt(self._inner_host)

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Ends the connection after a time: a socket's own time-out restarts with each byte.

        :param seconds: the time limit.
        :raises LateError: the time was up.
        """
        timer = Timer(seconds, self._run_out)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, HTTPException):
            if not self._ran_out:
                raise
        finally:
            timer.cancel()
        if self._ran_out:  # `http.client` takes a truncated head for a whole one
            raise LateError(seconds)

    def _run_out(self) -> None:
        self._ran_out = True
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def _use(self, sock: socket.socket) -> None:
        """Makes it the connection's socket, unless the time ran out while there was none that could be ended."""
        self._wire = self.sock = sock
        if self._ran_out:
            raise TimeoutError("no connection in time")

    def _lead_through(self) -> None:
        try:
            self._tunnel()  # type: ignore[attr-defined]
        except OSError as error:
            refused = _TUNNEL_REFUSED.match(str(error))
            if refused:
                raise _ProxyError(refused[1]) from None  # the rest are the proxy's own words
            raise

    def _dialled(self) -> socket.socket:
        if self.proxy:
            addresses = addresses_of(self.host, self.port)
        else:
            addresses = resolve(self.host, self.port, allow_private=self._allow_private)
        failure: OSError | None = None
        for address in addresses:
            if self._ran_out:
                break
            try:
                return socket.create_connection((address, self.port), CONNECT_TIMEOUT)
            except OSError as error:
                failure = error
        raise failure or OSError("no address")

    def _encrypt(self, name: str) -> None:
        if isinstance(self.sock, SSLSocket):  # the proxy's own encryption is around it already
            from urllib3.util.ssltransport import SSLTransport

            self.sock = SSLTransport(self.sock, certificates(), name)
            return
        sock = certificates().wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
        self._use(sock)
        sock.do_handshake()


def _blocks(response: HTTPResponse, host: str, promised: int | None) -> Iterator[bytes]:
    came = 0
    while True:
        # Only errors of reading: the code that consumes the blocks has its own.
        with _failures_of(host):
            block = response.read1(READ_SIZE)
            if not block and came < (promised or 0):
                raise _CutShortError(f"closed after {came} of {promised} bytes")
        if not block:
            return
        came += len(block)
        yield block


def _promised(headers: Mapping[str, str]) -> int | None:
    """Length of the body in bytes, `None` for a chunked one, whose end `http.client` finds."""
    return None if "transfer-encoding" in headers else content_length(headers)


def _headers(more: Mapping[str, str]) -> dict[str, str]:
    # `identity`: length and ranges of a compressed body would not be the file's.
    own = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": f"airflow-provider-seedance/{__version__}"}
    return own | dict(more)


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").strip("[]")


def _target(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        raise LandingRefusedError("The file's URL can't be read. Nothing was fetched.") from None


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location_of(location)))
    except httpx.InvalidURL:
        raise LandingRefusedError(f"The file host {base.host} redirects to something that is no URL.") from None


@contextmanager
def _failures_of(host: str, proxy: Proxy | None = None) -> Iterator[None]:
    try:
        yield
    except _CutShortError as error:
        what = str(error)
    except (OSError, HTTPException, LateError) as error:
        what = reason_of(error, host, proxy)
    else:
        return
    raise LandingInterruptedError(f"The connection to the file host {host} failed: {what}.") from None
