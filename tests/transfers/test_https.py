"""HTTPS to an address that was chosen by us: the certificate must still be that of the name in the URL."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_seedance.api.errors import LandingInterruptedError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.transfers.landing import land_video

from .conftest import SIZE, files_in
from .mp4 import video
from .server import FileServer, cut_at
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
    with FileServer(video(SIZE), certificate=certificate) as server:
        yield server


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
        pytest.raises(LandingInterruptedError, match="certificate verify failed"),
    ):
        land_video(hook, {"video_url": url}, f"file://{out}/a.mp4")
    assert secure.asked == []
    assert files_in(out.parent) == []
