"""Assumptions are broken on purpose, one at a time: the check finds each, and accuses no other."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.api.vendors.assumptions import NO_SUCH_MODEL, smallest_request
from airflow_provider_seedance.check import judging_video
from airflow_provider_seedance.check.asking import WRONG_KEY, no_such_id
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import Answered, Asked, Bend, Bent, Run, told

Ask = Callable[[Asked], Answered]

PAGE = Answered(404, b"<html><body><h1>404 Not Found</h1></body></html>", "text/html")


def without(*names: str) -> Bend:
    """A vendor that doesn't look at these parameters of a query."""
    pattern = re.compile(rf"(?<=[?&])(?:{'|'.join(map(re.escape, names))})=[^&]*&?")
    return lambda asked, ask: ask(replace(asked, target=pattern.sub("", asked.target)))


def when(matches: Callable[[Asked], bool], answer: Callable[[Asked, Ask], Answered]) -> Bend:
    """A vendor that answers some requests otherwise."""
    return lambda asked, ask: answer(asked, ask) if matches(asked) else ask(asked)


def ark_error(code: str, status: int) -> Answered:
    return told({"error": {"code": code, "message": "no", "param": "", "type": "Error"}}, status)


def the_second(matches: Callable[[Asked], bool], answer: Callable[[Asked, Ask], Answered]) -> Bend:
    """A vendor that answers the second of such requests otherwise, and those after it."""
    came: list[Asked] = []

    def bend(asked: Asked, ask: Ask) -> Answered:
        came.extend([asked] if matches(asked) else [])
        return answer(asked, ask) if matches(asked) and len(came) > 1 else ask(asked)

    return bend


def about_nobody(vendor: str) -> Callable[[Asked], bool]:
    """Reads of the id that no video has."""
    nobody = no_such_id(make_adapter(vendor))
    return lambda asked: asked.method == "GET" and asked.target.endswith(f"/{nobody}")


def is_stranger(asked: Asked) -> bool:
    return any(WRONG_KEY in value for value in asked.headers.values())


def is_refusable(asked: Asked) -> bool:
    return asked.method == "POST" and NO_SUCH_MODEL in asked.target + asked.body.decode()


def is_list(asked: Asked) -> bool:
    return asked.method == "GET" and asked.target.partition("?")[0].endswith(("/tasks", "/requests"))


def any_model(asked: Asked, ask: Ask) -> Answered:
    """GMI Cloud's list, whatever model is asked for."""
    model = "seedance-2-0-fast-260128"
    return ask(replace(asked, target=re.sub(r"model_id=[^&]*", f"model_id={model}", asked.target)))


def with_its_right_key(asked: Asked, ask: Ask) -> Answered:
    return ask(replace(asked, headers={**asked.headers, "Authorization": "Bearer sk-simulator"}))


