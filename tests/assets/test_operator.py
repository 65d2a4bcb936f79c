"""The operator over several attempts: what is uploaded, what is waited for, what a retry does."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, ObjectStoragePath

from airflow_provider_seedance.api.errors import (
    AssetRejectedError,
    AssetTimeoutError,
    InvalidRequestError,
    LandingRefusedError,
    UnsupportedByVendorError,
    UploadUnknownError,
)
from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.simulator.assets import digest

from .helpers import PNG, Attempts, assert_no_secret, called, fails_for_good, only_asset, watch

URL = "https://cdn.example/girl.jpg?X-Amz-Signature=5ec4e7"


@pytest.mark.parametrize("vendor", ["jimmyai", "modellix", "gmicloud"])
@pytest.mark.parametrize("form", ["path", "file_url", "object_storage"])
def test_a_file_becomes_a_url_that_the_create_operator_takes(
    sim: Simulator, files: Path, vendor: str, form: str
) -> None:
    path = files / "girl.png"
    source: Any = {"path": path, "file_url": f"file://{path}", "object_storage": ObjectStoragePath(f"file://{path}")}
    result = Attempts(vendor, source=source[form]).next()
    kept = only_asset(sim)
    assert kept.sha256 == digest(PNG)
    assert json.loads(json.dumps(result)) == result
    assert (result["asset"], result["status"], result["vendor"]) == (kept.url, "active", vendor)
    assert (result["kind"], result["library"], result["size"]) == ("image", "files", len(PNG))


def test_media_behind_a_url_are_fetched_whole_and_then_stored(sim: Simulator) -> None:
    video = _finished_video(sim)
    before = called(sim, "upload")
    result = Attempts("gmicloud", source=video, name="clip").next()
    kept = only_asset(sim)
    assert called(sim, "upload") == before + 1
    assert (kept.kind, result["kind"]) == ("video", "video")
    assert kept.size is not None
    assert kept.size > 1000
    (download,) = [request for request in sim.requests if request.call == "media"]
    assert "authorization" not in download.headers


def test_a_private_address_is_fetched_only_if_the_connection_allows_it(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sim.connection_json("modellix", allow_private_hosts=False)
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_MODELLIX", connection)
    with pytest.raises(LandingRefusedError, match="private address"):
        Attempts("modellix", source=f"{sim.url}/media/a.png").next()
    assert sim.requests == []


def test_a_web_page_in_place_of_the_media_is_not_uploaded(sim: Simulator) -> None:
    sim.faults.add(Fault("http_502_html", on="media", times=None))
    with pytest.raises(LandingRefusedError):
        Attempts("modellix", source=f"{sim.url}/_simulator/nothing").next()
    assert called(sim, "upload") == 0


def test_an_sp_asset_is_waited_for_in_the_triggerer(sim: Simulator, files: Path) -> None:
    task = Attempts("jimmyai", source=files / "horse.jpg", library="sp", name="The horse")
    deferral = task.deferred()
    assert deferral.method_name == "execute_complete"
    file, registered = sim.assets.values()
    sim.finish_asset(registered.id)
    result = task.resume(watch(deferral))
    assert (result["asset"], result["asset_id"]) == (f"asset://{registered.id}", registered.id)
    assert (result["status"], result["kind"], result["name"]) == ("active", "image", "The horse")
    assert registered.url == file.url


def test_a_url_goes_to_the_sp_library_as_it_is(sim: Simulator) -> None:
    Attempts("jimmyai", source=URL, library="sp").deferred()
    assert only_asset(sim).url == URL


def test_what_is_stored_for_the_wait_holds_no_key_and_no_url(sim: Simulator) -> None:
    path, kwargs = Attempts("jimmyai", source=URL, library="sp").deferred().trigger.serialize()
    assert path == "airflow_provider_seedance.triggers.assets.SeedanceAssetTrigger"
    assert_no_secret(json.dumps(kwargs))
    assert "://" not in json.dumps(kwargs)
    assert kwargs["asset_id"] == only_asset(sim).id


def test_without_a_triggerer_it_waits_on_the_worker(sim: Simulator) -> None:
    sim.faults.add(Fault("unknown_status", on="upload", polls=3), Fault("http_500", on="asset", times=2))
    task = Attempts("jimmyai", source=URL, library="sp", deferrable=False, timeout=0.5)
    with pytest.raises(AssetTimeoutError) as caught:
        task.next()
    assert not fails_for_good(caught.value)
    sim.finish_asset(only_asset(sim).id)
    assert task.next()["status"] == "active"
    assert called(sim, "upload") == 1


def test_without_waiting_the_asset_comes_back_as_it_is(sim: Simulator) -> None:
    result = Attempts("jimmyai", source=URL, library="realperson", wait_for_completion=False).next()
    assert (result["status"], result["asset"]) == ("processing", f"asset://{only_asset(sim).id}")
    assert called(sim, "asset") == 0


def test_refused_media_fail_for_good_with_the_vendor_s_reason_and_a_clear_uploads_anew(sim: Simulator) -> None:
    sim.faults.add(Fault("stuck", on="upload"))
    task = Attempts("jimmyai", source=URL, library="sp")
    deferral = task.deferred()
    sim.finish_asset(only_asset(sim).id, "failed", "a trademark is visible at https://cdn.example/a.jpg?X-Sig=5ec4e7")
    with pytest.raises(AssetRejectedError, match="a trademark is visible") as caught:
        task.resume(watch(deferral))
    assert fails_for_good(caught.value)
    assert_no_secret(str(caught.value))
    with pytest.raises(AssetRejectedError):
        task.next(deferrable=False)
    assert called(sim, "upload") == 1
    task.clear()
    task.deferred()
    assert called(sim, "upload") == 2


def test_a_wait_that_is_given_up_is_taken_up_by_a_retry_without_another_upload(sim: Simulator) -> None:
    task = Attempts("jimmyai", source=URL, library="sp", timeout=0.1)
    with pytest.raises(AssetTimeoutError) as caught:
        task.resume(watch(task.deferred()))
    assert not fails_for_good(caught.value)
    again = task.deferred()
    sim.finish_asset(only_asset(sim).id)
    assert task.resume(watch(again))["status"] == "active"
    assert called(sim, "upload") == 1


def test_a_worker_that_dies_after_the_upload_costs_no_second_one(sim: Simulator, files: Path) -> None:
    task = Attempts("modellix", source=files / "girl.png")
    first = task.next()
    assert task.next() == first  # as if the first attempt had died before its result was kept
    assert called(sim, "upload") == 1


def test_a_file_that_was_stored_is_not_sent_again_when_registering_it_failed(sim: Simulator, files: Path) -> None:
    sim.faults.add(Fault("http_500", on="upload", skip=1))
    task = Attempts("jimmyai", source=files / "girl.png", library="sp")
    with pytest.raises(UploadUnknownError):
        task.next()
    task.deferred()
    paths = [request.path.rpartition("/v1/")[2] for request in sim.requests if request.call == "upload"]
    assert paths == ["files/upload", "seedance/sp/assets/upload", "seedance/sp/assets/upload"]
    first, second = (request.json for request in sim.requests if request.path.endswith("sp/assets/upload"))
    assert first == second
    assert second["name"] == "girl.png"


def test_another_source_is_another_upload_but_another_signature_is_not(sim: Simulator) -> None:
    task = Attempts("jimmyai", source=URL, library="sp", wait_for_completion=False)
    task.next()
    task.next(source=URL.replace("5ec4e7", "7e4ce5"))
    assert called(sim, "upload") == 1
    task.next(source=URL.replace("girl", "horse"))
    assert called(sim, "upload") == 2
    task.next(source=f"{URL.replace('girl', 'horse')}&id=2")
    assert called(sim, "upload") == 3


def test_a_record_that_cannot_be_read_costs_a_copy_and_no_more(
    sim: Simulator, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = Attempts("gmicloud", source=files / "girl.png")
    assert task.state
    task.state.set("seedance_asset", {"what": "ever"})
    with caplog.at_level(logging.WARNING):
        task.next()
    assert "can't be read" in caplog.text
    assert len(sim.assets) == 1


def test_a_store_that_is_down_doesn_t_lose_the_upload(
    sim: Simulator, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Attempts("gmicloud", source=files / "girl.png")

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the API server is away")

    monkeypatch.setattr(task.state, "set", broken)
    assert task.next()["status"] == "active"


def test_below_airflow_3_3_the_ledger_keeps_the_record(
    sim: Simulator, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}/ledger")
    task = Attempts("modellix", source=files / "girl.png")
    task.state = None
    assert task.next() == task.next()
    assert called(sim, "upload") == 1


def test_without_any_store_a_retry_uploads_again_and_says_so(
    sim: Simulator, files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = Attempts("modellix", source=files / "girl.png")
    task.state = None
    with caplog.at_level(logging.INFO):
        task.next()
        task.next()
    assert called(sim, "upload") == 2
    assert "a retry uploads again" in caplog.text


def test_the_audit_is_passed_through_and_waited_for_only_with_a_query(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    log = SimpleNamespace(info=lambda *_: None, warning=lambda text, *values: said.append(text % values))
    monkeypatch.setattr(SeedanceUploadAssetOperator, "log", log)
    body = {"imageUrls": ["https://cdn.example/a.jpg"]}
    result = Attempts("jimmyai", library="audit", extra=body).next()
    assert (result["status"], result["asset"]) == ("processing", f"asset://{only_asset(sim).id}")
    assert "no status_query" in said[-1]
    task = Attempts("jimmyai", library="audit", extra=body, status_query={"assetId": "{asset_id}"})
    deferral = task.deferred()
    for made in sim.assets:
        sim.finish_asset(made)
    assert task.resume(watch(deferral))["status"] == "active"


@pytest.mark.parametrize(
    ("vendor", "fields", "error"),
    [
        ("byteplus", {"source": URL}, UnsupportedByVendorError),
        ("jimmyai", {"source": URL, "library": "album"}, InvalidRequestError),
        ("jimmyai", {"library": "sp"}, InvalidRequestError),
        ("jimmyai", {"library": "audit"}, InvalidRequestError),
        ("jimmyai", {"source": "https://cdn.example/girl", "library": "sp"}, InvalidRequestError),
        ("jimmyai", {"source": "notes.pdf"}, InvalidRequestError),
    ],
)
def test_what_cannot_work_fails_for_good_before_anything_is_sent(
    sim: Simulator, files: Path, vendor: str, fields: dict[str, Any], error: type[Exception]
) -> None:
    source = fields.get("source", "")
    if source.endswith(".pdf"):
        fields = {"source": files / source}
    with pytest.raises(error) as caught:
        Attempts(vendor, **fields).next()
    assert isinstance(caught.value, AirflowFailException)
    assert sim.requests == []
    assert_no_secret(str(caught.value))


def test_a_file_that_is_not_there_yet_may_be_there_at_a_retry(sim: Simulator, files: Path) -> None:
    task = Attempts("modellix", source=files / "later.png")
    with pytest.raises(FileNotFoundError):
        task.next()
    (files / "later.png").write_bytes(PNG)
    assert task.next()["status"] == "active"


def test_a_wrong_kind_is_seen_when_the_dag_is_parsed_and_a_template_is_not_judged() -> None:
    with pytest.raises(ValueError, match="image, video, audio, text"):
        SeedanceUploadAssetOperator(task_id="upload", source=URL, kind="hologram")
    SeedanceUploadAssetOperator(task_id="upload", source=URL, kind="{{ params.kind }}")


def test_the_log_shows_names_and_ids_but_no_key_or_signature(
    sim: Simulator, files: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)  # the simulator's own
    with caplog.at_level(logging.DEBUG, logger="httpx"), caplog.at_level(logging.DEBUG):
        Attempts("gmicloud", source=files / "girl.png").next()
        Attempts("jimmyai", source=URL, library="sp").deferred()
    shown = capfd.readouterr()
    text = "\n".join((shown.out, shown.err, *(r.getMessage() for r in caplog.records if r.levelno >= logging.INFO)))
    assert "girl.png" in text
    assert_no_secret(text)


def _finished_video(sim: Simulator) -> str:
    from .helpers import hook

    talker = hook("byteplus")
    video = talker.create_video({"model": "dreamina-seedance-2-0-fast-260128", "prompt": "a", "resolution": "480p"})
    sim.finish(video.video_id)
    return str(talker.get_video(video.video_id).video_url)
