"""The hook, in both of its forms: what it does at the vendor, and the errors in the form that Airflow acts on."""

from __future__ import annotations

import copy
import io
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_seedance.api import errors
from airflow_provider_seedance.api.assets import MediaFile
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    NotSentError,
    SeedanceAuthError,
    SeedanceError,
    UnsupportedByVendorError,
    VideoFailedError,
    VideoNotFoundError,
    VideoTimeoutError,
)
from airflow_provider_seedance.api.models import VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.vendors.video_adapter import VendorAdapter
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.simulator import VENDORS, Fault, Simulator
from tests.support.requests import BY_ID, CAN_LIST, SENDS_ONCE, TELLS_UNKNOWN_IDS, id_of

from .helpers import (
    FIRST_PARTY,
    PROMPT,
    SIGNED,
    SIMPLE,
    SOON,
    assert_no_secret,
    call,
    conn_id,
    polls,
    submit,
    submit_finished,
)


def retried_by_airflow(error: BaseException) -> bool:
    """What Airflow does with a failed task that has retries left."""
    assert isinstance(error, AirflowException), type(error).__mro__
    return not isinstance(error, AirflowFailException)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("as_dict", [True, False])
def test_a_create_is_one_post_and_gives_the_video_s_id(vendor: str, as_dict: bool, sim: Simulator, form: str) -> None:
    request = SIMPLE[vendor] if as_dict else VideoRequest(**SIMPLE[vendor])
    video = call(form, SeedanceHook(conn_id(vendor)), "create_video", request)
    assert [bill.video_id for bill in sim.ledger] == [video.video_id]
    assert (video.vendor, video.status, video.video_url) == (vendor, VideoStatus.QUEUED, None)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_finished_video_comes_with_a_url(vendor: str, sim: Simulator, form: str) -> None:
    video_id = submit_finished(sim, vendor)
    video = call(form, SeedanceHook(conn_id(vendor)), "get_video", video_id)
    assert video.status is VideoStatus.SUCCEEDED
    assert video_id in video.video_url


@pytest.mark.parametrize("vendor", VENDORS)
def test_many_videos_come_in_the_order_of_their_ids_with_as_few_requests_as_the_vendor_allows(
    vendor: str, sim: Simulator, form: str
) -> None:
    ids = [submit(vendor) for _ in range(3)]
    sim.finish(ids[1])
    wanted = [ids[2], ids[0], ids[1], ids[0]]
    videos = call(form, SeedanceHook(conn_id(vendor)), "get_videos", wanted)
    assert [video.video_id for video in videos] == wanted
    assert [video.status.is_terminal for video in videos] == [False, False, True, False]
    reads = sum(count for (_, name), count in sim.counts.items() if name in ("poll", "list"))
    assert reads == (1 if vendor in BY_ID else len(set(wanted)))


def test_no_videos_are_read_without_asking(sim: Simulator, form: str) -> None:
    assert call(form, SeedanceHook(conn_id("byteplus")), "get_videos", []) == []
    assert sim.requests == []


