"""A file host that gives anything but the whole video: a clear error, and nothing visible at the destination."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    LandingInterruptedError,
    LandingRefusedError,
    NotAVideoError,
    SeedanceError,
)
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.lander import land_video
from airflow_provider_seedance.simulator import Simulator

from .conftest import SIZE, files_in
from .mp4 import FTYP, PNG, box, content, moov, number, track
from .server import Answer, FileServer, chunked, cut_at, endless, redirects, says

pytestmark = pytest.mark.usefixtures("no_pause")

PAGE = b"<!doctype html><title>Sorry</title>" + b"<p>busy</p>" * 100
OPEN = FTYP + moov() + number(0) + b"mdat" + bytes(100)
REFUSED, INTERRUPTED, NO_VIDEO = LandingRefusedError, LandingInterruptedError, NotAVideoError


def whole_body(body: bytes, **headers: Any) -> Answer:
    return says(200, body, **headers)


def shorter_than_the_video(handler: Any, host: FileServer) -> None:
    """A Content-Length that fits what is sent, but not what the file says of itself."""
    says(200, host.content[: SIZE - 10])(handler, host)


def longer_than_the_body(handler: Any, host: FileServer) -> None:
    """A Content-Length that the host never makes good, whatever it is asked."""
    if handler.asked.start:
        handler.head(416, Content_Length=0)
    else:
        handler.head(200, Content_Length=SIZE + 10, ETag='"x"', Content_Type="video/mp4")
        handler.send(host.content)


def odd_length(length: str) -> Answer:
    """A Content-Length that is no number, before a body that ends with the connection."""

    def answer(handler: Any, host: FileServer) -> None:
        says(200, FTYP, Content_Length=length)(handler, host)

    return answer


CASES: list[tuple[str, Answer, type[SeedanceError], str, bool]] = [
    ("body cut short for ever", cut_at(1000), INTERRUPTED, "given up after 6 failures in a row, at byte 1000", True),
    ("Content-Length too small", shorter_than_the_video, NO_VIDEO, "cut short: 10 bytes of its last part", True),
    ("Content-Length too large", longer_than_the_body, INTERRUPTED, "promised more, but has only 1000000", True),
    ("HTML page with 200", whole_body(PAGE, content_type="text/html"), NO_VIDEO, "web page", True),
    ("HTML page called a video", whole_body(PAGE), NO_VIDEO, "no file of a known kind, not an MP4", True),
    ("JSON error with 200", whole_body(b'{"code": 1}', content_type="application/json"), NO_VIDEO, "json", True),
    ("endless body", endless, REFUSED, "goes on after 3000000 bytes, more than `max_bytes`", False),
    ("no length, cut short", says(200, FTYP, Content_Length=None), INTERRUPTED, "at byte 32, before the end", True),
    ("a length of odd digits", odd_length("\xb2"), INTERRUPTED, "at byte 32, before the end", True),
    ("a length of 5000 digits", odd_length("9" * 5000), INTERRUPTED, "", True),
    ("no length anywhere", says(200, OPEN, Content_Length=None), NO_VIDEO, "nor does the file itself", True),
    ("chunked body cut short", chunked(FTYP, end=False), INTERRUPTED, "given up", True),
    ("empty body", whole_body(b""), NO_VIDEO, "next to nothing", True),
    ("a picture", whole_body(PNG), NO_VIDEO, "is a image/png, not an MP4", True),
    ("no index", whole_body(FTYP + box(b"mdat", content(500))), NO_VIDEO, "no index", True),
    ("no content", whole_body(FTYP + moov()), NO_VIDEO, "no content", True),
    ("sound only", whole_body(FTYP + moov(track(b"soun")) + box(b"mdat", bytes(9))), NO_VIDEO, "without a pict", True),
    ("nonsense inside", whole_body(FTYP + b"\0\0\0\2moov" + bytes(50)), NO_VIDEO, "damaged", True),
    ("compressed", whole_body(gzip.compress(FTYP), Content_Encoding="gzip"), NO_VIDEO, "compressed (gzip)", True),
    ("HTTP 500 for ever", says(500), INTERRUPTED, "HTTP 500", True),
    ("another status", says(409), NO_VIDEO, "HTTP 409", True),
    ("redirect to file://", redirects("file:///etc/passwd"), REFUSED, "file://; only http:// and https://", False),
    ("redirect in a circle", redirects("/again"), REFUSED, "redirects more than 5 times", False),
    ("redirect to nonsense", redirects("http://[::1"), REFUSED, "redirects to something that is no URL", False),
    ("redirect to a user", redirects("http://a:b@127.0.0.1/"), REFUSED, "user name or password", False),
]


@pytest.mark.parametrize(
    ("answer", "kind", "words", "retryable"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_bad_answer_is_a_clear_error_and_leaves_nothing(
    hook: SeedanceHook,
    host: FileServer,
    out: Path,
    answer: Answer,
    kind: type[SeedanceError],
    words: str,
    retryable: bool,
) -> None:
    host.always = answer
    with pytest.raises(kind) as caught:
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4", max_bytes=3_000_000)
    assert words in str(caught.value)
    assert "5ec4e7" not in str(caught.value)
    assert caught.value.retryable is retryable
    assert ("AirflowFailException" in [base.__name__ for base in type(caught.value).__mro__]) is not retryable
    assert files_in(out.parent) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "file://; only http:// and https://"),
        ("ftp://host.example/a.mp4", "ftp://; only"),
        ("videos/a.mp4", "no scheme"),
        ("http://", "no usable host"),
        ("http://[::1/a.mp4", "can't be read"),
        ("http://0177.0.0.1/a.mp4", "can't be read"),
        ("https://user:secret@host.example/a.mp4", "user name or password"),
    ],
)
def test_only_web_addresses_are_fetched(hook: SeedanceHook, out: Path, url: str, words: str) -> None:
    with pytest.raises(LandingRefusedError) as caught:
        land_video(hook, {"video_url": url}, f"file://{out}/a.mp4")
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert files_in(out.parent) == []


@pytest.fixture
def strict(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[SeedanceHook]:
    """A connection that doesn't allow private addresses."""
    monkeypatch.setenv("AIRFLOW_CONN_STRICT", sim.connection_json("byteplus", allow_private_hosts=False))
    seedance = SeedanceHook("strict")
    yield seedance
    seedance.close()