FREE: dict[str, tuple[str, Bend, str, int]] = {
    "the list ignores the status": ("byteplus", without("filter.status"), "list.by-status", 1),
    "the list ignores the model": ("gmicloud", when(is_list, any_model), "list.by-model", 1),
    "the list ignores the size of a page": ("volcengine", without("page_size"), "list.page-size", 1),
    "an unknown id is answered like a video": (
        "byteplus",
        when(
            about_nobody("byteplus"),
            lambda asked, _: told({"id": asked.target.rpartition("/")[2], "status": "running"}),
        ),
        "id.unknown",
        1,
    ),
    "an unknown id is answered by a web page": (
        "modellix",
        when(about_nobody("modellix"), lambda *_: PAGE),
        "id.unknown",
        1,
    ),
    "an unknown id is answered by a failure": (
        "jimmyai",
        when(about_nobody("jimmyai"), lambda *_: told({"code": -1, "msg": "server error", "data": None}, 500)),
        "id.unknown",
        1,
    ),
    "unknown ids spoil the reading of many": (
        "byteplus",
        when(
            lambda asked: "filter.task_ids" in asked.target,
            lambda *_: told(
                {"error": {"code": "InvalidParameter", "message": "no", "param": "", "type": "BadRequest"}}, 400
            ),
        ),
        "ids.unknown",
        1,
    ),
    "a wrong key is answered by a failure": (
        "gmicloud",
        when(is_stranger, lambda *_: told({"error": "internal error"}, 500)),
        "key.refused",
        1,
    ),
    "a wrong key is as good as the right one": (
        "volcengine",
        when(is_stranger, with_its_right_key),
        "key.refused",
        1,
    ),
    "the list of models lacks ours": (
        "modellix",
        when(
            lambda asked: asked.target.endswith("/models"),
            lambda *_: told({"code": 0, "message": "success", "data": []}),
        ),
        "model.listed",
        1,
    ),
    "a request that has to be refused is accepted": (
        "byteplus",
        when(is_refusable, lambda *_: told({"id": "cgt-20261126000000-oops1"})),
        "request.refused",
        3,
    ),
    "a request that has to be refused is answered by a failure": (
        "modellix",
        when(is_refusable, lambda *_: told({"code": 500, "message": "Internal Server Error: try again"}, 500)),
        "request.refused",
        3,
    ),
    "the code of a success is another one": (
        "jimmyai",
        the_second(
            lambda asked: "key/balance" in asked.target and not is_stranger(asked),
            lambda asked, ask: ask(asked).bent(lambda body: {**body, "code": 1}),
        ),
        "jimmyai.code",
        1,
    ),
    "the balance stands elsewhere": (
        "modellix",
        when(lambda asked: "team/balance" in asked.target, lambda *_: told({"code": 0, "data": {"credit": 3}})),
        "modellix.balance",
        1,
    ),
}


def an_account(sim: Simulator, vendor: str) -> None:
    """Two videos that succeeded, and two that were cancelled."""
    adapter = make_adapter(vendor)
    settings = ClientSettings(api_key=sim.api_key, base_url=sim.base_url(vendor))
    with SeedanceClient(adapter, settings) as client:
        for status in ("succeeded", "succeeded", "cancelled", "cancelled"):
            video = client.create_video({**(smallest_request(adapter) or {}), "prompt": "a test"})
            sim.finish(video.video_id, status)


@pytest.mark.parametrize("fault", FREE)
def test_what_is_free_finds_a_broken_assumption(fault: str, still: Simulator, run: Run) -> None:
    vendor, bend, key, code = FREE[fault]
    an_account(still, vendor)
    with Bent(still, bend) as bent:
        run.connect(still, vendor, bent.url)
        result = run()
    assert (result.broken, result.code) == ([key], code)
    assert len(still.ledger) == 4


def unmarked(asked: Asked, ask: Ask) -> Answered:
    """A list that doesn't repeat what was sent."""

    def change(body: dict[str, Any]) -> dict[str, Any]:
        items = body["requests"]
        return {**body, "requests": [{**item, "payload": {**item["payload"], "seed": None}} for item in items]}

    return ask(asked).bent(change)


def unseeded(asked: Asked, ask: Ask) -> Answered:
    return ask(asked).bent(lambda body: {**body, "seed": 7} if "seed" in body else body)


def always_queued(asked: Asked, ask: Ask) -> Answered:
    """Ark's answer to a cancel that it refuses."""
    return ark_error("InvalidAction", 409)


def is_read(asked: Asked) -> bool:
    return asked.method == "GET" and re.search(r"/(tasks|requests|videos)/[^/?]+$", asked.target) is not None


def is_file(asked: Asked) -> bool:
    return asked.method == "GET" and ".mp4" in asked.target


