"""Everything but creating, over the wire: reading, lists, batches, cancelling, model information, the free probe."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from airflow_provider_seedance.api.client import RetryPolicy
from airflow_provider_seedance.api.errors import (
    InvalidRequestError,
    NotSentError,
    RequestRejectedError,
    SeedanceApiError,
    SeedanceAuthError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoFailedError,
    VideoModerationError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import VideoStatus
from airflow_provider_seedance.api.vendors import find_vendor, make_adapter
from airflow_provider_seedance.api.video_jobs import failure_of
from airflow_provider_seedance.simulator import Fault, Simulator
from tests.support.requests import ANSWERS, CAN_CANCEL, ONE_BY_ONE, SAMPLES, TELLS_UNKNOWN_IDS, id_of

from .helpers import KEY, ONE_TRY, PROMPT, SIMPLE, VENDORS, Client, OpenClient, Stub, open_client

ARK = ("byteplus", "volcengine")
NOT_ARK = tuple(vendor for vendor in VENDORS if vendor not in ARK)
BY_ONE_GET = [vendor for vendor, sample in SAMPLES.items() if not (sample.asks or sample.result_path)]
"""The vendors where one GET tells all about a video."""

TASKS = "/api/v3/contents/generations/tasks"


def created(client: Client, vendor: str, **fields: Any) -> str:
    return client.create_video(SIMPLE[vendor] | fields).video_id


# -- one video ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", BY_ONE_GET)
def test_a_video_is_followed_from_the_queue_to_its_url(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    video_id = created(client, vendor)
    assert client.get_video(video_id).status is VideoStatus.QUEUED
    sim.advance(10)
    assert client.get_video(video_id).status is VideoStatus.RUNNING
    sim.finish(video_id)
    done = client.get_video(video_id)
    assert done.is_deliverable
    assert str(done.video_url).startswith(f"{sim.url}/media/")
    assert done.video_id == video_id
    polls = [request for request in sim.requests if request.call == "poll"]
    path = f"{urlsplit(find_vendor(vendor).base_url).path}{SAMPLES[vendor].poll_of(video_id)[1]}"
    assert {(poll.method, poll.path, poll.body) for poll in polls} == {("GET", path, b"")}
    assert {poll.headers["authorization"] for poll in polls} == {f"{find_vendor(vendor).auth_scheme} {sim.api_key}"}
    assert len(sim.ledger) == 1


@pytest.mark.parametrize(
    ("vendor", "more"),
    [
        pytest.param(
            "jimmyai", {"thumbnail_url", "progress", "created_at", "completed_at", "url_expires_at"}, id="jimmy"
        ),
        pytest.param("gmicloud", {"thumbnail_url", "created_at", "completed_at"}, id="gmicloud"),
        pytest.param("modellix", {"last_frame_url", "url_expires_at"}, id="modellix"),
        pytest.param(
            "byteplus",
            {"last_frame_url", "usage", "created_at", "completed_at", "url_expires_at", "seed"},
            id="byteplus",
        ),
    ],
)
def test_all_that_a_vendor_tells_is_handed_on(sim: Simulator, connect: OpenClient, vendor: str, more: set[str]) -> None:
    client = connect(vendor)
    asked = {"return_last_frame": True} if "last_frame_url" in more else {}
    video_id = created(client, vendor, **asked)
    sim.finish(video_id)
    seen = client.get_video(video_id).to_dict()
    always = {"video_id", "vendor", "model", "status", "video_url"}
    told = {name for name, value in seen.items() if value is not None} - always
    # GMI Cloud and the simulator's other URLs may say themselves when they end.
    assert more <= told <= more | {"url_expires_at"}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("kind", "error"),
    [("fail", VideoFailedError), ("moderation_output", VideoModerationError), ("cancel", VideoFailedError)],
)
def test_a_video_that_ends_badly_is_told_with_the_vendors_reason(
    sim: Simulator, connect: OpenClient, vendor: str, kind: str, error: type[VideoFailedError]
) -> None:
    sim.faults.add(Fault(kind))
    client = connect(vendor)
    video_id = created(client, vendor)
    sim.advance(100)
    seen = client.get_video(video_id)
    has_word = "cancelled" in ANSWERS[vendor].words or vendor == "fal"
    assert seen.status is (VideoStatus.CANCELLED if kind == "cancel" and has_word else VideoStatus.FAILED)
    assert type(failure_of(seen)) is error
    if kind != "cancel":
        assert seen.error is not None
        assert str(seen.error) in str(failure_of(seen))
        assert str(sim.videos[video_id].error_message) in str(seen.error)


@pytest.mark.parametrize(
    ("vendor", "variant"),
    [
        *(pytest.param("jimmyai", {"code": code}, id=f"jimmyai-code-{code!r}") for code in (0, "0", 200, "20000")),
        pytest.param("jimmyai", {"flat": True}, id="jimmyai-flat"),
        pytest.param("gmicloud", {"outcome": "media_urls", "words": "observed"}, id="gmicloud-newer"),
        *(pytest.param("gmicloud", {"error": error}, id=f"gmicloud-{error}") for error in (
            "top", "top_object", "outcome", "outcome_object"
        )),
        *(pytest.param("modellix", {"status": word}, id=f"modellix-{word}") for word in ("completed", "succeeded")),
        *(pytest.param("modellix", {"error": at}, id=f"modellix-{at}") for at in ("object", "text", "message")),
        pytest.param(
            "modellix",
            {"queued": "created", "running": "in_progress", "status": "done", "resources": "plain"},
            id="modellix-as-its-own-clients-tolerate",
        ),
        pytest.param("modellix", {"queued": "queued", "running": "running"}, id="modellix-queued-running"),
    ],
)  # fmt: skip
def test_each_variant_of_an_answer_is_understood(
    sim: Simulator, connect: OpenClient, vendor: str, variant: dict[str, Any]
) -> None:
    sim.faults.add(Fault("answer_variant", times=None, **variant))
    client = connect(vendor)
    video_id, doomed = created(client, vendor), created(client, vendor)
    assert client.get_video(video_id).undocumented_status is None
    sim.advance(10)
    assert client.get_video(video_id).undocumented_status is None
    sim.finish(video_id)
    sim.finish(doomed, "failed", "E1", "the kiln went out")
    assert client.get_video(video_id).is_deliverable
    assert "the kiln went out" in str(client.get_video(doomed).error)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", ["no_url", "relative_url"])
def test_a_success_without_a_usable_url_is_an_error(
    sim: Simulator, connect: OpenClient, vendor: str, kind: str
) -> None:
    sim.faults.add(Fault(kind))
    client = connect(vendor)
    video_id = created(client, vendor)
    sim.finish(video_id)
    seen = client.get_video(video_id)
    assert seen.status is VideoStatus.SUCCEEDED
    assert not seen.is_deliverable
    assert "without a URL" in str(failure_of(seen))


@pytest.mark.parametrize("vendor", ARK)
def test_a_day_later_arks_video_has_no_url_any_more(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    video_id = created(client, vendor)
    sim.finish(video_id)
    assert client.get_video(video_id).is_deliverable
    sim.advance(24 * 3600 + 1)
    seen = client.get_video(video_id)
    assert (seen.status, seen.video_url) == (VideoStatus.SUCCEEDED, None)
    assert "expired" in str(failure_of(seen))


@pytest.mark.parametrize("vendor", VENDORS)
def test_an_undocumented_status_counts_as_running(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    sim.faults.add(Fault("unknown_status", word="pondering"))
    client = connect(vendor)
    video_id = created(client, vendor)
    seen = client.get_video(video_id)
    assert (seen.status, seen.undocumented_status) == (VideoStatus.RUNNING, "pondering")
    assert client.get_video(video_id).undocumented_status is None


@pytest.mark.parametrize("vendor", TELLS_UNKNOWN_IDS)
@pytest.mark.parametrize("http_errors", [False, True])
def test_an_unknown_id_says_how_long_the_vendor_keeps_videos(
    sim: Simulator, connect: OpenClient, vendor: str, http_errors: bool
) -> None:
    sim.faults.add(Fault("answer_variant", http_errors=http_errors))
    with pytest.raises(VideoNotFoundError) as caught:
        connect(vendor).get_video(id_of(vendor, "no-such-id"))
    assert make_adapter(vendor).retention_note in str(caught.value)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "kind",
    ["reset_before", "reset_after", "http_500", "http_502_html", "http_503", "torn_json", "not_json", "http_429"],
)
def test_a_read_that_fails_for_a_passing_reason_is_transient(
    sim: Simulator, connect: OpenClient, vendor: str, kind: str
) -> None:
    client = connect(vendor, retry=ONE_TRY)
    video_id = created(client, vendor)
    sim.faults.add(Fault(kind, on="poll"))
    with pytest.raises(TransientApiError) as caught:
        client.get_video(video_id)
    assert caught.value.retryable
    assert not caught.value.may_be_billed
    assert not client.get_video(video_id).status.is_terminal


def test_a_read_is_repeated_until_it_works(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus", retry=RetryPolicy(attempts=3, patience=10))
    video_id = created(client, "byteplus")
    sim.faults.add(Fault("http_502_html", on="poll"))
    assert client.get_video(video_id).status is VideoStatus.QUEUED
    assert sim.counts["byteplus", "poll"] == 2


def test_a_read_that_gets_no_answer_is_cut_off(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus", retry=ONE_TRY, read_timeout=0.3)
    video_id = created(client, "byteplus")
    sim.faults.add(Fault("timeout_after", on="poll", seconds=30))
    with pytest.raises(TransientApiError, match="no answer in time"):
        client.get_video(video_id)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_read_without_a_server_is_not_sent(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    with sim.refuse_connections(), pytest.raises(NotSentError):
        connect(vendor, retry=ONE_TRY).get_video(id_of(vendor))


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_429_on_a_read_tells_how_long_to_wait(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    video_id = created(client, vendor)
    sim.faults.add(Fault("http_429", on="poll", retry_after=3600))
    with pytest.raises(TransientApiError) as caught:
        client.get_video(video_id)
    assert caught.value.retry_after == 3600
    assert sim.counts[vendor, "poll"] == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_that_stops_working_ends_the_reads_at_once(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    video_id = created(connect(vendor), vendor)
    with pytest.raises(SeedanceAuthError) as caught:
        connect(vendor, key=KEY).get_video(video_id)
    assert KEY not in str(caught.value)
    assert sim.counts[vendor, "poll"] == 1


ODD_IDS = ["a/b", "../models", "a?b=c", "a#b", "ü"]


@pytest.mark.parametrize("vendor", BY_ONE_GET)
@pytest.mark.parametrize("video_id", ODD_IDS)
def test_an_odd_id_stays_one_part_of_the_path(form: str, vendor: str, video_id: str) -> None:
    with Stub(404, {}) as stub, open_client(form, vendor, stub.url, retry=ONE_TRY) as client:
        for each in ("plain", video_id):
            with pytest.raises(SeedanceApiError):
                client.get_video(each)
    (_, plain, _), (_, path, _) = stub.seen
    assert path.count("/") == plain.count("/")
    assert "?" not in path


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("video_id", ["", "  ", ".", ".."])
def test_what_can_be_no_id_is_refused_before_anything_is_sent(
    sim: Simulator, connect: OpenClient, vendor: str, video_id: str
) -> None:
    client = connect(vendor)
    with pytest.raises(InvalidRequestError, match="video_id"):
        client.get_video(video_id)
    with pytest.raises(InvalidRequestError if vendor in CAN_CANCEL else UnsupportedByVendorError):
        client.cancel_video(video_id)
    with pytest.raises(InvalidRequestError, match="video_id"):
        client.get_videos(["a", video_id])
    assert sim.requests == []


# -- many videos --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARK)
def test_ark_reads_many_videos_in_one_request(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    ids = [created(client, vendor) for _ in range(30)]
    sim.finish(ids[3])
    seen = client.get_videos(ids)
    assert [video.video_id for video in seen] == ids
    assert [video.is_deliverable for video in seen].index(True) == 3
    (request,) = [request for request in sim.requests if request.call != "create"]
    assert (request.method, request.path) == ("GET", TASKS)
    assert request.query == [
        ("page_num", "1"),
        ("page_size", "30"),
        *(("filter.task_ids", video_id) for video_id in ids),
    ]


@pytest.mark.parametrize("form", ["sync"])
def test_ark_reads_500_ids_per_request(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus")
    ids = [created(client, "byteplus") for _ in range(501)]
    assert [video.video_id for video in client.get_videos(ids)] == ids
    lists = [request for request in sim.requests if request.call == "list"]
    assert [sum(name == "filter.task_ids" for name, _ in request.query) for request in lists] == [500, 1]
    assert sim.counts.get(("byteplus", "poll"), 0) == 0


def test_an_id_that_the_list_leaves_out_is_read_by_itself(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus")
    ids = [created(client, "byteplus") for _ in range(3)]
    with pytest.raises(VideoNotFoundError):
        client.get_videos([*ids, "cgt-gone"])
    polls = [request.path for request in sim.requests if request.call == "poll"]
    assert polls == [f"{TASKS}/cgt-gone"]


@pytest.mark.parametrize("vendor", ONE_BY_ONE)
def test_elsewhere_each_video_is_read_by_itself(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    ids = [created(client, vendor) for _ in range(3)]
    assert [video.video_id for video in client.get_videos(ids[::-1])] == ids[::-1]
    assert (sim.counts[vendor, "poll"], sim.counts.get((vendor, "list"), 0)) == (3, 0)


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_ids_need_no_request(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    assert connect(vendor).get_videos([]) == []
    assert sim.requests == []


def test_the_same_id_twice_is_the_same_video_twice(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus")
    video_id = created(client, "byteplus")
    assert [video.video_id for video in client.get_videos([video_id, video_id])] == [video_id] * 2


# -- lists --------------------------------------------------------------------------------------------------------


def test_gmi_cloud_lists_the_requests_of_a_model(sim: Simulator, connect: OpenClient) -> None:
    client, model = connect("gmicloud"), SIMPLE["gmicloud"]["model"]
    ids = [created(client, "gmicloud") for _ in range(3)]
    created(client, "gmicloud", model="seedance-2-0-260128")
    first, second = (client.list_videos(model=model, limit=2, offset=offset) for offset in (0, 2))
    assert sorted(video.video_id for video in (*first.videos, *second.videos)) == sorted(ids)
    assert (first.has_more, second.has_more) == (True, False)
    request = [request for request in sim.requests if request.call == "list"][1]
    assert request.path == "/api/v1/ie/requestqueue/apikey/requests"
    assert request.query == [("model_id", model), ("limit", "2"), ("offset", "2")]


@pytest.mark.parametrize("vendor", ARK)
def test_ark_lists_by_pages_model_and_status(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client, model = connect(vendor), SIMPLE[vendor]["model"]
    ids = [created(client, vendor) for _ in range(3)]
    sim.finish(ids[0], "failed", "E1", "no")
    page = client.list_videos(model=model, status=VideoStatus.QUEUED, limit=1, offset=1)
    assert [video.video_id for video in page.videos] in ([ids[1]], [ids[2]])
    assert not page.has_more
    assert client.list_videos(limit=2).has_more
    request = next(request for request in sim.requests if request.call == "list")
    assert request.query == [
        *(("page_num", "2"), ("page_size", "1")),
        *(("filter.model", model), ("filter.status", "queued")),
    ]


@pytest.mark.parametrize(
    ("limit", "offset"),
    [pytest.param(20, 5, id="between-pages"), (0, 0), (501, 0), (-1, 0), (5, -5)],
)
def test_a_page_that_ark_cannot_show_is_refused(sim: Simulator, connect: OpenClient, limit: int, offset: int) -> None:
    client = connect("byteplus")
    with pytest.raises(InvalidRequestError, match="limit, offset: "):
        client.list_videos(limit=limit, offset=offset)
    assert sim.requests == []


@pytest.mark.parametrize("vendor", ["gmicloud", *ARK])
def test_an_empty_list_is_a_list(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    page = connect(vendor).list_videos(model=SIMPLE[vendor]["model"])
    assert (page.videos, page.has_more) == ((), False)


@pytest.mark.parametrize("vendor", ["gmicloud", *ARK])
@pytest.mark.parametrize(
    ("kind", "error"),
    [("http_502_html", TransientApiError), ("not_json", TransientApiError), ("auth", SeedanceAuthError)],
)
def test_a_list_that_fails_is_an_error_not_an_empty_list(
    sim: Simulator, connect: OpenClient, vendor: str, kind: str, error: type[SeedanceApiError]
) -> None:
    sim.faults.add(Fault(kind, on="list"))
    with pytest.raises(error):
        connect(vendor, retry=ONE_TRY).list_videos(model=SIMPLE[vendor]["model"])


# -- cancelling ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ARK)
def test_ark_cancels_what_is_queued(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    video_id = created(client, vendor)
    client.cancel_video(video_id)
    assert client.get_video(video_id).status is VideoStatus.CANCELLED
    (request,) = [request for request in sim.requests if request.call == "cancel"]
    assert (request.method, request.path) == ("DELETE", f"{TASKS}/{video_id}")


@pytest.mark.parametrize("vendor", ARK)
def test_ark_refuses_to_cancel_what_runs_and_says_so(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    video_id = created(client, vendor)
    sim.advance(10)
    with pytest.raises(RequestRejectedError, match="Cannot delete task because it is currently running") as caught:
        client.cancel_video(video_id)
    assert (caught.value.code, caught.value.status_code) == ("InvalidAction.RunningTaskDeletion", 409)
    assert client.get_video(video_id).status is VideoStatus.RUNNING
    assert sim.counts[vendor, "cancel"] == 1


def test_a_cancel_without_an_answer_is_not_sent_again(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus")
    video_id = created(client, "byteplus")
    sim.faults.add(Fault("reset_after", on="cancel", times=None))
    with pytest.raises(TransientApiError):
        client.cancel_video(video_id)
    assert sim.counts["byteplus", "cancel"] == 1
    assert client.get_video(video_id).status is VideoStatus.CANCELLED


def test_cancelling_an_unknown_video_says_that_it_is_unknown(sim: Simulator, connect: OpenClient) -> None:
    with pytest.raises(VideoNotFoundError):
        connect("byteplus").cancel_video("cgt-gone")


# -- what a vendor hasn't -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", [vendor for vendor in VENDORS if vendor not in CAN_CANCEL])
def test_a_cancel_is_unsupported_where_no_document_has_one(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    with pytest.raises(UnsupportedByVendorError, match=f"{make_adapter(vendor).title} .*cancel"):
        client.cancel_video(id_of(vendor))
    assert sim.requests == []


@pytest.mark.parametrize("vendor", ["jimmyai", "modellix"])
def test_a_list_is_unsupported_where_no_document_has_one(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    client = connect(vendor)
    with pytest.raises(UnsupportedByVendorError, match=f"{make_adapter(vendor).title} .*list"):
        client.list_videos()
    assert sim.requests == []


@pytest.mark.parametrize("asked", [{}, {"model": "m", "status": VideoStatus.QUEUED}], ids=["no-model", "by-status"])
def test_gmi_cloud_lists_by_model_alone(sim: Simulator, connect: OpenClient, asked: dict[str, Any]) -> None:
    client = connect("gmicloud")
    with pytest.raises(UnsupportedByVendorError):
        client.list_videos(**asked)
    assert sim.requests == []


@pytest.mark.parametrize("vendor", ["jimmyai", *ARK])
def test_model_information_is_unsupported_where_no_document_has_it(
    sim: Simulator, connect: OpenClient, vendor: str
) -> None:
    client = connect(vendor)
    with pytest.raises(UnsupportedByVendorError):
        client.get_model_info("m")
    assert sim.requests == []


# -- model information and the probe ------------------------------------------------------------------------------


def test_gmi_cloud_tells_about_a_model(sim: Simulator, connect: OpenClient) -> None:
    info = connect("gmicloud").get_model_info("seedance-2-0-260128")
    assert info["model"] == "seedance-2-0-260128"
    assert "price_info" in info
    assert sim.requests[0].path == "/api/v1/ie/requestqueue/apikey/models/seedance-2-0-260128"


def test_modellix_tells_about_a_model_out_of_its_list(sim: Simulator, connect: OpenClient) -> None:
    info = connect("modellix").get_model_info("seedance-2.0-fast-i2v")
    assert "seedance-2.0-fast-i2v" in info.values()
    assert sim.requests[0].path == "/api/v1/models"


@pytest.mark.parametrize("vendor", ["gmicloud", "modellix"])
def test_an_unknown_model_is_said_to_be_unknown(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    with pytest.raises(SeedanceApiError, match="knows no model 'seedance-9'") as caught:
        connect(vendor).get_model_info("seedance-9")
    assert not caught.value.retryable


PROBES = {vendor: sample.probe for vendor, sample in SAMPLES.items() if sample.probe}


@pytest.mark.parametrize("vendor", PROBES)
def test_the_probe_is_a_free_call(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    path, query, says = PROBES[vendor]
    assert connect(vendor).probe() == says
    request, *more = sim.requests
    assert [each.path for each in more] == (["/api/v1/team/balance"] if vendor == "modellix" else [])
    assert (request.method, request.path, request.query) == ("GET", path, query)
    assert sim.ledger == []


def test_a_balance_that_modellix_does_not_tell_leaves_the_key_as_it_is(sim: Simulator, connect: OpenClient) -> None:
    sim.faults.add(Fault("http_500", on="auth_probe", skip=1, times=None))
    assert connect("modellix").probe() == "The key works."


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("http_errors", [False, True])
def test_the_probe_finds_a_wrong_key(sim: Simulator, connect: OpenClient, vendor: str, http_errors: bool) -> None:
    sim.faults.add(Fault("answer_variant", http_errors=http_errors))
    with pytest.raises(SeedanceAuthError, match="API key") as caught:
        connect(vendor, key=KEY).probe()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("body", [b"<html>", {}, [], {"data": {}}, {"code": 0, "data": None}, {"is_valid": True}])
def test_the_probe_does_not_call_anything_a_working_key(form: str, vendor: str, body: object) -> None:
    # What a base URL gives that points to a web page, or to another service.
    with (
        Stub(200, body) as stub,
        open_client(form, vendor, stub.url, retry=ONE_TRY) as client,
        pytest.raises(TransientApiError),
    ):
        client.probe()


def test_modellix_can_say_that_a_key_is_not_valid(form: str) -> None:
    body = {"code": 0, "message": "success", "data": {"is_valid": False}}
    with Stub(200, body) as stub, open_client(form, "modellix", stub.url) as client, pytest.raises(SeedanceAuthError):
        client.probe()


def test_jimmy_ai_tells_the_quota_that_is_left(form: str) -> None:
    data = {"name": "k1", "total_quota": 100, "used_quota": 12, "available_quota": 88, "unlimited": False}
    with (
        Stub(200, {"code": "20000", "msg": "ok", "data": data}) as stub,
        open_client(form, "jimmyai", stub.url) as client,
    ):
        assert client.probe() == "The key works; available quota: 88."


def test_nothing_but_creates_costs_anything(sim: Simulator, connect: OpenClient) -> None:
    client = connect("byteplus")
    video_id = created(client, "byteplus", prompt=PROMPT)
    client.get_video(video_id)
    client.list_videos()
    client.probe()
    client.cancel_video(video_id)
    assert [bill.video_id for bill in sim.ledger] == [video_id]
