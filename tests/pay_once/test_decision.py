from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import SubmissionRecordError
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.submissions.decision import Action, changed_fields, decide
from airflow_provider_seedance.submissions.fingerprint import fingerprint_of
from airflow_provider_seedance.submissions.life import Life
from airflow_provider_seedance.submissions.record import SubmissionRecord

SAME = {"prompt": "1", "connection": "2"}
OTHER = {"prompt": "3", "connection": "2"}
INTENT = SubmissionRecord(SAME, 2, 1_790_000_000.0, "byteplus", "m", marker="airflow-1")
WITH_ID = replace(INTENT, video_id="v-1")


@pytest.mark.parametrize(
    ("record", "fingerprint", "max_tries", "action"),
    [
        (None, SAME, 2, Action.SUBMIT),
        (None, OTHER, 2, Action.SUBMIT),
        (None, SAME, 5, Action.SUBMIT),
        (None, OTHER, 5, Action.SUBMIT),
        (INTENT, SAME, 2, Action.LOOK_UP),
        (INTENT, OTHER, 2, Action.LOOK_UP),
        (INTENT, SAME, 5, Action.START_OVER),
        (INTENT, OTHER, 5, Action.START_OVER),
        (WITH_ID, SAME, 2, Action.REATTACH),
        (WITH_ID, OTHER, 2, Action.REFUSE),
        (WITH_ID, SAME, 5, Action.START_OVER),
        (WITH_ID, OTHER, 5, Action.START_OVER),
        # Fewer tries than before are a clear as well (the DAG's `retries` were lowered).
        (WITH_ID, SAME, 1, Action.START_OVER),
    ],
)
def test_what_an_attempt_may_do(
    record: SubmissionRecord | None, fingerprint: dict[str, str], max_tries: int, action: Action
) -> None:
    assert decided(record, fingerprint, max_tries) is action


def decided(record: SubmissionRecord | None, fingerprint: dict[str, str], max_tries: int) -> Action:
    return decide(record, {1: fingerprint, 2: fingerprint}, Life(max_tries), same_run=True)


@pytest.mark.parametrize(
    ("record", "fingerprint", "max_tries", "action"),
    [
        (None, SAME, 5, Action.SUBMIT),
        (WITH_ID, SAME, 2, Action.REATTACH),
        (WITH_ID, OTHER, 2, Action.REFUSE),
        (WITH_ID, SAME, 5, Action.REATTACH),
        (WITH_ID, SAME, 1, Action.REATTACH),
        (INTENT, SAME, 5, Action.LOOK_UP),
        # Whoever changed the request and cleared the task wants another video.
        (WITH_ID, OTHER, 5, Action.START_OVER),
        (INTENT, OTHER, 5, Action.START_OVER),
    ],
)
def test_state_that_was_kept_through_a_clear_is_gone_on_with(
    record: SubmissionRecord | None, fingerprint: dict[str, str], max_tries: int, action: Action
) -> None:
    prints = {1: fingerprint, 2: fingerprint}
    assert decide(record, prints, Life(max_tries), same_run=True, kept=True) is action


def prints(**fields: Any) -> dict[str, str]:
    connection = fields.pop("connection", "seedance_default|byteplus|https://ark.example/api/v3")
    return fingerprint_of(VideoRequest(**({"model": "m", "prompt": "p"} | fields)), connection)


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "q"},
        {"model": "n"},
        {"duration": 5},
        {"watermark": False},
        {"seed": 0},
        {"first_frame": "https://cdn.example/other.png"},
        {"reference_images": ["https://cdn.example/a.png"]},
        {"extra": {"priority": 1}},
        {"connection": "other|byteplus|https://ark.example/api/v3"},
        {"connection": "seedance_default|volcengine|https://ark.example/api/v3"},
        {"connection": "seedance_default|byteplus|https://ark.example/api/v4"},
    ],
)
def test_another_request_or_account_has_another_fingerprint(fields: dict[str, Any]) -> None:
    assert prints() != prints(**fields)


