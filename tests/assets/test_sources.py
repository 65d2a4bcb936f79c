"""Where media come from: object storages and URLs, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_seedance.api.errors import LandingRefusedError
from airflow_provider_seedance.landing.upload_source import open_source
from airflow_provider_seedance.simulator import Simulator
from airflow_provider_seedance.simulator.assets import digest
from tests.airflow_layer.test_imports import DAG_FILE, PACKAGE, loaded_by, within
from tests.transfers.s3 import Bucket, bucket
from tests.transfers.server import FileServer

from .helpers import PNG, Attempts, only_asset

LARGE = PNG + bytes(12_000_000)


@pytest.fixture(scope="module")
def store() -> Iterator[Bucket]:
    with bucket() as made:
        made.put("media/girl.png", LARGE)
        yield made


def test_a_file_in_s3_goes_to_the_vendor_as_it_is(
    sim: Simulator, store: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", store.connection)
    result = Attempts("modellix", source="s3://aws_default@clips/media/girl.png").next()
    assert only_asset(sim).sha256 == digest(LARGE)
    assert (result["name"], result["size"]) == ("girl.png", len(LARGE))


def test_a_url_without_a_suffix_is_named_by_its_bytes() -> None:
    with (
        FileServer(PNG) as server,
        open_source(server.url("/girl"), allow_private=True, most_bytes=None) as file,
    ):
        assert (file.name, file.size, file.content_type) == ("girl.png", len(PNG), "image/png")
        assert file.content.read() == PNG


def test_a_page_that_is_served_as_if_it_were_the_media_is_refused() -> None:
    with (
        FileServer(b"<!DOCTYPE html><html>sign in</html>") as server,
        pytest.raises(LandingRefusedError, match="web page"),
        open_source(server.url("/girl.png"), allow_private=True, most_bytes=None),
    ):
        pass


def test_more_than_the_library_takes_is_not_fetched() -> None:
    with (
        FileServer(bytes(5000)) as server,
        pytest.raises(LandingRefusedError),
        open_source(server.url("/girl.png"), allow_private=True, most_bytes=4999),
    ):
        pass


def test_a_dag_file_with_uploads_loads_no_adapter_client_or_trigger() -> None:
    modules = loaded_by(f"import {PACKAGE}.operators.assets", first=DAG_FILE)
    assert within(modules, f"{PACKAGE}.api.vendors", f"{PACKAGE}.api.client", f"{PACKAGE}.transfers") == []
    assert within(modules, f"{PACKAGE}.triggers", "httpx", "httpcore", "aiohttp", "tenacity") == []
