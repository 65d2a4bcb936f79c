"""What is refused before anything is sent, and what a look at an asset means. No I/O."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.asset_jobs import ASSET
from airflow_provider_seedance.api.assets import (
    AssetStatus,
    AssetUpload,
    MediaAsset,
    check_file,
    check_url,
    content_type_of,
    kind_of,
    to_upload,
)
from airflow_provider_seedance.api.errors import (
    AssetNotFoundError,
    AssetRejectedError,
    AssetTimeoutError,
    InvalidRequestError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceConfigError,
    TransientApiError,
    UnsupportedByVendorError,
)
from airflow_provider_seedance.api.jobs import MOST_FAILURES, MOST_REFUSALS, Outcome, Wait
from airflow_provider_seedance.api.vendors import BUILT_IN, make_adapter, make_asset_adapter

from .helpers import media

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "kind", "content_type"),
    [
        ("girl.png", "image", "image/png"),
        ("s3://bucket/a/GIRL.JPG", "image", "image/jpeg"),
        ("https://cdn.example/walk.mp4?X-Sig=5ec4e7#t", "video", "video/mp4"),
        ("/data/voice.m4a", "audio", "audio/mp4"),
        ("https://cdn.example/girl", None, None),
        ("a.b/girl", None, None),
    ],
)
def test_the_kind_is_told_by_the_suffix(name: str, kind: str | None, content_type: str | None) -> None:
    assert (kind_of(name), content_type_of(name)) == (kind, content_type)


@pytest.mark.parametrize(
    ("vendor", "name", "size", "kind", "words"),
    [
        ("jimmyai", "girl.tiff", 10, "image", [".tiff", ".png"]),
        ("jimmyai", "girl.png", 100 * MIB + 1, "image", ["104857601", "104857600"]),
        ("jimmyai", "girl.png", 0, "image", ["empty"]),
        ("jimmyai", "girl.png", 10, "video", ["girl.png", ".mp4"]),
        ("jimmyai", "story.txt", 10, "text", ["image, video, audio"]),
        ("modellix", "girl.png", 16 * MIB + 1, "image", ["16777217", "16777216"]),
        ("modellix", "walk.mp4", 10, "video", ["takes image, not video"]),
        ("gmicloud", "walk", 10, None, ["set `kind`"]),
    ],
)
def test_a_file_that_the_documents_forbid_is_refused_with_the_rule_and_its_source(
    vendor: str, name: str, size: int, kind: str | None, words: list[str]
) -> None:
    adapter = make_asset_adapter(make_adapter(vendor))
    library = adapter.library(None)
    file = media(name)
    with pytest.raises(InvalidRequestError) as caught:
        check_file(type(file)(file.name, file.content, size), kind, library, adapter.title)
    assert str(caught.value).startswith("Nothing was sent.")
    for word in [*words, library.source]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("vendor", "name", "size", "kind"),
    [
        ("jimmyai", "girl.PNG", 100 * MIB, "image"),
        ("jimmyai", "voice.ogg", 1, "audio"),
        ("modellix", "girl.webp", 16 * MIB, "image"),
        ("gmicloud", "walk.mp4", 500 * MIB, "video"),
    ],
)
def test_a_file_within_the_documents_passes(vendor: str, name: str, size: int, kind: str) -> None:
    adapter = make_asset_adapter(make_adapter(vendor))
    file = media(name)
    check_file(type(file)(file.name, file.content, size), kind, adapter.library(None), adapter.title)


def test_a_portrait_must_be_an_image_and_a_public_url() -> None:
    adapter = make_asset_adapter(make_adapter("jimmyai"))
    library = adapter.library("realperson")
    check_url(AssetUpload(url="https://cdn.example/a.jpg"), "image", library, adapter.title)
    for url, kind in (("https://cdn.example/a.mp4", "video"), ("s3://bucket/a.jpg", "image")):
        with pytest.raises(InvalidRequestError):
            check_url(AssetUpload(url=url), kind, library, adapter.title)


def test_a_library_that_the_vendor_has_not_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(InvalidRequestError, match="Modellix has files, not 'sp'"):
        make_asset_adapter(make_adapter("modellix")).library("sp")
    with pytest.raises(InvalidRequestError, match="files, sp, realperson, audit"):
        make_asset_adapter(make_adapter("jimmyai")).library("album")


@pytest.mark.parametrize("vendor", ["byteplus", "volcengine"])
def test_the_first_party_says_clearly_that_it_has_no_such_call(vendor: str) -> None:
    with pytest.raises(UnsupportedByVendorError, match="no call by which an API key uploads") as caught:
        make_asset_adapter(make_adapter(vendor))
    assert "public URLs" in str(caught.value)


def test_every_other_vendor_stores_files_by_default() -> None:
    for vendor in (name for name, descriptor in BUILT_IN.items() if descriptor.assets):
        library = make_asset_adapter(make_adapter(vendor)).library(None)
        assert (library.name, library.takes, library.has_states) == ("files", "file", False)


@pytest.mark.parametrize("fields", [{"kind": "hologram"}, {"album": "x"}, {"name": ""}])
def test_wrong_fields_are_named_and_their_values_are_not(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        to_upload(fields)
    assert next(iter(fields)) in str(caught.value)


def asset(status: AssetStatus, **fields: Any) -> MediaAsset:
    return MediaAsset(asset="asset://a1", asset_id="a1", vendor="jimmyai", library="sp", status=status, **fields)


def waiting(deadline: float = 1000.0) -> Wait[MediaAsset]:
    return Wait(ASSET, "a1", interval=5.0, deadline=deadline, started=0.0)


PROCESSING, ACTIVE, FAILED = AssetStatus.PROCESSING, AssetStatus.ACTIVE, AssetStatus.FAILED
AWAY = TransientApiError("away")


def test_what_each_look_means() -> None:
    assert waiting().saw(asset(PROCESSING), 1.0).outcome is Outcome.WAIT
    assert waiting().saw(asset(ACTIVE), 1.0).outcome is Outcome.SUCCEEDED
    refused = waiting().saw(asset(FAILED, reason="a logo"), 1.0)
    assert isinstance(refused.error, AssetRejectedError)
    assert "a logo" in str(refused.error)
    late = waiting(deadline=5.0).saw(asset(PROCESSING), 5.0)
    assert isinstance(late.error, AssetTimeoutError)
    assert "processing" in str(late.error)
    assert waiting(deadline=5.0).saw(asset(ACTIVE), 9.0).outcome is Outcome.SUCCEEDED
    assert waiting().missed(AWAY, 1.0).outcome is Outcome.WAIT
    assert waiting().missed(SeedanceConfigError("no key"), 1.0).outcome is Outcome.FAILED
    assert waiting().missed(AssetNotFoundError("?"), 1.0).outcome is Outcome.WAIT
    assert waiting().missed(TransientApiError("busy", retry_after=60.0), 1.0).delay == 60.0


@pytest.mark.parametrize("kind", [SeedanceAuthError, AssetNotFoundError, RequestRejectedError])
def test_a_refusal_ends_the_wait_only_after_the_third_in_a_row(kind: type[SeedanceApiError]) -> None:
    wait = waiting()
    for _ in range(2):
        assert [wait.missed(kind("no"), 31.0).outcome for _ in range(MOST_REFUSALS - 1)] == [Outcome.WAIT] * 2
        wait.saw(asset(PROCESSING), 31.0)
    last = [wait.missed(kind("no"), 31.0) for _ in range(MOST_REFUSALS)][-1]
    assert isinstance(last.error, kind)


def test_an_unknown_asset_is_put_up_with_for_a_short_while_only() -> None:
    wait = waiting()
    assert [wait.missed(AssetNotFoundError("?"), now).outcome for now in (0.0, 5.0, 10.0, 29.0)] == [Outcome.WAIT] * 4
    assert wait.missed(AssetNotFoundError("?"), 31.0).outcome is Outcome.FAILED


def test_failed_looks_are_put_up_with_for_a_while_and_a_good_one_makes_up_for_them() -> None:
    wait = waiting()
    for _ in range(2):
        delays = [wait.missed(AWAY, 1.0).delay for _ in range(MOST_FAILURES - 1)]
        assert delays == sorted(delays)
        assert delays[0] == 5.0
        wait.saw(asset(PROCESSING), 1.0)
    assert [wait.missed(AWAY, 1.0).outcome for _ in range(MOST_FAILURES)][-1] is Outcome.FAILED


def test_a_word_that_nobody_documented_is_waited_on_with_one_warning() -> None:
    wait = waiting()
    odd = asset(PROCESSING, undocumented_status="pondering")
    first, second = wait.saw(odd, 1.0), wait.saw(odd, 2.0)
    assert (first.outcome, first.warn, second.warn) == (Outcome.WAIT, True, False)
    assert "pondering" in (first.note or "")
