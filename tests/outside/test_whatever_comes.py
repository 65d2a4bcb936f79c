"""Whatever comes over the wire, what goes out of our hands can be encoded, kept and read by anybody; and is true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given

from airflow_provider_seedance.api.errors import SeedanceError, SubmissionUnknownError
from airflow_provider_seedance.api.models import Video
from airflow_provider_seedance.api.vendors import VENDORS
from tests.api.helpers import KEY, PROMPT
from tests.support.requests import ANSWERS, TAKES_IDS, own_id

from .airflow_side import Columns, through_the_encoders
from .answers import EXAMPLES, OTHER_ID, SIGNATURE, SUCCESS_WORDS, THOROUGH, VIDEO_ID, said_of, told_in
from .journey import Journey
from .wire import PACKED, Said, Wire

LONGEST_TEXT = 6000
OPENERS = ("video_url", "last_frame_url", "thumbnail_url")
"""Fields that may hold signed URLs: what they are for."""


@pytest.mark.timeout(max(1800, EXAMPLES / 4))
@pytest.mark.parametrize("vendor", VENDORS)
def test_whatever_a_vendor_says_comes_through_airflow_and_nothing_of_it_is_untrue(
    vendor: str, wire: Wire, columns: Columns
) -> None:
    journey, kept = Journey(wire, vendor), dict[str, Said]()

    @THOROUGH
    @given(said_of(vendor))
    def travel(said: Said) -> None:
        for text in texts_of_the_way(journey, said):
            kept.setdefault(text, said)

    try:
        travel()
    finally:
        journey.close()
    assert len(kept) > 50
    unkept = columns.unkept(list(kept))
    assert unkept == [], [(text, kept[text]) for text in unkept[:3]]


def texts_of_the_way(journey: Journey, said: Said) -> Iterator[str]:
    """Follows one answer; gives, as JSON, all that would be stored of it."""
    wire, vendor = journey.wire, journey.vendor
    wire.seen.clear()
    created = journey.create(said)
    assert len(wire.seen) == 1 or (vendor in TAKES_IDS and len(wire.seen) == 3), "a create is sent once"
    if isinstance(created, Video) and vendor in TAKES_IDS:
        yield through_the_encoders(created.to_dict())
    elif isinstance(created, Video):
        assert {created.video_id, own_id(created.video_id)} & told_in(said.body)
        yield through_the_encoders(created.to_dict())
    else:
        yield from texts_of_error(created, prompt=True)
        if not isinstance(created, SubmissionUnknownError):
            assert_the_vendor_refused(created, vendor, said)

    read = journey.read(said)
    if isinstance(read, Video):
        assert read.video_id == journey.video_id
        assert_delivered_only_what_was_said(read.is_deliverable, read.video_url, vendor, said)
    else:
        yield from texts_of_error(read)
        assert not read.may_be_billed

    event = journey.wait(said)
    yield through_the_encoders(event)
    assert_harmless(json.dumps(event, ensure_ascii=False))
    assert event["video_id"] == journey.video_id
    succeeded = event["outcome"] == "succeeded"
    assert_delivered_only_what_was_said(succeeded, None, vendor, said)

    # The event of another day, when all was well, with this answer to the task's own read.
    for told in (event, {"video_id": journey.video_id, "outcome": "succeeded", "error": None}):
        completed = journey.complete(json.loads(json.dumps(told)), said)
        if isinstance(completed, dict):
            assert_delivered_only_what_was_said(True, completed["video_url"], vendor, said)
            yield through_the_encoders(completed)
            assert_harmless(
                json.dumps(
                    {name: value for name, value in completed.items() if name not in OPENERS}, ensure_ascii=False
                )
            )
        else:
            yield from texts_of_error(completed)


def assert_delivered_only_what_was_said(delivered: bool, url: str | None, vendor: str, said: Said) -> None:
    """A success needs the vendor's word for it and a URL, both in the answer."""
    if not delivered:
        return
    told = told_in(said.body)
    assert 200 <= said.status < 300
    assert {word.casefold() for word in told} & SUCCESS_WORDS[vendor]
    assert VIDEO_ID in told or OTHER_ID not in told
    assert any(re.match(r"https?://[^/]", text) for text in told)
    assert url is None or url in told


def assert_the_vendor_refused(error: SeedanceError, vendor: str, said: Said) -> None:
    """Nothing but a refusal by somebody who can refuse proves that nothing was created."""
    assert isinstance(error, SeedanceError), error
    assert said.how != "cut" or not said.body, error
    if vendor == "gmicloud" and said.status == 500:
        assert re.search(rb"Backend error \((400|401|403|404|429)\)", said.body), error
    elif said.status < 300:
        assert ANSWERS[vendor].refuses_by(said.body), error
    else:
        assert said.status < 500, error
        assert said.status not in (408, 409, 425), error


def texts_of_error(error: BaseException, *, prompt: bool = False) -> Iterator[str]:
    """An exception of ours and all that a log would show with it."""
    assert isinstance(error, SeedanceError) or isinstance(error.__cause__, SeedanceError), repr(error)
    seen: BaseException | None = error
    while seen is not None:
        facts = [str(seen), repr(seen), *map(str, seen.args)]
        for fact in facts:
            assert_harmless(fact, prompt=prompt)
        yield through_the_encoders({"error": facts, "facts": {k: v for k, v in vars(seen).items() if is_plain(v)}})
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | None)


def assert_harmless(text: str, *, prompt: bool = False) -> None:
    """No key, no signature, no prompt, in one line and not endless."""
    assert len(text) <= LONGEST_TEXT
    assert text.isprintable()
    assert KEY not in text
    assert SIGNATURE not in text
    if prompt:
        assert PROMPT.casefold() not in text.casefold()


def test_the_judge_sees_an_answer_that_was_packed() -> None:
    assert VIDEO_ID in told_in(Said(200, b'{"id": "v-1"}', how=PACKED).body)
