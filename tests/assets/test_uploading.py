"""What goes over the wire, per vendor: bytes, forms, keys, and how often."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from airflow_provider_seedance.api.assets import AssetStatus, MediaFile
from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    NotSentError,
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceError,
    SeedanceRateLimitError,
    TransientApiError,
    UnsupportedByVendorError,
    UploadUnknownError,
)
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.assets import digest

from .helpers import MP4, PNG, assert_no_secret, called, fails_for_good, hook, media, only_asset

STORING = ("jimmyai", "modellix", "gmicloud")
SP = {"library": "sp", "url": "https://cdn.example/girl.jpg?X-Sig=5ec4e7", "kind": "image"}


@pytest.mark.parametrize("vendor", STORING)
def test_a_file_is_stored_byte_by_byte_and_its_url_comes_back(sim: Simulator, vendor: str) -> None:
    stored = hook(vendor).upload_asset({}, media())
    kept = only_asset(sim)
    assert (kept.sha256, kept.size, kept.kind) == (digest(PNG), len(PNG), "image")
    assert stored.asset == stored.url == kept.url
    assert stored.asset.startswith("https://")
    assert (stored.status, stored.kind, stored.size) == (AssetStatus.ACTIVE, "image", len(PNG))
    assert (stored.vendor, stored.library, stored.content_type) == (vendor, "files", "image/png")
    assert stored.asset_id == (kept.id if vendor == "modellix" else None)


@pytest.mark.parametrize("vendor", STORING)
def test_the_asynchronous_form_does_the_same(sim: Simulator, vendor: str) -> None:
    stored = asyncio.run(hook(vendor).aupload_asset({}, media()))
    assert only_asset(sim).sha256 == digest(PNG)
    assert stored.asset == only_asset(sim).url


def test_a_name_with_quotes_and_other_letters_arrives_as_it_is(sim: Simulator) -> None:
    hook("jimmyai").upload_asset({}, media('Mädchen "eins".png'))
    assert only_asset(sim).sha256 == digest(PNG)
    assert only_asset(sim).name.startswith("Mädchen")


@pytest.mark.parametrize("vendor", STORING)
def test_a_file_is_read_in_small_pieces_and_never_whole(sim: Simulator, vendor: str) -> None:
    class Watched(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            piece = super().read(size)
            self.most = max(self.most, len(piece))
            return piece

    content = PNG + bytes(3_000_000)
    watched = Watched(content)
    hook(vendor).upload_asset({}, MediaFile("girl.png", watched, len(content)))
    assert only_asset(sim).sha256 == digest(content)
    assert 0 < watched.most <= 1024 * 1024


def test_the_storage_behind_gmi_cloud_never_sees_the_key(sim: Simulator) -> None:
    hook("gmicloud").upload_asset({}, media("walk.mp4", MP4))
    ticket, put = sim.requests
    assert (ticket.call, ticket.json) == ("upload_url", {"file_type": "mp4"})
    assert "authorization" in ticket.headers
    assert (put.method, put.call) == ("PUT", "upload")
    assert "authorization" not in put.headers
    assert "x-organization-id" not in put.headers
    assert (put.headers["content-type"], put.headers["content-length"]) == ("video/mp4", str(len(MP4)))


def test_a_url_is_named_to_the_sp_library_and_becomes_active_in_time(sim: Simulator) -> None:
    talker = hook("jimmyai")
    made = talker.upload_asset(SP)
    assert sim.requests[0].json == {"name": "girl.jpg", "type": "image", "url": SP["url"]}
    assert (made.asset, made.status) == (f"asset://{made.asset_id}", AssetStatus.PROCESSING)
    assert made.asset_id == only_asset(sim).id
    assert talker.get_asset(str(made.asset_id), library="sp").status is AssetStatus.PROCESSING
    sim.finish_asset(str(made.asset_id))
    seen = asyncio.run(talker.aget_asset(str(made.asset_id), library="sp"))
    assert (seen.status, seen.asset, seen.name) == (AssetStatus.ACTIVE, made.asset, "girl.jpg")


def test_a_file_for_the_sp_library_is_stored_first_and_told_of(sim: Simulator) -> None:
    told: list[Any] = []
    made = hook("jimmyai").upload_asset({"library": "sp", "name": "The girl"}, media(), on_file=told.append)
    file, registered = sim.assets.values()
    assert [stored.url for stored in told] == [file.url]
    assert (registered.url, registered.name, registered.kind) == (file.url, "The girl", "image")
    assert made.asset_id == registered.id


def test_a_portrait_is_whitelisted(sim: Simulator) -> None:
    talker = hook("jimmyai")
    made = talker.upload_asset({"library": "realperson", "url": "https://cdn.example/face.jpg"})
    assert sim.requests[0].json == {"name": "face.jpg", "url": "https://cdn.example/face.jpg"}
    assert made.status is AssetStatus.PROCESSING
    sim.finish_asset(str(made.asset_id), "failed", "no face")
    seen = talker.get_asset(str(made.asset_id), library="realperson")
    assert (seen.status, seen.reason) == (AssetStatus.FAILED, "no face")


def test_the_audit_s_body_and_query_go_through_as_given(sim: Simulator) -> None:
    talker = hook("jimmyai")
    made = talker.upload_asset({"library": "audit", "extra": {"imageUrls": ["https://cdn.example/a.jpg"]}})
    assert sim.requests[0].json == {"imageUrls": ["https://cdn.example/a.jpg"]}
    assert made.asset == f"asset://{only_asset(sim).id}"
    with pytest.raises(UnsupportedByVendorError, match="not documented"):
        talker.get_asset(str(made.asset_id), library="audit")
    sim.finish_asset(str(made.asset_id))
    seen = talker.get_asset(str(made.asset_id), library="audit", query={"assetId": "{asset_id}"})
    assert seen.status is AssetStatus.ACTIVE


@pytest.mark.parametrize("vendor", ["byteplus", "volcengine"])
def test_the_first_party_gets_no_request(sim: Simulator, vendor: str) -> None:
    with pytest.raises(UnsupportedByVendorError) as caught:
        hook(vendor).upload_asset({}, media())
    assert fails_for_good(caught.value)
    assert sim.requests == []


LOST = ("reset_after", "http_500_after", "http_502_html_after")
SPOILT = ("not_json", "torn_json")  # the answer of GMI Cloud's storage has no body that matters


@pytest.mark.parametrize(
    ("vendor", "kind"),
    [(v, k) for v in STORING for k in LOST] + [(v, k) for v in ("jimmyai", "modellix") for k in SPOILT],
)
def test_an_upload_without_a_clear_answer_is_not_sent_again_by_itself(sim: Simulator, vendor: str, kind: str) -> None:
    sim.faults.add(Fault(kind, on="upload"))
    with pytest.raises(UploadUnknownError) as caught:
        hook(vendor).upload_asset({}, media())
    assert called(sim, "upload") == 1
    assert not fails_for_good(caught.value)  # a retry of the task costs a copy at most
    assert "may be stored" in str(caught.value)
    assert_no_secret(str(caught.value))


@pytest.mark.parametrize("vendor", STORING)
def test_what_the_vendor_has_no_room_for_is_sent_again_from_the_beginning(sim: Simulator, vendor: str) -> None:
    sim.faults.add(Fault("http_429", on="upload", times=2))
    hook(vendor).upload_asset({}, media())
    assert called(sim, "upload") == 3
    assert only_asset(sim).sha256 == digest(PNG)


@pytest.mark.parametrize(
    ("fault", "error", "for_good"),
    [
        ("auth", SeedanceAuthError, True),
        ("http_429", SeedanceRateLimitError, False),
        ("http_500", UploadUnknownError, False),
    ],
)
def test_a_refusal_says_what_happened_and_whether_a_retry_can_help(
    sim: Simulator, fault: str, error: type[SeedanceError], for_good: bool
) -> None:
    sim.faults.add(Fault(fault, on="upload", times=None))
    with pytest.raises(error) as caught:
        hook("modellix").upload_asset({}, media())
    assert fails_for_good(caught.value) is for_good
    assert sim.assets == {}


def test_a_file_that_only_the_vendor_sees_through_is_refused_for_good(sim: Simulator) -> None:
    with pytest.raises(RequestRejectedError, match="PNG, JPEG or WebP") as caught:
        hook("modellix").upload_asset({}, media("girl.png", b"not an image at all"))
    assert fails_for_good(caught.value)


def test_while_nothing_listens_nothing_is_sent(sim: Simulator) -> None:
    with sim.refuse_connections(), pytest.raises(NotSentError):
        hook("jimmyai").upload_asset({}, media())
    assert sim.requests == []


def test_an_upload_url_without_tls_is_not_used_where_the_api_has_it(sim: Simulator) -> None:
    from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
    from airflow_provider_seedance.api.vendors import make_adapter, make_asset_adapter
    from airflow_provider_seedance.api.vendors.asset_adapter import Ticket

    client = SeedanceClient(make_adapter("gmicloud"), ClientSettings(api_key="sk-simulator"))
    ticket = Ticket(f"{sim.url}/gmicloud/storage/a.png?s=5ec4e7", "https://x.example/a.png")
    store = make_asset_adapter(client.adapter).store(media(), ticket)
    with client, pytest.raises(UploadUnknownError, match="not https"):
        client._driver.run(store)
    assert sim.requests == []


def test_an_asset_that_nobody_knows_and_a_vendor_that_is_away_are_told_apart(sim: Simulator) -> None:
    with pytest.raises(AssetNotFoundError):
        hook("jimmyai").get_asset("asset_0", library="sp")
    sim.faults.add(Fault("http_500", on="asset", times=None))
    with pytest.raises(TransientApiError):
        hook("jimmyai").get_asset("asset_0", library="sp")
    with pytest.raises(UnsupportedByVendorError):
        hook("modellix").get_asset("asset_0")


def test_a_video_is_made_only_from_assets_that_are_active_and_of_the_right_library(sim: Simulator) -> None:
    talker = hook("jimmyai")
    made = talker.upload_asset(SP)
    request = {"model": "seedance2.0-sp", "prompt": "a", "duration": 5, "reference_images": [made.asset]}
    with pytest.raises(RequestRejectedError, match="not Active"):
        talker.create_video(request)
    sim.finish_asset(str(made.asset_id))
    with pytest.raises(RequestRejectedError, match="does not take assets of sp"):
        talker.create_video(request | {"model": "sd2_mx_720p"})
    assert sim.ledger == []
    talker.create_video(request)
    assert len(sim.ledger) == 1
