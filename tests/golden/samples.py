"""What this release writes to where another release may read it: Airflow's database, task state, the ledger."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.assets import AssetStatus, MediaAsset
from airflow_provider_seedance.api.jobs import Decision, Outcome
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.submissions.fingerprint import VERSION, fingerprint_of
from airflow_provider_seedance.submissions.life import Life

ACCOUNT = "seedance_default|byteplus|https://ark.ap-southeast.bytepluses.com/api/v3"
IDENTITY = ("dag", "create", "manual__2026-11-21T00:00:00+00:00", "-1")
CONNECTION = {"conn_type": "seedance", "password": "sk-golden", "extra": {"vendor": "byteplus"}}
REQUEST: dict[str, Any] = {
    "model": "dreamina-seedance-2-0-260128",
    "prompt": "a paper boat in rain",
    "duration": 5,
    "generate_audio": False,
    "first_frame": "https://cdn.example/i.png?X-Signature=1",
    "reference_images": ["https://cdn.example/r.png"],
    "extra": {"safety_identifier": "user-7"},
}
UPLOAD: dict[str, Any] = {"source": "https://cdn.example/i.png?X-Signature=1", "kind": "image", "name": None}
FACTS = {"vendor": "byteplus", "code": "Oops", "status_code": 500, "request_id": "r-1"}
_TIME = 1_790_000_000.0


def written_today() -> dict[str, Any]:
    """All of it, as JSON gives it back."""
    samples: dict[str, Any] = {
        "account": account(),
        "asset_events": asset_events(),
        "asset_fingerprint": asset_fingerprint(),
        "asset_ledger": asset_ledger(),
        "asset_records": asset_records(),
        "fingerprint": fingerprint(),
        "fingerprint_version": VERSION,
        "ledger": ledger(),
        "submission_records": submission_records(),
        "triggers": triggers(),
        "video_events": video_events(),
    }
    back: dict[str, Any] = json.loads(json.dumps(samples))
    return back


def triggers() -> list[Any]:
    """Class paths and arguments of deferred tasks."""
    from airflow_provider_seedance.triggers.assets import SeedanceAssetTrigger
    from airflow_provider_seedance.triggers.backoff import SeedanceBackoffTrigger
    from airflow_provider_seedance.triggers.seedance import SeedanceVideoTrigger

    video: dict[str, Any] = {"seedance_conn_id": "seedance_default", "video_id": "cgt-1"}
    asset: dict[str, Any] = {"seedance_conn_id": "seedance_default", "asset_id": "a-1", "library": "assets"}
    made = [
        SeedanceVideoTrigger(**video),
        SeedanceVideoTrigger(**video, poll_interval=7.5, deadline=_TIME, cancel_on_kill=True),
        SeedanceBackoffTrigger(until=_TIME, since=_TIME - 60),
        SeedanceAssetTrigger(**asset, deadline=_TIME),
        SeedanceAssetTrigger(**asset, deadline=_TIME, poll_interval=2.5, query={"type": "image"}),
    ]
    return [list(trigger.serialize()) for trigger in made]


def video_events() -> list[Any]:
    """What a video's trigger says to the task that it wakes."""
    from airflow_provider_seedance.api.outcomes import to_event

    return [to_event("cgt-1", Decision(outcome, error=error)) for outcome, error in _ends()]


def asset_events() -> list[Any]:
    """What an asset's trigger says."""
    from airflow_provider_seedance.triggers.assets import asset_event

    return [asset_event("a-1", Decision(outcome, error=error)) for outcome, error in _ends()]


