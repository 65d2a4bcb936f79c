"""Reads by aiohttp: the polls of waiting videos, at a fifth of httpx's CPU time.

For reads only: aiohttp itself asks again if a kept connection was lost. That is harmless for a read, but would buy a
second video for a create.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow_provider_seedance.api.http.intake import Answer, BoundedBody, LateError
from airflow_provider_seedance.api.http.messages import HttpRequest
from airflow_provider_seedance.api.http.network import Proxy, certificates

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from yarl import URL


class PollingTransport:
    """One session for one vendor.

    :param base_url: whole, with its path.
    :param headers: sent with each request.
    :param connect_timeout: seconds for a connection.
    :param seconds: time limit of a call, from its start to the last byte of its answer.
    :param proxy: the proxy, if any.
    """

    def __init__(
        self, base_url: str, headers: Mapping[str, str], *, connect_timeout: float, seconds: float, proxy: Proxy | None
    ) -> None:
        self._base_url = base_url
        # With each request, not with the session, whose headers aiohttp sends to the proxy too.
        self._headers = dict(headers)
        self._connect_timeout, self._seconds = connect_timeout, seconds
        self._way: dict[str, Any] = {}
        if proxy is not None:
            self._way = {"proxy": proxy.url, "proxy_headers": proxy.headers}
            if base_url.startswith("http://"):
                self._headers |= proxy.headers  # there is no tunnel, so the request itself carries the proxy's headers
        self._session: ClientSession | None = None
        self._as_url: type[URL]

    async def aclose(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()

    async def send(self, http: HttpRequest, most_bytes: int) -> Answer:
        """Sends a request and reads its answer.

        :param http: the request.
        :param most_bytes: the largest answer, decompressed.
        :return: the answer.
        :raises Exception: whatever aiohttp raises; also `TooLargeError` and `LateError`.
        """
        session = self._session or self._open()
        query = f"?{urlencode(http.params)}" if http.params else ""
        url = self._as_url(f"{self._base_url}{http.path}{query}", encoded=True)
        # The key must not follow a redirect to another host.
        headers = {**self._headers, **http.headers} if http.headers else self._headers
        asked = session.request(http.method, url, json=http.json, headers=headers, allow_redirects=False, **self._way)
        try:
            async with asked as response:
                told = {name.lower(): value for name, value in response.headers.items()}
                content = BoundedBody(most_bytes, told)
                if content.is_surely_small:
                    content.feed(await response.read())
                else:
                    async for piece in response.content.iter_any():
                        content.feed(piece)
                return Answer(response.status, told, content.whole())
        except TimeoutError as error:
            if type(error) is not TimeoutError:
                raise  # no connection, for which aiohttp has its own class
            raise LateError(self._seconds) from None

    def _open(self) -> ClientSession:
        # Imported here: workers don't poll this way, and need no second HTTP library.
        from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
        from yarl import URL

        self._as_url = URL
        self._session = ClientSession(
            timeout=ClientTimeout(total=self._seconds, sock_connect=self._connect_timeout),
            # The poller limits its requests itself.
            connector=TCPConnector(ssl=certificates(), limit=0),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self._session
