"""A vendor's own list of its models' limits: rarely asked for, in nobody's way, counted before what was inferred."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.errors import InvalidRequestError, TransientApiError
from airflow_provider_seedance.api.http.steps import Step
from airflow_provider_seedance.api.models import VideoRequest
from airflow_provider_seedance.api.stated_rules import FRESH, StatedRules
from airflow_provider_seedance.api.validation import check_literals, check_request
from airflow_provider_seedance.api.vendors import BUILT_IN, make_adapter
from airflow_provider_seedance.simulator import Fault, Simulator

from .helpers import ONE_TRY, PROMPT, SIMPLE, OpenClient, answer

MODEL = "bytedance/seedance-2.0"
ADAPTER = make_adapter("openrouter")
SOURCE = r"\[OpenRouter's own list of models, GET /videos/models\]"


def request(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "prompt": PROMPT, **fields}


def told(**entry: Any) -> Any:
    """What is read of a list that holds this one entry."""
    step = ADAPTER.ask_rules()
    assert step is not None
    return step.parse(answer({"data": [{"id": MODEL, **entry}]}))


def lists(sim: Simulator) -> int:
    return [each.call for each in sim.requests].count("info")


# -- when it is asked for --------------------------------------------------------------------------------------------


def test_it_is_asked_for_once_for_a_process_and_an_account(sim: Simulator, connect: OpenClient) -> None:
    for _ in range(3):
        client = connect("openrouter")
        assert client.check_video(request(duration=5)) == []
        client.create_video(request(duration=5))
    assert lists(sim) == 1
    connect("openrouter", key="sk-another").check_video(request())
    assert lists(sim) == 2


def test_a_create_by_itself_asks_for_nothing(sim: Simulator, connect: OpenClient) -> None:
    connect("openrouter").create_video(request(duration=5))
    assert [each.call for each in sim.requests] == ["create"]


def test_nothing_is_asked_for_when_a_dag_is_parsed(sim: Simulator, connect: OpenClient) -> None:
    check_literals(request(ratio="3:2"), ())
    assert sim.requests == []


@pytest.mark.parametrize("kind", ["http_500", "http_502_html", "http_429", "reset_before", "auth"])
def test_a_list_that_cannot_be_read_is_asked_for_once_and_stops_no_create(
    sim: Simulator, connect: OpenClient, kind: str
) -> None:
    sim.faults.add(Fault(kind, on="info", times=None))
    client = connect("openrouter", retry=ONE_TRY)
    for _ in range(2):
        assert "not documented" in client.check_video(request(duration=16))[0]
        client.create_video(request(duration=5))
    assert lists(sim) == 1
    assert len(sim.ledger) == 2


def test_a_list_that_hangs_is_not_repeated_and_has_few_seconds() -> None:
    rules, asked = StatedRules(lambda: 0.0), []
    flow = rules.ask("account", ADAPTER)
    step = next(flow)
    assert isinstance(step, Step)
    assert step.once
    assert step.seconds is not None
    assert step.seconds <= 5
    asked.append(step)
    with pytest.raises(StopIteration):
        flow.throw(TransientApiError("too slow"))
    assert rules.known("account") is None
    assert list(rules.ask("account", ADAPTER)) == []


def test_after_an_hour_it_is_asked_for_again() -> None:
    now = [0.0]
    rules = StatedRules(lambda: now[0])

    def asks(entry: str) -> bool:
        flow = rules.ask("account", ADAPTER)
        if next(flow, None) is None:
            return False
        with pytest.raises(StopIteration):
            flow.send({entry: {}})
        return True

    assert asks("first")
    now[0] = FRESH - 1
    assert not asks("second")
    assert rules.known("account") == {"first": {}}
    now[0] = FRESH
    assert rules.known("account") is None
    assert asks("third")
    assert rules.known("account") == {"third": {}}


def test_a_call_that_comes_while_it_is_being_asked_for_goes_by_the_documents() -> None:
    rules = StatedRules(lambda: 0.0)
    next(rules.ask("account", ADAPTER))
    assert list(rules.ask("account", ADAPTER)) == []
    assert rules.known("account") is None


@pytest.mark.parametrize("vendor", [name for name in BUILT_IN if name != "openrouter"])
def test_vendors_without_such_a_list_are_asked_for_nothing(sim: Simulator, connect: OpenClient, vendor: str) -> None:
    assert connect(vendor).check_video(SIMPLE[vendor]) == []
    assert sim.requests == []


# -- what it states --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"duration": 16}, "duration: .* takes 4, 5, .*, 15 seconds, not 16"),
        ({"ratio": "3:2"}, "ratio: .*not '3:2'"),
        ({"ratio": "adaptive"}, "ratio: .*not 'adaptive'"),
        ({"model": f"{MODEL}-fast", "resolution": "1080p"}, "resolution: .* takes 480p, 720p, not '1080p'"),
    ],
    ids=str,
)
def test_a_limit_of_the_list_is_refused_before_anything_is_made(
    sim: Simulator, connect: OpenClient, fields: dict[str, Any], says: str
) -> None:
    client = connect("openrouter")
    with pytest.raises(InvalidRequestError, match=f"^Nothing was sent. {says} {SOURCE}"):
        client.check_video(request(**fields))
    with pytest.raises(InvalidRequestError, match=SOURCE):
        client.create_video(request(**fields))  # the list is known by now
    assert sim.creates() == []


def test_what_the_list_states_is_no_guess_any_more(sim: Simulator, connect: OpenClient) -> None:
    assert connect("openrouter").check_video(request(resolution="4k", duration=15)) == []


@pytest.mark.parametrize(
    ("entry", "fields", "says"),
    [
        ({"seed": False}, {"seed": 7}, "seed: .*does not take it"),
        ({"generate_audio": False}, {"generate_audio": True}, "generate_audio: .*does not take it"),
        (
            {"supported_frame_images": ["first_frame"]},
            {"first_frame": "https://x/a", "last_frame": "https://x/b"},
            "last_",
        ),
        ({"supported_durations": [5, 10]}, {"duration": 6}, "takes 5, 10 seconds, not 6"),
    ],
    ids=str,
)
def test_each_limit_counts(entry: dict[str, Any], fields: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        check_request(VideoRequest(**request(**fields)), ADAPTER, told(**entry))


@pytest.mark.parametrize(
    ("entry", "fields"),
    [
        ({"generate_audio": False}, {"generate_audio": False}),
        ({"seed": None, "generate_audio": None}, {"seed": 7, "generate_audio": True}),
        ({"supported_frame_images": []}, {"first_frame": "https://x/a"}),
        ({"supported_resolutions": ["4K"]}, {"resolution": "4k"}),
        ({"supported_durations": ["5", True, None, {}], "supported_resolutions": 7}, {"duration": 7}),
        ({"supported_durations": list(range(10_000))}, {"duration": 7}),
        ({"supported_aspect_ratios": ["a word that is no ratio\nat all"]}, {"ratio": "16:9"}),
        ({"supported_durations": {}, "supported_frame_images": "first_frame", "seed": "no"}, {"seed": 7}),
    ],
    ids=str,
)
def test_what_the_list_leaves_open_or_says_oddly_forbids_nothing(entry: dict[str, Any], fields: dict[str, Any]) -> None:
    assert check_request(VideoRequest(**request(**fields)), ADAPTER, told(**entry)) == []


def test_a_model_that_only_the_list_knows_is_judged_by_it() -> None:
    known = {"bytedance/seedance-9": {"supported_durations": [5]}}
    assert check_request(VideoRequest(model="bytedance/seedance-9", prompt=PROMPT, duration=5), ADAPTER, known) == []
    with pytest.raises(InvalidRequestError, match=r"takes 5 seconds, not 6"):
        check_request(VideoRequest(model="bytedance/seedance-9", prompt=PROMPT, duration=6), ADAPTER, known)


def test_a_model_that_the_list_does_not_have_is_judged_as_without_it() -> None:
    (warning,) = check_request(VideoRequest(**request(duration=16)), ADAPTER, {})
    assert "not documented" in warning


def test_the_slug_is_a_name_too() -> None:
    listed = told(canonical_slug=f"{MODEL}-20260415", supported_durations=[5])
    with pytest.raises(InvalidRequestError):
        check_request(VideoRequest(**request(model=f"{MODEL}-20260415", duration=6)), ADAPTER, listed)
