"""Section I: where a vendor's signed URL for an upload leads is judged like that of a video."""

from __future__ import annotations

import io
import socket
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.api.assets import MediaFile
from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.errors import UploadUnknownError
from airflow_provider_seedance.api.http.encoding import encode
from airflow_provider_seedance.api.http.endpoint import Endpoint
from airflow_provider_seedance.api.vendors import make_adapter, make_asset_adapter
from airflow_provider_seedance.api.vendors.asset_adapter import Ticket
from airflow_provider_seedance.api.vendors.gmicloud.assets import GMICloudAssets
from airflow_provider_seedance.hooks.connection import SeedanceConnection
from airflow_provider_seedance.simulator import Simulator

INSIDE = [
    "https://127.0.0.1/a.png",
    "https://127.0.0.1./a.png",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/a.png",
    "https://[fec0::1]/a.png",
    "https://2130706433/a.png",
    "https://localhost/a.png",
    "https://metadata.google.internal/a.png",
    "https://db/a.png",
]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A resolver of our own; gives what was asked of it."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        public = {"storage.example": ["93.184.215.14"], "mixed.example": ["93.184.215.14", "10.0.0.7"]}
        local = host if host.startswith(("127.", "169.", "::", "fec0")) else "10.0.0.5"
        return [(2, 1, 6, "", (address, port)) for address in public.get(host, [local.rstrip(".")])]

    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def file() -> MediaFile:
    return MediaFile(name="a.png", content=io.BytesIO(b"\x89PNG"), size=4)


def request_to(url: str, **settings: Any) -> Any:
    """What the client would send; raises what keeps it from that."""
    adapter = make_adapter("gmicloud")
    http = make_asset_adapter(adapter).build_file(file(), Ticket(url, "https://storage.example/a.png"))
    endpoint = Endpoint.of(adapter, ClientSettings(api_key="sk-1", **settings))
    with httpx.Client(headers=endpoint.headers) as client:
        return encode(client, endpoint, http)


@pytest.mark.parametrize("url", [*INSIDE, "https://mixed.example/a.png"])
def test_case_i_media_are_not_uploaded_into_a_private_network(url: str) -> None:
    with pytest.raises(UploadUnknownError, match=r"private address. Nothing was sent there.*allow_private_hosts"):
        request_to(f"{url}?X-Goog-Signature=5ec4e7")


@pytest.mark.parametrize("url", INSIDE)
def test_case_i_behind_a_proxy_the_url_itself_is_judged(
    url: str, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    with pytest.raises(UploadUnknownError, match="private address"):
        request_to(url)
    request_to("https://storage.example/a.png")
    assert names == []


def test_case_i_public_storages_are_uploaded_to(names: list[str]) -> None:
    request_to("https://storage.example/a.png?X-Goog-Signature=5ec4e7")
    assert names == ["storage.example"]


def test_case_i_a_connection_that_says_so_may_upload_to_a_mirror_in_house() -> None:
    request_to("https://127.0.0.1/a.png", allow_private_hosts=True)


def test_case_i_the_host_that_the_connection_names_is_the_users_own_choice() -> None:
    request_to("http://127.0.0.1:9/a.png", base_url="http://127.0.0.1:8/gmicloud")


@pytest.mark.parametrize("value", [True, False])
def test_case_i_the_connection_decides_for_uploads_as_for_videos(value: bool) -> None:
    extra = {"vendor": "gmicloud", "allow_private_hosts": value}
    assert SeedanceConnection("c", password="sk-1", extra=extra).settings.allow_private_hosts is value


def test_case_i_through_the_whole_client_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    ticket = Ticket("https://10.0.0.5/a.png", "https://storage.example/a.png")
    monkeypatch.setattr(GMICloudAssets, "parse_ticket", lambda self, response: ticket)
    with Simulator(speed=0.001) as simulator:
        settings = ClientSettings(api_key="sk-simulator", base_url=simulator.base_url("gmicloud"))
        with SeedanceClient(make_adapter("gmicloud"), settings) as client, pytest.raises(UploadUnknownError):
            client.upload_asset({"kind": "image"}, file())
        assert [call.call for call in simulator.requests] == ["upload_url"]