def test_one_unknown_id_among_many_is_an_error(sim: Simulator, form: str, no_backoff: None) -> None:
    with pytest.raises(VideoNotFoundError):
        call(form, SeedanceHook(conn_id("byteplus")), "get_videos", [submit("byteplus"), "cgt-20261120000000-nosuc"])


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_cancel_reaches_the_vendor_or_is_refused_here(vendor: str, sim: Simulator, form: str) -> None:
    video_id = submit(vendor)
    hook = SeedanceHook(conn_id(vendor))
    if vendor in FIRST_PARTY:
        call(form, hook, "cancel_video", video_id)
        assert sim.videos[video_id].status == "cancelled"
        return
    with pytest.raises(UnsupportedByVendorError, match="cancel") as caught:
        call(form, hook, "cancel_video", video_id)
    assert not retried_by_airflow(caught.value)
    assert sim.counts.get((vendor, "cancel"), 0) == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_list_is_a_page_of_videos_where_the_vendor_has_one(vendor: str, sim: Simulator, form: str) -> None:
    ids = {submit(vendor), submit(vendor)}
    hook = SeedanceHook(conn_id(vendor))
    if vendor not in CAN_LIST:
        with pytest.raises(UnsupportedByVendorError, match="list") as caught:
            call(form, hook, "list_videos")
        assert not retried_by_airflow(caught.value)
        return
    filters = {} if vendor == "replicate" else {"model": SIMPLE[vendor]["model"]}  # it documents none
    page = call(form, hook, "list_videos", limit=10, **filters)
    assert {video.video_id for video in page.videos} == ids


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_model_is_described_in_the_vendor_s_words_where_it_has_any(vendor: str, sim: Simulator, form: str) -> None:
    hook = SeedanceHook(conn_id(vendor))
    if type(make_adapter(vendor)).build_model_info is not VendorAdapter.build_model_info:
        assert call(form, hook, "get_model_info", SIMPLE[vendor]["model"])
        return
    with pytest.raises(UnsupportedByVendorError, match="model"):
        call(form, hook, "get_model_info", SIMPLE[vendor]["model"])
    assert sim.requests == []


def test_a_broken_rule_is_told_before_anything_is_sent(sim: Simulator, form: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        call(form, SeedanceHook(conn_id("byteplus")), "create_video", SIMPLE["byteplus"] | {"duration": 99})
    assert "duration" in str(caught.value)
    assert caught.value.problems
    assert isinstance(caught.value, ValueError)
    assert not retried_by_airflow(caught.value)
    assert sim.requests == []


# -- errors ----------------------------------------------------------------------------------------------------------

CREATE_FAULTS: list[tuple[str, dict[str, Any], type[SeedanceError], bool]] = [
    ("auth", {}, errors.SeedanceAuthError, False),
    ("no_balance", {}, errors.SeedanceQuotaError, False),
    ("moderation_submit", {}, errors.SeedanceModerationError, False),
    ("http_status", {"status": 422}, errors.GatewayRefusedError, True),
    ("http_429", {}, errors.SeedanceRateLimitError, True),
    ("reset_after", {}, errors.SubmissionUnknownError, False),
    ("http_500", {}, errors.SubmissionUnknownError, False),
    ("http_502_html_after", {}, errors.SubmissionUnknownError, False),
    ("torn_json", {}, errors.SubmissionUnknownError, False),
    ("missing_id", {}, errors.SubmissionUnknownError, False),
]


@pytest.mark.parametrize("vendor", SENDS_ONCE)
@pytest.mark.parametrize(("fault", "options", "kind", "retried"), CREATE_FAULTS)
def test_airflow_retries_a_failed_create_only_if_that_can_help_without_a_second_bill(
    fault: str,
    options: dict[str, Any],
    kind: type[SeedanceError],
    retried: bool,
    vendor: str,
    sim: Simulator,
    form: str,
    no_backoff: None,
) -> None:
    sim.faults.add(Fault(fault, times=None, **options))
    with pytest.raises(kind) as caught:
        call(form, SeedanceHook(conn_id(vendor)), "create_video", SIMPLE[vendor])
    assert retried_by_airflow(caught.value) is retried
    assert len(sim.creates()) == (3 if fault == "http_429" else 1)
    assert len(sim.ledger) <= 1


READ_FAULTS: list[tuple[str, type[SeedanceError], bool]] = [
    ("auth", errors.SeedanceAuthError, False),
    ("http_500", errors.TransientApiError, True),
    ("http_502_html", errors.TransientApiError, True),
    ("torn_json", errors.TransientApiError, True),
    ("http_429", errors.TransientApiError, True),
    ("reset_after", errors.TransientApiError, True),
]


@pytest.mark.parametrize(("fault", "kind", "retried"), READ_FAULTS)
def test_airflow_retries_a_failed_read_if_the_failure_may_pass(
    fault: str, kind: type[SeedanceError], retried: bool, sim: Simulator, form: str, no_backoff: None
) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault(fault, on="poll", times=None))
    with pytest.raises(kind) as caught:
        call(form, SeedanceHook(conn_id("byteplus")), "get_video", video_id)
    assert retried_by_airflow(caught.value) is retried


