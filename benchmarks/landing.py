"""`python -m benchmarks.landing`: a 1 GB video from a local server, by us and by curl, in turns. Ends with a table.

What is measured: the peak of memory above idle, throughput beside curl's, what five lost connections cost, and the
peak of memory when the destination is S3 (moto's server in another process). Linux only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.transfers.mp4 import FTYP, moov, video

MB = 1_000_000
ROUNDS = 3
DROPS = 5
SMALL = video(MB)
KEPT = Path(__file__).resolve().parent / "results"
CHECKOUT = Path(__file__).resolve().parents[1]

MOST_MEMORY = 64
LEAST_SHARE = 0.8


# -- the server's process ----------------------------------------------------------------------------------------------


def make_video(path: Path, size: int) -> None:
    """A video of so many bytes, whose content no compression or hole makes easier to move."""
    block, index = os.urandom(MB), moov()
    left = size - len(FTYP) - len(index) - 16
    with path.open("wb") as file:
        file.write(FTYP + index + (1).to_bytes(4, "big") + b"mdat" + (left + 16).to_bytes(8, "big"))
        while left:
            left -= file.write(block[:left])


@dataclass
class Served:
    """What the server was asked for, and what it sent."""

    starts: list[int] = field(default_factory=list)
    sent: int = 0


class Server:
    """Sends one file by `sendfile`; below `/drop/` it cuts the connection so often."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._served = Served()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=16)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(65536)
            if asked.startswith(b"GET /served"):
                body = json.dumps(vars(self._served)).encode()
                self._served = Served()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                return
            if asked.startswith(b"GET /small/"):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(SMALL), SMALL))
                return
            match = re.search(rb"(?i)\r\nrange: bytes=(\d+)-", asked)
            start, served = int(match[1]) if match else 0, self._served
            served.starts.append(start)
            end = self._size
            if asked.startswith(b"GET /drop/") and len(served.starts) <= DROPS:
                end = self._size * len(served.starts) // (DROPS + 1) + 12_345
            status = f"206 Partial Content\r\nContent-Range: bytes {start}-{self._size - 1}/{self._size}"
            head = (
                f"HTTP/1.1 {status if match else '200 OK'}\r\nContent-Length: {self._size - start}\r\n"
                'Content-Type: video/mp4\r\nETag: "one"\r\nConnection: close\r\n\r\n'
            )
            connection.sendall(head.encode())
            while start < end:
                count = os.sendfile(connection.fileno(), self._file.fileno(), start, min(MB, end - start))
                start += count
                served.sent += count


def serve(path: Path, size: int) -> None:
    make_video(path, size)
    server = Server(path)
    print(server.port, flush=True)
    server.serve()


def serve_s3() -> None:
    from tests.transfers.s3 import bucket

    with bucket() as store:
        print(json.dumps([store.endpoint, store.connection]), flush=True)
        threading.Event().wait()


# -- the process that lands --------------------------------------------------------------------------------------------


def memory(name: str) -> float:
    """`VmRSS` (now) or `VmHWM` (the most so far) of this process, in MB."""
    match = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1]) * 1024 / MB


