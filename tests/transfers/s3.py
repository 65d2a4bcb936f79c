"""S3 over real HTTP: moto's server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import parse_qs

BUCKET = "clips"
F = TypeVar("F", bound=Callable[..., Any])


class Bucket:
    """One bucket, empty when it is made.

    :param endpoint: where the server listens.
    """

    def __init__(self, endpoint: str) -> None:
        import boto3

        self.endpoint = endpoint
        self._s3 = boto3.client(
            "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self._s3.create_bucket(Bucket=BUCKET)

    @property
    def connection(self) -> str:
        """As JSON, for `AIRFLOW_CONN_AWS_DEFAULT`."""
        extra = {"endpoint_url": self.endpoint, "region_name": "us-east-1"}
        return json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": extra})

    @property
    def keys(self) -> list[str]:
        return sorted(item["Key"] for item in self._s3.list_objects_v2(Bucket=BUCKET).get("Contents", []))

    @property
    def uploads(self) -> list[str]:
        """Uploads that somebody began and nobody ended."""
        return [item["Key"] for item in self._s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    def read(self, key: str) -> bytes:
        content: bytes = self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def head(self, key: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._s3.head_object(Bucket=BUCKET, Key=key)
        return answer

    def put(self, key: str, content: bytes) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def empty(self) -> None:
        for key in self.keys:
            self._s3.delete_object(Bucket=BUCKET, Key=key)
        for item in self._s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
            self._s3.abort_multipart_upload(Bucket=BUCKET, Key=item["Key"], UploadId=item["UploadId"])


class EqualParts:
    """In front of an S3 that takes anything: refuses an upload whose parts, but for the last, differ in length.

    So does Cloudflare's R2. Keeps book, too.

    :param app: the WSGI application behind it.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self.asked: list[tuple[str, str]] = []
        self.parts: dict[str, dict[int, int]] = {}
        self.refuses_to_complete = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        method, query = environ["REQUEST_METHOD"], parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        self.asked.append((method, environ["PATH_INFO"]))
        upload = query.get("uploadId", [""])[0]
        if method == "PUT" and "partNumber" in query:
            length = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH") or environ["CONTENT_LENGTH"]
            self.parts.setdefault(upload, {})[int(query["partNumber"][0])] = int(length)
        if method == "POST" and upload and (self.refuses_to_complete or not self._equal(upload)):
            body = (
                b"<Error><Code>InvalidPart</Code>"
                b"<Message>All non-trailing parts must have the same length.</Message></Error>"
            )
            start_response("400 Bad Request", [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]
        return self._app(environ, start_response)

    def _equal(self, upload: str) -> bool:
        *before, last = [length for _, length in sorted(self.parts.get(upload, {0: 0}).items())]
        return len(set(before)) <= 1 and (not before or last <= before[0])


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A server of its own, with one bucket."""
    with bucket_behind(lambda app: app) as (store, _app):
        yield store


@contextmanager
def bucket_behind(in_front: Callable[[Any], F]) -> Iterator[tuple[Bucket, F]]:
    """The same, with a WSGI application in front of it.

    :param in_front: makes what requests pass first, from the WSGI application behind it.
    """
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    assert server._server
    front = server._server.app = in_front(server._server.app)
    forget_storages()
    try:
        host, port = server.get_host_and_port()
        yield Bucket(f"http://{host}:{port}"), front
    finally:
        server.stop()
        forget_storages()


def forget_storages() -> None:
    """Airflow keeps opened storages by connection id, in this process: another server behind the id is not noticed."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    stores = getattr(import_module(ObjectStoragePath.__module__.replace(".path", ".store")), "_STORE_CACHE", {})
    for store in stores.values():
        if "fs" in vars(store):  # that of a storage without a provider was never opened
            type(store.fs).clear_instance_cache()
    stores.clear()