def test_a_vendor_that_cannot_be_reached_is_worth_a_retry(sim: Simulator, form: str, no_backoff: None) -> None:
    with sim.refuse_connections(), pytest.raises(NotSentError, match="Nothing was sent") as caught:
        call(form, SeedanceHook(conn_id("jimmyai")), "create_video", SIMPLE["jimmyai"])
    assert retried_by_airflow(caught.value)
    assert sim.ledger == []


@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
def test_an_unknown_id_is_told_with_the_vendor_s_retention(vendor: str, sim: Simulator, form: str) -> None:
    with pytest.raises(VideoNotFoundError, match=r"keep") as caught:
        call(form, SeedanceHook(conn_id(vendor)), "get_video", id_of(vendor, "nosuch-20261120000000-abcde"))
    assert not retried_by_airflow(caught.value)


def test_the_facts_of_an_error_survive_the_translation(sim: Simulator, form: str) -> None:
    sim.faults.add(Fault("auth", code="AuthenticationError"))
    with pytest.raises(SeedanceAuthError) as caught:
        call(form, SeedanceHook(conn_id("byteplus")), "create_video", SIMPLE["byteplus"])
    error = caught.value
    assert isinstance(error, AirflowFailException)
    assert (error.status_code, error.code, error.retry_after) == (401, "AuthenticationError", None)
    assert error.vendor
    assert "BytePlus" in error.vendor
    assert error.request_id
    assert error.request_id in str(error)
    assert type(error).__name__ == "SeedanceAuthError"
    assert str(copy.copy(error)) == str(error)


def test_the_vendor_s_wish_to_wait_survives_the_translation(sim: Simulator, form: str) -> None:
    sim.faults.add(Fault("http_429", retry_after=3600))
    with pytest.raises(errors.SeedanceRateLimitError) as caught:
        call(form, SeedanceHook(conn_id("byteplus")), "create_video", SIMPLE["byteplus"])
    assert caught.value.retry_after == 3600
    assert len(sim.creates()) == 1


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("fault", ["auth", "no_balance", "moderation_submit", "http_500", "http_429"])
def test_an_error_shows_no_key_prompt_or_signature_even_if_the_vendor_quotes_them(
    fault: str, vendor: str, sim: Simulator, form: str, no_backoff: None
) -> None:
    sim.faults.add(Fault(fault, times=None, message=f"no: {PROMPT} {SIGNED}"))
    try:
        call(form, SeedanceHook(conn_id(vendor)), "create_video", SIMPLE[vendor])
    except SeedanceError as error:
        shown = [str(error), repr(error), *traceback.format_exception(error)]
    assert_no_secret("\n".join(shown))


def test_a_retry_override_counts_for_errors_that_are_not_airflow_s_yet() -> None:
    from airflow_provider_seedance.exceptions import for_airflow

    error = VideoFailedError("failed", code="x")
    assert retried_by_airflow(for_airflow(error))
    final = for_airflow(error, retry=False)
    assert not retried_by_airflow(final)
    assert isinstance(final, VideoFailedError)
    assert final.code == "x"
    assert for_airflow(final) is final


ALL_ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SeedanceError)]


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_every_error_has_a_form_for_airflow(kind: type[SeedanceError]) -> None:
    from airflow_provider_seedance.exceptions import for_airflow

    twin = for_airflow(kind("what happened"))
    assert isinstance(twin, kind)
    assert retried_by_airflow(twin) is kind.retryable
    assert str(twin) == "what happened"
    assert twin.may_be_billed is kind.may_be_billed


