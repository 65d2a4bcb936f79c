"""Google's storage over real HTTP: gcp-storage-emulator, in a thread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx

from tests.clouds.store import CONTAINER, Store


class Google(Store):
    """One bucket, empty when it is made.

    :param server: the emulator.
    """

    name, scheme = "google", "gs"

    def __init__(self, server: Any) -> None:
        self._server = server
        self._url = f"http://127.0.0.1:{server._api._httpd.server_address[1]}"
        self._objects = f"{self._url}/storage/v1/b/{CONTAINER}/o"

    @property
    def connection(self) -> str:
        extra = {"is_anonymous": True, "project": "clips", "gcs.endpoint": self._url}
        return json.dumps({"conn_type": "google_cloud_platform", "extra": extra})

    @property
    def keys(self) -> list[str]:
        return sorted(item["name"] for item in httpx.get(self._objects).json().get("items", []))

    @property
    def unfinished(self) -> list[str]:
        """Uploads in parts that somebody began and nobody ended. After a week Google drops them."""
        return sorted(self._server._storage.resumable)

    def read(self, key: str) -> bytes:
        return httpx.get(self._of(key), params={"alt": "media"}).raise_for_status().content

    def content_type(self, key: str) -> str:
        return str(httpx.get(self._of(key)).json()["contentType"])

    def put(self, key: str, content: bytes) -> None:
        where = f"{self._url}/upload/storage/v1/b/{CONTAINER}/o"
        httpx.post(where, params={"uploadType": "media", "name": key}, content=content).raise_for_status()

    def remove(self, key: str) -> None:
        httpx.delete(self._of(key)).raise_for_status()

    def _of(self, key: str) -> str:
        return f"{self._objects}/{quote(key, safe='')}"


def _cancel(request: Any, response: Any, storage: Any, *args: Any, **kwargs: Any) -> None:
    """What the emulator lacks: an upload in parts is cancelled, which Google answers with a status of its own."""
    storage.delete_resumable_file_obj(request.query["upload_id"][0])
    response.status = SimpleNamespace(value=499, phrase="Client Closed Request")


@contextmanager
def google() -> Iterator[Google]:
    """An emulator on a free port, with one bucket."""
    from gcp_storage_emulator.server import HANDLERS, PUT, create_server

    for path, handlers in HANDLERS:
        if "/upload/" in path and PUT in handlers:
            handlers["DELETE"] = _cancel
    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=CONTAINER)
    server.start()
    try:
        yield Google(server)
    finally:
        server.stop()