def test_what_changed_is_named() -> None:
    record = replace(INTENT, fingerprint=prints(duration=5, ratio="16:9"), fingerprint_version=2)
    assert changed_fields(record, {2: prints(duration=6, seed=1)}) == ["duration", "ratio", "seed"]
    assert changed_fields(record, {2: record.fingerprint}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"first_frame": "https://cdn.example/a.png?X-Amz-Signature=1"},
            {"first_frame": "https://cdn.example/a.png?X-Amz-Signature=2"},
        ),
        (
            {"reference_images": ["https://cdn.example/a.png?X-Amz-Signature=1", "asset://7"]},
            {"reference_images": ["https://cdn.example/a.png?X-Amz-Signature=2", "asset://7"]},
        ),
        ({"extra": {"a": 1, "b": 2}}, {"extra": {"b": 2, "a": 1}}),
        (
            {"extra": {"mask": "https://c.example/a?X-Amz-Signature=1"}},
            {"extra": {"mask": "https://c.example/a?X-Amz-Signature=2"}},
        ),
        (
            {"extra": {"m": [{"url": "https://c.example/a?X-Amz-Signature=1"}]}},
            {"extra": {"m": [{"url": "https://c.example/a?X-Amz-Signature=2"}]}},
        ),
        ({"resolution": "4K"}, {"resolution": "4k"}),
        ({"reference_images": None}, {}),
    ],
)
def test_what_says_the_same_has_the_same_fingerprint(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert prints(**before) == prints(**after)


def test_the_order_of_media_counts() -> None:
    media = ["https://cdn.example/a.png", "https://cdn.example/b.png"]
    assert prints(reference_images=media) != prints(reference_images=media[::-1])


def test_a_media_url_that_cannot_be_parsed_has_a_fingerprint_too() -> None:
    assert prints(first_frame="https://[a") != prints(first_frame="https://[b")


def test_a_record_tells_nothing_of_the_prompt() -> None:
    text = json.dumps(replace(INTENT, fingerprint=prints(prompt="Zebedee sails", extra={"k": "Zebedee"})).to_json())
    assert "Zebedee" not in text


FULL = replace(
    WITH_ID,
    fingerprint_version=2,
    life={"try_number": 1, "retries": 2, "run_started": "2026-11-21T00:00:00+00:00"},
    seed=0,
    attempt="a1",
    cause="The vendor did not answer.",
    possible_id="v-2",
    delivered=True,
)


@pytest.mark.parametrize("record", [INTENT, WITH_ID, FULL, replace(INTENT, marker=None)])
def test_a_record_comes_back_from_json_as_it_was(record: SubmissionRecord) -> None:
    assert SubmissionRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


GOOD = FULL.to_json()
CORRUPT: list[Any] = [
    None,
    [],
    {},
    "v-1",
    1,
    True,
    [GOOD],
    {"ref": "s3://bucket/state"},
    {name: value for name, value in GOOD.items() if name != "max_tries"},
    GOOD | {"version": 2},
    GOOD | {"version": "1"},
    GOOD | {"fingerprint": "abc"},
    GOOD | {"fingerprint": None},
    GOOD | {"fingerprint": {"prompt": 1}},
    GOOD | {"max_tries": "2"},
    GOOD | {"max_tries": None},
    GOOD | {"max_tries": True},
    GOOD | {"intended_at": "yesterday"},
    GOOD | {"intended_at": float("nan")},
    GOOD | {"intended_at": float("inf")},
    GOOD | {"intended_at": -1},
    GOOD | {"intended_at": 1e18},
    GOOD | {"video_id": ""},
    GOOD | {"video_id": 7},
    GOOD | {"vendor": None},
    GOOD | {"model": ["m"]},
    GOOD | {"marker": 7},
    GOOD | {"fingerprint_version": 3},
    GOOD | {"fingerprint_version": "1"},
    GOOD | {"life": "2"},
    GOOD | {"seed": "7"},
    GOOD | {"attempt": ""},
    GOOD | {"cause": 7},
    GOOD | {"possible_id": 7},
    GOOD | {"delivered": "yes"},
]


@pytest.mark.parametrize("value", CORRUPT, ids=repr)
def test_a_corrupt_record_raises_and_never_means_submit(value: Any) -> None:
    with pytest.raises(SubmissionRecordError, match="can't be read") as raised:
        SubmissionRecord.from_json(value)
    assert "Nothing was sent" in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON)
def test_any_json_that_is_no_record_raises(value: Any) -> None:
    with pytest.raises(SubmissionRecordError):
        SubmissionRecord.from_json(value)


@given(name=st.sampled_from(sorted(GOOD)), value=JSON)
def test_a_record_with_any_field_replaced_is_refused_or_still_works(name: str, value: Any) -> None:
    try:
        record = SubmissionRecord.from_json(GOOD | {name: value})
    except SubmissionRecordError:
        return
    assert decided(record, SAME, 2) is not Action.SUBMIT
    changed_fields(record, {1: SAME, 2: SAME})
    assert SubmissionRecord.from_json(record.to_json()) == record
