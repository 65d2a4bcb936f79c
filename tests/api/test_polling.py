"""What a poll means: the decision table of a wait, without a server and without a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceConfigError,
    SeedanceError,
    SeedanceModerationError,
    SeedanceQuotaError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoFailedError,
    VideoModerationError,
    VideoNotFoundError,
    VideoRejectedError,
    VideoTimeoutError,
    VideoUrlMissingError,
)
from airflow_provider_seedance.api.jobs import MOST_FAILURES, MOST_REFUSALS, NOT_FOUND_GRACE, Outcome, Wait
from airflow_provider_seedance.api.models import Video, VideoError, VideoStatus
from airflow_provider_seedance.api.video_jobs import URL_PATIENCE, VIDEO, failure_of

START = 1_790_000_000.0
URL = "https://cdn.example/v.mp4?X-Signature=secret"


def video(status: str = "running", **more: Any) -> Video:
    return Video(video_id="v-1", vendor="byteplus", status=VideoStatus(status), **more)


def wait(deadline: float | None = START + 3600, interval: float = 10) -> Wait[Video]:
    return Wait(VIDEO, "v-1", interval=interval, deadline=deadline, started=START)


def test_a_finished_video_ends_the_wait() -> None:
    done = video("succeeded", video_url=URL)
    decision = wait().saw(done, START)
    assert (decision.outcome, decision.job, decision.error) == (Outcome.SUCCEEDED, done, None)


def test_a_finished_video_counts_even_after_the_deadline() -> None:
    assert wait(deadline=START - 1).saw(video("succeeded", video_url=URL), START).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("status", ["queued", "running"])
def test_an_unfinished_video_is_waited_for(status: str) -> None:
    decision = wait().saw(video(status), START)
    assert (decision.outcome, decision.delay, decision.error) == (Outcome.WAIT, 10, None)


FAILURES = [
    pytest.param(
        video("failed", error=VideoError(code="E1", message="s3 upload failed")),
        *(VideoFailedError, "E1", "failed at the vendor: E1: s3 upload failed"),
        id="failed",
    ),
    pytest.param(video("failed"), VideoFailedError, None, "the vendor gave no reason", id="failed-without-a-reason"),
    *(
        pytest.param(
            video("failed", error=VideoError(code=code, message=message)),
            VideoModerationError,
            code,
            "failed at the vendor",
            id=f"mod-{n}",
        )
        for n, (code, message) in enumerate(
            (
                ("OutputVideoSensitiveContentDetected", "x"),
                ("OutputAudioSensitiveContentDetected.PolicyViolation", ""),
                ("PROVIDER_MODERATION_ERROR", "TRADEMARK"),
                ("moderation", "output refused"),
                (None, "PROVIDER_MODERATION_ERROR"),
                (None, "output refused by content moderation"),
                (None, "the output video may contain sensitive information"),
            )
        )
    ),
    pytest.param(video("expired"), VideoFailedError, None, "was expired at the vendor", id="expired"),
    pytest.param(video("cancelled"), VideoFailedError, None, "was cancelled at the vendor", id="cancelled"),
]


@pytest.mark.parametrize(("ended", "kind", "code", "words"), FAILURES)
def test_a_video_that_ended_badly_ends_the_wait(
    ended: Video, kind: type[VideoFailedError], code: str | None, words: str
) -> None:
    decision = wait().saw(ended, START)
    assert (decision.outcome, decision.job) == (Outcome.FAILED, ended)
    assert isinstance(decision.error, kind)
    assert isinstance(decision.error, VideoModerationError) == (kind is VideoModerationError)
    assert (decision.error.code, decision.error.vendor) == (code, "byteplus")
    assert "v-1" in str(decision.error)
    assert words in str(decision.error)


def test_a_withheld_video_is_a_moderation_error_that_no_retry_answers() -> None:
    error = failure_of(video("failed", error=VideoError(code="OutputVideoSensitiveContentDetected")))
    assert isinstance(error, SeedanceModerationError)
    assert not error.retryable


@pytest.mark.parametrize("code", ["InvalidParameter.TaskTypeConstraint", "InvalidParameter", "MissingParameter.x"])
def test_a_video_that_failed_for_its_request_is_not_made_again(code: str) -> None:
    error = failure_of(video("failed", error=VideoError(code=code, message="no")))
    assert type(error) is VideoRejectedError
    assert not error.retryable


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_video_that_goes_on_is_no_failed_one(status: str) -> None:
    error = failure_of(video(status))
    assert type(error) is TransientApiError
    assert "new video" not in str(error)


@pytest.mark.parametrize(
    "message", ["the path is case-sensitive", "case sensitive file name", "Read timed out", "audio time-sensitive"]
)
def test_not_everything_sensitive_is_moderation(message: str) -> None:
    assert not isinstance(failure_of(video("failed", error=VideoError(message=message))), VideoModerationError)


# -- failed polls -------------------------------------------------------------------------------------------------


def test_failed_polls_are_put_up_with_until_the_fifth_in_a_row() -> None:
    waiting, error = wait(), TransientApiError("HTTP 502")
    for number in range(1, MOST_FAILURES):
        decision = waiting.missed(error, START)
        assert (decision.outcome, decision.warn) == (Outcome.WAIT, True)
        assert f"Poll {number} of at most {MOST_FAILURES} in a row failed: HTTP 502" in str(decision.note)
    last = waiting.missed(error, START)
    assert (last.outcome, last.error) == (Outcome.FAILED, error)
    assert MOST_FAILURES == 5


@pytest.mark.parametrize(
    ("interval", "pauses"), [(10, [10, 20, 40, 80]), (50, [50, 100, 120, 120]), (300, [300, 300, 300, 300])]
)
def test_the_pause_doubles_while_polls_fail(interval: float, pauses: list[float]) -> None:
    waiting = Wait(VIDEO, "v", interval=interval, deadline=None, started=START)
    error = TransientApiError("HTTP 502")
    assert [waiting.missed(error, START).delay for _ in range(MOST_FAILURES - 1)] == pauses
    assert waiting.saw(video(), START).delay == interval


def test_a_429_says_nothing_about_the_video_however_often_it_comes() -> None:
    waiting, busy = wait(deadline=None), TransientApiError("HTTP 429", status_code=429)
    decisions = [waiting.missed(busy, START) for _ in range(2000)]
    assert {decision.outcome for decision in decisions} == {Outcome.WAIT}
    assert [decision.delay for decision in decisions[:6]] == [10, 20, 40, 80, 120, 120]
    assert "HTTP 429" in str(decisions[-1].note)
    outcomes = [waiting.missed(TransientApiError("HTTP 502"), START).outcome for _ in range(MOST_FAILURES)]
    assert outcomes == [Outcome.WAIT] * (MOST_FAILURES - 1) + [Outcome.FAILED]


def test_a_429_does_not_extend_the_deadline() -> None:
    waiting, busy = wait(deadline=START + 30), TransientApiError("HTTP 429", status_code=429)
    assert waiting.missed(busy, START).delay == 10
    given_up = waiting.missed(busy, START + 30)
    assert (given_up.outcome, type(given_up.error)) == (Outcome.FAILED, VideoTimeoutError)


def test_an_answer_starts_the_count_anew() -> None:
    waiting = wait()
    for _ in range(3):
        for _ in range(MOST_FAILURES - 1):
            assert waiting.missed(NotSentError("refused"), START).outcome is Outcome.WAIT
        assert waiting.saw(video(), START).outcome is Outcome.WAIT


def test_the_last_sight_of_the_video_survives_failed_polls() -> None:
    waiting, seen = wait(), video(progress=42)
    waiting.saw(seen, START)
    assert waiting.missed(TransientApiError("x"), START).job == seen
    assert waiting.missed(SeedanceAuthError("x"), START).job == seen


@pytest.mark.parametrize(
    ("asked", "delay"), [(None, 10), (3, 10), (60, 60), (0, 10)], ids=["nothing", "less", "more", "zero"]
)
def test_the_next_poll_waits_as_long_as_the_vendor_asks(asked: float | None, delay: float) -> None:
    assert wait().missed(TransientApiError("429", retry_after=asked), START).delay == delay


def test_what_the_vendor_asks_never_goes_beyond_the_deadline() -> None:
    assert wait(deadline=START + 30).missed(TransientApiError("429", retry_after=3600), START).delay == 30


# -- refusals in the vendor's own words ---------------------------------------------------------------------------

REFUSALS = [
    SeedanceAuthError,
    SeedanceQuotaError,
    RequestRejectedError,
    SeedanceModerationError,
    VideoNotFoundError,
    SeedanceApiError,
]


@pytest.mark.parametrize("seen_before", [True, False])
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_ends_the_wait_only_after_the_third_in_a_row(kind: type[SeedanceApiError], seen_before: bool) -> None:
    waiting, error, now = wait(), kind("no"), START + NOT_FOUND_GRACE
    if seen_before:
        waiting.saw(video(), START)
    decisions = [waiting.missed(error, now) for _ in range(MOST_REFUSALS)]
    assert [decision.outcome for decision in decisions] == [Outcome.WAIT, Outcome.WAIT, Outcome.FAILED]
    assert [decision.doubt for decision in decisions] == [error, error, None]
    assert [decision.note for decision in decisions[:2]] == [
        "Poll 1 of at most 3 in a row failed: no",
        "Poll 2 of at most 3 in a row failed: no",
    ]
    assert (decisions[-1].error, decisions[-1].job) == (error, video() if seen_before else None)


@pytest.mark.parametrize("kind", REFUSALS)
def test_an_answer_takes_refusals_back(kind: type[SeedanceApiError]) -> None:
    waiting = wait()
    waiting.saw(video(), START)
    for _ in range(5):
        assert [waiting.missed(kind("no"), START).outcome for _ in range(MOST_REFUSALS - 1)] == [Outcome.WAIT] * 2
        assert waiting.saw(video(), START).outcome is Outcome.WAIT


def test_another_key_takes_refusals_back() -> None:
    waiting = wait()
    assert [waiting.missed(SeedanceAuthError("no"), START).outcome for _ in range(2)] == [Outcome.WAIT] * 2
    waiting.start_afresh()
    assert [waiting.missed(SeedanceAuthError("no"), START).outcome for _ in range(2)] == [Outcome.WAIT] * 2


def test_refusals_of_several_kinds_prove_nothing_until_they_are_too_many() -> None:
    kinds = [SeedanceAuthError, VideoNotFoundError, SeedanceAuthError, VideoNotFoundError, SeedanceAuthError]
    waiting = wait()
    waiting.saw(video(), START)
    outcomes = [waiting.missed(kind("no"), START).outcome for kind in kinds]
    assert outcomes == [Outcome.WAIT] * (MOST_FAILURES - 1) + [Outcome.FAILED]


def test_a_strangers_page_between_them_starts_the_count_of_refusals_anew() -> None:
    waiting, refused = wait(), VideoNotFoundError("no")
    waiting.saw(video(), START)
    errors = [refused, refused, TransientApiError("HTTP 502"), refused]
    assert [waiting.missed(error, START).outcome for error in errors] == [Outcome.WAIT] * 4


@pytest.mark.parametrize(("interval", "pauses"), [(10, [10, 20]), (100, [100, 120]), (3600, [120, 120])])
def test_what_was_refused_is_checked_soon(interval: float, pauses: list[float]) -> None:
    waiting = Wait(VIDEO, "v", interval=interval, deadline=None, started=START)
    assert [waiting.missed(SeedanceAuthError("no"), START).delay for _ in range(2)] == pauses


@pytest.mark.parametrize(
    "error", [SeedanceConfigError("no key"), UnsupportedByVendorError("no call"), InvalidRequestError("no id")]
)
def test_what_no_vendor_said_ends_the_wait_at_once(error: SeedanceError) -> None:
    decision = wait().missed(error, START)
    assert (decision.outcome, decision.error) == (Outcome.FAILED, error)


def test_an_unknown_id_is_put_up_with_for_a_short_while_only() -> None:
    waiting, error = wait(), VideoNotFoundError("unknown")
    early = [waiting.missed(error, START + second).outcome for second in (*range(0, 30, 2), NOT_FOUND_GRACE - 0.1)]
    assert early == [Outcome.WAIT] * 16
    late = waiting.missed(error, START + NOT_FOUND_GRACE)
    assert (late.outcome, late.error) == (Outcome.FAILED, error)


def test_an_id_that_vanishes_for_one_poll_after_it_was_seen_is_waited_for() -> None:
    waiting = wait()
    waiting.saw(video(), START + 10)
    assert waiting.missed(VideoNotFoundError("unknown"), START + 100).outcome is Outcome.WAIT


# -- a success that isn't whole -----------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [None, "videos/1.mp4", "asset://1"])
def test_a_success_without_a_url_is_waited_for_two_minutes(url: str | None) -> None:
    waiting, bare = wait(), video("succeeded", video_url=url)
    course = [waiting.saw(bare, START + second) for second in (0, 10, 119)]
    assert [decision.outcome for decision in course] == [Outcome.WAIT] * 3
    assert [decision.delay for decision in course] == [10, 10, 1]
    assert [decision.note is None for decision in course] == [False, True, True]
    last = waiting.saw(bare, START + URL_PATIENCE)
    assert last.outcome is Outcome.FAILED
    assert isinstance(last.error, VideoUrlMissingError)
    assert last.error.retryable


def test_a_url_that_comes_late_is_delivered() -> None:
    waiting = wait()
    waiting.saw(video("succeeded"), START)
    assert waiting.saw(video("succeeded", video_url=URL), START + 30).outcome is Outcome.SUCCEEDED


def test_a_success_that_is_taken_back_is_waited_for_and_its_next_url_has_two_minutes_again() -> None:
    waiting = wait()
    waiting.saw(video("succeeded"), START)
    assert waiting.saw(video("running"), START + 100).outcome is Outcome.WAIT
    assert waiting.saw(video("succeeded"), START + 200).outcome is Outcome.WAIT
    assert waiting.saw(video("succeeded"), START + 319).outcome is Outcome.WAIT


def test_a_missed_poll_does_not_give_a_missing_url_more_time() -> None:
    waiting = wait()
    waiting.saw(video("succeeded"), START)
    waiting.missed(TransientApiError("x"), START + 60)
    assert waiting.saw(video("succeeded"), START + URL_PATIENCE).outcome is Outcome.FAILED


def test_a_url_that_is_missing_a_day_after_the_end_is_gone() -> None:
    ended = datetime.fromtimestamp(START, UTC)
    gone = wait(deadline=None).saw(video("succeeded", completed_at=ended), START + 86400)
    assert isinstance(gone.error, VideoUrlMissingError)
    late = wait(deadline=None).saw(video("succeeded", completed_at=ended), START + 86399)
    assert late.outcome is Outcome.WAIT


def test_a_missing_url_is_not_waited_for_beyond_the_deadline() -> None:
    waiting = wait(deadline=START + 60)
    assert waiting.saw(video("succeeded"), START + 50).delay == 10
    assert isinstance(waiting.saw(video("succeeded"), START + 60).error, VideoUrlMissingError)


# -- the deadline -------------------------------------------------------------------------------------------------


def test_the_last_poll_is_at_the_deadline_not_after_it() -> None:
    assert wait(deadline=START + 4).saw(video(), START).delay == 4


@pytest.mark.parametrize("late", [0, 1, 1e6])
def test_at_the_deadline_the_wait_is_given_up(late: float) -> None:
    waiting = wait(deadline=START + 60)
    waiting.saw(video(), START)
    for decision in (
        waiting.saw(video(), START + 60 + late),
        waiting.missed(TransientApiError("x"), START + 60 + late),
    ):
        assert decision.outcome is Outcome.FAILED
        assert isinstance(decision.error, VideoTimeoutError)
        assert decision.error.may_be_billed
        assert "last status: running" in str(decision.error)
        assert "v-1" in str(decision.error)


def test_at_the_deadline_the_last_refusal_is_told() -> None:
    decision = wait(deadline=START).missed(SeedanceAuthError("The key is wrong."), START)
    assert isinstance(decision.error, VideoTimeoutError)
    assert "The last poll failed: The key is wrong." in str(decision.error)


def test_a_video_that_was_never_seen_is_given_up_at_the_deadline_too() -> None:
    decision = wait(deadline=START).missed(TransientApiError("x"), START)
    assert isinstance(decision.error, VideoTimeoutError)
    assert "never seen" in str(decision.error)


def test_without_a_deadline_a_wait_goes_on_for_ever() -> None:
    decision = wait(deadline=None).saw(video(), START + 1e9)
    assert (decision.outcome, decision.delay) == (Outcome.WAIT, 10)


# -- what is told -------------------------------------------------------------------------------------------------


def test_each_change_is_told_once() -> None:
    waiting = wait()
    course = [video("queued"), video("queued"), video("running", progress=1), video("running", progress=50)]
    course += [video("running", progress=90), video("succeeded", video_url=URL)]
    notes = [waiting.saw(seen, START).note for seen in course]
    assert notes == ["Video v-1: queued.", None, "Video v-1: running, 1 %.", None, None, "Video v-1: succeeded."]


def test_an_undocumented_status_is_warned_about_once_and_waited_out() -> None:
    waiting = wait()
    odd = video("running", undocumented_status="pondering")
    decisions = [waiting.saw(seen, START) for seen in (video("running"), odd, odd, video("running"), odd)]
    assert [decision.warn for decision in decisions] == [False, True, False, False, False]
    assert [decision.outcome for decision in decisions] == [Outcome.WAIT] * 5
    assert "undocumented status 'pondering'" in str(decisions[1].note)


def test_each_undocumented_status_is_warned_about() -> None:
    waiting = wait()
    words = ["pondering", "dreaming", "pondering"]
    assert [waiting.saw(video(undocumented_status=word), START).warn for word in words] == [True, True, False]


@pytest.mark.parametrize("status", [status.value for status in VideoStatus])
def test_nothing_that_is_told_holds_the_signed_url(status: str) -> None:
    decision = wait().saw(video(status, video_url=URL), START)
    assert "secret" not in f"{decision.note} {decision.error}"
