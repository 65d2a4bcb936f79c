"""A vendor for which one call takes several requests: its adapter overrides a flow, and every client carries it out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_seedance.api.calls import PAUSE_BETWEEN_PAGES
from airflow_provider_seedance.api.client import AsyncSeedanceClient, ClientSettings, PollingClient, SeedanceClient
from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceError,
    SubmissionUnknownError,
    TransientApiError,
)
from airflow_provider_seedance.api.http.drivers import run
from airflow_provider_seedance.api.http.messages import HttpRequest, HttpResponse
from airflow_provider_seedance.api.http.steps import Call, Pause, Step, Steps
from airflow_provider_seedance.api.models import Video, VideoRequest, VideoStatus
from airflow_provider_seedance.api.vendors import BUILT_IN
from airflow_provider_seedance.api.vendors.ark.videos import ArkAdapter
from tests.api.helpers import KEY, SIMPLE
from tests.cases.server import Asked, Script, Server, http

ASK = SIMPLE["byteplus"]
QUEUED = http(200, {"id": "cgt-1", "status": "queued"})
DONE = http(200, {"id": "cgt-1", "status": "succeeded", "content": {"video_url": "https://cdn.example/old.mp4"}})
URL = http(200, {"url": "https://cdn.example/v.mp4"})
BUSY = http(503)
FORMS = ["sync", "async", "poller"]


class TwoCalls(ArkAdapter):
    """As Ark, but a finished video's URL comes from a second call, and a create asks before and after its one POST."""

    def read(self, video_id: str) -> Steps[Video]:
        seen = yield from super().read(video_id)
        if seen.status is not VideoStatus.SUCCEEDED:
            return seen
        url = yield from Step(Call.READ, HttpRequest("GET", "/result"), url_of)
        return seen.model_copy(update={"video_url": url})

    def create(self, request: VideoRequest) -> Steps[Video]:
        yield from Step(Call.READ, HttpRequest("GET", "/room"), url_of)
        video = yield from super().create(request)
        yield from Step(Call.READ, HttpRequest("GET", "/started"), url_of)
        return video


class PaysTwice(ArkAdapter):
    def create(self, request: VideoRequest) -> Steps[Video]:
        yield from super().create(request)
        return (yield from super().create(request))


def url_of(response: HttpResponse) -> str:
    if response.status_code != 200:
        raise TransientApiError(f"HTTP {response.status_code}.", retry_after=0)
    return str(response.json_object()["url"])


class Vendor(Server):
    """Answers each path (`tasks` is the create) with what comes next for it; the last answer stays."""

    def __init__(self, **answers: list[bytes]) -> None:
        self._answers = answers
        super().__init__(self._next)

    def _next(self, asked: Asked) -> Script:
        waiting = self._answers[asked.target.rpartition("/")[2].replace("cgt-1", "video")]
        yield waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def __enter__(self) -> Vendor:
        super().__enter__()
        return self

    @property
    def steps(self) -> list[str]:
        return [f"{asked.method} {asked.target.rpartition('/')[2]}" for asked in self.asked]


@pytest.fixture
def paused() -> list[float]:
    return []


@pytest.fixture
def call(paused: list[float]) -> Any:
    """Calls a method of a client of one form; pauses are noted, not waited for."""

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    def do(form: str, url: str, method: str, *args: Any, adapter: type[ArkAdapter] = TwoCalls) -> Any:
        made, settings = adapter(BUILT_IN["byteplus"]), ClientSettings(api_key=KEY, base_url=url)
        if form == "sync":
            with SeedanceClient(made, settings, pause=paused.append) as plain:
                return getattr(plain, method)(*args)

        async def awaited() -> Any:
            client = PollingClient(made, settings) if form == "poller" else None
            client = client or AsyncSeedanceClient(made, settings, pause=pause)  # type: ignore[assignment]
            try:
                return await getattr(client, method)(*args)
            finally:
                await client.aclose()  # type: ignore[union-attr]

        return asyncio.run(awaited())

    return do


@pytest.mark.parametrize("form", FORMS)
def test_a_result_that_is_a_second_call_is_fetched_when_the_video_is_finished(form: str, call: Any) -> None:
    with Vendor(video=[QUEUED, DONE], result=[URL]) as vendor:
        assert call(form, vendor.url, "get_video", "cgt-1").status is VideoStatus.QUEUED
        video = call(form, vendor.url, "get_video", "cgt-1")
    assert (video.status, video.video_url) == (VideoStatus.SUCCEEDED, "https://cdn.example/v.mp4")
    assert vendor.steps == ["GET cgt-1", "GET cgt-1", "GET result"]


@pytest.mark.parametrize("form", ["sync", "async"])
def test_a_retry_repeats_the_step_that_failed_and_not_the_call(form: str, call: Any, paused: list[float]) -> None:
    with Vendor(video=[DONE], result=[BUSY, BUSY, URL]) as vendor:
        assert call(form, vendor.url, "get_video", "cgt-1").video_url == "https://cdn.example/v.mp4"
    assert vendor.steps == ["GET cgt-1", "GET result", "GET result", "GET result"]
    assert len(paused) == 2


