"""uvicorn's protocol on our own socket, so that connections can be reset, and the port closed and opened again."""

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
#: With "linger 0 s" the kernel sends RST instead of FIN when a socket is closed, as if the server had crashed.
_LINGER_NOTHING = struct.pack("ii", 1, 0)
T = TypeVar("T")


class Connections:
    """The open connections by the caller's address, which an ASGI scope contains."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        """Add a connection."""
        self._transports[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """Remove a connection."""
        for peer in [peer for peer, known in self._transports.items() if known is transport]:
            del self._transports[peer]

    def cut(self, scope: Scope) -> None:
        """Reset the connection of a request."""
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
    """uvicorn's HTTP/1.1, which registers its transport in :class:`Connections`."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections = connections
        self._opened: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Register the new connection."""
        self._opened = transport
        self._connections.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Unregister the closed connection."""
        if self._opened:
            self._connections.closed(self._opened)
        super().connection_lost(exc)


class Server:
    """Serves an application in a daemon thread on 127.0.0.1.

    :param app: the application
    :param connections: the register of its connections
    :param port: 0 = any free one; the server keeps its port
    """

    def __init__(self, app: ASGIApp, connections: Connections, port: int) -> None:
        config = uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            # Longer than clients keep idle connections, so that none is closed just as a client reuses it.
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

        :raises OSError: if the port is in use
        """
        bound = self._bind()
        self._thread.start()
        self._run(self._listen(bound))

    def stop(self) -> None:
        """Close the port, reset the open connections and end the thread."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def refuse(self) -> None:
        """Close the port and all idle connections; from now on the kernel refuses new connections."""
        self._run(self._close())

    def accept(self) -> None:
        """Open the same port again."""
        self._run(self._listen(self._bind()))

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    def _bind(self) -> socket.socket:
        # TCP is named explicitly, since only then asyncio sets TCP_NODELAY, without which an answer takes 40 ms more.
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
            # A forked child may still hold the socket; a shutdown stops listening there, too.
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
