"""Services that pipelines lead to, on this machine: an S3, and a library that takes videos by HTTP PUT."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BUCKET = "clips"


@contextmanager
def s3() -> Iterator[dict[str, str]]:
    """An S3 (moto's) with one bucket; gives the environment that leads Airflow's default AWS connection to it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        extra = {"endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1"}
        boto3.client(
            "s3",
            aws_access_key_id="demo",
            aws_secret_access_key="demo",  # noqa: S106 - nobody's
            **extra,
        ).create_bucket(Bucket=BUCKET)
        connection = {"conn_type": "aws", "login": "demo", "password": "demo", "extra": extra}
        yield {
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
            "SEEDANCE_OUTPUT": f"s3://aws_default@{BUCKET}/videos",
        }
    finally:
        server.stop()


@contextmanager
def library(folder: Path) -> Iterator[dict[str, str]]:
    """Keeps what is PUT to it; gives the environment with the connection `video_library`."""
    folder.mkdir(parents=True, exist_ok=True)

    class Shelf(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / Path(self.path).name).write_bytes(content)
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        connection = {"conn_type": "http", "host": f"http://127.0.0.1:{server.server_port}"}
        yield {"AIRFLOW_CONN_VIDEO_LIBRARY": json.dumps(connection)}
    finally:
        server.shutdown()
        server.server_close()
