"""An upgrade happens while videos are waiting: what any release wrote, this one reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.submissions.decision import Action, decide
from airflow_provider_seedance.submissions.fingerprint import VERSION
from airflow_provider_seedance.submissions.record import SubmissionRecord
from tests.golden.samples import (
    ACCOUNT,
    IDENTITY,
    UPLOAD,
    account,
    asset_fingerprint,
    fingerprint,
    upload_context,
    written_today,
)

NEXT = "next"
"""What the code writes now: the release that comes renames the file to its own version."""

RELEASES = {path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("*.json"))}


def every(kind: str) -> pytest.MarkDecorator:
    """Each thing of a kind that any release wrote."""
    written = [(version, number, each) for version, all_ in RELEASES.items() for number, each in enumerate(all_[kind])]
    return pytest.mark.parametrize("old", [pytest.param(each, id=f"{version}-{n}") for version, n, each in written])


OF_EACH_RELEASE = pytest.mark.parametrize("old", RELEASES.values(), ids=list(RELEASES))


def test_what_this_release_writes_is_kept_for_the_next_ones() -> None:
    """If this fails: `python -m tests.golden`. What `next.json` holds must be readable by then; see the tests below."""
    assert written_today() == RELEASES[NEXT]


@every("triggers")
def test_a_waiting_trigger_is_taken_up_with_all_that_it_knew(old: list[Any]) -> None:
    path, kwargs = old
    module, _, name = path.rpartition(".")
    new_path, again = getattr(import_module(module), name)(**kwargs).serialize()
    assert {name: again.get(name) for name in kwargs} == kwargs
    assert new_path.rpartition(".")[2] == name


def assert_read_as_it_was(event: dict[str, Any], read: Callable[[Any], tuple[str, Any]], id_key: str) -> None:
    read_id, error = read(event)
    assert read_id == event[id_key]
    if event["outcome"] == "succeeded":
        assert error is None
        return
    told = event["error"]
    assert type(error).__name__ == told["kind"]
    assert str(error).startswith(told["message"])
    assert {name: getattr(error, name) for name in told["facts"]} == told["facts"]


@every("video_events")
def test_the_end_of_a_wait_reaches_its_task_as_it_was(old: dict[str, Any]) -> None:
    from airflow_provider_seedance.api.outcomes import read_event

    assert_read_as_it_was(old, read_event, "video_id")


@every("asset_events")
def test_the_end_of_an_asset_s_wait_reaches_its_task_as_it_was(old: dict[str, Any]) -> None:
    from airflow_provider_seedance.triggers.assets import read_asset_event

    assert_read_as_it_was(old, read_asset_event, "asset_id")


@every("submission_records")
def test_a_record_of_a_submission_is_read_as_it_was(old: dict[str, Any]) -> None:
    again = SubmissionRecord.from_json(old).to_json()
    assert {name: again[name] for name in old} == old


@every("submission_records")
def test_a_retry_after_the_upgrade_goes_on_with_the_video_that_was_paid_for(old: dict[str, Any]) -> None:
    record = SubmissionRecord.from_json(old)
    prints = {version: fingerprint(version) for version in (1, VERSION)}
    action = decide(record, prints, replace(record.since_when, try_number=2), same_run=False)
    assert action is (Action.REATTACH if old["video_id"] else Action.LOOK_UP)


@OF_EACH_RELEASE
def test_a_retry_after_the_upgrade_recognises_request_and_account(old: dict[str, Any]) -> None:
    assert fingerprint(old.get("fingerprint_version", 1)) == old["fingerprint"]
    assert asset_fingerprint(old.get("fingerprint_version", 1)) == old["asset_fingerprint"]
    assert account() == old["account"]


@OF_EACH_RELEASE
def test_the_ledger_of_a_task_is_found_under_its_old_name_and_read(old: dict[str, Any], tmp_path: Path) -> None:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_seedance.submissions.store import LedgerSubmissionStore

    for name, content in old["ledger"].items():
        (tmp_path / name).write_text(content)
    record = LedgerSubmissionStore(ObjectStoragePath(f"file://{tmp_path}"), IDENTITY).read()
    assert record is not None
    assert record.video_id == "cgt-1"


@pytest.mark.parametrize("old", [release["asset_ledger"] for release in RELEASES.values() if "asset_ledger" in release])
def test_the_ledger_of_an_upload_is_found_under_its_old_name_and_read(
    old: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.submissions.upload_record import AssetRecords

    for name, content in old.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_PATH", f"file://{tmp_path}")
    asset = AssetRecords(upload_context(), ACCOUNT, UPLOAD).earlier().asset
    assert asset is not None
    assert asset.asset == "asset://a-1"


@every("asset_records")
def test_a_record_of_an_upload_is_read_as_it_was(old: dict[str, Any]) -> None:
    from airflow_provider_seedance.submissions.upload_record import AssetRecord

    again = AssetRecord.model_validate(old).model_dump(mode="json")
    assert {name: again[name] for name in old} == old


def test_a_trigger_of_a_kind_that_no_golden_file_has_is_noticed() -> None:
    package = Path(errors.__file__ or "").parents[1] / "triggers"
    classes = {
        line.split()[1].partition("(")[0]
        for path in package.glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith("class Seedance") and "Trigger)" in line
    }
    assert classes == {path.rpartition(".")[2] for path, _ in RELEASES[NEXT]["triggers"]}