def _ends() -> list[tuple[Outcome, errors.SeedanceError | None]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = sorted((kind for kind in kinds if issubclass(kind, errors.SeedanceError)), key=lambda kind: kind.__name__)
    ends: list[tuple[Outcome, errors.SeedanceError | None]] = [(Outcome.SUCCEEDED, None)]
    for kind in kinds:
        facts: dict[str, Any] = FACTS if issubclass(kind, errors.SeedanceApiError) else {}
        ends.append((Outcome.FAILED, kind("It went wrong.", **facts)))
    return ends


def submission_records() -> list[Any]:
    """What the create operator notes: an intent, and an id."""
    from airflow_provider_seedance.submissions.record import SubmissionRecord

    life = Life(2, 1, 2, 0, "2026-11-21T00:00:00+00:00", "2026-11-21T00:00:00+00:00", "17")
    common: dict[str, Any] = {
        "fingerprint": fingerprint(),
        "fingerprint_version": VERSION,
        "max_tries": life.max_tries,
        "life": life.to_json(),
        "intended_at": _TIME,
        "vendor": "byteplus",
        "model": REQUEST["model"],
        "attempt": "0123456789abcdef0123456789abcdef",
    }
    return [
        SubmissionRecord(**common).to_json(),
        SubmissionRecord(**common, video_id="cgt-1", marker="airflow-1", delivered=True).to_json(),
        SubmissionRecord(**common, marker="seed:7", seed=7, cause="It did not answer.", possible_id="cgt-2").to_json(),
        SubmissionRecord(**common, video_id="cgt-1", seedance_conn_id="seedance_default").to_json(),
    ]


def fingerprint(version: int = VERSION) -> dict[str, str]:
    """What a retry recognises its own request by. In each version it must come out the same in every release."""
    return fingerprint_of(VideoRequest(**REQUEST), ACCOUNT, version)


def asset_fingerprint(version: int = VERSION) -> str:
    """What a retry recognises its own upload by."""
    from airflow_provider_seedance.submissions.upload_record import fingerprint_of as of_asset

    return of_asset(ACCOUNT, UPLOAD, version)


def account() -> str:
    """What tells one account from another."""
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    with patch.dict(os.environ, {"AIRFLOW_CONN_SEEDANCE_DEFAULT": json.dumps(CONNECTION)}):
        hook = SeedanceHook()
        try:
            return hook.account
        finally:
            hook.close()


def ledger() -> dict[str, str]:
    """File name -> content of the ledger of a task instance."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_seedance.submissions.record import SubmissionRecord
    from airflow_provider_seedance.submissions.store import LedgerSubmissionStore

    with tempfile.TemporaryDirectory() as folder:
        store = LedgerSubmissionStore(ObjectStoragePath(f"file://{folder}"), IDENTITY)
        store.claim(SubmissionRecord.from_json(submission_records()[1]), None)
        return {path.name: path.read_text() for path in Path(folder).iterdir()}


def upload_context() -> Any:
    """As much of a task's context as the record of an upload needs, without a task state store."""
    dag_id, task_id, run_id, map_index = IDENTITY
    ti = SimpleNamespace(dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=int(map_index), max_tries=2)
    return {"ti": ti}


def asset_ledger() -> dict[str, str]:
    """File name -> content of the ledger of an upload task."""
    from airflow_provider_seedance.submissions.upload_record import AssetRecords

    asset = MediaAsset(vendor="gmicloud", library="assets", asset="asset://a-1", status=AssetStatus.ACTIVE)
    with tempfile.TemporaryDirectory() as folder:
        with patch.dict(os.environ, {"AIRFLOW__SEEDANCE__LEDGER_PATH": f"file://{folder}"}):
            AssetRecords(upload_context(), ACCOUNT, UPLOAD).keep(asset=asset)
        return {path.name: path.read_text() for path in Path(folder).iterdir()}


def asset_records() -> list[Any]:
    """What the upload operator notes."""
    from airflow_provider_seedance.submissions.upload_record import AssetRecord

    asset = MediaAsset(
        vendor="gmicloud", library="assets", asset="asset://a-1", asset_id="a-1", status=AssetStatus.ACTIVE
    )
    empty = AssetRecord(fingerprint="0123456789abcdef", fingerprint_version=VERSION, max_tries=2)
    return [
        record.model_dump(mode="json") for record in (empty, empty.model_copy(update={"file": asset, "asset": asset}))
    ]
