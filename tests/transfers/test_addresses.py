"""Which addresses are public, and what a proxy changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_seedance.api.addresses import is_public
from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.landing.address_rules import check_url
from airflow_provider_seedance.landing.file_host import FileHost

from .server import FileServer, says


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"],
)
def test_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_what_only_our_network_can_reach_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:7f00:1]"])
def test_this_machine_is_recognised_however_it_is_written(host: str) -> None:
    with (
        pytest.raises(LandingRefusedError, match="private address"),
        FileHost().get(f"http://{host}:9/a.mp4", {}),
    ):
        pass


@pytest.mark.parametrize("url", ["http://[::1]/a.mp4", "https://[::1]/a.mp4", "https://127.0.0.1/a.mp4"])
def test_this_machine_is_recognised_without_a_port(url: str) -> None:
    with pytest.raises(LandingRefusedError, match="private address"), FileHost().get(url, {}):
        pass


def test_https_never_becomes_http() -> None:
    check_url("https://b.example/", came_from="http")
    check_url("https://b.example/", came_from="https")
    with pytest.raises(LandingRefusedError, match=r"from https to http \(b\.example\)"):
        check_url("http://b.example/", came_from="https")


@pytest.fixture
def proxied(host: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """The file host plays the proxy."""
    monkeypatch.setenv("http_proxy", host.origin)
    return host


def test_a_proxy_of_the_environment_is_used(proxied: FileServer) -> None:
    proxied.always = says(200, b"through the proxy")
    with FileHost().get("http://cdn.example/a.mp4", {}) as answer:
        assert b"".join(answer.blocks) == b"through the proxy"
    assert proxied.asked[0].path == "http://cdn.example/a.mp4"


def test_a_proxy_is_told_its_password_and_the_whole_address(
    proxied: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxied.origin.replace("://", "://user:secret@"))
    proxied.always = says(200, b"through the proxy")
    with FileHost().get("http://cdn.example/a.mp4?sig=1", {"Range": "bytes=5-"}) as answer:
        assert b"".join(answer.blocks) == b"through the proxy"
    (asked,) = proxied.asked
    assert asked.path == "http://cdn.example/a.mp4?sig=1"
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ="
    assert (asked.headers["host"], asked.headers["range"]) == ("cdn.example", "bytes=5-")


@pytest.mark.parametrize("name", ["127.0.0.2", "127.2", "10.0.0.1", "localhost", "a.localhost", "[fd00::1]"])
def test_private_addresses_in_the_url_are_refused_before_the_proxy_sees_them(proxied: FileServer, name: str) -> None:
    with pytest.raises(LandingRefusedError, match="private address"), FileHost().get(f"http://{name}/a.mp4", {}):
        pass
    assert proxied.asked == []


def test_no_proxy_is_used_where_the_environment_says_so(
    proxied: FileServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    proxied.always = says(200, b"direct")
    with FileHost(allow_private=True).get(f"{proxied.origin}/a.mp4", {}) as answer:
        assert b"".join(answer.blocks) == b"direct"
    assert proxied.asked[0].path == "/a.mp4"
