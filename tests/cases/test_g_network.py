"""The networks that people really have: proxies, certificates, redirects, and base URLs that are almost right."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_seedance.api.client import ClientSettings, PollingClient
from airflow_provider_seedance.api.errors import (
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceConfigError,
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
)
from airflow_provider_seedance.api.http import network
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from tests.api.helpers import KEY, ONE_TRY, SIMPLE, open_client

from .server import Asked, Script, Server, Tunnel, http

CALLS = ("create sync", "create async", "read sync", "read async", "poll")
CREATED = {"id": "cgt-1"}
RUNNING = {"id": "cgt-1", "status": "running"}
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def call(name: str, url: str, vendor: str = "byteplus", key: str = KEY) -> Any:
    """Makes a call that tries once."""
    if name == "poll":
        return asyncio.run(_poll(url, vendor, key))
    what, _, form = name.partition(" ")
    with open_client(form, vendor, url, key, retry=ONE_TRY, connect_timeout=5, read_timeout=5) as client:
        return client.create_video(SIMPLE[vendor]) if what == "create" else client.get_video("cgt-1")


async def _poll(url: str, vendor: str, key: str) -> Any:
    client = PollingClient(make_adapter(vendor), ClientSettings(api_key=key, base_url=url, connect_timeout=5))
    try:
        return await client.get_video("cgt-1")
    finally:
        await client.aclose()


def failure(name: str, url: str, vendor: str = "byteplus") -> SeedanceError:
    with pytest.raises(SeedanceError) as caught:
        call(name, url, vendor)
    return caught.value


def vendor_says(asked: Asked) -> Script:
    yield http(200, CREATED if asked.method == "POST" else RUNNING)


def refused_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


# -- G1: one idea of proxies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"])
def test_case_g1_all_calls_go_through_the_proxy_that_the_environment_names(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(vendor_says) as proxy:
        monkeypatch.setenv(variable, f"http://me:s%40cret@127.0.0.1:{proxy.port}")
        video = call(name, "http://vendor.example:81/api/v3")
    assert video.status in (VideoStatus.QUEUED, VideoStatus.RUNNING)
    (asked,) = proxy.asked
    assert asked.target.startswith("http://vendor.example:81/api/v3/")
    assert asked.headers["proxy-authorization"] == "Basic bWU6c0BjcmV0"
    assert asked.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", CALLS)
def test_case_g1_all_calls_tunnel_through_the_proxy_to_a_vendor_that_speaks_tls(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server.of(http(407, "who are you?")) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://me:hush@127.0.0.1:{proxy.port}")
        error = failure(name, "https://vendor.example/api/v3")
    (asked,) = proxy.asked
    assert (asked.method, asked.target) == ("CONNECT", "vendor.example:443")
    assert asked.headers["proxy-authorization"] == "Basic bWU6aHVzaA=="
    assert "authorization" not in asked.headers
    assert isinstance(error, TransientApiError)
    assert "ALL_PROXY" in str(error)
    assert "407" in str(error)
    assert "hush" not in str(error)
    if name.startswith("create"):
        assert isinstance(error, NotSentError)


@pytest.mark.parametrize("name", CALLS)
def test_case_g1_a_proxy_that_cannot_be_reached_is_named_by_its_variable(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{refused_port()}")
    error = failure(name, "https://vendor.example/api/v3")
    assert "the proxy that HTTPS_PROXY names refuses connections" in str(error)


@pytest.mark.parametrize("name", CALLS)
def test_case_g1_no_proxy_is_kept_by_all_calls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(vendor_says) as vendor, Server(vendor_says) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "10.0.0.0/8, 127.0.0.0/8")
        call(name, vendor.url)
    assert (len(vendor.asked), len(proxy.asked)) == (1, 0)


# -- G2: the key is the connection's ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("variable", [None, "HTTPS_PROXY", "ALL_PROXY"])
def test_case_g2_netrc_is_never_read(
    name: str, variable: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login stranger password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with Server(vendor_says) as vendor:
        if variable:
            monkeypatch.setenv(variable, "http://127.0.0.1:9")
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        call(name, vendor.url)
    (asked,) = vendor.asked
    assert asked.headers["authorization"] == f"Bearer {KEY}"


# -- G3: odd values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("no_proxy", ["[::1]", "::1", "fd00::/8,[::1]", "::1/128", "[::1]:*,*", "localhost,[::1]"])
def test_case_g3_no_proxy_may_hold_addresses_and_networks_of_ipv6(
    name: str, no_proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(vendor_says, host="::1") as vendor:
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", no_proxy)
        call(name, vendor.url)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("value", ["socks5://u:hush@127.0.0.1:9", "socks5h://127.0.0.1:9", "ftp://x", "http://[::1"])
@pytest.mark.parametrize("variable", ["ALL_PROXY", "https_proxy"])
def test_case_g3_a_proxy_that_cannot_be_used_is_a_configuration_error_that_names_the_variable(
    name: str, value: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    error = failure(name, "https://vendor.example/api/v3")
    assert isinstance(error, SeedanceConfigError)
    assert variable in str(error)
    assert "Nothing was sent" in str(error)
    assert "hush" not in str(error)


@pytest.mark.parametrize("name", CALLS)
def test_case_g3_a_proxy_that_cannot_be_used_disturbs_no_call_that_needs_none(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(vendor_says) as vendor:
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        call(name, vendor.url)
    assert len(vendor.asked) == 1


def test_case_g3_testing_the_connection_tells_of_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "seedance", "password": KEY, "extra": {"vendor": "byteplus"}}
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_CASE", json.dumps(connection))
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    works, told = SeedanceHook("seedance_case").test_connection()
    assert not works
    assert "ALL_PROXY" in told


# -- G4: why nobody answers ------------------------------------------------------------------------------------------


SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Signs certificates, and is trusted if the test says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of a test")])
        self._certificate = self._sign(self._name, self._key, [], 1, ca=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str, days: int = 1) -> ssl.SSLContext:
        """What a server of these names speaks TLS with."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
        signed = self._sign(subject, key, list(names), days)
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self._folder / f"{'-'.join(names)}{days}.pem"
        file.write_bytes(signed.public_bytes(pem) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: list[str], days: int, *, ca: bool = False
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        start = now - datetime.timedelta(days=9)
        builder = x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(now + datetime.timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        # Python 3.13 and later refuse certificates without these, and authorities that don't say what their key is for.
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(issuer, critical=False).add_extension(own, critical=False)
        if ca:
            builder = builder.add_extension(SIGNS_CERTIFICATES, critical=True)
        known = [_general(name) for name in names]
        if known:
            builder = builder.add_extension(x509.SubjectAlternativeName(known), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """An authority that the clients trust."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    network.certificates.cache_clear()
    yield made
    network.certificates.cache_clear()


@pytest.mark.parametrize("name", CALLS)
def test_case_g4_a_good_certificate_is_good_for_all_calls(name: str, authority: Authority) -> None:
    with Server(vendor_says, tls=authority.context("127.0.0.1")) as vendor:
        assert call(name, vendor.url).video_id == "cgt-1"


def stranger(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    folder = tmp_path / "stranger"
    folder.mkdir()
    return Authority(folder).context("127.0.0.1")


CERTIFICATES: dict[str, tuple[Callable[[Authority, Path], ssl.SSLContext], str]] = {
    "expired": (lambda authority, _: authority.context("127.0.0.1", days=-1), "has expired"),
    "another name": (lambda authority, _: authority.context("other.example"), "is for another name"),
    "another address": (lambda authority, _: authority.context("127.0.0.9"), "is for another name"),
    "unknown authority": (stranger, "is signed by nobody this machine trusts"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("make", "sentence"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_case_g4_what_is_wrong_with_a_certificate_is_told(
    name: str,
    make: Callable[[Authority, Path], ssl.SSLContext],
    sentence: str,
    authority: Authority,
    tmp_path: Path,
) -> None:
    with Server(vendor_says, tls=make(authority, tmp_path)) as vendor:
        error = failure(name, vendor.url)
        assert vendor.asked == []
    assert f"the certificate of 127.0.0.1:{vendor.port} {sentence}" in str(error)
    assert_told(error, name)


@pytest.mark.parametrize("name", CALLS)
def test_case_g1_the_key_goes_through_the_tunnel_and_is_never_told_to_the_proxy(
    name: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Server(vendor_says, tls=authority.context("vendor.example")) as vendor,
        Tunnel(vendor.port) as proxy,
    ):
        monkeypatch.setenv("ALL_PROXY", f"http://me:hush@127.0.0.1:{proxy.port}")
        assert call(name, "https://vendor.example/api/v3").video_id == "cgt-1"
    (to_proxy,), (to_vendor,) = proxy.asked, vendor.asked
    assert to_proxy.target == "vendor.example:443"
    assert to_proxy.headers["proxy-authorization"] == "Basic bWU6aHVzaA=="
    assert KEY not in str(to_proxy)
    assert to_vendor.headers["authorization"] == f"Bearer {KEY}"
    assert "proxy-authorization" not in to_vendor.headers


@pytest.mark.parametrize("name", CALLS)
def test_case_g4_a_port_that_refuses_is_told(name: str) -> None:
    port = refused_port()
    error = failure(name, f"http://127.0.0.1:{port}")
    assert f"127.0.0.1:{port} refuses connections" in str(error)
    assert_told(error, name)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_case_g4_a_name_that_nobody_has_is_told(name: str, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(host: Any, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    error = failure(name, f"{scheme}://nobody.invalid/api")
    assert "the name of nobody.invalid can't be resolved" in str(error)
    assert_told(error, name)


@pytest.mark.parametrize("name", CALLS)
def test_case_g4_a_server_without_tls_is_told(name: str, authority: Authority) -> None:
    with Server(vendor_says) as vendor:
        error = failure(name, vendor.url.replace("http://", "https://"))
    assert f"127.0.0.1:{vendor.port} can't be spoken to by TLS" in str(error)
    assert_told(error, name)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", b"SSH-2.0-x\r\n"])
def test_case_g4_an_answer_that_breaks_off_or_is_none_is_told_and_a_create_is_unknown(name: str, said: bytes) -> None:
    with Server.of(said) as vendor:
        error = failure(name, vendor.url)
    assert "the connection was closed" in str(error) or "what came back is no HTTP" in str(error)
    assert type(error) is (SubmissionUnknownError if name.startswith("create") else TransientApiError)
    assert_told(error, name, sent=True)


def assert_told(error: SeedanceError, name: str, *, sent: bool = False) -> None:
    """In words of people, and for a create whether anything was sent."""
    assert "Error" not in str(error)
    assert "Exception" not in str(error)
    if name.startswith("create"):
        assert isinstance(error, SubmissionUnknownError if sent else NotSentError)
        assert ("Nothing was sent" in str(error)) != sent
    else:
        assert isinstance(error, TransientApiError)


# -- G5: the base URL ------------------------------------------------------------------------------------------------

OWN = "https://ark.ap-southeast.bytepluses.com/api/v3"


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", ["https://login.example/sso?state=5ec4e7", "/api/v3/", "https://[broken", ""])
def test_case_g5_a_redirect_names_the_base_url_where_it_leads_and_the_vendors_own(
    name: str, status: int, location: str
) -> None:
    with Server.of(http(status, "Moved", {"location": location})) as server:
        error = failure(name, f"{server.url}/proxy")
        assert len(server.asked) == 1
    assert str(status) in str(error)
    assert f"{server.url}/proxy" in str(error)
    assert OWN in str(error)
    assert "5ec4e7" not in str(error)
    if "login.example" in location:
        assert "login.example" in str(error)
    if name.startswith("create"):
        assert isinstance(error, RequestRejectedError)
        assert "Nothing was created" in str(error)
        assert not error.may_be_billed
    else:
        assert isinstance(error, TransientApiError)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [200, 404, 405])
def test_case_g5_a_page_in_place_of_an_answer_names_the_base_url_and_the_vendors_own(name: str, status: int) -> None:
    with Server.of(http(status, "<html>404 page not found</html>", {"content-type": "text/html"})) as server:
        error = failure(name, server.url)
    assert isinstance(error, SeedanceApiError)
    assert f"base URL is {server.url}; BytePlus ModelArk's own is {OWN}" in str(error)


def test_case_g5_an_answer_of_the_vendors_own_says_nothing_of_base_urls() -> None:
    with Server.of(http(404, {"error": {"code": "NotFound", "message": "no such task"}})) as server:
        error = failure("read sync", server.url)
    assert "base URL" not in str(error)
