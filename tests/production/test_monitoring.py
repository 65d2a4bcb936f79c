"""Dashboard and alerts ask for metrics that a real StatsD received: over UDP here, and from a real run's record."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from airflow_provider_seedance.api.budgets import Limit
from airflow_provider_seedance.api.pricing import Quantities
from airflow_provider_seedance.compat import metrics
from airflow_provider_seedance.polling import metrics as poll_metrics
from airflow_provider_seedance.polling.metrics import PollMetrics
from airflow_provider_seedance.reconcile import metrics as reconciliation
from airflow_provider_seedance.reconcile.account import Reconciled
from airflow_provider_seedance.reconcile.findings import Finding, Kind, Money
from airflow_provider_seedance.reconcile.judging import Span
from airflow_provider_seedance.reconcile.report import Report
from dev.production.exporter import exported, exported_all
from dev.production.statsd import Received, receiving
from tests.any_airflow import AIRFLOW

pytestmark = pytest.mark.skipif(AIRFLOW < (3, 2), reason="metrics modules are elsewhere below Airflow 3.2")

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
MAPPINGS = yaml.safe_load((MONITORING / "statsd-exporter.yaml").read_text())["mappings"]
WORDS = r"\b((?:seedance|airflow)_[a-z0-9_]+)"


def asked_for() -> dict[str, str]:
    """Metric -> where it is asked for, in the alerts and the dashboard."""
    rules = yaml.safe_load((MONITORING / "alerts.yaml").read_text())
    asked = {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    asked |= {f"{panel['title']} {n}": t["expr"] for panel in panels for n, t in enumerate(panel["targets"])}
    return {
        re.sub(r"_(sum|count|bucket)$", "", name): at for at, expr in asked.items() for name in re.findall(WORDS, expr)
    }


@pytest.fixture
def statsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """Airflow's own StatsD logger, with its own client, sends to a socket on the loopback address."""
    client = pytest.importorskip("statsd")
    statsd_logger = pytest.importorskip("airflow._shared.observability.metrics.statsd_logger")
    with receiving() as received:
        logger = statsd_logger.get_statsd_logger(
            stats_class=client.StatsClient, host="127.0.0.1", port=received.port, prefix="airflow"
        )
        monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
        monkeypatch.setattr("airflow.providers.common.compat.sdk.Stats", logger, raising=False)
        monkeypatch.setattr(poll_metrics, "Stats", logger)
        yield received


def account() -> Reconciled:
    """With a video that was paid and never delivered."""
    money = Money(Decimal("0.5"), "USD", "recorded")
    found = Finding(Kind.ORPHAN, "It was never delivered.", "seedance.eu", "byteplus", "cgt-1", money=money)
    return Reconciled("seedance.eu", "byteplus", "BytePlus", [found])


def tell_everything() -> None:
    """All that the provider tells of polls and videos."""
    poll = PollMetrics("byteplus", "seedance.eu")
    poll.polled(20, 0.5, waiting=20)
    poll.refused()
    poll.pollers(2)
    for where in ({"conn_id": "seedance.eu"}, {"conn_id": "seedance.eu", "dag_id": "a.b"}):
        metrics.tell_budgets([Limit("per_day", 50_000_000, "USD", where)], [1_000_000])
    reconciliation.tell(Report(Span(0.0, 1.0), [account()]))
    metrics.count_video("succeeded", vendor="byteplus", model="seedance-2.0", known=Quantities(seconds=5, tokens=100))


def received_names(statsd: Received, last: str) -> dict[str, str]:
    deadline = time.monotonic() + 10
    while not any(name.startswith(last) for name in statsd.kinds):
        assert time.monotonic() < deadline, statsd.kinds
        time.sleep(0.01)
    return statsd.kinds


