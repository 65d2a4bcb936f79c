# mypy: disable-error-code="index"
"""Usage in XCom and in metrics, costs by the connection's prices, and the limit: in whole DAGs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_seedance.api.errors import InvalidRequestError
from airflow_provider_seedance.operators.seedance import SeedanceCreateVideoOperator
from airflow_provider_seedance.sensors.seedance import SeedanceVideoSensor
from airflow_provider_seedance.simulator import Fault, Simulator
from airflow_provider_seedance.tasks import asset_events as outlets
from airflow_provider_seedance.tasks import cost_check as costs
from airflow_provider_seedance.tasks import results as delivery
from dev.task_life import TaskLife

from .conftest import Counted
from .helpers import CREATE, MODEL, run, states, xcom

USAGE = ("seconds", "tokens", "attempts", "estimated_cost", "cost", "currency")
ONE_RATE = {MODEL: {"currency": "USD", "per_second": {"720p": 0.1, "480p": 0.05}}}
BY_TOKEN = {"*": {"currency": "USD", "per_million_tokens": 7}}
ASKS = {"duration": 5, "resolution": "720p"}


def create(dag_id: str, **fields: Any) -> Any:
    """The task instance of a create operator that has run."""
    with DAG(dag_id, schedule=None) as dag:
        SeedanceCreateVideoOperator(task_id="create", **CREATE | fields)
    return run(dag)["create"]


def usage(ti: Any) -> dict[str, Any]:
    assert {name: xcom(ti, name) for name in USAGE} == {name: xcom(ti)[name] for name in USAGE}
    return {name: xcom(ti, name) for name in USAGE}


@pytest.mark.dag
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_finished_video_tells_what_it_took_and_cost(
    sim: Simulator, connect: Callable[..., None], deferrable: bool
) -> None:
    connect("byteplus", prices=ONE_RATE)
    made = usage(create(f"usage_{deferrable}", deferrable=deferrable, **ASKS))
    tokens = made.pop("tokens")
    assert tokens > 100_000
    assert made == {"seconds": 5, "attempts": 1, "estimated_cost": 0.5, "cost": 0.5, "currency": "USD"}


@pytest.mark.dag
def test_without_prices_there_is_usage_and_no_cost(sim: Simulator) -> None:
    made = usage(create("usage_unpriced", **ASKS))
    assert made["tokens"] > 100_000
    assert (made["estimated_cost"], made["cost"], made["currency"]) == (None, None, None)


@pytest.mark.dag
def test_a_submission_alone_has_an_estimate_and_the_sensor_what_the_vendor_counted(
    sim: Simulator, connect: Callable[..., None], counted: Counted
) -> None:
    connect("byteplus", prices={MODEL: {"currency": "USD", "per_million_tokens": 7, "tokens_per_second": 20000}})
    with DAG("usage_apart", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(task_id="create", **CREATE | ASKS | {"wait_for_completion": False})
        SeedanceVideoSensor(
            task_id="wait",
            video_id=created.output["video_id"],
            seedance_conn_id="seedance_byteplus",
            poke_interval=0.05,
        )
    tasks = run(dag)
    submitted, waited = usage(tasks["create"]), usage(tasks["wait"])
    assert (submitted["estimated_cost"], submitted["cost"], submitted["tokens"]) == (0.7, None, None)
    assert waited["cost"] == round(waited["tokens"] * 7 / 1_000_000, 6)
    assert waited["seconds"] == 5  # the sensor doesn't know the request; this vendor says what it has made
    # Submitting is not finishing: the video is counted once.
    assert counted[("seedance.videos", f"byteplus {MODEL} succeeded")] == 1


@pytest.mark.dag
def test_a_length_that_is_left_to_the_model_is_known_and_paid_for_afterwards(
    sim: Simulator, connect: Callable[..., None], counted: Counted
) -> None:
    connect("byteplus", prices=ONE_RATE)
    made = usage(create("usage_left_to_the_model", duration=-1))
    assert (made["seconds"], made["estimated_cost"], made["cost"]) == (5, None, 0.5)
    assert counted["seedance.video_seconds", f"byteplus {MODEL} succeeded"] == 5


@pytest.mark.dag
def test_a_vendor_that_counts_no_tokens_gets_seconds_all_the_same(sim: Simulator, counted: Counted) -> None:
    fields = {"model": "seedance2.0-fast-i2v", "seedance_conn_id": "seedance_jimmyai", "duration": "{{ 2 + 3 }}"}
    made = usage(create("usage_jimmyai", **fields))
    assert (made["seconds"], made["tokens"]) == (5, None)
    tags = "jimmyai seedance2.0-fast-i2v succeeded"
    assert counted == {("seedance.videos", tags): 1, ("seedance.video_seconds", tags): 5}


@pytest.mark.dag
def test_metrics_tell_vendor_model_and_outcome(sim: Simulator, counted: Counted) -> None:
    made = usage(create("usage_counted", **ASKS))
    tags = f"byteplus {MODEL} succeeded"
    assert counted == {
        ("seedance.videos", tags): 1,
        ("seedance.video_seconds", tags): 5,
        ("seedance.tokens", tags): made["tokens"],
    }


@pytest.mark.parametrize(
    ("fault", "fields", "outcome"),
    [
        pytest.param({"kind": "fail"}, {}, "failed", id="failed"),
        pytest.param({"kind": "fail", "code": "OutputVideoSensitiveContentDetected"}, {}, "moderated", id="moderated"),
        pytest.param({"kind": "stuck"}, {"timeout": 0.3}, "timed_out", id="timed-out"),
    ],
)
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_video_that_did_not_come_is_counted_as_such(
    sim: Simulator,
    counted: Counted,
    fault: dict[str, Any],
    fields: dict[str, Any],
    outcome: str,
    deferrable: bool,
) -> None:
    sim.faults.add(Fault(**fault))
    ended = TaskLife(CREATE | {"deferrable": deferrable} | fields, retries=0).live()
    assert ended.error.startswith("Video")
    assert counted == {("seedance.videos", f"byteplus {MODEL} {outcome}"): 1}


@pytest.mark.dag
def test_a_sensor_counts_a_failed_video_too(sim: Simulator, counted: Counted) -> None:
    sim.faults.add(Fault("fail"))
    with DAG("usage_sensor", schedule=None) as dag:
        created = SeedanceCreateVideoOperator(task_id="create", **CREATE | {"wait_for_completion": False})
        SeedanceVideoSensor(
            task_id="wait",
            video_id=created.output["video_id"],
            seedance_conn_id="seedance_byteplus",
            poke_interval=0.05,
        )
    assert states(run(dag)) == {"create": "success", "wait": "failed"}
    assert counted == {("seedance.videos", "byteplus unknown failed"): 1}


# -- max_cost --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prices", "fields", "words"),
    [
        pytest.param(ONE_RATE, ASKS | {"duration": 9}, "would cost 0.9 USD (9 s at 0.1)", id="too-dear"),
        pytest.param(ONE_RATE, {"resolution": "720p"}, "the duration is not set", id="open-duration"),
        pytest.param(ONE_RATE, {"duration": 5}, "the resolution is not set", id="open-resolution"),
        pytest.param(ONE_RATE, ASKS | {"extra": {"duration": 15}}, "(15 s at 0.1)", id="extra-counts"),
        pytest.param(BY_TOKEN, ASKS, "tokens are known afterwards only", id="tokens"),
        pytest.param({"other": {"currency": "USD", "per_video": 1}}, ASKS, f"none for {MODEL}", id="other-model"),
        pytest.param(None, ASKS, f"none for {MODEL}", id="no-prices"),
        pytest.param({"*": {"per_video": 1}}, ASKS, "`prices` can't be read: *.currency", id="unreadable-prices"),
    ],
)
def test_a_limit_refuses_what_is_dearer_or_not_known_before_anything_is_sent(
    sim: Simulator,
    connect: Callable[..., None],
    prices: Any,
    fields: dict[str, Any],
    words: str,
) -> None:
    connect("byteplus", **({"prices": prices} if prices else {}))
    ended = TaskLife(CREATE | {"max_cost": 0.5} | fields).live()
    assert (ended.error, ended.attempts) == ("MaxCostError", 1)
    assert words in ended.message
    assert sim.requests == []


@pytest.mark.dag
@pytest.mark.parametrize("limit", [0.5, "{{ 0.5 }}"])
def test_a_limit_lets_pass_what_costs_no_more(sim: Simulator, connect: Callable[..., None], limit: Any) -> None:
    connect("byteplus", prices=ONE_RATE)
    assert str(create("limit_passes", max_cost=limit, **ASKS).state) == "success"


@pytest.mark.dag
def test_a_limit_that_renders_to_nothing_is_not_taken_for_none(sim: Simulator, connect: Callable[..., None]) -> None:
    connect("byteplus", prices=ONE_RATE)
    task = create("limit_unreadable", max_cost="{{ '' }}", **ASKS)
    assert (str(task.state), task.try_number, sim.requests) == ("failed", 1, [])


def test_a_literal_limit_is_judged_when_the_dag_is_parsed() -> None:
    with pytest.raises(InvalidRequestError, match="max_cost") as caught:
        SeedanceCreateVideoOperator(task_id="create", max_cost=-1, **CREATE)
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.dag
def test_a_limit_does_not_part_a_retry_from_a_video_that_is_paid_for(
    sim: Simulator, connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_seedance.submissions.submitter import Submitter

    connect("byteplus", prices=ONE_RATE)
    whole, broken = Submitter.obtain, list[int]()

    def obtain(self: Submitter) -> Any:
        value = whole(self)
        if not broken:
            broken.append(1)
            connect("byteplus", prices={"*": {"currency": "USD", "per_video": 1000}})
            raise OSError("the worker is gone, and the price has risen")
        return value

    monkeypatch.setattr(Submitter, "obtain", obtain)
    task = create("limit_retry", max_cost=0.5, **ASKS)
    assert (str(task.state), task.try_number, len(sim.ledger)) == ("success", 2, 1)
    assert (usage(task)["attempts"], usage(task)["cost"]) == (2, 1000.0)


# -- what must not fail a task that has paid -------------------------------------------------------------------------


def breaking(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("broken")


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(costs, "prices_on"), (delivery, "prices_on"), (delivery, "cost_of"), (outlets, "NOT_FOR_EVENTS")],
    ids=["prices-before", "prices-after", "cost", "outlets"],
)
def test_what_breaks_beside_a_paid_video_does_not_fail_its_task(
    sim: Simulator,
    connect: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    deferrable: bool,
) -> None:
    connect("byteplus", prices=ONE_RATE)
    monkeypatch.setattr(owner, name, breaking)
    ended = TaskLife(CREATE | ASKS | {"deferrable": deferrable}, retries=0).live()
    assert ended.delivered
    assert ended.delivered["video_url"]


def test_metrics_that_break_do_not_fail_a_task_with_a_paid_video(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.providers.common.compat.sdk import Stats

    monkeypatch.setattr(Stats, "incr", breaking)
    assert TaskLife(CREATE | {"deferrable": False}, retries=0).live().delivered


def test_prices_that_cannot_be_read_are_no_reason_to_fail_without_a_limit(
    sim: Simulator, connect: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    connect("byteplus", prices={"*": {"per_video": 1}})
    ended = TaskLife(CREATE | ASKS).live()
    assert ended.delivered
    assert ended.delivered["cost"] is None
    assert "`prices` can't be read: *.currency: Field required" in caplog.text