def test_the_poller_leaves_a_second_call_that_fails_to_the_next_poll(call: Any) -> None:
    with Vendor(video=[DONE], result=[BUSY]) as vendor, pytest.raises(TransientApiError):
        call("poller", vendor.url, "get_video", "cgt-1")
    assert vendor.steps == ["GET cgt-1", "GET result"]


@pytest.mark.parametrize("form", ["sync", "async"])
def test_a_create_of_several_steps_posts_once(form: str, call: Any) -> None:
    with Vendor(room=[BUSY, URL], tasks=[QUEUED], started=[BUSY, URL]) as vendor:
        assert call(form, vendor.url, "create_video", ASK).video_id == "cgt-1"
    assert vendor.steps == ["GET room", "GET room", "POST tasks", "GET started", "GET started"]


@pytest.mark.parametrize("form", ["sync", "async"])
def test_a_step_that_fails_after_the_create_was_accepted_leaves_it_in_doubt(form: str, call: Any) -> None:
    with (
        Vendor(room=[URL], tasks=[QUEUED], started=[BUSY]) as vendor,
        pytest.raises(SubmissionUnknownError, match=r"accepted the request, but .*HTTP 503.*may exist and be billed"),
    ):
        call(form, vendor.url, "create_video", ASK)
    assert vendor.count("POST") == 1


@pytest.mark.parametrize("odd", [http(200, {"no": "url"}), http(200, b"<html>")])
def test_an_answer_that_an_adapter_stumbles_over_after_the_create_leaves_it_in_doubt(odd: bytes, call: Any) -> None:
    with Vendor(room=[URL], tasks=[QUEUED], started=[odd]) as vendor, pytest.raises(SubmissionUnknownError):
        call("sync", vendor.url, "create_video", ASK)


def test_what_fails_before_the_create_is_no_doubt(call: Any) -> None:
    with Vendor(room=[BUSY], tasks=[QUEUED], started=[URL]) as vendor, pytest.raises(TransientApiError) as caught:
        call("sync", vendor.url, "create_video", ASK)
    assert not caught.value.may_be_billed
    assert vendor.count("POST") == 0


def test_a_refusal_stays_one(call: Any) -> None:
    refusal = http(400, {"error": {"code": "InvalidParameter", "message": "no"}})
    with Vendor(room=[URL], tasks=[refusal], started=[URL]) as vendor, pytest.raises(RequestRejectedError):
        call("sync", vendor.url, "create_video", ASK)


def test_an_adapter_that_would_pay_twice_is_stopped(call: Any) -> None:
    with Vendor(tasks=[QUEUED]) as vendor, pytest.raises(SubmissionUnknownError):
        call("sync", vendor.url, "create_video", ASK, adapter=PaysTwice)
    assert vendor.count("POST") == 1


@pytest.mark.parametrize("form", ["sync", "async"])
def test_before_a_cancel_the_video_is_read_with_all_its_steps(form: str, call: Any) -> None:
    with Vendor(video=[DONE], result=[URL]) as vendor:
        assert not call(form, vendor.url, "cancel_if_not_started", "cgt-1").cancelled
    assert vendor.steps == ["GET cgt-1", "GET result"]


def test_a_time_limit_is_for_all_steps_together() -> None:
    class Late(Vendor):
        def _next(self, asked: Asked) -> Script:
            yield 0.4
            yield from super()._next(asked)

    with Late(video=[DONE], result=[URL]) as vendor:
        client = SeedanceClient(TwoCalls(BUILT_IN["byteplus"]), ClientSettings(api_key=KEY, base_url=vendor.url))
        with client, pytest.raises(TransientApiError, match="did not answer"):
            client.get_video("cgt-1", timeout=0.6)


def test_a_flow_may_catch_what_a_step_raises_and_go_on() -> None:
    def flow() -> Steps[str]:
        try:
            return (yield from step("first"))
        except SeedanceError as error:
            yield from Pause(3)
            found = yield from step("second")
            return f"{error}, then {found}"

    def step(name: str) -> Step[str]:
        return Step(Call.READ, HttpRequest("GET", name), str)

    def send(sent: Step[Any]) -> str:
        if sent.request.path == "first":
            raise SeedanceError("failed")
        return sent.request.path

    waited: list[float] = []
    assert run(flow(), send, waited.append) == "failed, then second"
    assert waited == [3]


def test_between_the_pages_of_a_list_there_is_a_pause(call: Any, paused: list[float]) -> None:
    empty = http(200, {"items": [], "total": 0})
    lists = ArkAdapter(BUILT_IN["byteplus"]).marked_lists
    with Server.of(empty) as vendor:
        settings = ClientSettings(api_key=KEY, base_url=vendor.url)
        with SeedanceClient(ArkAdapter(BUILT_IN["byteplus"]), settings, pause=paused.append) as client:
            assert client.find_videos("mark", model="m", since=datetime(2026, 1, 1, tzinfo=UTC)) == []
    assert paused == [PAUSE_BETWEEN_PAGES] * (lists - 1)