BOUGHT: dict[str, tuple[str, Bend | None, list[Fault], str]] = {
    "the mark isn't repeated": ("gmicloud", when(is_list, unmarked), [], "mark.repeated"),
    "a status has another word": ("jimmyai", None, [Fault("unknown_status", polls=3)], "status.known"),
    "a status goes back": ("byteplus", None, [Fault("flapping_status", polls=2)], "status.order"),
    "the seed isn't repeated": ("byteplus", when(is_read, unseeded), [], "seed.repeated"),
    "the URL wants the key": (
        "modellix",
        when(is_file, lambda *_: told({"error": "forbidden"}, 403)),
        [],
        "url.open",
    ),
    "the URL gives something else": (
        "byteplus",
        when(is_file, lambda *_: Answered(200, b"<html>come in</html>", "text/html")),
        [],
        "url.open",
    ),
    "the success has no URL": ("byteplus", None, [Fault("no_url")], "video.delivered"),
}


@pytest.mark.parametrize("fault", BOUGHT)
def test_a_bought_video_finds_a_broken_assumption(
    fault: str, moving: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, bend, faults, key = BOUGHT[fault]
    monkeypatch.setattr("airflow_provider_seedance.check.buying.URL_WITHIN", 0.5)
    moving.faults.add(*faults)
    with Bent(moving, bend or (lambda asked, ask: ask(asked))) as bent:
        run.connect(moving, vendor, bent.url)
        result = run("--buy-one")
    assert (result.broken, result.code) == ([key], 1)
    assert len(moving.ledger) == 1


def test_a_list_that_lags_behind_is_found(moving: Simulator, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging_video, "LAG", 0.3)
    bought, lists = threading.Event(), list[float]()

    def bend(asked: Asked, ask: Ask) -> Answered:
        answer = ask(asked)
        if asked.method == "POST":
            bought.set()
        if is_list(asked) and bought.is_set():
            lists.append(time.monotonic())
            if lists[-1] - lists[0] < 1.0:  # since the first one: nobody knows how long it took to get there
                return told({"requests": [], "has_more": False})
        return answer

    with Bent(moving, bend) as bent:
        run.connect(moving, "gmicloud", bent.url)
        result = run("--buy-one")
    assert result.broken == ["list.lag"]


def test_a_url_that_lives_for_an_hour_is_found(run: Run) -> None:
    with Simulator(speed=20, queue_seconds=10, run_seconds=10, retention=3600) as sim:
        run.connect(sim, "byteplus")
        result = run("--buy-one")
    assert result.broken == ["url.life"]
    assert result.seen["url.life"] == "its signature says 1 hours"


def test_a_cancel_that_is_refused_while_the_video_is_queued_is_found(still: Simulator, run: Run) -> None:
    with Bent(still, when(lambda asked: asked.method == "DELETE", always_queued)) as bent:
        run.connect(still, "byteplus", bent.url)
        result = run("--buy-one", "--cancel-it", "--timeout", "0.5")
    assert result.broken == ["cancel.queued"]
    assert result.code == 3  # it is still queued, and somebody pays for it one day


def test_a_list_of_many_that_brings_others_is_found(moving: Simulator, run: Run) -> None:
    def bend(asked: Asked, ask: Ask) -> Answered:
        answer = ask(asked)
        if "filter.task_ids" not in asked.target or not json.loads(answer.body)["items"]:
            return answer
        return answer.bent(lambda body: {**body, "items": []})

    with Bent(moving, bend) as bent:
        run.connect(moving, "byteplus", bent.url)
        result = run("--buy-one")
    assert result.broken == ["ids.exact"]
    assert result.seen["ids.exact"] == "without the video"


def test_a_file_that_moves_and_is_late_is_still_a_file(moving: Simulator, run: Run) -> None:
    came: list[str] = []

    def bend(asked: Asked, ask: Ask) -> Answered:
        if not is_file(asked):
            return ask(asked)
        came.append(asked.target)
        if len(came) == 1:
            return told({"error": "not yet"}, 404)
        if asked.target.endswith("&moved=1"):
            return ask(replace(asked, target=asked.target.removesuffix("&moved=1")))
        return Answered(302, b"", "text/plain", location=f"{asked.target}&moved=1")

    with Bent(moving, bend) as bent:
        run.connect(moving, "byteplus", bent.url)
        result = run("--buy-one")
    assert (result.code, result.verdicts["url.open"]) == (0, "holds")
    assert len(came) == 3