def land(url: str, target: str) -> None:
    """Lands once and says what it took. Idle is a worker that has loaded what it needs, and landed a small clip."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.transfers.landing import land_video

    hook = SeedanceHook()
    hook.get_conn()
    ObjectStoragePath(target).exists()
    small = url.rpartition("/")[0].removesuffix("/drop") + "/small/clip.mp4"
    land_video(hook, {"video_url": small}, f"{target}.small")
    idle = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
    started, used = time.perf_counter(), time.process_time()
    manifest = land_video(hook, {"video_url": url}, target)
    took, used = time.perf_counter() - started, time.process_time() - used
    print(json.dumps({"seconds": took, "cpu": used, "idle": idle, "peak": memory("VmHWM"), **manifest}), flush=True)


# -- the run -----------------------------------------------------------------------------------------------------------


@contextmanager
def started(*arguments: str, environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.landing", *arguments],
        cwd=CHECKOUT,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("DEBUG") else subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def ours(url: str, target: str, environment: dict[str, str]) -> dict[str, Any]:
    with started("--land", url, target, environment=environment) as process:
        assert process.stdout
        lines = [line for line in process.stdout if line.startswith('{"seconds"')]
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def curl(url: str, target: Path) -> tuple[float, float]:
    """Seconds of curl, and of curl with the same promise that we give: that the file outlives a power cut."""
    command = ["curl", "--silent", "--fail", "--output", str(target), "--write-out", "%{time_total}", url]
    took = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    began = time.perf_counter()
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    return took, took + time.perf_counter() - began


def served(origin: str) -> Served:
    with urllib.request.urlopen(f"{origin}/served") as answer:
        return Served(**json.load(answer))


@dataclass
class Row:
    """Three rounds of one folder."""

    title: str
    size: int
    curl: list[float]
    curl_synced: list[float]
    ours: list[dict[str, Any]]

    @property
    def share(self) -> float:
        return statistics.median(self.curl) / statistics.median([float(run["seconds"]) for run in self.ours])

    @property
    def peak(self) -> float:
        return max(float(run["peak"]) - float(run["idle"]) for run in self.ours)

    def line(self) -> str:
        def rate(seconds: float) -> str:
            return f"{self.size / MB / seconds:.0f}"

        mine = statistics.median(run["seconds"] for run in self.ours)
        cpu = statistics.median(run["cpu"] for run in self.ours)
        return (
            f"| {self.title} | {rate(statistics.median(self.curl))} | {rate(statistics.median(self.curl_synced))} "
            f"| {rate(mine)} | {self.share:.2f} | {cpu:.2f} s | {self.peak:.1f} MB |"
        )


def beside_curl(title: str, folder: Path, origin: str, digest: str, size: int, environment: dict[str, str]) -> Row:
    row = Row(title, size, [], [], [])
    for _ in range(ROUNDS):
        os.sync()
        plain, synced = curl(f"{origin}/clip.mp4", folder / "curl.mp4")
        row.curl.append(plain)
        row.curl_synced.append(synced)
        (folder / "curl.mp4").unlink()
        os.sync()
        one = ours(f"{origin}/clip.mp4", f"file://{folder}/ours.mp4", environment)
        assert one["sha256"] == digest, "not the same file"
        assert (folder / "ours.mp4").stat().st_size == size
        row.ours.append(one)
        for path in folder.glob("ours.mp4*"):
            path.unlink()
        print(f"{title}: curl {plain:.2f} s, with fsync {synced:.2f} s, ours {one['seconds']:.2f} s", file=sys.stderr)
    return row


def main(size: int, *, with_s3: bool) -> int:
    scratch = Path(tempfile.mkdtemp(prefix="seedance-landing-", dir=CHECKOUT))
    folders = {"to disk": scratch}
    if Path("/dev/shm").is_dir():
        folders["to memory (tmpfs)"] = Path(tempfile.mkdtemp(prefix="seedance-landing-", dir="/dev/shm"))
    connection = {"conn_type": "seedance", "password": "none", "host": "http://127.0.0.1:9"}
    extra = {"vendor": "byteplus", "allow_private_hosts": True}
    environment = {
        "AIRFLOW_CONN_SEEDANCE_DEFAULT": json.dumps(connection | {"extra": extra}),
        "AIRFLOW_HOME": str(scratch / "airflow"),
    }
    source = folders.get("to memory (tmpfs)", scratch) / "source.mp4"
    try:
        with started("--serve", str(source), str(size)) as server:
            assert server.stdout
            origin = f"http://127.0.0.1:{int(server.stdout.readline())}"
            with source.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            rows = [beside_curl(t, folder, origin, digest, size, environment) for t, folder in folders.items()]
            served(origin)
            dropped = ours(f"{origin}/drop/clip.mp4", f"file://{scratch}/dropped.mp4", environment)
            seen = served(origin)
            (scratch / "dropped.mp4").unlink()
            in_s3 = landed_in_s3(origin, environment) if with_s3 else None
    finally:
        for folder in folders.values():
            shutil.rmtree(folder)

    twice = seen.sent - size
    lines = [
        f"# Landing a video of {size / MB:.0f} MB, {datetime.now():%Y-%m-%d %H:%M}",
        "",
        f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}; load average at the end "
        f"{os.getloadavg()[0]:.1f}. One server process, `sendfile` from memory; medians of {ROUNDS} rounds, in turns.",
        "Ours computes the SHA-256, reads the MP4's boxes and syncs the file to disk before it is visible.",
        "",
        "| destination | curl, MB/s | curl + fsync, MB/s | ours, MB/s | ours / curl | ours, CPU | memory above idle |",
        "|---|---|---|---|---|---|---|",
        *(row.line() for row in rows),
        "",
        "| what else | measured |",
        "|---|---|",
        f"| {DROPS} lost connections | {len(seen.starts)} requests, from bytes {seen.starts}; "
        f"{twice} bytes sent twice; SHA-256 {'right' if dropped['sha256'] == digest else 'WRONG'} |",
    ]
    if in_s3:
        lines.append(
            f"| to S3 (moto), parts of 8 MiB | {size / MB / in_s3['seconds']:.0f} MB/s, "
            f"{in_s3['peak'] - in_s3['idle']:.1f} MB above idle |"
        )
    peak = max([row.peak for row in rows] + ([in_s3["peak"] - in_s3["idle"]] if in_s3 else []))
    best = max(row.share for row in rows)
    good = peak <= MOST_MEMORY and best >= LEAST_SHARE and twice <= MB and dropped["sha256"] == digest
    lines += [
        "",
        f"Memory: at most {peak:.1f} MB above idle (limit {MOST_MEMORY}). Throughput: "
        f"{', '.join(f'{row.share:.2f} of curl {row.title}' for row in rows)} (at least {LEAST_SHARE} where the disk "
        "is not what is measured).",
    ]
    text = "\n".join(lines) + "\n"
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{datetime.now():%Y-%m-%d}-landing.md").write_text(text)
    print(text)
    return 0 if good else 1


def landed_in_s3(origin: str, environment: dict[str, str]) -> dict[str, Any]:
    with started("--serve-s3", environment=environment) as s3:
        assert s3.stdout
        _, connection = json.loads(s3.stdout.readline())
        with_aws = environment | {"AIRFLOW_CONN_AWS_DEFAULT": connection}
        return ours(f"{origin}/clip.mp4", "s3://aws_default@clips/clip.mp4", with_aws)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="MB (default 1000)")
    parser.add_argument("--no-s3", action="store_true", help="leave S3 out")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--serve-s3", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--land", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(Path(given.serve[0]), int(given.serve[1]))
    elif given.serve_s3:
        serve_s3()
    elif given.land:
        land(*given.land)
    else:
        sys.exit(main(given.size * MB, with_s3=not given.no_s3))
