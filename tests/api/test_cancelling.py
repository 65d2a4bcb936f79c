"""What people are told of a cancel: done, refused, pointless, or not known."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.api.cancellation import after_cancel, before_cancel, cannot_cancel
from airflow_provider_seedance.api.errors import (
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    SeedanceError,
    TransientApiError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus

TITLE = "BytePlus ModelArk"


def shown(status: VideoStatus) -> Video:
    return Video(video_id="v-1", vendor="byteplus", status=status)


GOES_ON = shown(VideoStatus.RUNNING)


def test_a_cancel_that_the_vendor_did_is_told_as_that() -> None:
    done = after_cancel("v-1", TITLE, None, shown(VideoStatus.CANCELLED))
    assert (done.cancelled, done.sentence) == (True, "BytePlus ModelArk cancelled video v-1 before it started.")


@pytest.mark.parametrize("seen", [GOES_ON, shown(VideoStatus.QUEUED), TransientApiError("Down.")], ids=repr)
@pytest.mark.parametrize(
    "error",
    [
        RequestRejectedError("It runs.", status_code=409),
        VideoNotFoundError("Unknown.", status_code=404),
        SeedanceAuthError("The key is wrong.", status_code=401),
        TransientApiError("Too many requests.", status_code=429),
        NotSentError("No connection."),
    ],
)
def test_a_cancel_that_the_vendor_refuses_is_told_as_that(error: SeedanceApiError, seen: Video | SeedanceError) -> None:
    refused = after_cancel("v-1", TITLE, error, seen)
    assert not refused.cancelled
    assert refused.sentence == f"BytePlus ModelArk did not cancel video v-1; it may be billed. {error}"


LOST = [TransientApiError("No answer in time."), TransientApiError("A page.", status_code=502)]


@pytest.mark.parametrize("seen", [shown(VideoStatus.QUEUED), TransientApiError("Down.")], ids=repr)
@pytest.mark.parametrize("error", LOST)
def test_a_cancel_without_the_vendors_answer_is_not_known(error: SeedanceApiError, seen: Video | SeedanceError) -> None:
    lost = after_cancel("v-1", TITLE, error, seen)
    assert not lost.cancelled
    assert lost.sentence == f"Whether BytePlus ModelArk cancelled video v-1 is not known; it may be billed. {error}"


@pytest.mark.parametrize("error", LOST)
def test_a_video_that_runs_after_a_lost_cancel_was_not_cancelled(error: SeedanceApiError) -> None:
    lost = after_cancel("v-1", TITLE, error, GOES_ON)
    assert not lost.cancelled
    assert lost.sentence == f"BytePlus ModelArk did not cancel video v-1; it may be billed. {error}"


@pytest.mark.parametrize("status", list(VideoStatus))
def test_only_a_queued_video_is_cancelled(status: VideoStatus) -> None:
    no = before_cancel(Video(video_id="v-1", vendor="byteplus", status=status), TITLE)
    if status is VideoStatus.QUEUED:
        assert no is None
        return
    assert no is not None
    assert not no.cancelled
    assert ("is running already" in no.sentence) is (status is VideoStatus.RUNNING)
    assert (f"has ended ({status.value}); its record is kept" in no.sentence) is status.is_terminal


def test_a_vendor_that_cannot_cancel_is_told_as_that() -> None:
    cannot = cannot_cancel("v-1", "Jimmy AI")
    assert not cannot.cancelled
    assert "Jimmy AI has no documented way to cancel: video v-1 goes on" in cannot.sentence


def test_a_running_video_is_asked_to_stop_where_the_vendor_takes_that() -> None:
    assert before_cancel(GOES_ON, "fal", can_stop=True) is None
    assert before_cancel(shown(VideoStatus.SUCCEEDED), "fal", can_stop=True) is not None
    stopped = after_cancel("v-1", "fal", None, shown(VideoStatus.CANCELLED), was_running=True)
    assert stopped.cancelled
    assert stopped.sentence == "fal stopped video v-1, which was running; whether that is billed is in its terms."
    still = after_cancel("v-1", "fal", None, GOES_ON, was_running=True)
    assert still.sentence == "Video v-1 is running, though fal accepted to cancel it; it may be billed."