@pytest.mark.parametrize("connection", ["strict", "nobody"])
def test_a_private_address_is_refused_unless_the_connection_allows_it(
    sim: Simulator, strict: SeedanceHook, host: FileServer, out: Path, connection: str
) -> None:
    """Without any such connection the rule holds too."""
    with pytest.raises(LandingRefusedError, match=r"127\.0\.0\.1 has a private address.*allow_private_hosts"):
        land_video(SeedanceHook(connection), {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert host.asked == []
    assert files_in(out.parent) == []


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, resolver: Callable[[str], list[str]]) -> Iterator[list[str]]:
    """Other names than the network's; gives what was connected to."""
    connected: list[str] = []
    real_connect = socket.create_connection

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in resolver(host)]

    def create_connection(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        connected.append(address[0])
        # The public address of the tests, too, is this machine.
        sock = socket.socket()
        sock.settimeout(10)
        sock.connect(("127.0.0.1", address[1]))
        return sock

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket, "create_connection", create_connection)
        yield connected
    assert socket.create_connection is real_connect


PUBLIC = "93.184.215.14"


def test_a_redirect_to_a_private_address_is_refused(
    strict: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = host.port
    host.answers = [redirects(f"http://metadata.internal:{port}/latest"), redirects(f"http://127.0.0.1:{port}/admin")]
    private = {"metadata.internal": ["169.254.169.254"]}
    hook = strict
    hook.get_conn()
    with names(monkeypatch, lambda name: private.get(name, [name if name[0].isdigit() else PUBLIC])) as connected:
        for where in ("metadata.internal", "127.0.0.1"):
            with pytest.raises(LandingRefusedError, match=f"{where} has a private address"):
                land_video(hook, {"video_url": f"http://cdn.example:{port}/a.mp4"}, f"file://{out}/a.mp4")
    assert connected == [PUBLIC, PUBLIC]
    assert len(host.asked) == 2
    assert files_in(out.parent) == []


def test_the_address_that_was_checked_is_the_one_connected_to(
    strict: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is looked at and private a moment later gains nothing."""
    port = host.port
    asked: list[str] = []

    def rebinding(name: str) -> list[str]:
        asked.append(name)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    with names(monkeypatch, rebinding) as connected:
        land_video(strict, {"video_url": f"http://cdn.example:{port}/a.mp4"}, f"file://{out}/a.mp4")
    assert (asked, connected) == (["cdn.example"], [PUBLIC])
    assert host.asked[0].headers["host"] == f"cdn.example:{port}"


def test_of_mixed_addresses_only_the_public_ones_are_connected_to(
    strict: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = host.port
    with names(monkeypatch, lambda name: ["10.0.0.7", PUBLIC]) as connected:
        land_video(strict, {"video_url": f"http://cdn.example:{port}/a.mp4"}, f"file://{out}/a.mp4")
    assert connected == [PUBLIC]


def test_redirects_within_the_rules_are_followed(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    host.answers = [redirects("/b.mp4?c=d", status) for status in (301, 302, 303, 307, 308)]
    land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert [asked.path for asked in host.asked][1:] == ["/b.mp4?c=d"] * 5


def test_a_name_that_nobody_knows_is_tried_again_and_then_an_error(hook: SeedanceHook, out: Path) -> None:
    with pytest.raises(LandingInterruptedError, match=r"nobody\.invalid can't be resolved.*6 failures"):
        land_video(hook, {"video_url": "http://nobody.invalid/a.mp4"}, f"file://{out}/a.mp4")


def test_a_host_that_refuses_connections_is_an_error(hook: SeedanceHook, out: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with pytest.raises(LandingInterruptedError, match=r"127\.0\.0\.1 failed: 127\.0\.0\.1 refuses conn.* 6 failures"):
        land_video(hook, {"video_url": f"http://127.0.0.1:{port}/a.mp4"}, f"file://{out}/a.mp4")


@pytest.mark.parametrize("pause", [0.0, 0.05], ids=["at full speed", "in a trickle"])
def test_what_follows_the_last_chunk_for_ever_is_not_waited_for(
    hook: SeedanceHook, host: FileServer, out: Path, pause: float
) -> None:
    """Trailers, of which there may be any number; the worker would never be free again."""
    gone = threading.Event()

    def trailers(handler: Any, server: FileServer) -> None:
        chunked(server.content, end=False)(handler, server)
        handler.send(b"0\r\n")
        until = time.monotonic() + 30
        try:
            while time.monotonic() < until:
                handler.send(b"x-more: 1\r\n" * (1 if pause else 1000))
                time.sleep(pause)
        except OSError:
            gone.set()

    host.always = trailers
    landing = threading.Thread(
        target=land_video, args=(hook, {"video_url": host.url()}, f"file://{out}/a.mp4"), daemon=True
    )
    landing.start()
    landing.join(20)
    assert not landing.is_alive()
    assert (out / "a.mp4").read_bytes() == host.content
    assert gone.wait(20)


def test_a_body_larger_than_the_limit_is_not_read_to_its_end(hook: SeedanceHook, host: FileServer, out: Path) -> None:
    host.always = endless
    with pytest.raises(LandingRefusedError):
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4", max_bytes=3_000_000)
    assert len(host.asked) == 1
