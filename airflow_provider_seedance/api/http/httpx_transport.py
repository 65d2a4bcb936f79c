"""Calls by httpx: creates, and all calls of workers. Nothing is sent twice, and no answer outlasts its deadline."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from airflow_provider_seedance.api.http.intake import Answer, BoundedBody, LateError, Limits
from airflow_provider_seedance.api.http.network import Proxy, certificates, proxy_for

NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""The errors that httpx raises before the first byte of the request is sent. A ProxyError comes before the tunnel to
the vendor is open."""

_deadline: ContextVar[float | None] = ContextVar("_deadline", default=None)
"""The moment by which the current call has to be over, by `time.monotonic`."""


def make_client(base_url: str, options: dict[str, Any]) -> httpx.Client:
    """Makes a client that takes proxies and certificates from `api.http.network` and keeps the deadline of `send`.

    :param base_url: whole, with its path.
    :param options: further arguments of httpx's client.
    :return: a client; the caller closes it.
    :raises SeedanceConfigError: the proxy that the environment names can't be used.
    """
    # The key must not follow a redirect to another host.
    return httpx.Client(**options, transport=_Transport(base_url), trust_env=False, follow_redirects=False)


def make_async_client(base_url: str, options: dict[str, Any]) -> httpx.AsyncClient:
    """The twin of `make_client`."""
    return httpx.AsyncClient(**options, transport=_AsyncTransport(base_url), trust_env=False, follow_redirects=False)


def send(client: httpx.Client, request: httpx.Request, limits: Limits) -> Answer:
    """Sends a request and reads its answer.

    :param client: sends it.
    :param request: the request.
    :param limits: of time and size.
    :return: the answer.
    :raises httpx.HTTPError: the request could not be sent, or was not answered.
    :raises TooLargeError: the answer is larger than allowed.
    :raises LateError: the answer was not complete in time.
    """
    token = _deadline.set(time.monotonic() + limits.seconds)
    try:
        response = client.send(request, stream=True)
        try:
            headers = _headers(response)
            body = BoundedBody(limits.most_bytes, headers)
            for piece in response.iter_raw():
                body.feed(piece)
            return Answer(response.status_code, headers, body.whole())
        finally:
            response.close()
    except httpx.ReadTimeout:
        if _left() > 0:
            raise
        raise LateError(limits.seconds) from None
    finally:
        _deadline.reset(token)


async def send_async(client: httpx.AsyncClient, request: httpx.Request, limits: Limits) -> Answer:
    """The twin of `send`."""
    timing = asyncio.timeout(limits.seconds)
    try:
        async with timing:
            response = await client.send(request, stream=True)
            try:
                headers = _headers(response)
                body = BoundedBody(limits.most_bytes, headers)
                async for piece in response.aiter_raw():
                    body.feed(piece)
                return Answer(response.status_code, headers, body.whole())
            finally:
                await response.aclose()
    except TimeoutError:
        if not timing.expired():
            raise
        raise LateError(limits.seconds) from None


@contextmanager
def unlogged(secret: str | None) -> Iterator[None]:
    """Mutes httpx while a signed URL is requested: it logs whole URLs at INFO, and not every Airflow version mutes it.

    :param secret: the signed URL, if there is one.
    """
    if secret is None:
        yield
        return

    def has_no_secret(record: logging.LogRecord) -> bool:
        return secret not in record.getMessage()

    logger = logging.getLogger("httpx")
    logger.addFilter(has_no_secret)
    try:
        yield
    finally:
        logger.removeFilter(has_no_secret)


@contextmanager
def without_request_lines() -> Iterator[None]:
    """Mutes httpx's line for each request, in a command whose output is its result: some Airflows log to stdout."""
    logger = logging.getLogger("httpx")
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _left() -> float:
    """Seconds that the current call has left."""
    deadline = _deadline.get()
    return float("inf") if deadline is None else deadline - time.monotonic()


def _proxy(proxy: Proxy | None) -> httpx.Proxy | None:
    return None if proxy is None else httpx.Proxy(proxy.url, headers=proxy.headers, ssl_context=_tls_to(proxy))


def _tls_to(proxy: Proxy) -> Any:
    return certificates() if proxy.url.startswith("https://") else None


class _Transport(httpx.BaseTransport):
    """Reaches each host by the proxy that the environment asks for, with a connection pool for each proxy."""

    def __init__(self, base_url: str) -> None:
        self._by_proxy: dict[Proxy | None, httpx.HTTPTransport] = {}
        self._to(base_url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._to(str(request.url)).handle_request(request)

    def _to(self, url: str) -> httpx.HTTPTransport:
        proxy = proxy_for(url)
        if proxy not in self._by_proxy:
            self._by_proxy[proxy] = _TimedTransport(proxy)
        return self._by_proxy[proxy]

    def close(self) -> None:
        for transport in self._by_proxy.values():
            transport.close()


class _AsyncTransport(httpx.AsyncBaseTransport):
    """The twin of `_Transport`."""

    def __init__(self, base_url: str) -> None:
        self._by_proxy: dict[Proxy | None, httpx.AsyncHTTPTransport] = {}
        self._to(base_url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._to(str(request.url)).handle_async_request(request)

    def _to(self, url: str) -> httpx.AsyncHTTPTransport:
        proxy = proxy_for(url)
        if proxy not in self._by_proxy:
            made = httpx.AsyncHTTPTransport(verify=certificates(), trust_env=False, proxy=_proxy(proxy))
            self._by_proxy[proxy] = made
        return self._by_proxy[proxy]

    async def aclose(self) -> None:
        for transport in self._by_proxy.values():
            await transport.aclose()


class _TimedTransport(httpx.HTTPTransport):
    """httpx's own transport, but no wait for the network outlasts the call's deadline.

    httpx restarts its time-out with each byte, so a server that sends a header each minute could hold a worker for
    ever. httpx's pool takes a network backend, but its transport doesn't pass one on.
    """

    def __init__(self, proxy: Proxy | None) -> None:
        super().__init__(verify=certificates(), trust_env=False, proxy=_proxy(proxy))
        self._pool._network_backend = _TimedBackend(self._pool._network_backend)


class _TimedBackend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = _at_most(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._inner.connect_tcp(host, port, seconds, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _at_most(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _at_most(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = _at_most(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _at_most(timeout: float | None, late: type[Exception]) -> float | None:
    left = _left()
    if left <= 0:
        raise late("the call's time is over")
    return left if timeout is None else min(timeout, left)
