"""What the tests of the API share: both clients behind one face, answers made by hand, valid requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol, TypeVar

from airflow_provider_seedance.api.client import AsyncSeedanceClient, ClientSettings, RetryPolicy, SeedanceClient
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.vendors.video_adapter import HttpResponse, VideoPage
from airflow_provider_seedance.simulator import VENDORS
from tests.support.requests import simple
from tests.support.served import Served

T = TypeVar("T")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "sk-test-0123456789"
PROMPT = "a paper boat in rain"

SIMPLE = simple(PROMPT)
"""The least that each vendor takes."""

ONE_TRY = RetryPolicy(attempts=1)


class Client(Protocol):
    """What both clients can do, as a caller sees it."""

    def create_video(self, request: VideoRequest | Mapping[str, Any]) -> Video: ...
    def check_video(self, request: VideoRequest | Mapping[str, Any]) -> list[str]: ...
    def get_video(self, video_id: str) -> Video: ...
    def get_videos(self, video_ids: Sequence[str]) -> list[Video]: ...
    def cancel_video(self, video_id: str) -> None: ...
    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage: ...
    def get_model_info(self, model: str) -> dict[str, Any]: ...
    def probe(self) -> str: ...


class AwaitedClient:
    """The asynchronous client behind the face of the synchronous one, so that one test serves both."""

    def __init__(self, client: AsyncSeedanceClient) -> None:
        self._client = client
        self._runner = asyncio.Runner()

    def _run(self, awaitable: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await awaitable

        return self._runner.run(awaited())

    def create_video(self, request: VideoRequest | Mapping[str, Any]) -> Video:
        return self._run(self._client.create_video(request))

    def check_video(self, request: VideoRequest | Mapping[str, Any]) -> list[str]:
        return self._run(self._client.check_video(request))

    def get_video(self, video_id: str) -> Video:
        return self._run(self._client.get_video(video_id))

    def get_videos(self, video_ids: Sequence[str]) -> list[Video]:
        return self._run(self._client.get_videos(video_ids))

    def cancel_video(self, video_id: str) -> None:
        self._run(self._client.cancel_video(video_id))

    def list_videos(
        self, *, model: str | None = None, status: VideoStatus | None = None, limit: int = 20, offset: int = 0
    ) -> VideoPage:
        return self._run(self._client.list_videos(model=model, status=status, limit=limit, offset=offset))

    def get_model_info(self, model: str) -> dict[str, Any]:
        return self._run(self._client.get_model_info(model))

    def probe(self) -> str:
        return self._run(self._client.probe())

    def close(self) -> None:
        self._run(self._client.aclose())
        self._runner.close()


@contextmanager
def open_client(
    form: str, vendor: str, base_url: str, key: str = KEY, *, options: Mapping[str, Any] | None = None, **settings: Any
) -> Iterator[Client]:
    """A client of one form (`sync` or `async`) for one vendor, closed at the end."""
    adapter = make_adapter(vendor, options)
    configured = ClientSettings(api_key=key, base_url=base_url, **settings)
    if form == "sync":
        with SeedanceClient(adapter, configured) as plain:
            yield plain
        return
    awaited = AwaitedClient(AsyncSeedanceClient(adapter, configured))
    try:
        yield awaited
    finally:
        awaited.close()


class OpenClient(Protocol):
    """The fixture `connect`: a client for a vendor at the simulator, of the form that the test runs in."""

    def __call__(self, vendor: str, **settings: Any) -> Client: ...


def answer(body: object, status: int = 200, **headers: str) -> HttpResponse:
    """An HTTP answer; bytes are taken as they are, anything else becomes JSON; `_` in header names becomes `-`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW)


class Stub(Served):
    """A server with one answer for everything, for what no vendor's document says and the simulator doesn't do."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                stub.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        super().__init__(Handler)


__all__ = ["KEY", "NOW", "ONE_TRY", "PROMPT", "SIMPLE", "VENDORS", "Client", "OpenClient", "Stub", "answer"]
