"""The ASGI application: vendors under their own leading segment, files under /media, control under /_simulator."""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_provider_seedance.simulator.control import control_app
from airflow_provider_seedance.simulator.dispatch import FrontDesk, Incoming, Outcome
from airflow_provider_seedance.simulator.files import Files
from airflow_provider_seedance.simulator.videos import RecordedRequest

#: Resets the caller's TCP connection, given the ASGI scope.
Cutter = Callable[[Scope], None]


def read_incoming(request: Request, vendor: str, path: str, body: bytes) -> Incoming:
    """Convert a Starlette request for :class:`FrontDesk`."""
    return Incoming(
        vendor=vendor,
        method=request.method,
        path=path,
        query=parse_qsl(request.url.query, keep_blank_values=True),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        origin=f"{request.url.scheme}://{request.headers.get('host') or request.url.netloc}",
    )


class App:
    """The whole simulator as one ASGI application.

    :param desk: answers the API requests
    :param cut: resets a TCP connection; provided by the server
    """

    def __init__(self, desk: FrontDesk, cut: Cutter) -> None:
        self.desk, self.cut = desk, cut
        self.files = Files(desk.world)
        self._control: Starlette = control_app(desk.world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        head, _, rest = str(scope["path"]).removeprefix("/").partition("/")
        try:
            if head in self.desk.vendors:
                await self._vendor(scope, receive, send, head, "/" + rest)
            elif head == "media":
                await self._media(scope, receive, send, rest.partition("/")[0])
            else:
                await self._local(head)(scope, receive, send)
        except ClientDisconnect:  # the caller left while sending its body
            return

    def _local(self, head: str) -> ASGIApp:
        if head == "_simulator":
            return self._control
        if head == "healthz":
            return JSONResponse({"status": "ok"})
        known = ", ".join(f"/{name}" for name in self.desk.vendors)
        return PlainTextResponse(f"No vendor here. Vendors: {known}; control: /_simulator\n", 404)

    async def _vendor(self, scope: Scope, receive: Receive, send: Send, vendor: str, path: str) -> None:
        request = Request(scope, receive)
        outcome = self.desk.handle(read_incoming(request, vendor, unquote(path), await request.body()))
        await self._send(outcome, scope, receive, send)

    async def _send(self, outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
        answer, record = outcome.answer, outcome.record
        if answer is None:
            await self._reset(record, scope, receive)
            return
        if outcome.delay and await _leaves_within(receive, outcome.delay):
            record.answered = "client_gone"
            return
        record.answered = answer.status
        response = Response(answer.body, answer.status, answer.headers, answer.content_type)
        await response(scope, receive, send)

    async def _reset(self, record: RecordedRequest, scope: Scope, receive: Receive) -> None:
        record.answered = "reset"
        self.cut(scope)
        await _wait_for_end(receive)

    async def _media(self, scope: Scope, receive: Receive, send: Send, vendor: str) -> None:
        request = Request(scope, receive)
        outcome = self.desk.handle_media(read_incoming(request, vendor, request.url.path, b""))
        record, fault = outcome.record, outcome.fault
        if fault and fault.kind == "reset_before":
            await self._reset(record, scope, receive)
            return
        if fault and fault.kind in ("slow", "timeout_after"):
            default = 2.0 if fault.kind == "slow" else 3600.0
            if await _leaves_within(receive, float(fault.options.get("seconds", default))):
                record.answered = "client_gone"
                return
        response = await self.files.respond(request, vendor, fault)
        if fault and fault.kind == "reset_after" and response.status_code in (200, 206):
            await self._half(response, scope, receive, send)
            await self._reset(record, scope, receive)
            return
        record.answered = response.status_code
        await response(scope, receive, send)

    async def _half(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and half of the body."""

        async def halved(message: Message) -> None:
            if message["type"] == "http.response.body":
                half = message["body"][: len(message["body"]) // 2]
                message = {"type": "http.response.body", "body": half, "more_body": True}
            await send(message)

        await response(scope, receive, halved)
        await asyncio.sleep(0.05)  # lets the bytes out, since a reset discards the send buffer


async def _wait_for_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _leaves_within(receive: Receive, seconds: float) -> bool:
    """Wait for a number of real seconds; true as soon as the caller hangs up, else false."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_wait_for_end(receive), seconds)
        return True
    return False
