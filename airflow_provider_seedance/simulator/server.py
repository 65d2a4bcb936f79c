"""uvicorn's protocol on a socket of our own, so that connections can be reset and the port closed and opened."""

import asyncio
import contextlib
import functools
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HOST = "127.0.0.1"
BACKLOG = 2048
#: Closing with "linger 0 s" makes the kernel send RST instead of FIN: what a client sees when a server really dies.
_LINGER_NOTHING = struct.pack("ii", 1, 0)
T = TypeVar("T")


class Connections:
    """The open connections by the caller's address, which is how an ASGI scope names them."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection."""
        self._transports[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        for peer in [peer for peer, known in self._transports.items() if known is transport]:
            del self._transports[peer]

    def cut(self, scope: Scope) -> None:
        """Reset the connection on which a request came."""
        if transport := self._transports.get(tuple(scope["client"])):
            _reset(transport)

    def cut_all(self) -> None:
        """Reset every connection."""
        for transport in list(self._transports.values()):
            _reset(transport)


def _reset(transport: asyncio.Transport) -> None:
    with contextlib.suppress(OSError):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOTHING)
    transport.abort()


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, telling :class:`Connections` of its transport."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._opened: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A caller is there."""
        self._opened = transport
        self._connections.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone."""
        if self._opened:
            self._connections.closed(self._opened)
        super().connection_lost(exc)


class Server:
    """Serves an application in a daemon thread on 127.0.0.1.

    :param port: 0 = any free one; the same port is kept for the server's life
    """

    def __init__(self, app: ASGIApp, connections: Connections, port: int) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            # Longer than clients keep idle connections: none is closed at the moment when it is used again.
            timeout_keep_alive=75,
        )
        config.load()
        self._connections = connections
        self._state = ServerState()
        self._factory = functools.partial(
            Protocol, config=config, server_state=self._state, app_state={}, connections=connections
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="seedance-simulator", daemon=True)
        self._twin: socket.socket | None = None
        self._listener: asyncio.Server | None = None
        self.port = port

    def start(self) -> None:
        """Open the port and serve.

        :raises OSError: if the port is taken
        """
        bound = self._bind()
        self._thread.start()
        self._run(self._listen(bound))

    def stop(self) -> None:
        """Close the port, cut what is still open and end the thread."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def refuse(self) -> None:
        """Close the port: who connects now is refused by the kernel. Idle connections are closed too."""
        self._run(self._close())

    def accept(self) -> None:
        """Open the same port again."""
        self._run(self._listen(self._bind()))

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    def _bind(self) -> socket.socket:
        # Named TCP in so many words: only then does asyncio switch Nagle off, which costs 40 ms per answer.
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        try:
            bound.bind((HOST, self.port))
            bound.listen(BACKLOG)
        except OSError:
            bound.close()
            raise
        self.port = bound.getsockname()[1]
        return bound

    async def _listen(self, bound: socket.socket) -> None:
        self._twin = bound.dup()
        self._listener = await self._loop.create_server(self._factory, sock=bound, backlog=BACKLOG)

    async def _close(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None
        if self._twin:
            # A forked child may still hold the socket; shutting it down ends the listening for all who do.
            with contextlib.suppress(OSError):
                self._twin.shutdown(socket.SHUT_RDWR)
            self._twin.close()
            self._twin = None
        for connection in list(self._state.connections):
            connection.shutdown()

    async def _end(self) -> None:
        await self._close()
        self._connections.cut_all()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