def test_what_the_dashboard_and_the_alerts_ask_of_the_provider_is_what_a_statsd_received(statsd: Received) -> None:
    tell_everything()
    there = exported_all(received_names(statsd, "airflow.seedance.tokens."), MAPPINGS)
    wanted = {name: at for name, at in asked_for().items() if name.startswith("seedance_")}
    assert {name: at for name, at in wanted.items() if name not in there} == {}
    assert {name for name in there if name.startswith("seedance_")} == set(wanted)


def test_where_tags_are_dropped_connection_and_host_are_in_the_name(
    statsd: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "worker-1.example.net")
    tell_everything()
    names = received_names(statsd, "airflow.seedance.tokens.")
    assert names["airflow.seedance.waiting_videos"] == "g"
    assert names["airflow.seedance.waiting_videos.seedance_eu.worker-1_example_net"] == "g"
    assert names["airflow.seedance.poll_lateness.seedance_eu.worker-1_example_net"] == "ms"
    assert names["airflow.seedance.videos.byteplus.seedance-2_0.succeeded"] == "c"
    found = exported("airflow.seedance.waiting_videos.seedance_eu.worker-1_example_net", MAPPINGS)
    assert found == ("seedance_waiting_videos", {"conn_id": "seedance_eu", "host": "worker-1_example_net"})


def test_how_many_pollers_share_an_account_is_told_by_connection_and_host(
    statsd: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "worker-1")
    PollMetrics("byteplus", "seedance.eu").pollers(3)
    received_names(statsd, "airflow.seedance.pollers.")
    found = exported("airflow.seedance.pollers.seedance_eu.worker-1", MAPPINGS)
    assert found == ("seedance_pollers", {"conn_id": "seedance_eu", "host": "worker-1"})


def test_a_budget_of_a_day_and_one_of_a_dag_are_told_apart() -> None:
    of_day = exported("airflow.seedance.budget_left.seedance_eu.per_day.USD", MAPPINGS)
    of_dag = exported("airflow.seedance.budget_left.seedance_eu.a_b.per_dag.USD", MAPPINGS)
    assert of_day == (
        "seedance_budget_left",
        {"conn_id": "seedance_eu", "dag_id": "", "budget": "per_day", "currency": "USD"},
    )
    assert of_dag == (
        "seedance_budget_left",
        {"conn_id": "seedance_eu", "dag_id": "a_b", "budget": "per_dag", "currency": "USD"},
    )


@pytest.mark.parametrize("kept_by", ["STATSD_DATADOG_ENABLED", "STATSD_INFLUXDB_ENABLED"])
def test_where_tags_are_kept_a_metric_has_one_name(kept_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
    monkeypatch.setenv(f"AIRFLOW__METRICS__{kept_by}", "True")
    assert metrics.names("seedance.polls", "seedance_default", "host") == ("seedance.polls",)


def test_without_statsd_a_metric_has_one_name() -> None:
    assert metrics.names("seedance.polls", "seedance_default", "host") == ("seedance.polls",)


def test_what_is_asked_of_airflow_was_received_in_a_real_run() -> None:
    """`make chaos-production METRICS=deploy/monitoring/received.txt` writes the record."""
    lines = (MONITORING / "received.txt").read_text().splitlines()
    received = {name for name, _kind in (line.split() for line in lines if not line.startswith("#"))}
    wanted = {name: at for name, at in asked_for().items() if name.startswith("airflow_")}
    assert {name: at for name, at in wanted.items() if name not in received} == {}


def test_nothing_counts_twice() -> None:
    """Names that differ in what they end with only must not become one metric."""
    for name in (
        "polls",
        "polls_refused",
        "waiting_videos",
        "pollers",
        "videos",
        "tokens",
        "video_seconds",
        "poll_lateness",
    ):
        assert exported(f"airflow.seedance.{name}", MAPPINGS) is None, name
    for name in ("triggers.running", "triggerer.capacity_left", "pool.open_slots"):
        assert exported(f"airflow.{name}", MAPPINGS) is None, name
