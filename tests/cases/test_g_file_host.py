# ruff: noqa: F811 - fixtures are imported by their names
"""G1-G4 for the file host: the same proxies as for creates and polls, and errors that are told apart."""

from __future__ import annotations

import datetime
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_seedance.api.errors import LandingInterruptedError, SeedanceConfigError
from airflow_provider_seedance.api.http.network import certificates
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.landing.file_host import FileHost
from airflow_provider_seedance.landing.lander import land_video
from tests.transfers.conftest import (  # noqa: F401
    SIZE,
    _no_proxy,
    _vendor,
    files_in,
    hook,
    host,
    no_pause,
    out,
    sim,
)
from tests.transfers.mp4 import video
from tests.transfers.server import FileServer, says
from tests.transfers.test_bad_hosts import PUBLIC, names
from tests.transfers.test_https import Tunnels

pytestmark = pytest.mark.usefixtures("no_pause")


def body_of(url: str, *, allow_private: bool = True) -> bytes:
    with FileHost(allow_private=allow_private).get(url, {}) as answer:
        return b"".join(answer.blocks)


# -- G1 to G3: proxies ------------------------------------------------------------------------------------------------


@pytest.fixture
def proxy(host: FileServer) -> FileServer:
    """The file host plays the proxy."""
    host.always = says(200, b"through the proxy")
    return host


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"])
def test_case_g1_each_variable_that_the_other_calls_obey_is_obeyed(
    proxy: FileServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable == "HTTP_PROXY":
        monkeypatch.delenv("REQUEST_METHOD", raising=False)
    monkeypatch.setenv(variable, proxy.origin)
    assert body_of("http://cdn.example/a.mp4") == b"through the proxy"
    assert proxy.asked[0].path == "http://cdn.example/a.mp4"


def test_case_g2_what_stands_in_netrc_goes_nowhere(
    host: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login somebody password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    body_of(host.url())
    assert "authorization" not in host.asked[0].headers


@pytest.mark.parametrize(
    "exceptions", ["127.0.0.0/8", "127.0.0.1", "fd00::/8,127.0.0.1", "[::1],127.0.0.0/8", "*", "127.0.0.1:{port}"]
)
def test_case_g3_exceptions_are_kept_in_each_form(
    proxy: FileServer, monkeypatch: pytest.MonkeyPatch, exceptions: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exceptions.format(port=proxy.port))
    assert body_of(proxy.url("/a.mp4")) == b"through the proxy"
    assert proxy.asked[0].path == "/a.mp4"


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:9", "socks5h://127.0.0.1:9", "ftp://127.0.0.1:9", "http://"])
def test_case_g3_a_proxy_that_cannot_be_used_is_a_mistake_in_the_configuration_that_is_named(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(SeedanceConfigError, match="ALL_PROXY") as caught:
        land_video(hook, {"video_url": host.url()}, f"file://{out}/a.mp4")
    assert not caught.value.retryable
    assert host.asked == []


@pytest.mark.parametrize(("status", "words"), [(403, "HTTP 403"), (407, "HTTP 407"), (502, "HTTP 502")])
def test_case_g3_a_proxy_that_leads_nowhere_is_told_without_its_own_words(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch, status: int, words: str
) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hush@127.0.0.1:{server.getsockname()[1]}")

    def refuse() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            client.recv(4096)
            client.sendall(f"HTTP/1.1 {status} \x1b[31mGo away\r\n\r\n".encode())
            client.close()

    threading.Thread(target=refuse, daemon=True).start()
    with pytest.raises(LandingInterruptedError) as caught:
        land_video(hook, {"video_url": "https://cdn.example/a.mp4"}, f"file://{out}/a.mp4")
    server.close()
    assert f"the proxy that HTTPS_PROXY names refuses the way with {words}" in str(caught.value)
    assert "Go away" not in str(caught.value)
    assert "hush" not in str(caught.value)


# -- G4: certificates and all that ------------------------------------------------------------------------------------


def certificate(folder: Path, name: str, *, days: tuple[int, int] = (-1, 1)) -> Path:
    """Key and certificate of a name, signed by itself, valid from and until so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}{days[1]}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Whoever sets SSL_CERT_FILE by it is heard."""
    certificates.cache_clear()
    yield monkeypatch
    certificates.cache_clear()


def failure(hook: SeedanceHook, url: str, out: Path) -> str:
    with pytest.raises(LandingInterruptedError) as caught:
        land_video(hook, {"video_url": url}, f"file://{out}/a.mp4")
    assert caught.value.retryable
    assert files_in(out.parent) == []
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "days", "trusted", "words"),
    [
        ("cdn.example", (-1, 1), False, "is signed by nobody this machine trusts (see SSL_CERT_FILE)"),
        ("other.example", (-1, 1), True, "is for another name"),
        ("cdn.example", (-9, -1), True, "has expired"),
        ("cdn.example", (1, 9), True, "is not valid yet; is this machine's clock right?"),
    ],
    ids=["nobody knows it", "another name", "expired", "not yet"],
)
def test_case_g4_what_is_wrong_with_a_certificate_is_told(
    hook: SeedanceHook,
    tmp_path_factory: pytest.TempPathFactory,
    out: Path,
    trust: pytest.MonkeyPatch,
    name: str,
    days: tuple[int, int],
    trusted: bool,
    words: str,
) -> None:
    pem = certificate(tmp_path_factory.mktemp("tls"), name, days=days)
    if trusted:
        trust.setenv("SSL_CERT_FILE", str(pem))
    hook.get_conn()
    with FileServer(video(SIZE), certificate=pem) as secure, names(trust, lambda asked: [PUBLIC]):
        said = failure(hook, f"https://cdn.example:{secure.port}/a.mp4", out)
        assert secure.asked == []
    assert f"the certificate of cdn.example {words}" in said


def test_case_g4_a_port_without_tls_a_closed_one_and_an_unknown_name_are_told_apart(
    hook: SeedanceHook, host: FileServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.get_conn()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        closed = sock.getsockname()[1]
    assert "can't be spoken to by TLS" in failure(hook, f"https://127.0.0.1:{host.port}/a.mp4", out)
    assert "127.0.0.1 refuses connections" in failure(hook, f"http://127.0.0.1:{closed}/a.mp4", out)
    assert "nobody.invalid can't be resolved" in failure(hook, "http://nobody.invalid/a.mp4", out)
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed}")
    assert "the proxy that ALL_PROXY names refuses connections" in failure(hook, "http://cdn.example/a.mp4", out)
    monkeypatch.setenv("ALL_PROXY", "http://nobody.invalid:1")
    assert "the name of the proxy that ALL_PROXY names" in failure(hook, "https://cdn.example/a.mp4", out)


def test_case_g1_a_proxy_behind_tls_leads_to_http_and_to_https(
    hook: SeedanceHook, tmp_path_factory: pytest.TempPathFactory, out: Path, trust: pytest.MonkeyPatch
) -> None:
    """Creates and polls go through such a one too."""
    folder = tmp_path_factory.mktemp("tls")
    of_host, of_proxy = certificate(folder, "cdn.example"), certificate(folder, "localhost")
    both = folder / "both.pem"
    both.write_bytes(of_host.read_bytes() + of_proxy.read_bytes())
    trust.setenv("SSL_CERT_FILE", str(both))
    hook.get_conn()
    with FileServer(video(SIZE), certificate=of_proxy) as plain:
        trust.setenv("http_proxy", f"https://localhost:{plain.port}")
        land_video(hook, {"video_url": "http://cdn.example/a.mp4"}, f"file://{out}/a.mp4")
        assert (out / "a.mp4").read_bytes() == plain.content
        assert plain.asked[0].path == "http://cdn.example/a.mp4"
    with FileServer(video(SIZE, seed=2), certificate=of_host) as secure:
        tunnels = Tunnels(secure.port, certificate=of_proxy)
        trust.setenv("https_proxy", f"https://localhost:{tunnels.port}")
        land_video(hook, {"video_url": "https://cdn.example/a.mp4"}, f"file://{out}/b.mp4")
        tunnels.close()
        assert (out / "b.mp4").read_bytes() == secure.content
        assert tunnels.asked[0].startswith("CONNECT cdn.example:443 ")
