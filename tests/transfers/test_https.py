"""HTTPS to an address that was chosen by us: the certificate must still be that of the name in the URL."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_seedance.api.errors import LandingInterruptedError, LandingRefusedError, SeedanceConfigError
from airflow_provider_seedance.api.http.network import certificates
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.file_host import FileHost
from airflow_provider_seedance.landing.lander import land_video

from .conftest import SIZE, files_in
from .mp4 import video
from .server import FileServer, cut_at, redirects
from .test_bad_hosts import PUBLIC, names

pytestmark = pytest.mark.usefixtures("no_pause")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of `cdn.example`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cdn.example")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cdn.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "cdn.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A file host with TLS, whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    certificates.cache_clear()
    with FileServer(video(SIZE), certificate=certificate) as server:
        yield server
    certificates.cache_clear()


def test_a_video_comes_over_https_from_the_address_that_was_checked(
    hook: SeedanceHook, secure: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure.answers = [cut_at(300_000)]
    url = f"https://cdn.example:{secure.port}/a.mp4"
    hook.get_conn()
    with names(monkeypatch, lambda name: [PUBLIC]) as connected:
        land_video(hook, {"video_url": url}, f"file://{out}/a.mp4")
    assert connected == [PUBLIC, PUBLIC]
    assert (out / "a.mp4").read_bytes() == secure.content


def test_a_certificate_of_another_name_is_not_accepted(
    hook: SeedanceHook, secure: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.get_conn()
    url = f"https://other.example:{secure.port}/a.mp4"
    with (
        names(monkeypatch, lambda name: [PUBLIC]),
        pytest.raises(LandingInterruptedError, match=r"the certificate of other\.example is for another name"),
    ):
        land_video(hook, {"video_url": url}, f"file://{out}/a.mp4")
    assert secure.asked == []
    assert files_in(out.parent) == []


def test_without_a_port_https_means_443(
    hook: SeedanceHook, secure: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def elsewhere(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        asked.append(address)
        sock = socket.socket()
        sock.settimeout(10)
        sock.connect(("127.0.0.1", secure.port))
        return sock

    monkeypatch.setattr("socket.getaddrinfo", lambda host, port, **kwargs: [(0, 0, 0, "", (PUBLIC, port))])
    monkeypatch.setattr("airflow_provider_seedance.landing.file_host.socket.create_connection", elsewhere)
    with FileHost().get("https://cdn.example/a.mp4", {}) as answer:
        assert b"".join(answer.blocks) == secure.content
    assert asked == [(PUBLIC, 443)]
    assert secure.asked[0].headers["host"] == "cdn.example"


def test_file_host_follows_no_redirect_from_https_to_http(
    hook: SeedanceHook, secure: FileServer, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signed URL would go over the network in the clear."""
    secure.answers = [redirects(f"http://cdn.example:{host.port}/clip.mp4?sig=1")]
    hook.get_conn()
    with (
        names(monkeypatch, lambda name: [PUBLIC]),
        pytest.raises(LandingRefusedError, match=r"from https to http \(cdn\.example\)"),
    ):
        land_video(hook, {"video_url": f"https://cdn.example:{secure.port}/a.mp4"}, f"file://{out}/a.mp4")
    assert host.asked == []
    assert files_in(out.parent) == []


class Tunnels:
    """A proxy that leads every CONNECT to one port of this machine.

    :param certificate: with it, the proxy itself is spoken to by TLS.
    """

    def __init__(self, port: int, *, certificate: Path | None = None) -> None:
        self._port = port
        self._tls: ssl.SSLContext | None = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.asked: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                if self._tls:
                    client = self._tls.wrap_socket(client, server_side=True)
                head = b""
                while b"\r\n\r\n" not in head:
                    head += client.recv(4096)
                self.asked.append(head.decode())
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                there = socket.create_connection(("127.0.0.1", self._port))
                for one, other in ((client, there), (there, client)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while block := one.recv(65536):
                other.sendall(block)
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def tunnels(secure: FileServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tunnels]:
    """The proxy of the environment; it knows the way to `cdn.example`."""
    proxy = Tunnels(secure.port)
    monkeypatch.setenv("https_proxy", f"http://user:pass%20word@127.0.0.1:{proxy.port}")
    yield proxy
    proxy.close()


def test_over_https_a_proxy_only_passes_bytes_on(
    hook: SeedanceHook, secure: FileServer, tunnels: Tunnels, out: Path
) -> None:
    land_video(hook, {"video_url": "https://cdn.example/a.mp4?sig=1"}, f"file://{out}/a.mp4")
    assert (out / "a.mp4").read_bytes() == secure.content
    (head,) = tunnels.asked
    assert head.startswith("CONNECT cdn.example:443 ")
    assert "Proxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=" in head  # user:pass word
    assert "sig=1" not in head
    (asked,) = secure.asked
    assert asked.path == "/a.mp4?sig=1"
    assert (asked.headers["host"], asked.headers.get("proxy-authorization")) == ("cdn.example", None)


def test_behind_a_proxy_the_certificate_is_checked_against_the_name_too(
    hook: SeedanceHook, secure: FileServer, tunnels: Tunnels, out: Path
) -> None:
    with pytest.raises(LandingInterruptedError, match=r"the certificate of other\.example is for another name"):
        land_video(hook, {"video_url": "https://other.example/a.mp4"}, f"file://{out}/a.mp4")
    assert secure.asked == []


def test_a_proxy_that_speaks_socks_is_a_mistake_in_the_configuration(
    hook: SeedanceHook, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:9")
    with pytest.raises(SeedanceConfigError, match=r"https_proxy .*SOCKS"):
        land_video(hook, {"video_url": "https://cdn.example/a.mp4"}, f"file://{out}/a.mp4")