CALLS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "create_video": ("byteplus", (SIMPLE["byteplus"],), {}),
    "get_video": ("byteplus", ("cgt-1",), {}),
    "get_videos": ("byteplus", (["cgt-1", "cgt-2"],), {}),
    "cancel_video": ("byteplus", ("cgt-1",), {}),
    "cancel_if_not_started": ("byteplus", ("cgt-1",), {}),
    "list_videos": ("byteplus", (), {}),
    "get_model_info": ("gmicloud", ("seedance-2-0-260128",), {}),
    "upload_asset": ("modellix", ({"name": "girl.png", "kind": "image"},), {"file": "girl.png"}),
    "get_asset": ("jimmyai", ("asset-1",), {"library": "sp"}),
}
"""Each method that talks to a vendor, called so that a request is sent."""


def test_the_table_of_calls_holds_every_method_with_an_asynchronous_twin() -> None:
    twins = {name.removeprefix("a") for name in vars(SeedanceHook) if hasattr(SeedanceHook, name.removeprefix("a"))}
    assert set(CALLS) == {name for name in twins if f"a{name}" in vars(SeedanceHook)} - {"get_conn"}


@pytest.mark.parametrize("method", CALLS)
def test_async_methods_raise_what_stops_retries_too(method: str, sim: Simulator, form: str, no_backoff: None) -> None:
    vendor, args, options = CALLS[method]
    if "file" in options:
        file = MediaFile(name=options["file"], content=io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(99)), size=107)
        options = {"file": file}
    sim.faults.add(Fault("auth", vendor=vendor, on="any", times=None))
    with pytest.raises(SeedanceAuthError) as caught:
        call(form, SeedanceHook(conn_id(vendor)), method, *args, **options)
    assert not retried_by_airflow(caught.value)
    assert sim.requests


# -- waiting in this process -----------------------------------------------------------------------------------------


@pytest.fixture
def waiting_hook(sim: Simulator, no_backoff: None) -> Callable[[str], SeedanceHook]:
    return lambda vendor: SeedanceHook(conn_id(vendor))


@pytest.mark.parametrize("vendor", VENDORS)
def test_waiting_gives_the_video_once_it_is_there(
    vendor: str, sim: Simulator, waiting_hook: Callable[[str], SeedanceHook]
) -> None:
    video_id = submit(vendor)
    sim.faults.add(Fault("http_500", on="poll", times=4))
    sim.finish(video_id)
    video = waiting_hook(vendor).wait_for_video(video_id, poll_interval=SOON, timeout=60)
    assert video.is_deliverable
    assert polls(sim) == 5


def test_waiting_ends_with_the_reason_when_the_video_failed(
    sim: Simulator, waiting_hook: Callable[[str], SeedanceHook]
) -> None:
    video_id = submit("byteplus")
    sim.finish(video_id, "failed", "InternalServiceError", "out of luck")
    with pytest.raises(VideoFailedError, match=r"InternalServiceError: out of luck") as caught:
        waiting_hook("byteplus").wait_for_video(video_id, poll_interval=SOON)
    assert retried_by_airflow(caught.value)


def test_waiting_ends_when_the_time_is_up_and_says_that_the_video_may_still_come(
    sim: Simulator, waiting_hook: Callable[[str], SeedanceHook]
) -> None:
    video_id = submit("byteplus")
    with pytest.raises(VideoTimeoutError, match="may still finish") as caught:
        waiting_hook("byteplus").wait_for_video(video_id, poll_interval=SOON, timeout=0.05)
    assert not retried_by_airflow(caught.value)
    assert polls(sim) >= 1


def test_waiting_gives_up_a_vendor_that_fails_all_the_time(
    sim: Simulator, waiting_hook: Callable[[str], SeedanceHook]
) -> None:
    video_id = submit("byteplus")
    sim.faults.add(Fault("http_500", on="poll", times=None))
    with pytest.raises(errors.TransientApiError) as caught:
        waiting_hook("byteplus").wait_for_video(video_id, poll_interval=SOON)
    assert retried_by_airflow(caught.value)
