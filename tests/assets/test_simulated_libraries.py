"""The simulated libraries are as strict as the documents, whoever calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import JPEG, PNG, only_asset

API = "/api/open-api/v1"
SP = f"{API}/seedance/sp/assets"
PERSON = f"{API}/seedance/sp/realperson"


class Caller:
    def __init__(self, sim: Simulator, http: httpx.Client) -> None:
        self.sim, self.http = sim, http

    def send(self, vendor: str, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, self.sim.base_url(vendor) + path, **options)

    def jimmy(self, path: str, **body: Any) -> Any:
        return self.send("jimmyai", "POST", path, json=body).json()


@pytest.fixture
def caller(sim: Simulator) -> Iterator[Caller]:
    headers = {"Authorization": f"Bearer {sim.api_key}"}
    with httpx.Client(headers=headers, timeout=30, verify=False) as http:
        yield Caller(sim, http)


def form(content: bytes = PNG, name: str = "a.png", field: str = "file") -> dict[str, Any]:
    return {"files": {field: (name, content)}}


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"file": "x"}},
        form(field="image"),
        {"data": {"file": "no file"}},
        form(b""),
        {"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    ],
)
def test_a_form_without_a_proper_file_is_refused(caller: Caller, options: dict[str, Any]) -> None:
    assert caller.send("jimmyai", "POST", f"{API}/files/upload", **options).json()["code"] == "20002"
    assert caller.send("modellix", "POST", "/media/files", **options).status_code == 400
    assert caller.sim.assets == {}


def test_what_a_store_does_not_take_is_refused(caller: Caller) -> None:
    assert caller.send("jimmyai", "POST", f"{API}/files/upload", **form(name="a.exe")).json()["code"] == "20002"
    assert caller.send("modellix", "POST", "/media/files", **form(b"GIF89a....")).status_code == 400
    large = PNG + bytes(16 * 1024 * 1024)
    assert caller.send("modellix", "POST", "/media/files", **form(large)).status_code == 400
    assert caller.send("modellix", "POST", "/media/files", **form(JPEG)).json()["data"]["type"] == "image/jpeg"
    assert caller.send("modellix", "POST", "/media/files", headers={"Authorization": "no"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{SP}/upload", {"type": "image", "url": "https://x.example/a.jpg"}),
        (f"{SP}/upload", {"name": "a", "type": "hologram", "url": "https://x.example/a.jpg"}),
        (f"{SP}/upload", {"name": "a", "type": "image", "url": "s3://bucket/a.jpg"}),
        (f"{SP}/detail", {}),
        (f"{SP}/detail", {"asset_id": "asset_0"}),
        (f"{SP}/status", {"asset_ids": []}),
        (f"{PERSON}/submit", {"name": "a"}),
        (f"{API}/seedance/assets/audit", {}),
    ],
)
def test_bad_bodies_are_refused(caller: Caller, path: str, body: dict[str, Any]) -> None:
    assert caller.jimmy(path, **body)["code"] == "20002"


def test_assets_are_looked_at_by_the_clock_and_listed_together(caller: Caller) -> None:
    ids = [
        caller.jimmy(f"{SP}/upload", name=name, type="image", url="https://x.example/a.jpg")["data"]["asset_id"]
        for name in ("a", "b")
    ]
    shown = caller.jimmy(f"{SP}/status", asset_ids=ids)["data"]["items"]
    assert [(item["asset_id"], item["status"]) for item in shown] == [(i, "Processing") for i in ids]
    caller.sim.advance(21)
    assert caller.jimmy(f"{SP}/detail", asset_id=ids[0])["data"]["status"] == "Active"
    # A library's calls know that library's assets only.
    assert caller.jimmy(f"{PERSON}/status", asset_id=ids[0])["code"] == "20002"


def test_a_portrait_has_a_reference_only_once_it_is_active(caller: Caller) -> None:
    made = caller.jimmy(f"{PERSON}/submit", name="a", url="https://x.example/a.jpg")["data"]
    assert (made["status"], made["asset_ref"]) == ("Processing", None)
    caller.sim.finish_asset(made["asset_id"])
    (seen,) = caller.jimmy(f"{PERSON}/batch-status", asset_ids=[made["asset_id"]])["data"]["items"]
    assert (seen["status"], seen["asset_ref"]) == ("Active", f"asset://{made['asset_id']}")


def test_gmi_cloud_s_storage_is_as_strict_as_real_ones(caller: Caller) -> None:
    ticket = caller.send("gmicloud", "POST", "/upload-url", json={"file_type": "png"}).json()
    put: dict[str, Any] = {"content": PNG, "headers": {"Content-Type": "image/png"}}
    with httpx.Client(verify=False) as stranger:
        assert caller.http.put(ticket["upload_url"], **put).status_code == 400  # it came with the API key
        assert stranger.put(ticket["upload_url"], content=PNG, headers={"Content-Type": "image/gif"}).status_code == 403
        assert stranger.put(ticket["upload_url"].replace("Signature=", "Signature=0"), **put).status_code == 403
        assert caller.sim.assets == {}
        assert stranger.put(ticket["upload_url"], **put).status_code == 200
        assert only_asset(caller.sim).url == ticket["public_url"]
        caller.sim.advance(901)
        assert stranger.put(ticket["upload_url"], **put).status_code == 400
    assert caller.send("gmicloud", "POST", "/upload-url", json={"file_type": "exe"}).status_code == 400


def test_assets_are_seen_and_ended_over_the_control_interface(caller: Caller) -> None:
    caller.sim.faults.add(Fault("stuck", on="upload"))
    asset_id = caller.jimmy(f"{SP}/upload", name="a", type="image", url="https://x.example/a.jpg")["data"]["asset_id"]
    caller.sim.advance(10_000)
    (shown,) = caller.http.get(f"{caller.sim.url}/_simulator/assets").json()
    assert (shown["id"], shown["status"]) == (asset_id, "processing")
    ended = {"asset_id": asset_id, "status": "failed", "reason": "a logo"}
    assert caller.http.post(f"{caller.sim.url}/_simulator/finish_asset", json=ended).status_code == 200
    assert caller.jimmy(f"{SP}/detail", asset_id=asset_id)["data"]["error_message"] == "a logo"
    assert caller.http.post(f"{caller.sim.url}/_simulator/finish_asset", json={"asset_id": "x"}).status_code == 400


def test_the_body_of_an_upload_is_remembered_only_in_part(caller: Caller) -> None:
    caller.send("jimmyai", "POST", f"{API}/files/upload", **form(PNG + bytes(3 * 1024 * 1024)))
    assert len(caller.sim.requests[-1].body) == 1024 * 1024
    assert only_asset(caller.sim).size == len(PNG) + 3 * 1024 * 1024
