"""Reads by aiohttp: the polls of waiting videos, at a fifth of httpx's CPU time.

For reads only: that aiohttp asks again by itself when a kept connection was lost is harmless here, and would buy a
second video at a create.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow_provider_seedance.api.http.intake import Answer, BoundedBody, LateError, Limits
from airflow_provider_seedance.api.http.messages import HttpRequest
from airflow_provider_seedance.api.http.network import Proxy, certificates

if TYPE_CHECKING:
    from aiohttp import ClientSession


class PollingTransport:
    """One session for one vendor.

    :param base_url: whole, with its path.
    :param headers: sent with each request.
    :param connect_timeout: seconds for a connection.
    :param proxy: to go through.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str], connect_timeout: float, proxy: Proxy | None) -> None:
        self._base_url = base_url
        # With each request, not with the session: aiohttp tells the proxy what a session says to everybody.
        self._headers = dict(headers)
        self._connect_timeout = connect_timeout
        self._way: dict[str, Any] = {}
        if proxy is not None:
            self._way = {"proxy": proxy.url, "proxy_headers": proxy.headers}
            if base_url.startswith("http://"):
                self._headers |= proxy.headers  # there is no tunnel, so the request itself tells the proxy
        self._session: ClientSession | None = None

    async def aclose(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()

    async def send(self, http: HttpRequest, limits: Limits) -> Answer:
        """Sends a request and takes its answer in."""
        from yarl import URL

        session = self._session or self._open()
        query = f"?{urlencode(http.params)}" if http.params else ""
        url = URL(f"{self._base_url}{http.path}{query}", encoded=True)
        timing = asyncio.timeout(limits.seconds)
        # The key must not follow a redirect to another host.
        headers = {**self._headers, **http.headers} if http.headers else self._headers
        asked = session.request(http.method, url, headers=headers, allow_redirects=False, **self._way)
        try:
            async with timing, asked as response:
                told = {name.lower(): value for name, value in response.headers.items()}
                body = BoundedBody(limits.most_bytes, told)
                async for piece in response.content.iter_any():
                    body.feed(piece)
                return Answer(response.status, told, body.whole())
        except TimeoutError:
            if not timing.expired():
                raise
            raise LateError(limits.seconds) from None

    def _open(self) -> ClientSession:
        # Imported here: workers, which create and never poll so, need no second HTTP stack.
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

        self._session = ClientSession(
            timeout=ClientTimeout(total=None, sock_connect=self._connect_timeout),
            # The poller bounds its requests itself.
            connector=TCPConnector(ssl=certificates(), limit=0),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self._session
